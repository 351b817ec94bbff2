#include "order.h"

int64_t bil_order_billed(const struct billing_order_progress *progress, int32_t line_no)
{
	if (progress == NULL)
		return 0;
	for (size_t i = 0; i < progress->n_billed; i++)
		if (progress->billed[i].line_no == line_no)
			return progress->billed[i].quantity_e6;
	return 0;
}

static const struct crm_order_line *find_line(const struct crm_order *order, int32_t line_no)
{
	for (size_t i = 0; i < order->n_lines; i++)
		if (order->lines[i].line_no == line_no)
			return &order->lines[i];
	return NULL;
}

static int compare_i32(const void *a, const void *b)
{
	int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

	return (x > y) - (x < y);
}

static bool has_twice(int32_t *numbers, size_t n)
{
	qsort(numbers, n, sizeof(*numbers), compare_i32);
	for (size_t i = 1; i < n; i++)
		if (numbers[i] == numbers[i - 1])
			return true;
	return false;
}

static bool has_tax_twice(const struct crm_order_line *line)
{
	for (size_t i = 0; i < line->n_taxes; i++)
		for (size_t k = i + 1; k < line->n_taxes; k++)
			if (line->taxes[i].category == line->taxes[k].category &&
			    line->taxes[i].rate_ppm == line->taxes[k].rate_ppm && text_eq(line->taxes[i].code, line->taxes[k].code))
				return true;
	return false;
}

enum refusal bil_order_check(struct arena *arena, const struct crm_order *order, struct money *ret_net)
{
	struct billing_document_issued whole = { 0 };
	struct invoice_pick *picks = ARENA_ARRAY(arena, order->n_lines, struct invoice_pick);
	int32_t *numbers = ARENA_ARRAY(arena, order->n_lines, int32_t);

	for (size_t i = 0; i < order->n_lines; i++) {
		numbers[i] = order->lines[i].line_no;
		picks[i] = (struct invoice_pick){ &order->lines[i], order->lines[i].quantity_e6 };
	}
	if (has_twice(numbers, order->n_lines))
		return REFUSE_DUPLICATE_LINE;
	for (size_t i = 0; i < order->n_lines; i++)
		if (has_tax_twice(&order->lines[i]))
			return REFUSE_DUPLICATE_TAX;
	enum refusal why = bil_invoice_amounts(arena, order->currency_code, picks, order->n_lines, &whole);
	if (why != REFUSE_NOTHING)
		return why;
	struct money net = { .minor = whole.net_minor };
	memcpy(net.currency, order->currency_code.s, 3);
	if (order->net_total.currency[0] != '\0' && memcmp(order->net_total.currency, net.currency, sizeof(net.currency)) != 0)
		return REFUSE_CURRENCY_MISMATCH;
	*ret_net = net;
	return order->net_total.currency[0] != '\0' && order->net_total.minor != net.minor ? REFUSE_SUM_MISMATCH : REFUSE_NOTHING;
}

enum refusal bil_order_check_same(const struct crm_order *now, const struct crm_order *amended)
{
	if (!text_eq(now->entity, amended->entity))
		return REFUSE_ENTITY_CHANGED;
	if (!text_eq(now->currency_code, amended->currency_code))
		return REFUSE_CURRENCY_CHANGED;
	return REFUSE_NOTHING;
}

enum refusal bil_order_check_billed(const struct billing_order_progress *progress, const struct crm_order *amended)
{
	for (size_t i = 0; progress != NULL && i < progress->n_billed; i++) {
		const struct billing_billed_line *billed = &progress->billed[i];
		const struct crm_order_line *line = find_line(amended, billed->line_no);
		if (line == NULL || line->quantity_e6 < billed->quantity_e6)
			return REFUSE_BELOW_BILLED;
	}
	return REFUSE_NOTHING;
}

static enum refusal pick_named(struct arena *arena, const struct crm_order *order, const struct billing_order_progress *progress,
			       const struct crm_order_fulfilled *fulfilled, struct invoice_pick *picks, int32_t *ret_line_no)
{
	int32_t *numbers = ARENA_ARRAY(arena, fulfilled->n_lines, int32_t);

	for (size_t i = 0; i < fulfilled->n_lines; i++) {
		const struct crm_fulfilled_line *f = &fulfilled->lines[i];
		const struct crm_order_line *line = find_line(order, f->line_no);
		*ret_line_no = f->line_no;
		if (line == NULL)
			return REFUSE_UNKNOWN_LINE;
		if (f->quantity_e6 > line->quantity_e6 - bil_order_billed(progress, f->line_no))
			return REFUSE_OVER_FULFILLED;
		picks[i] = (struct invoice_pick){ line, f->quantity_e6 };
		numbers[i] = f->line_no;
	}
	return has_twice(numbers, fulfilled->n_lines) ? REFUSE_DUPLICATE_LINE : REFUSE_NOTHING;
}

enum refusal bil_order_pick(struct arena *arena, const struct crm_order *order, const struct billing_order_progress *progress,
			    const struct crm_order_fulfilled *fulfilled, struct invoice_pick **ret_picks, size_t *ret_n,
			    int32_t *ret_line_no)
{
	struct invoice_pick *picks = ARENA_ARRAY(arena, MAX(order->n_lines, fulfilled->n_lines), struct invoice_pick);
	size_t n = 0;

	*ret_line_no = 0;
	*ret_picks = picks;
	if (fulfilled->n_lines > 0) {
		*ret_n = fulfilled->n_lines;
		return pick_named(arena, order, progress, fulfilled, picks, ret_line_no);
	}
	for (size_t i = 0; i < order->n_lines; i++) {
		const struct crm_order_line *line = &order->lines[i];
		int64_t left = line->quantity_e6 - bil_order_billed(progress, line->line_no);
		if (left > 0)
			picks[n++] = (struct invoice_pick){ line, left };
	}
	*ret_n = n;
	return n == 0 ? REFUSE_OVER_FULFILLED : REFUSE_NOTHING;
}

const struct billing_order_progress *bil_order_advance(struct arena *arena, const struct billing_order_progress *progress,
						       const struct billing_document_issued *invoice)
{
	struct billing_order_progress *next = WIRE_NEW(arena, billing_order_progress);
	size_t n_old = progress != NULL ? progress->n_billed : 0;

	next->billed = WIRE_ARRAY(arena, n_old + invoice->n_lines, billing_billed_line);
	if (n_old > 0)
		memcpy(next->billed, progress->billed, n_old * sizeof(*next->billed));
	next->n_billed = n_old;
	for (size_t i = 0; i < invoice->n_lines; i++) {
		const struct billing_document_line *line = &invoice->lines[i];
		size_t k = 0;
		while (k < next->n_billed && next->billed[k].line_no != line->line_no)
			k++;
		if (k == next->n_billed)
			next->billed[next->n_billed++] = (struct billing_billed_line){ .line_no = line->line_no };
		next->billed[k].quantity_e6 += line->quantity_e6;
	}
	return next;
}

enum billing_order_state bil_order_state(const struct crm_order *order, const struct billing_order_progress *progress)
{
	for (size_t i = 0; i < order->n_lines; i++)
		if (bil_order_billed(progress, order->lines[i].line_no) < order->lines[i].quantity_e6)
			return BILLING_ORDER_STATE_OPEN;
	return BILLING_ORDER_STATE_FULFILLED;
}
