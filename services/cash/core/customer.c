#include "cash/core/customer.h"

#include "cash/core/identify.h"
#include "cash/core/reference.h"
#include "cash/core/rows.h"

/* ---- the list in cash_customer_row.payer_values: "kind value" by line ---- */

static void list_add(struct buf *list, enum cash_index_kind kind, struct text value)
{
	if (text_empty(value))
		return;
	buf_printf(list, "%s%d " TEXT_FMT, list->n > 0 ? "\n" : "", (int)kind, TEXT_ARG(value));
}

static bool list_next(struct text *rest, struct text *ret_entry, struct cash_payer_row *ret_payer)
{
	if (rest->n == 0)
		return false;
	size_t end = text_find(*rest, TEXT("\n"));
	size_t n = end == TEXT_NOT_FOUND ? rest->n : end;

	*ret_entry = (struct text){ rest->s, n };
	ret_payer->kind = rest->s[0] - '0';
	ret_payer->value = (struct text){ rest->s + 2, n - 2 };
	rest->s += n;
	rest->n -= n;
	if (rest->n > 0) {
		rest->s++;
		rest->n--;
	}
	return true;
}

static struct text payer_values(struct arena *arena, const struct crm_customer_recorded *customer)
{
	struct buf list = { .arena = arena };

	list_add(&list, CASH_INDEX_NAME, text_normal_name(arena, customer->legal_name));
	for (size_t i = 0; i < customer->n_payer_references; i++) {
		const struct crm_payer_reference *r = &customer->payer_references[i];
		struct text value = text_normal_ref(arena, r->value);

		switch (r->kind) {
		case CRM_PAYER_REFERENCE_KIND_BANK_ACCOUNT:
			list_add(&list, CASH_INDEX_BANK_ACCOUNT, value);
			break;
		case CRM_PAYER_REFERENCE_KIND_REFERENCE:
			list_add(&list, CASH_INDEX_PAYER_REFERENCE, value);
			/* In a text it is met as a reference, without leading zeros. */
			if (!text_eq(value, cash_reference_normal(arena, r->value)))
				list_add(&list, CASH_INDEX_PAYER_REFERENCE, cash_reference_normal(arena, r->value));
			break;
		case CRM_PAYER_REFERENCE_KIND_ALIAS_NAME:
			list_add(&list, CASH_INDEX_NAME, text_normal_name(arena, r->value));
			break;
		case CRM_PAYER_REFERENCE_KIND_UNSPECIFIED:
			break;
		}
	}
	return buf_text(&list);
}

/* ---- the index ---- */

void cash_customer_want(struct book *book, const struct input *input, const struct crm_customer_recorded *customer)
{
	struct rows versions = cash_customer(book, input->lane, customer->account);
	struct cash_payer_row payer = { .account = customer->account };
	struct text entry;

	if (versions.n == 0)
		return;
	struct text rest = ((const struct cash_customer_row *)versions.row[0])->payer_values;
	while (list_next(&rest, &entry, &payer))
		book_want(book, &cash_payer_table, BOOK_KEY, &payer);
}

static void replace_index(struct book *book, struct text account, struct text old_values, struct text new_values)
{
	struct cash_payer_row payer = { .account = account };
	struct text entry;

	for (struct text rest = old_values; list_next(&rest, &entry, &payer);)
		if (!cash_list_has(new_values, entry) && book_get(book, &cash_payer_table, &payer) != NULL)
			book_delete(book, &cash_payer_table, &payer);
	for (struct text rest = new_values; list_next(&rest, &entry, &payer);)
		if (!cash_list_has(old_values, entry))
			book_put(book, &cash_payer_table, &payer);
}

/* The record with the latest effective_from says how the customer shows up, from the moment we know it: money does not wait
 * for a date. Policies hold from their date on. */
void cash_customer_note(struct book *book, const struct input *input, const struct crm_customer_recorded *customer)
{
	struct rows versions = cash_customer(book, input->lane, customer->account);
	const struct cash_customer_row *newest = versions.n > 0 ? versions.row[0] : NULL;
	struct cash_customer_row row = {
		.lane = input->lane,
		.account = customer->account,
		.back = -customer->effective_from,
		.effective_from = customer->effective_from,
		.oldest_first = customer->apply_oldest_first,
	};

	if (newest == NULL || customer->effective_from >= newest->effective_from) {
		row.payer_values = payer_values(book_arena(book), customer);
		replace_index(book, customer->account, newest != NULL ? newest->payer_values : TEXT_NONE, row.payer_values);
	}
	book_put(book, &cash_customer_table, &row);
}
