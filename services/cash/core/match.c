#include "cash/core/match.h"

#include "cash/core/item.h"
#include "cash/core/named.h"

#define CURSOR TEXT("oldest_first") /* the one rule that goes on over transactions */

/* ---- reading ---------------------------------------------------------------------------------------------------------- */

struct cash_match cash_match_read(struct book *book, const struct input *input, const struct cash_transfer_sent *transfer,
				  struct text account, struct text receipt_id)
{
	struct cash_match m = {
		.arena = book_arena(book),
		.book = book,
		.lane = input->lane,
		.account = account,
		.entity = transfer->entity,
		.receipt_id = receipt_id,
		.received = transfer->booking_date,
		.anchor = transfer->accounting_date,
		.amount_minor = transfer->amount.minor,
	};
	date_t day = cash_business_day(book, m.lane, m.entity);

	memcpy(m.currency, transfer->amount.currency, sizeof(m.currency));
	/* Rules and policies of the day the decision is taken on; before the first day, of the receipt's own. */
	day = MAX(day, transfer->accounting_date);
	m.rules = cash_rules_as_of(book, m.lane, day);
	const struct cash_customer_row *customer = cash_customer_as_of(cash_customer(book, m.lane, account), day);
	m.oldest_first = customer != NULL && customer->oldest_first;
	m.debits = cash_open_debits(book, m.lane, account, m.entity, m.currency);
	m.credits = cash_open_credits(book, m.lane, account, m.entity, m.currency);
	for (size_t i = 0; i < m.credits.n; i++)
		m.anchor = MIN(m.anchor, ((const struct cash_item_row *)m.credits.row[i])->accounting_date);
	cash_first_open(book, m.lane, m.entity, m.anchor, m.anchor);
	m.words = cash_words(book, transfer->remittance);
	cash_named_want(&m);
	return m;
}

struct text cash_match_name(const struct cash_item_row *item)
{
	if (!text_empty(item->number))
		return item->number;
	return !text_empty(item->external_number) ? item->external_number : item->document_id;
}

struct cash_parts cash_match_credits(const struct cash_match *m, const struct cash_parts *credits)
{
	struct cash_parts all = cash_parts_new(m->arena, credits->n + 1);

	for (size_t i = 0; i < credits->n; i++)
		cash_parts_add_some(&all, credits->part[i].item, credits->part[i].minor);
	cash_parts_add(&all, m->receipt);
	return all;
}

/* ---- amount rules (rules 2 to 4) -------------------------------------------------------------------------------------- */

/* Other open credits, at most CASH_APPLY_ITEMS_MAX. */
static struct cash_parts open_credits(const struct cash_match *m)
{
	struct cash_parts credits = cash_parts_new(m->arena, m->credits.n);

	for (size_t i = 0; i < m->credits.n && credits.n < CASH_APPLY_ITEMS_MAX; i++) {
		const struct cash_item_row *item = m->credits.row[i];
		if (!text_eq(item->document_id, m->receipt_id))
			cash_parts_add(&credits, item);
	}
	return credits;
}

static bool too_many(const struct cash_match *m)
{
	return m->debits.n > CASH_APPLY_ITEMS_MAX || m->credits.n > CASH_APPLY_ITEMS_MAX;
}

/* The oldest due item with this open amount, and how many there are. */
static const struct cash_item_row *item_of_amount(const struct cash_match *m, int64_t minor, size_t *ret_n)
{
	const struct cash_item_row *oldest = NULL;

	*ret_n = 0;
	for (size_t i = 0; i < m->debits.n; i++) {
		const struct cash_item_row *item = m->debits.row[i];
		if (item->open_minor != minor)
			continue;
		oldest = oldest == NULL ? item : oldest;
		(*ret_n)++;
	}
	return oldest;
}

static void list_amount(const struct cash_match *m, struct type_explanation *why, int64_t minor, const char *note)
{
	for (size_t i = 0; i < m->debits.n; i++) {
		const struct cash_item_row *item = m->debits.row[i];
		char due[DATE_TEXT_SIZE];

		if (item->open_minor == minor)
			cash_candidate(m->arena, why, cash_match_name(item), CASH_RULE_EXACT_AMOUNT, "due %s, %s",
				       date_format(due, item->due_date), note);
	}
}

static bool exact_amount(const struct cash_match *m, struct cash_plan *plan)
{
	struct cash_parts credits = open_credits(m), debits = cash_parts_new(m->arena, 1);
	int64_t net = cash_plus(m->amount_minor, cash_parts_sum(&credits));
	size_t n_alone, n_net = 0;

	if (too_many(m))
		return false;
	const struct cash_item_row *alone = item_of_amount(m, m->amount_minor, &n_alone);
	const struct cash_item_row *with = credits.n > 0 ? item_of_amount(m, net, &n_net) : NULL;
	if (alone == NULL && with == NULL)
		return false;
	plan->explanation = cash_explain(m->arena, CASH_RULE_EXACT_AMOUNT, m->rules.version,
					 "%zu open item%s of the receipt's amount, %zu of the amount with %zu open credits",
					 n_alone, n_alone == 1 ? "" : "s", n_net, credits.n);
	list_amount(m, plan->explanation, m->amount_minor, "the receipt alone");
	if (with != NULL)
		list_amount(m, plan->explanation, net, "with the open credits");
	plan->left = CASH_LEFT_AMBIGUOUS;
	if (alone != NULL && with != NULL)
		return true;
	if (n_alone + n_net > 1)
		plan->explanation->tie_break = TEXT("oldest due");
	cash_parts_add(&debits, alone != NULL ? alone : with);
	credits.n = alone != NULL ? 0 : credits.n;
	credits = cash_match_credits(m, &credits);
	plan->pairs = cash_pair(m->arena, &credits, &debits);
	return true;
}

static bool all_due(const struct cash_match *m, struct cash_plan *plan)
{
	struct cash_parts credits = open_credits(m), debits = cash_parts_new(m->arena, m->debits.n);
	int64_t credit_sum = cash_parts_sum(&credits);

	if (too_many(m))
		return false;
	for (size_t i = 0; i < m->debits.n; i++) {
		const struct cash_item_row *item = m->debits.row[i];
		if (item->due_date <= m->received)
			cash_parts_add(&debits, item);
	}
	int64_t due = cash_parts_sum(&debits);
	if (due != m->amount_minor && due != cash_plus(m->amount_minor, credit_sum))
		return false;
	if (due == m->amount_minor)
		credits.n = 0;
	plan->explanation = cash_explain(m->arena, CASH_RULE_ALL_DUE, m->rules.version,
					 "%zu items were due, worth " TEXT_FMT ", with %zu open credits", debits.n,
					 TEXT_ARG(cash_amount_text(m->arena, cash_money(m->currency, due))), credits.n);
	credits = cash_match_credits(m, &credits);
	plan->pairs = cash_pair(m->arena, &credits, &debits);
	plan->left = CASH_LEFT_EXCESS;
	return true;
}

static bool oldest_first(const struct cash_match *m, struct cash_plan *plan)
{
	struct cash_parts credits = open_credits(m), debits = cash_parts_new(m->arena, m->debits.n);
	bool more_debits = m->debits.n > CASH_APPLY_ITEMS_MAX, more_credits = m->credits.n > CASH_APPLY_ITEMS_MAX;

	if (!m->oldest_first || m->debits.n == 0)
		return false;
	for (size_t i = 0; i < m->debits.n && i < CASH_APPLY_ITEMS_MAX; i++)
		cash_parts_add(&debits, m->debits.row[i]);
	int64_t debit_sum = cash_parts_sum(&debits), credit_sum = cash_parts_sum(&credits);
	plan->explanation = cash_explain(m->arena, CASH_RULE_OLDEST_FIRST, m->rules.version,
					 "the customer's policy; %zu%s open items, %zu open credits", debits.n,
					 more_debits ? "+" : "", credits.n);
	/* Credits before cash (CSH-17): while there are more of them the receipt waits. */
	if (!more_credits) {
		credits = cash_match_credits(m, &credits);
		credit_sum = cash_plus(credit_sum, m->amount_minor);
	}
	plan->pairs = cash_pair(m->arena, &credits, &debits);
	plan->goes_on = (more_debits && debit_sum <= credit_sum) || (more_credits && credit_sum <= debit_sum);
	plan->left = CASH_LEFT_EXCESS;
	return true;
}

/* ---- the rule set ----------------------------------------------------------------------------------------------------- */

bool cash_match_rule(const struct cash_match *m, enum reference_cash_rule rule, struct cash_plan *plan)
{
	switch (rule) {
	case REFERENCE_CASH_RULE_REFERENCE:
		return cash_named(m, plan);
	case REFERENCE_CASH_RULE_EXACT_AMOUNT:
		return exact_amount(m, plan);
	case REFERENCE_CASH_RULE_ALL_DUE:
		return all_due(m, plan);
	case REFERENCE_CASH_RULE_OLDEST_FIRST:
		return oldest_first(m, plan);
	case REFERENCE_CASH_RULE_UNSPECIFIED:
		break;
	}
	return false;
}

static struct cash_plan plan_of(const struct cash_match *m, bool goes_on)
{
	struct cash_plan plan = { .left = CASH_LEFT_NO_RULE_MATCHED };

	if (goes_on && oldest_first(m, &plan))
		return plan;
	for (size_t i = 0; !goes_on && i < m->rules.rules.n; i++)
		if (cash_match_rule(m, (enum reference_cash_rule)(m->rules.rules.s[i] - '0'), &plan))
			return plan;
	if (goes_on)
		plan.left = CASH_LEFT_EXCESS;
	else if (m->debits.n == 0)
		plan.left = CASH_LEFT_NO_OPEN_ITEMS;
	else if (too_many(m))
		plan.left = CASH_LEFT_TOO_MANY_ITEMS;
	plan.explanation =
		cash_explain(m->arena, CASH_RULE_NO_RULE, m->rules.version, "%zu%s open items, %zu%s open credits",
			     MIN(m->debits.n, (size_t)CASH_APPLY_ITEMS_MAX), m->debits.n > CASH_APPLY_ITEMS_MAX ? "+" : "",
			     MIN(m->credits.n, (size_t)CASH_APPLY_ITEMS_MAX), m->credits.n > CASH_APPLY_ITEMS_MAX ? "+" : "");
	return plan;
}

struct cash_plan cash_match_plan(const struct cash_match *m)
{
	return plan_of(m, false);
}

static void emit_left(struct decision *d, const struct cash_match *m, const struct cash_plan *plan, int64_t minor,
		      struct text rule_version)
{
	struct cash_event *event = cash_event_new(d, m->account);
	struct cash_left_unapplied *left = WIRE_NEW(d->arena, cash_left_unapplied);

	left->credit = cash_item_ref(d->arena, m->receipt);
	left->amount = cash_money(m->currency, minor);
	left->reason = cash_left_text(plan->left);
	left->explanation = plan->explanation;
	event->event_case = CASH_EVENT_LEFT_UNAPPLIED;
	event->left_unapplied = left;
	cash_emit(d, event, TEXT_NONE, rule_version);
}

enum decided cash_match_decide(struct decision *d, struct cash_match *m)
{
	struct text rule_version = text_concat(d->arena, 2, (struct text[]){ TEXT("cash_rules/"), m->rules.version });

	m->receipt = cash_item(d->book, m->lane, m->account, m->receipt_id, 1);
	CHECK(m->receipt != NULL);
	m->amount_minor = cash_item_free(m->receipt);
	struct cash_plan plan = plan_of(m, d->input->cursor.n > 0);
	cash_emit_applied(d, &plan.pairs,
			  &(struct cash_application_terms){ .account = m->account,
							    .anchor = m->anchor,
							    .not_before = DATE_NONE,
							    .insisted = DATE_NONE,
							    .explanation = plan.explanation,
							    .rule_version = rule_version });
	int64_t left = m->amount_minor;
	for (size_t i = 0; i < plan.pairs.n; i++)
		if (plan.pairs.pair[i].credit == m->receipt)
			left -= plan.pairs.pair[i].minor;
	if (left > 0 && plan.goes_on) {
		d->cursor = CURSOR;
		return MORE;
	}
	if (left > 0)
		emit_left(d, m, &plan, left, rule_version);
	return DECIDED;
}
