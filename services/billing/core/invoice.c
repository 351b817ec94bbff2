#include "invoice.h"

#include "tax.h"

static bool in_range(int64_t minor)
{
	return minor >= -WIRE_MINOR_MAX && minor <= WIRE_MINOR_MAX;
}

static enum refusal make_line(const struct invoice_pick *pick, int exponent, struct billing_document_line *out)
{
	const struct crm_order_line *line = pick->line;

	*out = (struct billing_document_line){
		.line_no = line->line_no,
		.item = line->item,
		.description = line->description,
		.quantity_e6 = pick->quantity_e6,
		.unit_price_e6 = line->unit_price_e6,
		.n_taxes = line->n_taxes,
		.taxes = line->taxes,
		.deferred_revenue = line->deferred_revenue,
	};
	if (!money_extend(pick->quantity_e6, line->unit_price_e6, exponent, &out->net_minor) || !in_range(out->net_minor))
		return REFUSE_AMOUNT_OUT_OF_RANGE;
	return REFUSE_NOTHING;
}

/*
 * Each line of the journal has to fit an amount, too: revenue and deferred revenue, and the tax of each rate, can be large on either
 * side while their total is small.
 */
static bool postings_fit(const struct billing_document_issued *doc, const struct tax_list *taxes)
{
	int64_t revenue = 0, deferred = 0;

	for (size_t i = 0; i < doc->n_lines; i++) {
		int64_t *sum = doc->lines[i].deferred_revenue ? &deferred : &revenue;
		if (!money_add_minor(*sum, doc->lines[i].net_minor, sum))
			return false;
	}
	for (size_t i = 0; i < taxes->n; i++)
		if (!in_range(taxes->tax[i].amount_minor))
			return false;
	return in_range(revenue) && in_range(deferred);
}

enum refusal bil_invoice_amounts(struct arena *arena, struct text currency, const struct invoice_pick *picks, size_t n_picks,
				 struct billing_document_issued *doc)
{
	int exponent = currency_exponent(currency);
	struct tax_list taxes = { .n = 0 };
	enum refusal why;

	CHECK(exponent >= 0);
	doc->currency_code = currency;
	doc->lines = WIRE_ARRAY(arena, n_picks, billing_document_line);
	doc->n_lines = n_picks;
	doc->net_minor = 0;
	for (size_t i = 0; i < n_picks; i++) {
		struct billing_document_line *line = &doc->lines[i];
		why = make_line(&picks[i], exponent, line);
		if (why == REFUSE_NOTHING)
			why = bil_tax_add(&taxes, line->taxes, line->n_taxes, line->net_minor);
		if (why == REFUSE_NOTHING && !money_add_minor(doc->net_minor, line->net_minor, &doc->net_minor))
			why = REFUSE_AMOUNT_OUT_OF_RANGE;
		if (why != REFUSE_NOTHING)
			return why;
	}
	why = bil_tax_compute(&taxes, &doc->tax_minor);
	if (why != REFUSE_NOTHING)
		return why;
	if (!money_add_minor(doc->net_minor, doc->tax_minor, &doc->gross_minor) || !in_range(doc->net_minor) ||
	    !in_range(doc->tax_minor) || !in_range(doc->gross_minor) || !postings_fit(doc, &taxes))
		return REFUSE_AMOUNT_OUT_OF_RANGE;
	if (doc->gross_minor < 0)
		return REFUSE_NEGATIVE_TOTAL;
	doc->taxes = arena_dup(arena, taxes.tax, taxes.n * sizeof(taxes.tax[0]));
	doc->n_taxes = taxes.n;
	return REFUSE_NOTHING;
}

void bil_invoice_item(struct arena *arena, struct billing_document_issued *doc, date_t due_date, int64_t original_minor,
		      int64_t open_minor)
{
	doc->items = WIRE_NEW(arena, billing_document_item);
	doc->n_items = 1;
	doc->items[0] = (struct billing_document_item){
		.sequence = 1,
		.due_date = due_date,
		.original_minor = original_minor,
		.open_minor = open_minor,
	};
}
