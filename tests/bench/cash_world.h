/* cash_world: customers, invoices and payments as inputs of cash, and batches of them through its core. For bench_cash. */
#ifndef BENCH_CASH_WORLD_H
#define BENCH_CASH_WORLD_H

#include "book/book.h"
#include "ev/cash.h"
#include "replay.h"

#define WORLD_DAY  20500 /* the day of the receipts, as date_t */
#define WORLD_BANK TEXT("B1")

enum { WORLD_INTAKE, WORLD_BILLING, WORLD_TRANSFER }; /* sources of cash.c */

struct inputs {
	struct arena *arena; /* of everything they name */
	struct input *in;
	size_t n, cap;
};

struct world_document {
	struct text account, document_id, number, external_number, order_id, customer_po;
	date_t due_date;
	int64_t minor; /* negative: a credit memo that names no invoice */
};

struct world_payment {
	struct text account, bank_account_of_payer, line_id, text;
	int64_t minor;
};

void world_customer(struct inputs *to, struct text account, struct text bank_account, bool oldest_first);
void world_document(struct inputs *to, const struct world_document *d);
/* A line of the bank, on its holding account. */
void world_line(struct inputs *to, const struct world_payment *p);
/* The same money as it arrives at the customer's account, without the line before it. */
void world_transfer(struct inputs *to, const struct world_payment *p);
/* The copy of an outcome that travels (ar.transfer). */
void world_deliver(struct inputs *to, const struct outcome *o);

typedef void world_outcome_fn(void *ctx, size_t input, const struct outcome *o);

/* One transaction over the inputs: want, load, want, load, every step, and the changes that would be saved; the book. fn may be NULL. */
struct book *world_batch(struct arena *arena, struct replay *replay, const struct input *in, size_t n, world_outcome_fn *fn,
			 void *ctx);
/* The same on a twin, and saved. */
void world_take(struct mem *mem, const struct input *in, size_t n);

#endif
