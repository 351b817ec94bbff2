#include "credit_memo.h"

#include "tax.h"

static int64_t credited_of(const struct billing_credited_so_far *so_far, int32_t line_no)
{
	for (size_t i = 0; so_far != NULL && i < so_far->n_lines; i++)
		if (so_far->lines[i].line_no == line_no)
			return so_far->lines[i].net_minor;
	return 0;
}

static const struct billing_document_line *line_of(const struct billing_document_issued *invoice, int32_t line_no)
{
	for (size_t i = 0; i < invoice->n_lines; i++)
		if (invoice->lines[i].line_no == line_no)
			return &invoice->lines[i];
	NOT_REACHED("a line of this invoice");
	return NULL;
}

struct billing_credited_line *bil_credit_memo_rest(struct arena *arena, const struct billing_document_issued *invoice,
						   const struct billing_credited_so_far *so_far, size_t *ret_n)
{
	struct billing_credited_line *rest = WIRE_ARRAY(arena, invoice->n_lines, billing_credited_line);
	size_t n = 0;

	for (size_t i = 0; i < invoice->n_lines; i++) {
		const struct billing_document_line *line = &invoice->lines[i];
		int64_t left = line->net_minor - credited_of(so_far, line->line_no);
		if (left != 0 || so_far == NULL)
			rest[n++] = (struct billing_credited_line){ .line_no = line->line_no, .net_minor = left };
	}
	*ret_n = n;
	return rest;
}

/* A line credited in full keeps its quantity; in part only the amount is known. */
static struct billing_document_line memo_line(const struct billing_document_line *line, int64_t net_minor)
{
	struct billing_document_line out = *line;

	if (net_minor != line->net_minor)
		out.quantity_e6 = 0;
	out.net_minor = net_minor;
	return out;
}

/* The taxes of the invoice with base and amount of this memo; *next gets the cumulative ones. */
static void credit_taxes(struct arena *arena, const struct billing_document_issued *invoice,
			 const struct billing_credited_so_far *so_far, struct billing_document_issued *memo,
			 struct billing_credited_so_far *next)
{
	struct tax_list now = { .n = 0 };

	for (size_t i = 0; i < memo->n_lines; i++)
		CHECK(bil_tax_add(&now, memo->lines[i].taxes, memo->lines[i].n_taxes, memo->lines[i].net_minor) == REFUSE_NOTHING);
	next->taxes = arena_dup(arena, invoice->taxes, invoice->n_taxes * sizeof(*invoice->taxes));
	next->n_taxes = invoice->n_taxes;
	memo->taxes = WIRE_ARRAY(arena, now.n, type_tax_amount);
	for (size_t i = 0; i < invoice->n_taxes; i++) {
		struct type_tax_amount *sum = &next->taxes[i];
		int64_t base_before = so_far != NULL ? so_far->taxes[i].base_minor : 0;
		int64_t tax_before = so_far != NULL ? so_far->taxes[i].amount_minor : 0;

		sum->base_minor = base_before;
		sum->amount_minor = tax_before;
		for (size_t k = 0; k < now.n; k++) {
			struct type_tax key = { .code = now.tax[k].code,
						.category = now.tax[k].category,
						.rate_ppm = now.tax[k].rate_ppm };
			if (!bil_tax_same(&key, sum))
				continue;
			CHECK(money_add_minor(base_before, now.tax[k].base_minor, &sum->base_minor));
			CHECK(bil_tax_on(sum, sum->base_minor, &sum->amount_minor));
			CHECK(money_sub_minor(sum->amount_minor, tax_before, &now.tax[k].amount_minor));
			memo->taxes[memo->n_taxes++] = now.tax[k];
			CHECK(money_add_minor(memo->tax_minor, now.tax[k].amount_minor, &memo->tax_minor));
		}
	}
	CHECK(memo->n_taxes == now.n);
}

static void credit_lines(struct arena *arena, const struct billing_document_issued *invoice,
			 const struct billing_credited_so_far *so_far, const struct billing_credited_line *credit, size_t n_credit,
			 struct billing_document_issued *memo, struct billing_credited_so_far *next)
{
	size_t n_before = so_far != NULL ? so_far->n_lines : 0;

	memo->lines = WIRE_ARRAY(arena, n_credit, billing_document_line);
	next->lines = WIRE_ARRAY(arena, n_before + n_credit, billing_credited_line);
	if (n_before > 0)
		memcpy(next->lines, so_far->lines, n_before * sizeof(*next->lines));
	next->n_lines = n_before;
	for (size_t i = 0; i < n_credit; i++) {
		const struct billing_document_line *line = line_of(invoice, credit[i].line_no);
		int64_t left = line->net_minor - credited_of(next, line->line_no);
		size_t k = 0;

		CHECK(left >= 0 ? credit[i].net_minor >= 0 && credit[i].net_minor <= left
				: credit[i].net_minor <= 0 && credit[i].net_minor >= left);
		memo->lines[memo->n_lines++] = memo_line(line, credit[i].net_minor);
		CHECK(money_add_minor(memo->net_minor, credit[i].net_minor, &memo->net_minor));
		while (k < next->n_lines && next->lines[k].line_no != line->line_no)
			k++;
		if (k == next->n_lines)
			next->lines[next->n_lines++] = (struct billing_credited_line){ .line_no = line->line_no };
		CHECK(money_add_minor(next->lines[k].net_minor, credit[i].net_minor, &next->lines[k].net_minor));
	}
}

const struct billing_credited_so_far *bil_credit_memo_make(struct arena *arena, const struct billing_document_issued *invoice,
							   const struct billing_credited_so_far *so_far,
							   const struct billing_credited_line *credit, size_t n_credit,
							   struct billing_document_issued *memo)
{
	struct billing_credited_so_far *next = WIRE_NEW(arena, billing_credited_so_far);

	memo->type = BILLING_DOCUMENT_TYPE_CREDIT_MEMO;
	memo->entity = invoice->entity;
	memo->currency_code = invoice->currency_code;
	memo->supply_date = invoice->supply_date;
	memo->order_id = invoice->order_id;
	memo->customer_po = invoice->customer_po;
	memo->refers_to_document_id = invoice->document_id;
	memo->refers_to_number = invoice->number;
	credit_lines(arena, invoice, so_far, credit, n_credit, memo, next);
	credit_taxes(arena, invoice, so_far, memo, next);
	CHECK(money_add_minor(memo->net_minor, memo->tax_minor, &memo->gross_minor));
	return next;
}
