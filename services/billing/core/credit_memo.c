#include "credit_memo.h"

#include "tax.h"

static struct billing_credited_line credited_of(const struct billing_credited_so_far *so_far, int32_t line_no)
{
	for (size_t i = 0; so_far != NULL && i < so_far->n_lines; i++)
		if (so_far->lines[i].line_no == line_no)
			return so_far->lines[i];
	return (struct billing_credited_line){ .line_no = line_no };
}

static const struct billing_document_line *find_line(const struct billing_document_issued *invoice, int32_t line_no)
{
	for (size_t i = 0; i < invoice->n_lines; i++)
		if (invoice->lines[i].line_no == line_no)
			return &invoice->lines[i];
	return NULL;
}

/* Quantity is known as long as a line was credited by quantity only. */
static struct billing_credited_line rest_of(const struct billing_document_line *line, const struct billing_credited_so_far *so_far)
{
	struct billing_credited_line before = credited_of(so_far, line->line_no);
	struct billing_credited_line rest = { .line_no = line->line_no, .net_minor = line->net_minor - before.net_minor };

	if (before.net_minor == 0 || before.quantity_e6 > 0)
		rest.quantity_e6 = line->quantity_e6 - before.quantity_e6;
	return rest;
}

struct billing_credited_line *bil_credit_memo_rest(struct arena *arena, const struct billing_document_issued *invoice,
						   const struct billing_credited_so_far *so_far, size_t *ret_n)
{
	struct billing_credited_line *rest = WIRE_ARRAY(arena, invoice->n_lines, billing_credited_line);
	size_t n = 0;

	for (size_t i = 0; i < invoice->n_lines; i++) {
		rest[n] = rest_of(&invoice->lines[i], so_far);
		if (rest[n].net_minor != 0 || so_far == NULL)
			n++;
	}
	*ret_n = n;
	return rest;
}

bool bil_credit_memo_is_left(const struct billing_document_issued *invoice, const struct billing_credited_so_far *so_far)
{
	for (size_t i = 0; i < invoice->n_lines; i++)
		if (so_far == NULL || rest_of(&invoice->lines[i], so_far).net_minor != 0)
			return true;
	return false;
}

/* ---- what a command asks for ------------------------------------------------------------------------------------------ */

static bool within(int64_t net_minor, int64_t left_minor)
{
	return left_minor >= 0 ? net_minor >= 0 && net_minor <= left_minor : net_minor <= 0 && net_minor >= left_minor;
}

static enum refusal pick_line(const struct billing_document_issued *invoice, const struct billing_credited_so_far *so_far,
			      const struct command_credit_line *asked, struct billing_credited_line *ret)
{
	const struct billing_document_line *line = find_line(invoice, asked->line_no);

	if (line == NULL)
		return REFUSE_UNKNOWN_LINE;
	if ((asked->quantity_e6 > 0) == (asked->net_minor > 0))
		return REFUSE_QUANTITY_OR_NET;
	struct billing_credited_line rest = rest_of(line, so_far);
	*ret = (struct billing_credited_line){ .line_no = line->line_no };
	if (asked->net_minor > 0) {
		ret->net_minor = line->net_minor < 0 ? -asked->net_minor : asked->net_minor;
	} else if (asked->quantity_e6 == rest.quantity_e6) {
		*ret = rest;
	} else {
		ret->quantity_e6 = asked->quantity_e6;
		if (asked->quantity_e6 > rest.quantity_e6 ||
		    !money_extend(asked->quantity_e6, line->unit_price_e6, currency_exponent(invoice->currency_code),
				  &ret->net_minor))
			return REFUSE_OVER_CREDITED;
	}
	return within(ret->net_minor, rest.net_minor) && ret->net_minor != 0 ? REFUSE_NOTHING : REFUSE_OVER_CREDITED;
}

static enum refusal pick_lines(const struct billing_document_issued *invoice, const struct billing_credited_so_far *so_far,
			       const struct command_issue_credit_memo *command, struct billing_credited_line *lines,
			       int32_t *ret_line_no)
{
	for (size_t i = 0; i < command->n_lines; i++) {
		*ret_line_no = command->lines[i].line_no;
		for (size_t k = 0; k < i; k++)
			if (command->lines[k].line_no == command->lines[i].line_no)
				return REFUSE_DUPLICATE_LINE;
		enum refusal why = pick_line(invoice, so_far, &command->lines[i], &lines[i]);
		if (why != REFUSE_NOTHING)
			return why;
	}
	*ret_line_no = 0;
	return REFUSE_NOTHING;
}

/* In proportion to what is left; the running sum is rounded, so the parts make the whole and none exceeds its rest. */
static enum refusal spread(struct billing_credited_line *rest, size_t n, int64_t net_minor)
{
	int64_t left = 0, seen = 0, given = 0;

	for (size_t i = 0; i < n; i++)
		CHECK(money_add_minor(left, rest[i].net_minor, &left)); /* bil_invoice_amounts has refused what does not fit */
	if (net_minor > left)
		return REFUSE_OVER_CREDITED;
	for (size_t i = 0; i < n; i++) {
		int64_t up_to;
		seen += rest[i].net_minor;
		if (!money_ratio(seen, net_minor, left, ROUND_HALF_AWAY, &up_to))
			return REFUSE_AMOUNT_OUT_OF_RANGE;
		if (up_to - given != rest[i].net_minor)
			rest[i].quantity_e6 = 0;
		rest[i].net_minor = up_to - given;
		given = up_to;
	}
	return REFUSE_NOTHING;
}

enum refusal bil_credit_memo_pick(struct arena *arena, const struct billing_document_issued *invoice,
				  const struct billing_credited_so_far *so_far, const struct command_issue_credit_memo *command,
				  struct billing_credited_line **ret_lines, size_t *ret_n, int32_t *ret_line_no)
{
	*ret_line_no = 0;
	*ret_n = 0;
	switch (command->scope) {
	case COMMAND_CREDIT_SCOPE_WHOLE:
	case COMMAND_CREDIT_SCOPE_NET_AMOUNT:
		*ret_lines = bil_credit_memo_rest(arena, invoice, so_far, ret_n);
		if (*ret_n == 0)
			return REFUSE_NOTHING_LEFT;
		if (command->scope == COMMAND_CREDIT_SCOPE_WHOLE)
			return REFUSE_NOTHING;
		if (!text_eq(text_of(command->net.currency), invoice->currency_code))
			return REFUSE_CURRENCY_MISMATCH;
		return command->net.minor <= 0 ? REFUSE_OVER_CREDITED : spread(*ret_lines, *ret_n, command->net.minor);
	case COMMAND_CREDIT_SCOPE_LINES:
		if (command->n_lines == 0)
			return REFUSE_UNKNOWN_LINE;
		*ret_lines = WIRE_ARRAY(arena, command->n_lines, billing_credited_line);
		*ret_n = command->n_lines;
		return pick_lines(invoice, so_far, command, *ret_lines, ret_line_no);
	case COMMAND_CREDIT_SCOPE_TAX_ONLY:
	case COMMAND_CREDIT_SCOPE_UNSPECIFIED:
		break;
	}
	return REFUSE_NOTHING;
}

/* ---- the memo --------------------------------------------------------------------------------------------------------- */

static void credit_lines(struct arena *arena, const struct billing_document_issued *invoice,
			 const struct billing_credited_so_far *so_far, const struct billing_credited_line *credit, size_t n_credit,
			 struct billing_document_issued *memo)
{
	memo->lines = WIRE_ARRAY(arena, n_credit, billing_document_line);
	for (size_t i = 0; i < n_credit; i++) {
		const struct billing_document_line *line = find_line(invoice, credit[i].line_no);
		CHECK(line != NULL && within(credit[i].net_minor, rest_of(line, so_far).net_minor));
		struct billing_document_line out = *line;
		/* A line credited in full keeps its quantity; in part, by amount, only the amount is known. */
		if (credit[i].net_minor != line->net_minor)
			out.quantity_e6 = credit[i].quantity_e6;
		out.net_minor = credit[i].net_minor;
		memo->lines[memo->n_lines++] = out;
		CHECK(money_add_minor(memo->net_minor, out.net_minor, &memo->net_minor));
	}
}

static struct type_tax_amount tax_so_far(const struct billing_document_issued *invoice,
					 const struct billing_credited_so_far *so_far, size_t i)
{
	struct type_tax_amount none = invoice->taxes[i];

	none.base_minor = none.amount_minor = 0;
	return so_far != NULL ? so_far->taxes[i] : none;
}

static void add_tax(struct billing_document_issued *memo, struct type_tax_amount tax)
{
	memo->taxes[memo->n_taxes++] = tax;
	CHECK(money_add_minor(memo->tax_minor, tax.amount_minor, &memo->tax_minor));
}

static void credit_taxes(const struct billing_document_issued *invoice, const struct billing_credited_so_far *so_far,
			 struct billing_document_issued *memo)
{
	struct tax_list now = { .n = 0 };

	for (size_t i = 0; i < memo->n_lines; i++)
		CHECK(bil_tax_add(&now, memo->lines[i].taxes, memo->lines[i].n_taxes, memo->lines[i].net_minor) == REFUSE_NOTHING);
	for (size_t i = 0; i < invoice->n_taxes; i++) {
		struct type_tax_amount before = tax_so_far(invoice, so_far, i);
		bool alone =
			before.amount_minor == invoice->taxes[i].amount_minor && before.base_minor != invoice->taxes[i].base_minor;

		for (size_t k = 0; k < now.n; k++) {
			struct type_tax_amount *tax = &now.tax[k];
			struct type_tax key = { .code = tax->code, .category = tax->category, .rate_ppm = tax->rate_ppm };
			int64_t sum = before.amount_minor, base;
			if (!bil_tax_same(&key, &before))
				continue;
			if (!alone)
				CHECK(money_add_minor(before.base_minor, tax->base_minor, &base) &&
				      bil_tax_on(&before, base, &sum));
			CHECK(money_sub_minor(sum, before.amount_minor, &tax->amount_minor));
			add_tax(memo, *tax);
		}
	}
	CHECK(memo->n_taxes == now.n);
}

static void credit_taxes_only(const struct billing_document_issued *invoice, const struct billing_credited_so_far *so_far,
			      struct text tax_code, struct billing_document_issued *memo)
{
	for (size_t i = 0; i < invoice->n_taxes; i++) {
		struct type_tax_amount tax = invoice->taxes[i];
		tax.amount_minor -= tax_so_far(invoice, so_far, i).amount_minor;
		tax.base_minor = 0;
		if (tax.amount_minor != 0 && (text_empty(tax_code) || text_eq(tax_code, tax.code)))
			add_tax(memo, tax);
	}
}

void bil_credit_memo_make(struct arena *arena, const struct billing_document_issued *invoice,
			  const struct billing_credited_so_far *so_far, const struct billing_credited_line *credit, size_t n_credit,
			  struct text tax_code, struct billing_document_issued *memo)
{
	memo->type = BILLING_DOCUMENT_TYPE_CREDIT_MEMO;
	memo->entity = invoice->entity;
	memo->currency_code = invoice->currency_code;
	memo->supply_date = invoice->supply_date;
	memo->order_id = invoice->order_id;
	memo->customer_po = invoice->customer_po;
	memo->refers_to_document_id = invoice->document_id;
	memo->refers_to_number = invoice->number;
	memo->debit_memo_kind = invoice->debit_memo_kind;
	memo->taxes = WIRE_ARRAY(arena, invoice->n_taxes, type_tax_amount);
	credit_lines(arena, invoice, so_far, credit, n_credit, memo);
	if (n_credit > 0)
		credit_taxes(invoice, so_far, memo);
	else
		credit_taxes_only(invoice, so_far, tax_code, memo);
	CHECK(money_add_minor(memo->net_minor, memo->tax_minor, &memo->gross_minor));
}

/* ---- afterwards ------------------------------------------------------------------------------------------------------- */

const struct billing_credited_so_far *bil_credit_memo_count(struct arena *arena, const struct billing_document_issued *invoice,
							    const struct billing_credited_so_far *so_far,
							    const struct billing_document_issued *memo)
{
	struct billing_credited_so_far *next = WIRE_NEW(arena, billing_credited_so_far);
	size_t n_before = so_far != NULL ? so_far->n_lines : 0;

	next->lines = WIRE_ARRAY(arena, n_before + memo->n_lines, billing_credited_line);
	if (n_before > 0)
		memcpy(next->lines, so_far->lines, n_before * sizeof(*next->lines));
	next->n_lines = n_before;
	for (size_t i = 0; i < memo->n_lines; i++) {
		size_t k = 0;
		while (k < next->n_lines && next->lines[k].line_no != memo->lines[i].line_no)
			k++;
		if (k == next->n_lines)
			next->lines[next->n_lines++] = (struct billing_credited_line){ .line_no = memo->lines[i].line_no };
		CHECK(money_add_minor(next->lines[k].net_minor, memo->lines[i].net_minor, &next->lines[k].net_minor));
		next->lines[k].quantity_e6 += memo->lines[i].quantity_e6;
	}
	next->taxes = WIRE_ARRAY(arena, invoice->n_taxes, type_tax_amount);
	next->n_taxes = invoice->n_taxes;
	for (size_t i = 0; i < invoice->n_taxes; i++) {
		next->taxes[i] = tax_so_far(invoice, so_far, i);
		for (size_t k = 0; k < memo->n_taxes; k++) {
			const struct type_tax_amount *tax = &memo->taxes[k];
			struct type_tax key = { .code = tax->code, .category = tax->category, .rate_ppm = tax->rate_ppm };
			if (!bil_tax_same(&key, &next->taxes[i]))
				continue;
			CHECK(money_add_minor(next->taxes[i].base_minor, tax->base_minor, &next->taxes[i].base_minor));
			CHECK(money_add_minor(next->taxes[i].amount_minor, tax->amount_minor, &next->taxes[i].amount_minor));
		}
	}
	return next;
}

bool bil_credit_memo_fits(struct arena *arena, const struct billing_document_issued *invoice,
			  const struct billing_credited_so_far *so_far, const struct billing_document_issued *memo)
{
	const struct billing_credited_so_far *next = bil_credit_memo_count(arena, invoice, so_far, memo);
	int64_t net = 0;

	for (size_t i = 0; i < next->n_lines; i++)
		CHECK(money_add_minor(net, next->lines[i].net_minor, &net));
	for (size_t i = 0; i < next->n_taxes; i++)
		if (!within(next->taxes[i].amount_minor, invoice->taxes[i].amount_minor))
			return false;
	return net <= invoice->net_minor;
}
