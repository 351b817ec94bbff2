/*
 * numbers: which document number an order's invoice got, read from ar.billing.v1 as a customer would read it off the invoice.
 * For the placeholders {{number:ORDER_ID}} in event files. Of several invoices of one order: the first.
 */
#ifndef CLI_NUMBERS_H
#define CLI_NUMBERS_H

#include "cli/cli.h"
#include "cli/settle.h"

struct numbers;

/* Reads the topic from its beginning, when numbers_follow is called. */
bool numbers_open(struct cli *cli, const struct settle *settle, struct err *err, struct numbers **ret_numbers);
void numbers_close(struct numbers *n);

/* Up to the ends that the settle_run before has seen. */
bool numbers_follow(struct numbers *n, const struct settle *settle, struct err *err);

/* TEXT_NONE: no invoice. */
struct text numbers_find(const struct numbers *n, struct text order_id);

/* ---- placeholders, pure ---- */

bool numbers_has_placeholder(struct text line);
/*
 * The line with every placeholder filled. One whose order has no invoice becomes the order id itself, and is counted. n may be
 * NULL. Numbers and order ids go into JSON strings as they are: document numbers need no escapes, ids stand there already.
 */
struct text numbers_fill(const struct numbers *n, struct text line, struct arena *a, int64_t *missing);

#endif
