#include "collections/core/customer.h"

static struct collections_customer key_of(const struct input *input, struct text account, date_t day)
{
	return (struct collections_customer){ .lane = input->lane, .account = account, .until = day, .effective_from = DATE_NONE };
}

void customer_want(struct book *book, const struct input *input, struct text account, date_t day)
{
	struct collections_customer key = key_of(input, account, day);

	book_want(book, &collections_customer_table, CUSTOMER_ON_DAY, &key);
}

static const struct collections_customer *row_on(struct book *book, const struct input *input, struct text account, date_t day)
{
	struct collections_customer key = key_of(input, account, day);
	struct rows rows = book_find(book, &collections_customer_table, CUSTOMER_ON_DAY, &key);

	return rows.n > 0 ? rows.row[0] : NULL;
}

const struct crm_customer_recorded *customer_see(struct book *book, const struct input *input, struct text account, date_t day)
{
	const struct collections_customer *row = row_on(book, input, account, day);

	return row != NULL ? row->record : NULL;
}

/* Cuts the version in force on its first day in two. */
void customer_note(struct book *book, const struct input *input, struct crm_customer_recorded *record)
{
	const struct collections_customer *old = row_on(book, input, record->account, record->effective_from);
	struct collections_customer row = key_of(input, record->account, DATE_MAX);

	row.effective_from = record->effective_from;
	row.record = record;
	if (old != NULL && old->effective_from > record->effective_from) {
		row.until = old->effective_from;
	} else if (old != NULL) {
		row.until = old->until;
		if (old->effective_from < record->effective_from) {
			struct collections_customer before = *old;
			before.until = record->effective_from;
			book_put(book, &collections_customer_table, &before);
		}
	}
	book_put(book, &collections_customer_table, &row);
}

const struct crm_contact *customer_contact(const struct crm_customer_recorded *record)
{
	for (size_t i = 0; i < record->n_contacts; i++)
		if (text_eq(record->contacts[i].role, TEXT("ap")))
			return &record->contacts[i];
	return record->n_contacts > 0 ? &record->contacts[0] : NULL;
}

const struct crm_address *customer_address(const struct crm_customer_recorded *record)
{
	for (size_t i = 0; i < record->n_addresses; i++)
		if (record->addresses[i].kind == CRM_ADDRESS_KIND_BILL_TO)
			return &record->addresses[i];
	return record->n_addresses > 0 ? &record->addresses[0] : NULL;
}
