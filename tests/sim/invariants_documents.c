/*
 * invariants_documents: what a document says of its terms, its ledger accounts, and of the document it credits (LEDGER sections 2 and 7, BIL-07,
 * BIL-08, BIL-10), worked out here once more.
 */
#include "invariants_impl.h"

#include "billing/tables.h"

/* ---- items by terms ------------------------------------------------------------------------------------------------------------------ */

/* The version that the outcome says it used. */
static const struct reference_terms_recorded *terms_of(const struct inv_look *l, struct text terms_code)
{
	const struct type_provenance *p = l->provenance;
	size_t n;
	const void *const *rows = mem_rows(sim_mem(l->w, SIM_BILLING), &bil_terms_table, &n);
	char name[80];

	for (size_t i = 0; i < n && p->n_rule_versions > 0; i++) {
		const struct terms_row *r = rows[i];
		snprintf(name, sizeof(name), "terms " TEXT_FMT " version %d", TEXT_ARG(r->terms_code), r->version);
		if (r->lane == l->row->lane && text_eq(r->terms_code, terms_code) && text_eq(p->rule_versions[0], text_of(name)))
			return r->record;
	}
	return NULL;
}

static date_t due_date(enum reference_terms_kind kind, int32_t days, int32_t day_of_month, date_t from)
{
	switch (kind) {
	case REFERENCE_TERMS_KIND_NET:
		return from + days;
	case REFERENCE_TERMS_KIND_NET_END_OF_MONTH:
		return date_eom(from + days);
	case REFERENCE_TERMS_KIND_END_OF_MONTH_NET:
		return date_eom(from) + days;
	case REFERENCE_TERMS_KIND_NET_DAY_OF_MONTH:
		return date_net_day(from, days, day_of_month);
	case REFERENCE_TERMS_KIND_UNSPECIFIED:
		break;
	}
	return DATE_NONE;
}

/* Half away from zero; amounts of the workload are small. */
static int64_t share_of(int64_t minor, int64_t ppm)
{
	return (minor * ppm + 500000) / 1000000;
}

static bool discounts(const struct inv_look *l, const struct reference_terms_recorded *terms,
		      const struct billing_document_issued *d, const struct billing_document_item *item)
{
	size_t n = item->original_minor > 0 ? terms->n_discounts : 0;

	if (item->n_discounts != n)
		return inv_says(l, "item_discounts", "not the discounts of the terms", d->number, (int64_t)item->n_discounts);
	for (size_t i = 0; i < n; i++)
		if (item->discounts[i].until != d->issue_date + terms->discounts[i].days ||
		    item->discounts[i].amount_minor != share_of(item->original_minor, terms->discounts[i].rate_ppm))
			return inv_says(l, "item_discounts", "another discount than the terms offer", d->number,
					item->discounts[i].amount_minor);
	return true;
}

/* Sequences 1, 2, 3 ...; each part by the terms, the last one what is left: together they are the gross, once (invariants_journal.c). */
static bool items(const struct inv_look *l, const struct billing_document_issued *d)
{
	const struct reference_terms_recorded *terms = text_empty(d->terms_code) ? NULL : terms_of(l, d->terms_code);
	size_t parts = terms != NULL && terms->n_instalments > 0 ? terms->n_instalments : 1;
	int64_t left = d->gross_minor;

	if (!text_empty(d->terms_code) && terms == NULL)
		return inv_says(l, "terms_unknown", "the version of its terms is not known", d->terms_code, 0);
	if (d->n_items != parts)
		return inv_says(l, "item_parts", "not as many items as its terms have parts", d->number, (int64_t)d->n_items);
	for (size_t i = 0; i < parts; i++) {
		const struct billing_document_item *item = &d->items[i];
		const struct reference_instalment *part = terms != NULL && terms->n_instalments > 0 ? &terms->instalments[i] : NULL;
		int64_t share = i + 1 < parts ? MIN(share_of(d->gross_minor, part->portion_ppm), left) : left;

		left -= share;
		if (item->sequence != (int32_t)i + 1 || (terms != NULL && item->original_minor != share))
			return inv_says(l, "item_share", "an instalment is not its part of the gross", d->number,
					item->original_minor);
		if (terms == NULL)
			continue;
		date_t due = part != NULL ? due_date(part->kind, part->days, part->day_of_month, d->issue_date)
					  : due_date(terms->kind, terms->days, terms->day_of_month, d->issue_date);
		if (item->due_date != due)
			return inv_says(l, "item_due", "an item is not due when its terms say", d->number, item->due_date - due);
		if (!discounts(l, terms, d, item))
			return false;
	}
	return true;
}

/* ---- ledger accounts -------------------------------------------------------------------------------------------------------------------- */

static enum type_ledger_account income_of(enum command_debit_memo_kind kind)
{
	if (kind == COMMAND_DEBIT_MEMO_KIND_BANK_CHARGES)
		return TYPE_LEDGER_ACCOUNT_BANK_CHARGES;
	return kind == COMMAND_DEBIT_MEMO_KIND_CLOSE_CREDIT ? TYPE_LEDGER_ACCOUNT_OTHER_INCOME : TYPE_LEDGER_ACCOUNT_REVENUE;
}

/* AR against income (or deferred revenue) and tax; a credit memo the other way round, on the accounts of what it credits. */
static bool accounts(const struct inv_look *l, const struct billing_event *e, const struct billing_document_issued *d)
{
	int64_t sum[TYPE_LEDGER_ACCOUNT_OTHER_INCOME + 1] = { 0 };
	int64_t expected[TYPE_LEDGER_ACCOUNT_OTHER_INCOME + 1] = { 0 };
	int64_t sign = d->type == BILLING_DOCUMENT_TYPE_CREDIT_MEMO ? -1 : 1;

	for (size_t i = 0; i < e->n_entries; i++)
		for (size_t k = 0; k < e->entries[i].n_lines; k++)
			sum[e->entries[i].lines[k].ledger_account] += e->entries[i].lines[k].amount.minor;
	expected[TYPE_LEDGER_ACCOUNT_AR] = sign * d->gross_minor;
	expected[TYPE_LEDGER_ACCOUNT_TAX_PAYABLE] = -sign * d->tax_minor;
	for (size_t i = 0; i < d->n_lines; i++)
		expected[d->lines[i].deferred_revenue ? TYPE_LEDGER_ACCOUNT_DEFERRED_REVENUE : income_of(d->debit_memo_kind)] -=
			sign * d->lines[i].net_minor;
	for (size_t i = 0; i < ARRAY_LEN(sum); i++)
		if (sum[i] != expected[i])
			return inv_says(l, "document_accounts", "posted to other ledger accounts than its kind says", d->number,
					sum[i] - expected[i]);
	return true;
}

/* ---- what is credited --------------------------------------------------------------------------------------------------------------------- */

static struct tally_entry *line_entry(const struct inv_look *l, struct text document_id, int32_t line_no)
{
	char buf[KEY_SIZE];

	return tally_at(&l->k->credits, tally_key(buf, sizeof(buf), TEXT_FMT "|" TEXT_FMT "|line %d", TEXT_ARG(l->account),
						  TEXT_ARG(document_id), line_no));
}

static struct tally_entry *tax_entry(const struct inv_look *l, struct text document_id, const struct type_tax_amount *tax)
{
	char buf[KEY_SIZE];

	return tally_at(&l->k->credits,
			tally_key(buf, sizeof(buf), TEXT_FMT "|" TEXT_FMT "|tax " TEXT_FMT "|%d|%d", TEXT_ARG(l->account),
				  TEXT_ARG(document_id), TEXT_ARG(tax->code), (int)tax->category, tax->rate_ppm));
}

static struct tally_entry *net_entry(const struct inv_look *l, struct text document_id)
{
	char buf[KEY_SIZE];

	return tally_at(&l->k->credits,
			tally_key(buf, sizeof(buf), TEXT_FMT "|" TEXT_FMT "|net", TEXT_ARG(l->account), TEXT_ARG(document_id)));
}

static bool credit(const struct inv_look *l, struct tally_entry *e, int64_t minor, const char *what)
{
	e->a += minor;
	bool within = e->b >= 0 ? e->a >= 0 && e->a <= e->b : e->a <= 0 && e->a >= e->b;
	return within || inv_says(l, "over_credited", what, e->key, e->a - e->b);
}

static bool credits(const struct inv_look *l, const struct billing_document_issued *memo)
{
	struct text of = memo->refers_to_document_id;

	for (size_t i = 0; i < memo->n_lines; i++)
		if (!credit(l, line_entry(l, of, memo->lines[i].line_no), memo->lines[i].net_minor,
			    "a line is credited beyond its net"))
			return false;
	for (size_t i = 0; i < memo->n_taxes; i++)
		if (!credit(l, tax_entry(l, of, &memo->taxes[i]), memo->taxes[i].amount_minor,
			    "more tax is credited than was billed"))
			return false;
	return credit(l, net_entry(l, of), memo->net_minor, "more is credited than was billed");
}

static void keep(const struct inv_look *l, const struct billing_document_issued *d)
{
	for (size_t i = 0; i < d->n_lines; i++)
		line_entry(l, d->document_id, d->lines[i].line_no)->b = d->lines[i].net_minor;
	for (size_t i = 0; i < d->n_taxes; i++)
		tax_entry(l, d->document_id, &d->taxes[i])->b = d->taxes[i].amount_minor;
	net_entry(l, d->document_id)->b = d->net_minor;
}

bool inv_document(const struct inv_look *l, const struct billing_event *e, const struct billing_document_issued *d)
{
	if (d->taken_on)
		return true;
	if (!items(l, d) || !accounts(l, e, d))
		return false;
	if (d->type == BILLING_DOCUMENT_TYPE_CREDIT_MEMO)
		return credits(l, d);
	keep(l, d);
	return true;
}
