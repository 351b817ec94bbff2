/* transfer: money between accounts (LEDGER section 1): sent here, accepted or refused there. Pure. */
#ifndef OPENITEM_CASH_TRANSFER_H
#define OPENITEM_CASH_TRANSFER_H

#include "cash/core/event.h"
#include "cash/tables.h"

/* Inputs of ar.transfer.v1. */
void cash_transfer_sent_want(struct book *book, const struct input *input);
enum decided cash_transfer_sent_decide(struct decision *d);
void cash_transfer_refused_want(struct book *book, const struct input *input);
enum decided cash_transfer_refused_decide(struct decision *d);

/* Of the transfer by which an item's money leaves with this input. */
struct text cash_transfer_id(struct decision *d, struct text from_document_id);

/*
 * The whole open amount of a bank line's holding item leaves for a payer. `posted` is the transfer's id where the line itself was posted
 * against money in transit (payer known at once); empty: unidentified receipts are debited here (payer assigned later).
 */
void cash_send_to_payer(struct decision *d, const struct cash_line_row *line, const struct cash_item_row *item, struct text payer,
			date_t accounting_date, struct text posted, struct type_explanation *explanation);

/* A receipt goes back to the holding account of its bank line. */
void cash_send_back(struct decision *d, const struct cash_item_row *receipt, date_t accounting_date,
		    struct type_explanation *explanation);

#endif
