/* why_not: see why_not.h. */
#include "cli/why_not.h"

#include "cash/core/item.h"

const char *const why_not_results[] = { "fits", "stops here", "no", "would fit" };

/* ---- candidates ---- */

/* With rule CASH_RULE_NO_RULE: all of them. */
static struct text candidates_of(struct arena *a, const struct type_explanation *why, enum cash_rule rule, size_t *ret_n)
{
	struct buf b = { .arena = a };

	*ret_n = 0;
	for (size_t i = 0; why != NULL && i < why->n_candidates; i++) {
		const struct type_candidate *c = &why->candidates[i];

		if (rule != CASH_RULE_NO_RULE && !text_eq(c->rule_id, cash_rule_text(rule)))
			continue;
		buf_printf(&b, "%s" TEXT_FMT, b.n > 0 ? "; " : "", TEXT_ARG(c->what));
		if (!text_empty(c->note))
			buf_printf(&b, " (" TEXT_FMT ")", TEXT_ARG(c->note));
		++*ret_n;
	}
	return buf_text(&b);
}

/* ---- applying ---- */

static const char *amount(const struct cash_match *m, int64_t minor)
{
	return text_cstr(m->arena, cash_amount_text(m->arena, cash_money(m->currency, minor)));
}

static const char *distance(const struct cash_match *m, int64_t minor)
{
	return text_printf(m->arena, "%s %s", amount(m, minor < 0 ? -minor : minor), minor < 0 ? "less" : "more").s;
}

static struct text no_reference(const struct cash_match *m)
{
	struct buf b = { .arena = m->arena };

	if (m->words->references.n == 0)
		return TEXT("the payer names nothing that could be a document (a number has a letter, or more than four digits)");
	buf_adds(&b, "no document, order or PO of this account is called");
	for (size_t i = 0; i < m->words->references.n && i < 8; i++)
		buf_printf(&b, "%s " TEXT_FMT, i == 0 ? "" : ",", TEXT_ARG(m->words->references.values[i].value));
	if (m->words->references.n > 8)
		buf_printf(&b, " and %zu more", m->words->references.n - 8);
	return buf_text(&b);
}

static int64_t size_of(int64_t minor)
{
	return minor < 0 ? -minor : minor;
}

static const struct cash_item_row *nearest(const struct cash_match *m, int64_t minor)
{
	const struct cash_item_row *best = NULL;

	for (size_t i = 0; i < m->debits.n; i++) {
		const struct cash_item_row *item = m->debits.row[i];

		if (best == NULL || size_of(item->open_minor - minor) < size_of(best->open_minor - minor))
			best = item;
	}
	return best;
}

static int64_t credits_sum(const struct cash_match *m, size_t *ret_n)
{
	int64_t sum = 0;

	*ret_n = 0;
	for (size_t i = 0; i < m->credits.n; i++) {
		const struct cash_item_row *item = m->credits.row[i];

		if (text_eq(item->document_id, m->receipt_id))
			continue;
		sum = cash_plus(sum, cash_item_free(item));
		++*ret_n;
	}
	return sum;
}

static struct text no_exact_amount(const struct cash_match *m)
{
	const struct cash_item_row *item = nearest(m, m->amount_minor);
	size_t n;
	int64_t credits = credits_sum(m, &n);
	struct buf b = { .arena = m->arena };

	if (item == NULL)
		return TEXT("nothing is open in this entity and currency");
	buf_printf(&b, "no open item of %s", amount(m, m->amount_minor));
	if (n > 0)
		buf_printf(&b, ", nor of %s with %zu open credits", amount(m, cash_plus(m->amount_minor, credits)), n);
	buf_printf(&b, "; the nearest is " TEXT_FMT " with %s, %s", TEXT_ARG(cash_match_name(item)), amount(m, item->open_minor),
		   distance(m, item->open_minor - m->amount_minor));
	return buf_text(&b);
}

static struct text no_all_due(const struct cash_match *m)
{
	int64_t due = 0, credits;
	struct buf b = { .arena = m->arena };
	char day[DATE_TEXT_SIZE];
	size_t n = 0, n_credits;

	for (size_t i = 0; i < m->debits.n; i++) {
		const struct cash_item_row *item = m->debits.row[i];

		if (item->due_date > m->received)
			continue;
		due = cash_plus(due, item->open_minor);
		n++;
	}
	credits = credits_sum(m, &n_credits);
	if (n == 0)
		return text_printf(m->arena, "nothing was due on %s", date_format(day, m->received));
	buf_printf(&b, "%zu items due on %s are worth %s, %s than the receipt", n, date_format(day, m->received), amount(m, due),
		   distance(m, due - m->amount_minor));
	if (n_credits > 0)
		buf_printf(&b, "; %s than it with %zu open credits", distance(m, due - cash_plus(m->amount_minor, credits)),
			   n_credits);
	return buf_text(&b);
}

static struct text missing_of(const struct cash_match *m, enum reference_cash_rule rule)
{
	bool too_many = m->debits.n > CASH_APPLY_ITEMS_MAX || m->credits.n > CASH_APPLY_ITEMS_MAX;

	switch (rule) {
	case REFERENCE_CASH_RULE_REFERENCE:
		return no_reference(m);
	case REFERENCE_CASH_RULE_EXACT_AMOUNT:
	case REFERENCE_CASH_RULE_ALL_DUE:
		if (too_many)
			return text_printf(m->arena, "more than %d open items: too many for a rule on amounts",
					   CASH_APPLY_ITEMS_MAX);
		return rule == REFERENCE_CASH_RULE_ALL_DUE ? no_all_due(m) : no_exact_amount(m);
	case REFERENCE_CASH_RULE_OLDEST_FIRST:
		return m->oldest_first ? TEXT("nothing is open in this entity and currency")
				       : TEXT("the customer's policy does not allow it (apply_oldest_first)");
	case REFERENCE_CASH_RULE_UNSPECIFIED:
		break;
	}
	return TEXT_NONE;
}

static const char *name_of(enum reference_cash_rule rule)
{
	static const char *const names[] = { "?", "reference", "exact_amount", "all_due", "oldest_first" };

	return (size_t)rule < ARRAY_LEN(names) ? names[rule] : names[0];
}

/* What a rule that fits does: how much it applies, and why the rest would stay. */
static struct text found_of(const struct cash_match *m, const struct cash_plan *plan)
{
	struct buf b = { .arena = m->arena };
	int64_t used = 0;

	for (size_t i = 0; i < plan->pairs.n; i++)
		if (plan->pairs.pair[i].credit == m->receipt)
			used = cash_plus(used, plan->pairs.pair[i].minor);
	if (plan->pairs.n > 0)
		buf_printf(&b, "takes %s", amount(m, used));
	if (used < m->amount_minor)
		buf_printf(&b, "%s%s stays: " TEXT_FMT, b.n > 0 ? ", " : "", amount(m, m->amount_minor - used),
			   TEXT_ARG(cash_left_text(plan->left)));
	if (plan->explanation != NULL && !text_empty(plan->explanation->because))
		buf_printf(&b, "; " TEXT_FMT, TEXT_ARG(plan->explanation->because));
	return buf_text(&b);
}

size_t why_not_applied(const struct cash_match *m, struct why_not *rules)
{
	bool ended = false;
	size_t n = 0, found;

	for (size_t i = 0; i < m->rules.rules.n && n < WHY_NOT_RULES_MAX; i++) {
		enum reference_cash_rule rule = (enum reference_cash_rule)(m->rules.rules.s[i] - '0');
		struct cash_plan plan = { .left = CASH_LEFT_NO_RULE_MATCHED };
		struct why_not *w = &rules[n++];

		*w = (struct why_not){ .rule = name_of(rule), .result = WHY_NOT_NO };
		if (!cash_match_rule(m, rule, &plan)) {
			w->missing = missing_of(m, rule);
			continue;
		}
		w->result = ended ? WHY_NOT_LATE : plan.pairs.n > 0 ? WHY_NOT_FITS : WHY_NOT_STOPS;
		w->missing = found_of(m, &plan);
		w->candidates = candidates_of(m->arena, plan.explanation, CASH_RULE_NO_RULE, &found);
		ended = true;
	}
	return n;
}

/* ---- identifying ---- */

static struct text nobody(struct arena *a, const struct cash_remittance *r, enum cash_rule rule)
{
	bool some = false;

	switch (rule) {
	case CASH_RULE_PAYER_BANK_ACCOUNT:
		some = r != NULL && !text_empty(r->payer_bank_account);
		return some ? TEXT("no customer is known by the bank account it came from") : TEXT("the line says no bank account");
	case CASH_RULE_DOCUMENT_REFERENCE:
		some = cash_reference_read(a, r).n > 0;
		return some ? TEXT("nothing in its text is a document, order or PO that we know")
			    : TEXT("its text holds nothing that could be a document");
	case CASH_RULE_PAYER_REFERENCE:
		some = r != NULL && !text_empty(r->payer_reference);
		return some ? TEXT("no customer always quotes this reference") : TEXT("the line has no payer reference");
	case CASH_RULE_ADVICE:
		some = r != NULL && !text_empty(r->advice_id);
		return some ? TEXT("its advice names no account") : TEXT("no advice was joined to it");
	default:
		some = r != NULL && !text_empty(r->payer_name);
		return some ? TEXT("no customer has exactly this name") : TEXT("the line says no name");
	}
}

size_t why_not_identified(struct arena *a, const struct cash_remittance *remittance, const struct cash_identity *identity,
			  struct why_not *rules)
{
	static const enum cash_rule evidence[] = { CASH_RULE_PAYER_BANK_ACCOUNT, CASH_RULE_DOCUMENT_REFERENCE,
						   CASH_RULE_PAYER_REFERENCE, CASH_RULE_ADVICE, CASH_RULE_PAYER_NAME };

	for (size_t i = 0; i < ARRAY_LEN(evidence); i++) {
		struct why_not *w = &rules[i];
		size_t n;

		*w = (struct why_not){ .rule = text_cstr(a, cash_rule_text(evidence[i])), .result = WHY_NOT_NO };
		w->candidates = candidates_of(a, identity->explanation, evidence[i], &n);
		if (n == 0) {
			w->missing = nobody(a, remittance, evidence[i]);
			continue;
		}
		w->result = identity->found ? WHY_NOT_FITS : WHY_NOT_STOPS;
		w->missing = identity->found ? text_printf(a, "the payer is " TEXT_FMT, TEXT_ARG(identity->account))
					     : cash_unidentified_text(identity->why_not);
	}
	return ARRAY_LEN(evidence);
}
