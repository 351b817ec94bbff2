/*
 * command: what people decide (LEDGER section 4): each acts on the account that holds the money, with the version of the item
 * that the person saw, so two clerks cannot do it twice. Refusals in the order of core/names.h. Pure.
 *
 * Dates (LEDGER section 3): never before the entity's business day, nor before the items; into the first open period.
 */
#ifndef OPENITEM_CASH_COMMAND_H
#define OPENITEM_CASH_COMMAND_H

#include "book/book.h"

void cash_assign_payer_want(struct book *book, const struct input *input);
enum decided cash_assign_payer_decide(struct decision *d);
void cash_identify_again_want(struct book *book, const struct input *input);
enum decided cash_identify_again_decide(struct decision *d);

void cash_send_back_want(struct book *book, const struct input *input);
enum decided cash_send_back_decide(struct decision *d);

void cash_apply_want(struct book *book, const struct input *input);
enum decided cash_apply_decide(struct decision *d);

void cash_unapply_want(struct book *book, const struct input *input);
enum decided cash_unapply_decide(struct decision *d);

#endif
