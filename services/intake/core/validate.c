#include "core/validate.h"

#include "core/route.h"

#define HOLDING '~'

static bool refuse(struct err *err, const char *code, const char *detail)
{
	return err_set(err, ERR_REJECT, code, "%s", detail);
}

/* ---- small questions ------------------------------------------------------------------------------------------------- */

static bool is_holding(struct text account)
{
	return account.n > 0 && account.s[0] == HOLDING;
}

static bool customer_account(struct text account, struct err *err)
{
	if (is_holding(account))
		return refuse(err, "bad_account", "an account that begins with `~` is a holding account, expected a customer's");
	return true;
}

static bool is_present(const struct money *m)
{
	return m->currency[0] != '\0';
}

static bool same_currency(const struct money *a, const struct money *b)
{
	return strncmp(a->currency, b->currency, sizeof(a->currency)) == 0;
}

/* An amount that may be absent, in the currency of `of`. */
static bool amount_in(const struct money *m, const struct money *of, struct err *err)
{
	if (is_present(m) && !same_currency(m, of))
		return refuse(err, "currency_mismatch", "amounts of one event in different currencies");
	return true;
}

static bool positive(const struct money *m, struct err *err)
{
	if (is_present(m) && m->minor <= 0)
		return refuse(err, "out_of_range", "an amount that must be positive is not");
	return true;
}

static int cmp_text(const void *a, const void *b)
{
	return text_cmp(*(const struct text *)a, *(const struct text *)b);
}

/* Sorts what it is given. */
static bool unique_texts(struct text *texts, size_t n, const char *detail, struct err *err)
{
	if (n > 1)
		qsort(texts, n, sizeof(*texts), cmp_text);
	for (size_t i = 1; i < n; i++)
		if (text_eq(texts[i], texts[i - 1]))
			return refuse(err, "duplicate_element", detail);
	return true;
}

/* ---- crm.customer.v1 ---------------------------------------------------------------------------------------------------- */

static bool check_customer(const struct crm_customer_recorded *c, struct err *err)
{
	if (!customer_account(c->account, err) || !customer_account(c->parent_account, err))
		return false;
	if (text_eq(c->account, c->parent_account))
		return refuse(err, "bad_account", "the account is its own parent");
	return true;
}

/* ---- bank.payment.v1 (CSH-01, CSH-16) ------------------------------------------------------------------------------------ */

/* A payment is money from a payer: positive. Fees, interest, sweeps and outgoing transfers may have either sign. */
static bool check_line(const struct bank_line_booked *l, struct err *err)
{
	if (l->kind == BANK_LINE_KIND_PAYMENT && !positive(&l->amount, err))
		return false;
	for (size_t i = 0; i < l->n_remittance; i++)
		if (!positive(&l->remittance[i].amount, err) || !amount_in(&l->remittance[i].amount, &l->amount, err))
			return false;
	return true;
}

/* CSH-03. Amounts that do not make the total are cash's to judge. */
static bool check_advice(const struct bank_remittance_advised *a, struct err *err)
{
	if (!positive(&a->amount, err) || !customer_account(a->payer_account, err))
		return false;
	for (size_t i = 0; i < a->n_references; i++)
		if (!positive(&a->references[i].amount, err) || !amount_in(&a->references[i].amount, &a->amount, err))
			return false;
	return true;
}

static bool check_payment(const struct bank_payment_event *e, struct err *err)
{
	switch (e->event_case) {
	case BANK_PAYMENT_EVENT_LINE_BOOKED:
		return check_line(e->line_booked, err);
	case BANK_PAYMENT_EVENT_LINE_RETURNED:
		return positive(&e->line_returned->amount, err) && positive(&e->line_returned->fee, err) &&
		       amount_in(&e->line_returned->fee, &e->line_returned->amount, err);
	case BANK_PAYMENT_EVENT_STATEMENT_CLOSED:
		return amount_in(&e->statement_closed->opening, &e->statement_closed->closing, err);
	case BANK_PAYMENT_EVENT_REMITTANCE_ADVISED:
		return check_advice(e->remittance_advised, err);
	case BANK_PAYMENT_EVENT_NONE:
		break;
	}
	return true;
}

/* ---- ar.command.v1 -------------------------------------------------------------------------------------------------------- */

static bool check_command(const struct command_event *c, struct err *err)
{
	if (c->account.n == 1 && is_holding(c->account))
		return refuse(err, "bad_account", "`~` alone is no holding account");
	switch (c->command_case) {
	case COMMAND_EVENT_ASSIGN_PAYER:
		return customer_account(c->assign_payer->payer_account, err);
	case COMMAND_EVENT_APPLY:
		for (size_t i = 0; i < c->apply->n_targets; i++)
			if (!positive(&c->apply->targets[i].amount, err))
				return false;
		return true;
	case COMMAND_EVENT_ISSUE_CREDIT_MEMO:
		return positive(&c->issue_credit_memo->net, err);
	case COMMAND_EVENT_PLACE_ON_ACCOUNT:
		return positive(&c->place_on_account->amount, err);
	case COMMAND_EVENT_TAKE_OFF_ACCOUNT:
		return positive(&c->take_off_account->amount, err);
	case COMMAND_EVENT_SET_HOLD:
		return positive(&c->set_hold->amount, err);
	case COMMAND_EVENT_MAKE_PROMISE:
		if (c->make_promise->n_items == 0 && !is_present(&c->make_promise->amount))
			return refuse(err, "missing_field", "a promise covers items or an amount");
		return positive(&c->make_promise->amount, err);
	case COMMAND_EVENT_SEND_BACK:
	case COMMAND_EVENT_UNAPPLY:
	case COMMAND_EVENT_SET_BLOCK:
	case COMMAND_EVENT_LIFT_BLOCK:
	case COMMAND_EVENT_ISSUE_DEBIT_MEMO:
	case COMMAND_EVENT_CANCEL_PROMISE:
	case COMMAND_EVENT_LIFT_HOLD:
	case COMMAND_EVENT_IDENTIFY_AGAIN:
	case COMMAND_EVENT_NONE:
		break;
	}
	return true;
}

/* ---- ar.reference.v1 ------------------------------------------------------------------------------------------------------ */

static bool check_prefix(struct text prefix, struct err *err)
{
	bool fine = prefix.n == 2;

	for (size_t i = 0; i < prefix.n; i++)
		fine = fine && ((prefix.s[i] >= 'A' && prefix.s[i] <= 'Z') || (prefix.s[i] >= '0' && prefix.s[i] <= '9'));
	return fine || refuse(err, "out_of_range", "number_prefix: expected two characters of A-Z 0-9");
}

static bool check_ladder(const struct reference_ladder_recorded *l, struct arena *arena, struct err *err)
{
	struct text *currencies = ARENA_ARRAY(arena, l->n_minimum_amounts, struct text);

	for (size_t i = 0; i < l->n_levels; i++) {
		if (l->levels[i].level != (int32_t)i + 1)
			return refuse(err, "out_of_range", "levels: expected 1, 2, 3 ... in this order");
		if (i > 0 && l->levels[i].days_past_due <= l->levels[i - 1].days_past_due)
			return refuse(err, "out_of_range", "days_past_due: each level must come later than the one before");
	}
	for (size_t i = 0; i < l->n_minimum_amounts; i++) {
		if (l->minimum_amounts[i].minor < 0)
			return refuse(err, "out_of_range", "minimum_amounts: a negative amount");
		currencies[i] = text_of(l->minimum_amounts[i].currency);
	}
	return unique_texts(currencies, l->n_minimum_amounts, "minimum_amounts: a currency twice", err);
}

static bool check_rules(const struct reference_cash_rules_recorded *r, struct err *err)
{
	for (size_t i = 0; i < r->n_rules; i++)
		for (size_t k = i + 1; k < r->n_rules; k++)
			if (r->rules[i] == r->rules[k])
				return refuse(err, "duplicate_element", "a cash rule twice");
	return true;
}

static bool check_due(enum reference_terms_kind kind, int32_t day_of_month, struct err *err)
{
	if ((kind == REFERENCE_TERMS_KIND_NET_DAY_OF_MONTH) != (day_of_month != 0))
		return refuse(err, "out_of_range", "day_of_month: with kind net_day_of_month, and only with it");
	return true;
}

/* BIL-10: portions make the whole; a discount offered longer is smaller. */
static bool check_terms(const struct reference_terms_recorded *t, struct err *err)
{
	int64_t portions = 0;

	if (!check_due(t->kind, t->day_of_month, err))
		return false;
	for (size_t i = 0; i < t->n_instalments; i++) {
		portions += t->instalments[i].portion_ppm;
		if (!check_due(t->instalments[i].kind, t->instalments[i].day_of_month, err))
			return false;
	}
	if (t->n_instalments > 0 && portions != 1000000)
		return refuse(err, "out_of_range", "instalments: the portions must make 1000000 ppm");
	for (size_t i = 1; i < t->n_discounts; i++)
		if (t->discounts[i].days <= t->discounts[i - 1].days || t->discounts[i].rate_ppm >= t->discounts[i - 1].rate_ppm)
			return refuse(err, "out_of_range", "discounts: expected rising days and falling rates");
	return true;
}

static bool check_day(const struct text *entities, size_t n, struct arena *arena, struct err *err)
{
	return unique_texts(arena_dup(arena, entities, n * sizeof(*entities)), n, "an entity twice", err);
}

static bool check_reference(const struct reference_event *e, struct arena *arena, struct err *err)
{
	switch (e->event_case) {
	case REFERENCE_EVENT_ENTITY_RECORDED:
		return check_prefix(e->entity_recorded->number_prefix, err);
	case REFERENCE_EVENT_LADDER_RECORDED:
		return check_ladder(e->ladder_recorded, arena, err);
	case REFERENCE_EVENT_CASH_RULES_RECORDED:
		return check_rules(e->cash_rules_recorded, err);
	case REFERENCE_EVENT_PERIOD_RECORDED:
		if (e->period_recorded->last_day < e->period_recorded->first_day)
			return refuse(err, "bad_date", "the period ends before it begins");
		return true;
	case REFERENCE_EVENT_DAY_OPENED:
		return check_day(e->day_opened->entities, e->day_opened->n_entities, arena, err);
	case REFERENCE_EVENT_DAY_CLOSED:
		return check_day(e->day_closed->entities, e->day_closed->n_entities, arena, err);
	case REFERENCE_EVENT_TERMS_RECORDED:
		return check_terms(e->terms_recorded, err);
	case REFERENCE_EVENT_BANK_ACCOUNT_RECORDED:
	case REFERENCE_EVENT_NONE:
		break;
	}
	return true;
}

bool intake_validate(const struct intake_event *event, struct arena *arena, struct err *err)
{
	switch (event->fact_case) {
	case INTAKE_EVENT_CUSTOMER:
		return check_customer(event->customer->customer_recorded, err);
	case INTAKE_EVENT_SALES_ORDER:
		/* What an order says is billing's to judge. */
		return customer_account(intake_account(event, arena), err);
	case INTAKE_EVENT_PAYMENT:
		return check_payment(event->payment, err);
	case INTAKE_EVENT_COMMAND:
		return check_command(event->command, err);
	case INTAKE_EVENT_REFERENCE:
		return check_reference(event->reference, arena, err);
	case INTAKE_EVENT_DEAD_LETTER:
	case INTAKE_EVENT_NONE:
		break;
	}
	return true;
}
