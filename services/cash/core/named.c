#include "cash/core/named.h"

#include "cash/core/item.h"

/* A document that something the payer wrote may mean. */
struct document {
	struct text document_id;
	struct rows items;
	const struct cash_item_row *first;
	bool is_debit;
	bool in_scope; /* entity and currency of the receipt */
	int64_t debit_minor; /* open */
	int64_t credit_minor; /* open, positive */
	bool single; /* named by itself */
	bool grouped; /* of a group that is judged together with everything else */
	bool chosen; /* by itself, or by a group with the equal sum */
	int64_t amount_minor; /* of the advice; 0 = in full */
};

/* Documents of one order or PO with several invoices. */
struct group {
	size_t *member; /* indexes of documents */
	size_t n;
	int64_t amount_minor; /* of the advice; 0 = what is left of the receipt */
	bool narrowed; /* one of them is named by itself */
	bool fits;
};

struct named {
	const struct cash_match *m;
	struct document *document;
	size_t n, cap;
	struct group *group;
	size_t n_groups;
	size_t looked_at;
	bool resolved, too_many, ambiguous;
};

/* One more row to look at; the same count in want and decide. */
static bool may_look(size_t *looked_at)
{
	return (*looked_at)++ < CASH_NAMED_DOCUMENTS_MAX;
}

void cash_named_want(const struct cash_match *match)
{
	size_t looked_at = 0;

	for (size_t v = 0; v < match->words->references.n; v++) {
		struct rows rows = cash_references(match->book, match->lane, match->account, match->words, v);

		for (size_t i = 0; i < rows.n && may_look(&looked_at); i++)
			cash_items_of(match->book, match->lane, match->account,
				      ((const struct cash_reference_row *)rows.row[i])->document_id);
	}
}

/* ---- documents -------------------------------------------------------------------------------------------------------- */

static void describe(const struct cash_match *m, struct document *doc)
{
	for (size_t i = 0; i < doc->items.n; i++) {
		const struct cash_item_row *item = doc->items.row[i];

		if (item->open_minor > 0)
			doc->debit_minor = cash_plus(doc->debit_minor, item->open_minor);
		else
			doc->credit_minor = cash_plus(doc->credit_minor, cash_item_free(item));
	}
	doc->is_debit = doc->first->kind == CASH_ITEM_INVOICE || doc->first->kind == CASH_ITEM_DEBIT_MEMO;
	doc->in_scope = text_eq(doc->first->entity, m->entity) && cash_same_currency(doc->first->currency, m->currency);
}

/* Index of a document, or SIZE_MAX. */
static size_t document(struct named *n, struct text document_id)
{
	for (size_t i = 0; i < n->n; i++)
		if (text_eq(n->document[i].document_id, document_id))
			return i;
	struct rows items = cash_items_of(n->m->book, n->m->lane, n->m->account, document_id);
	if (items.n == 0)
		return SIZE_MAX;
	if (n->n == n->cap) {
		size_t cap = n->cap ? n->cap * 2 : 8;
		struct document *grown = ARENA_ARRAY(n->m->arena, cap, struct document);
		if (n->n > 0)
			memcpy(grown, n->document, n->n * sizeof(*grown));
		n->document = grown;
		n->cap = cap;
	}
	n->document[n->n] = (struct document){ .document_id = document_id, .items = items, .first = items.row[0] };
	describe(n->m, &n->document[n->n]);
	return n->n++;
}

static bool is_open(const struct document *doc)
{
	return doc->debit_minor != 0 || doc->credit_minor != 0;
}

/* Keeps the candidates that fulfil a condition, where any do. */
static size_t prefer(const struct named *n, size_t *candidate, size_t n_candidates, bool (*good)(const struct document *))
{
	size_t kept = 0;

	for (size_t i = 0; i < n_candidates; i++)
		kept += good(&n->document[candidate[i]]);
	if (kept == 0)
		return n_candidates;
	kept = 0;
	for (size_t i = 0; i < n_candidates; i++)
		if (good(&n->document[candidate[i]]))
			candidate[kept++] = candidate[i];
	return kept;
}

static bool in_scope(const struct document *doc)
{
	return doc->in_scope;
}

static void name_single(struct named *n, size_t at, int64_t amount_minor)
{
	struct document *doc = &n->document[at];

	if (!doc->single)
		doc->amount_minor = amount_minor;
	doc->single = true;
	doc->chosen = doc->in_scope;
}

/* A number means one document. */
static void name_number(struct named *n, size_t *candidate, size_t n_candidates, int64_t amount_minor)
{
	if (n_candidates > 1)
		n_candidates = prefer(n, candidate, n_candidates, in_scope);
	if (n_candidates > 1)
		n_candidates = prefer(n, candidate, n_candidates, is_open);
	if (n_candidates > 1 && is_open(&n->document[candidate[0]]))
		n->ambiguous = true; /* closed ones are all the same: a possible duplicate */
	for (size_t i = 0; i < n_candidates; i++)
		name_single(n, candidate[i], amount_minor);
}

/* An order or PO means its only invoice (and its memos), or all of them together. */
static void name_group(struct named *n, const size_t *candidate, size_t n_candidates, int64_t amount_minor)
{
	size_t n_debits = 0;

	for (size_t i = 0; i < n_candidates; i++)
		n_debits += n->document[candidate[i]].is_debit;
	if (n_debits > 1) {
		n->group[n->n_groups++] =
			(struct group){ .member = arena_dup(n->m->arena, candidate, n_candidates * sizeof(*candidate)),
					.n = n_candidates,
					.amount_minor = amount_minor };
		return;
	}
	for (size_t i = 0; i < n_candidates; i++)
		name_single(n, candidate[i], n->document[candidate[i]].is_debit ? amount_minor : 0);
}

/* What reference number `at_word` of the payer's words names. */
static void name_value(struct named *n, size_t at_word)
{
	const struct cash_reference_value *value = &n->m->words->references.values[at_word];
	struct rows rows = cash_references(n->m->book, n->m->lane, n->m->account, n->m->words, at_word);
	size_t numbers[CASH_DOCUMENTS_MAX + 1], others[CASH_DOCUMENTS_MAX + 1];
	size_t n_numbers = 0, n_others = 0;

	n->resolved = n->resolved || rows.n > 0;
	n->too_many = n->too_many || rows.n > CASH_DOCUMENTS_MAX;
	for (size_t i = 0; i < rows.n; i++) {
		const struct cash_reference_row *row = rows.row[i];

		if (!may_look(&n->looked_at)) {
			n->too_many = true;
			return;
		}
		size_t at = document(n, row->document_id);
		if (at == SIZE_MAX)
			continue;
		if (row->kind == CASH_INDEX_NUMBER || row->kind == CASH_INDEX_EXTERNAL)
			numbers[n_numbers++] = at;
		else
			others[n_others++] = at;
	}
	if (n_numbers > 0)
		name_number(n, numbers, n_numbers, value->amount_minor);
	else if (n_others > 0)
		name_group(n, others, n_others, value->amount_minor);
}

/* ---- groups ----------------------------------------------------------------------------------------------------------- */

/* What the payer can have meant for a document that is named by itself. */
static int64_t wanted(const struct document *doc)
{
	return doc->amount_minor != 0 ? MIN(doc->amount_minor, doc->debit_minor) : doc->debit_minor;
}

/* Debits minus credits of the members in scope; false when nothing of it is open. */
static bool group_balance(const struct named *n, const struct group *g, int64_t *ret_minor)
{
	bool open = false;

	*ret_minor = 0;
	for (size_t i = 0; i < g->n; i++) {
		const struct document *doc = &n->document[g->member[i]];
		if (!doc->in_scope)
			continue;
		*ret_minor = cash_plus(*ret_minor, cash_plus(doc->debit_minor, -doc->credit_minor));
		open = open || doc->debit_minor != 0;
	}
	return open;
}

static void choose(struct named *n, struct group *g)
{
	g->fits = true;
	for (size_t i = 0; i < g->n; i++)
		n->document[g->member[i]].chosen = n->document[g->member[i]].in_scope;
}

/* What the payer can have meant by everything that is chosen or grouped, each document once. */
static int64_t sum_of(const struct named *n)
{
	int64_t sum = 0;

	for (size_t i = 0; i < n->n; i++) {
		const struct document *doc = &n->document[i];
		if (doc->in_scope && (doc->chosen || doc->grouped))
			sum = cash_plus(sum, cash_plus(wanted(doc), -doc->credit_minor));
	}
	return sum;
}

/* "A PO over several invoices needs the equal sum": a group with an amount of its own by itself, the others together with
 * everything else that is named. */
static void judge_groups(struct named *n)
{
	int64_t balance;

	for (size_t k = 0; k < n->n_groups; k++) {
		struct group *g = &n->group[k];

		for (size_t i = 0; i < g->n; i++)
			g->narrowed = g->narrowed || n->document[g->member[i]].single;
		if (!group_balance(n, g, &balance))
			continue;
		if (g->amount_minor == balance && !g->narrowed)
			choose(n, g);
		for (size_t i = 0; g->amount_minor == 0 && i < g->n; i++)
			n->document[g->member[i]].grouped = true;
	}
	if (sum_of(n) != n->m->amount_minor)
		return;
	for (size_t k = 0; k < n->n_groups; k++)
		if (n->group[k].amount_minor == 0)
			choose(n, &n->group[k]);
}

/* ---- the plan --------------------------------------------------------------------------------------------------------- */

/* At most `minor` of a document's open debits, oldest due first. */
static void add_debits(const struct cash_match *m, struct cash_parts *parts, const struct document *doc, int64_t minor)
{
	struct cash_parts items = cash_parts_new(m->arena, doc->items.n);

	for (size_t i = 0; i < doc->items.n; i++) {
		const struct cash_item_row *item = doc->items.row[i];
		if (item->open_minor > 0)
			cash_parts_add(&items, item);
	}
	cash_parts_oldest_due(&items);
	for (size_t i = 0; i < items.n && minor > 0; i++) {
		int64_t part = MIN(minor, items.part[i].minor);
		cash_parts_add_some(parts, items.part[i].item, part);
		minor -= part;
	}
}

static void add_credits(struct cash_parts *parts, const struct cash_match *m, const struct document *doc)
{
	for (size_t i = 0; i < doc->items.n; i++) {
		const struct cash_item_row *item = doc->items.row[i];
		if (item->open_minor < 0 && !text_eq(item->document_id, m->receipt_id))
			cash_parts_add(parts, item);
	}
}

static struct cash_pairs pair_up(const struct named *n)
{
	const struct cash_match *m = n->m;
	size_t cap = 0;
	for (size_t i = 0; i < n->n; i++)
		cap += n->document[i].items.n;
	struct cash_parts advised = cash_parts_new(m->arena, cap), rest = cash_parts_new(m->arena, cap);
	struct cash_parts credits = cash_parts_new(m->arena, cap);

	for (size_t i = 0; i < n->n; i++) {
		const struct document *doc = &n->document[i];
		if (!doc->chosen)
			continue;
		add_credits(&credits, m, doc);
		if (doc->amount_minor != 0)
			add_debits(m, &advised, doc, doc->amount_minor);
		else
			add_debits(m, &rest, doc, doc->debit_minor);
	}
	cash_parts_oldest_due(&rest);
	cash_parts_oldest_due(&credits);
	/* The advice is kept to first; both lists fit into one because each document is in one of them. */
	for (size_t i = 0; i < rest.n; i++)
		cash_parts_add_some(&advised, rest.part[i].item, rest.part[i].minor);
	credits = cash_match_credits(m, &credits);
	return cash_pair(m->arena, &credits, &advised);
}

/* Why what remains of the receipt remains, most telling first. */
static enum cash_left left_of(const struct named *n, bool applied)
{
	bool other_entity = false, other_currency = false, differs = false, debit = false;
	int64_t balance;

	for (size_t i = 0; i < n->n; i++) {
		const struct document *doc = &n->document[i];
		bool open = doc->debit_minor != 0 && !doc->in_scope;

		debit = debit || doc->is_debit;
		other_entity = other_entity || (open && !text_eq(doc->first->entity, n->m->entity));
		other_currency = other_currency || (open && text_eq(doc->first->entity, n->m->entity));
	}
	for (size_t k = 0; k < n->n_groups; k++)
		differs = differs || (!n->group[k].narrowed && !n->group[k].fits && group_balance(n, &n->group[k], &balance));
	if (n->too_many)
		return CASH_LEFT_TOO_MANY_ITEMS;
	if (n->ambiguous)
		return CASH_LEFT_AMBIGUOUS;
	if (differs)
		return CASH_LEFT_SUM_DIFFERS;
	if (other_entity)
		return CASH_LEFT_CROSS_ENTITY;
	if (other_currency)
		return CASH_LEFT_CROSS_CURRENCY;
	if (applied)
		return CASH_LEFT_EXCESS;
	return debit ? CASH_LEFT_POSSIBLE_DUPLICATE : CASH_LEFT_NO_OPEN_ITEMS;
}

static const char *fate(const struct named *n, const struct document *doc)
{
	if (n->ambiguous && doc->single)
		return "could be meant";
	if (!text_eq(doc->first->entity, n->m->entity))
		return "of another entity";
	if (!doc->in_scope)
		return "in another currency";
	if (doc->debit_minor == 0 && doc->credit_minor == 0)
		return "closed";
	return doc->chosen ? "named" : "one of several, the sum differs";
}

static struct type_explanation *explain(const struct named *n)
{
	struct arena *arena = n->m->arena;
	size_t n_open = 0;

	for (size_t i = 0; i < n->n; i++)
		n_open += is_open(&n->document[i]);
	struct type_explanation *why = cash_explain(arena, CASH_RULE_REFERENCE, n->m->rules.version,
						    "the payer names %zu document%s, %zu open", n->n, n->n == 1 ? "" : "s", n_open);
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < n->n; i++) {
			const struct document *doc = &n->document[i];
			struct money open = cash_money(doc->first->currency, cash_plus(doc->debit_minor, -doc->credit_minor));

			if (doc->chosen == (round == 0))
				cash_candidate(arena, why, cash_match_name(doc->first), CASH_RULE_REFERENCE, "%s, open " TEXT_FMT,
					       fate(n, doc), TEXT_ARG(cash_amount_text(arena, open)));
		}
	return why;
}

bool cash_named(const struct cash_match *match, struct cash_plan *ret_plan)
{
	struct named n = { .m = match };

	size_t n_words = match->words->references.n;

	if (n_words == 0)
		return false;
	n.group = ARENA_ARRAY(match->arena, n_words, struct group);
	for (size_t v = 0; v < n_words && !n.too_many; v++)
		name_value(&n, v);
	if (!n.resolved)
		return false;
	judge_groups(&n);
	*ret_plan = (struct cash_plan){ .explanation = explain(&n) };
	if (!n.ambiguous && !n.too_many)
		ret_plan->pairs = pair_up(&n);
	ret_plan->left = left_of(&n, ret_plan->pairs.n > 0);
	return true;
}
