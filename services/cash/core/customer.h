/* customer: this service's copy of the customer master, and how a customer shows up on bank lines (CSH-02). Pure. */
#ifndef OPENITEM_CASH_CUSTOMER_H
#define OPENITEM_CASH_CUSTOMER_H

#include "book/book.h"
#include "ev/crm.h"

void cash_customer_want(struct book *book, const struct input *input, const struct crm_customer_recorded *customer);
void cash_customer_note(struct book *book, const struct input *input, const struct crm_customer_recorded *customer);

#endif
