#include "tax.h"

bool bil_tax_same(const struct type_tax *a, const struct type_tax_amount *b)
{
	return a->category == b->category && a->rate_ppm == b->rate_ppm && text_eq(a->code, b->code);
}

static struct type_tax_amount *find_or_add(struct tax_list *list, const struct type_tax *tax)
{
	for (size_t i = 0; i < list->n; i++)
		if (bil_tax_same(tax, &list->tax[i]))
			return &list->tax[i];
	if (list->n == TAXES_MAX)
		return NULL;
	list->tax[list->n] = (struct type_tax_amount){
		.code = tax->code,
		.category = tax->category,
		.rate_ppm = tax->rate_ppm,
	};
	return &list->tax[list->n++];
}

enum refusal bil_tax_add(struct tax_list *list, const struct type_tax *taxes, size_t n_taxes, int64_t net_minor)
{
	for (size_t i = 0; i < n_taxes; i++) {
		struct type_tax_amount *sum = find_or_add(list, &taxes[i]);
		if (sum == NULL)
			return REFUSE_TOO_MANY_TAXES;
		if (!money_add_minor(sum->base_minor, net_minor, &sum->base_minor))
			return REFUSE_AMOUNT_OUT_OF_RANGE;
	}
	return REFUSE_NOTHING;
}

bool bil_tax_on(const struct type_tax_amount *tax, int64_t base_minor, int64_t *ret_minor)
{
	if (tax->category == TYPE_TAX_CATEGORY_STANDARD)
		return money_tax(base_minor, tax->rate_ppm, ret_minor);
	*ret_minor = 0;
	return true;
}

enum refusal bil_tax_compute(struct tax_list *list, int64_t *ret_tax_minor)
{
	int64_t sum = 0;

	for (size_t i = 0; i < list->n; i++) {
		struct type_tax_amount *tax = &list->tax[i];
		if (!bil_tax_on(tax, tax->base_minor, &tax->amount_minor) || !money_add_minor(sum, tax->amount_minor, &sum))
			return REFUSE_AMOUNT_OUT_OF_RANGE;
	}
	*ret_tax_minor = sum;
	return REFUSE_NOTHING;
}
