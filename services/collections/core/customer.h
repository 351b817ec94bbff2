/* customer: whom a notice goes to: collections' copy of the master record (BIL-14), by the day it holds. */
#ifndef OPENITEM_COLLECTIONS_CUSTOMER_H
#define OPENITEM_COLLECTIONS_CUSTOMER_H

#include "collections/tables.h"

void customer_want(struct book *book, const struct input *input, struct text account, date_t day);
/* The record in force on a day, or the first one when the day lies before it; NULL: none. To be wanted. */
const struct crm_customer_recorded *customer_see(struct book *book, const struct input *input, struct text account, date_t day);
void customer_note(struct book *book, const struct input *input, struct crm_customer_recorded *record);

/* The contact of role `ap`, else the first; the bill-to address, else the first. NULL: none. */
const struct crm_contact *customer_contact(const struct crm_customer_recorded *record);
const struct crm_address *customer_address(const struct crm_customer_recorded *record);

#endif
