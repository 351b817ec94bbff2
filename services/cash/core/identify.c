#include "cash/core/identify.h"

#include "cash/core/event.h"
#include "cash/core/reference.h"
#include "cash/core/rows.h"

/* Accounts that one kind of evidence names. */
struct evidence {
	enum cash_rule rule;
	size_t n;
	struct text accounts[CASH_PAYERS_MAX];
	struct text through[CASH_PAYERS_MAX]; /* the value that named it; empty where that is personal data */
	bool many; /* more accounts than can be told apart */
};

enum { BY_BANK_ACCOUNT, BY_DOCUMENT, BY_REFERENCE, BY_ADVICE, BY_NAME, N_EVIDENCE };

/* What is still possible after some evidence. */
struct possible {
	bool any; /* nothing said yet */
	bool many;
	size_t n;
	struct text accounts[CASH_PAYERS_MAX];
	enum cash_rule rule; /* of the evidence that left exactly one */
};

static bool has(const struct text *accounts, size_t n, struct text account)
{
	for (size_t i = 0; i < n; i++)
		if (text_eq(accounts[i], account))
			return true;
	return false;
}

static void add(struct evidence *e, struct text account, struct text through)
{
	if (has(e->accounts, e->n, account))
		return;
	if (e->n == CASH_PAYERS_MAX) {
		e->many = true;
		return;
	}
	e->through[e->n] = through;
	e->accounts[e->n++] = account;
}

static int evidence_of(enum cash_index_kind kind)
{
	switch (kind) {
	case CASH_INDEX_BANK_ACCOUNT:
		return BY_BANK_ACCOUNT;
	case CASH_INDEX_NUMBER:
	case CASH_INDEX_EXTERNAL:
	case CASH_INDEX_ORDER:
	case CASH_INDEX_PO:
		return BY_DOCUMENT;
	case CASH_INDEX_PAYER_REFERENCE:
		return BY_REFERENCE;
	case CASH_INDEX_NAME:
		return BY_NAME;
	}
	return N_EVIDENCE;
}

/* What answers to one value counts as evidence only where the value was found: `first`..`last` kinds of evidence. */
static void gather(struct book *book, struct evidence *evidence, struct book_answer **asked, struct text value, int first, int last)
{
	if (text_empty(value))
		return;
	struct rows rows = cash_payers(book, asked, value);

	for (size_t i = 0; i < rows.n; i++) {
		const struct cash_payer_row *payer = rows.row[i];
		int at = evidence_of((enum cash_index_kind)payer->kind);

		if (at < first || at > last)
			continue;
		add(&evidence[at], payer->account, at == BY_DOCUMENT ? value : TEXT_NONE);
		evidence[at].many = evidence[at].many || rows.n > CASH_PAYERS_MAX;
	}
}

static void gather_all(struct book *book, const struct cash_remittance *remittance, struct evidence *evidence)
{
	if (remittance == NULL)
		return;
	struct cash_words *words = cash_words(book, remittance);
	if (!text_empty(remittance->payer_account))
		add(&evidence[BY_ADVICE], remittance->payer_account, TEXT_NONE);
	gather(book, evidence, &words->by_bank_account, words->payer_bank_account, BY_BANK_ACCOUNT, BY_BANK_ACCOUNT);
	gather(book, evidence, &words->by_reference, words->payer_reference, BY_REFERENCE, BY_REFERENCE);
	for (size_t i = 0; i < words->references.n; i++)
		gather(book, evidence, &words->payers[i], words->references.values[i].value, BY_DOCUMENT, BY_REFERENCE);
	gather(book, evidence, &words->by_name, words->payer_name, BY_NAME, BY_NAME);
}

/* False: nobody answers to both. */
static bool narrow(struct possible *p, const struct evidence *e)
{
	struct possible both = { .rule = e->rule };

	if (e->many) {
		p->many = p->many || p->any;
		return true;
	}
	if (e->n == 0)
		return true;
	for (size_t i = 0; i < e->n; i++)
		if (p->any || has(p->accounts, p->n, e->accounts[i]))
			both.accounts[both.n++] = e->accounts[i];
	if (both.n == 0)
		return false;
	if (!p->any && p->n == 1)
		both.rule = p->rule; /* it was settled before */
	*p = both;
	return true;
}

static void tell(struct arena *arena, struct type_explanation *why, const struct evidence *evidence, struct text winner,
		 bool winners)
{
	for (int k = 0; k < N_EVIDENCE; k++)
		for (size_t i = 0; i < evidence[k].n; i++) {
			if (text_eq(evidence[k].accounts[i], winner) != winners)
				continue;
			if (text_empty(evidence[k].through[i]))
				cash_candidate(arena, why, evidence[k].accounts[i], evidence[k].rule, "answers");
			else
				cash_candidate(arena, why, evidence[k].accounts[i], evidence[k].rule, "document " TEXT_FMT,
					       TEXT_ARG(evidence[k].through[i]));
		}
}

/* "12", "16+" */
static void count(struct buf *b, const char *label, const struct evidence *e)
{
	buf_adds(b, label);
	buf_add(b, text_i64(b->arena, (int64_t)e->n));
	if (e->many)
		buf_addc(b, '+');
}

static struct type_explanation *explain(struct arena *arena, const struct evidence *evidence, enum cash_rule rule,
					struct text winner)
{
	struct buf b = { .arena = arena };

	count(&b, "accounts named by bank account: ", &evidence[BY_BANK_ACCOUNT]);
	count(&b, ", documents: ", &evidence[BY_DOCUMENT]);
	count(&b, ", payer reference: ", &evidence[BY_REFERENCE]);
	count(&b, ", name: ", &evidence[BY_NAME]);
	if (evidence[BY_ADVICE].n > 0)
		buf_adds(&b, ", the advice names one");
	struct type_explanation *why = cash_explain_with(arena, rule, CASH_IDENTIFY_VERSION, buf_text(&b));

	if (!text_empty(winner))
		tell(arena, why, evidence, winner, true);
	tell(arena, why, evidence, winner, false);
	return why;
}

static struct cash_identity identify(struct book *book, const struct cash_remittance *remittance, struct text refused_by, bool why)
{
	struct evidence evidence[N_EVIDENCE] = {
		[BY_BANK_ACCOUNT] = { .rule = CASH_RULE_PAYER_BANK_ACCOUNT },
		[BY_DOCUMENT] = { .rule = CASH_RULE_DOCUMENT_REFERENCE },
		[BY_REFERENCE] = { .rule = CASH_RULE_PAYER_REFERENCE },
		[BY_ADVICE] = { .rule = CASH_RULE_ADVICE },
		[BY_NAME] = { .rule = CASH_RULE_PAYER_NAME },
	};
	struct possible p = { .any = true };
	struct cash_identity id = { .why_not = CASH_UNIDENTIFIED_NO_EVIDENCE };
	bool agree = true;

	gather_all(book, remittance, evidence);
	for (int k = BY_BANK_ACCOUNT; k < BY_NAME; k++)
		agree = agree && narrow(&p, &evidence[k]);
	/* A name decides only what nothing stronger decided, and contradicts nothing: many payers share theirs with their bank. */
	if (agree && (p.any || p.n > 1))
		narrow(&p, &evidence[BY_NAME]);
	if (!agree)
		id.why_not = CASH_UNIDENTIFIED_CONFLICTING_EVIDENCE;
	else if (p.n > 1 || (p.n == 0 && p.many))
		id.why_not = CASH_UNIDENTIFIED_AMBIGUOUS;
	else if (p.n == 1 && cash_list_has(refused_by, p.accounts[0]))
		id.why_not = CASH_UNIDENTIFIED_REFUSED_BEFORE;
	else if (p.n == 1)
		id.found = true;
	id.account = id.found ? p.accounts[0] : TEXT_NONE;
	if (why)
		id.explanation = explain(book_arena(book), evidence, id.found ? p.rule : CASH_RULE_IDENTIFY, id.account);
	return id;
}

struct cash_identity cash_identify(struct book *book, const struct cash_remittance *remittance, struct text refused_by)
{
	return identify(book, remittance, refused_by, book_is_deciding(book));
}

struct cash_identity cash_identify_explained(struct book *book, const struct cash_remittance *remittance, struct text refused_by)
{
	return identify(book, remittance, refused_by, true);
}

bool cash_list_has(struct text list, struct text entry)
{
	while (list.n > 0) {
		size_t end = text_find(list, TEXT("\n"));
		struct text line = { list.s, end == TEXT_NOT_FOUND ? list.n : end };

		if (text_eq(line, entry))
			return true;
		list.s += line.n;
		list.n -= line.n;
		if (list.n > 0) {
			list.s++;
			list.n--;
		}
	}
	return false;
}
