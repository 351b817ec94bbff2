/*
 * chain_events: the seeded business of the whole-chain benchmarks, as events of the external topics. Two business events: an order with its
 * fulfilment (two records of crm.sales-order.v1), and a bank line that pays an order (one record of bank.payment.v1).
 *
 * Order i and line i of a plan are always the same, whatever was made before: line i pays order i. Payments quote the PO or the order, or
 * nothing (then the amount decides), some are short, some too much, as services/cli/company_bank.c draws them. All on one business day.
 */
#ifndef BENCH_CHAIN_EVENTS_H
#define BENCH_CHAIN_EVENTS_H

#include "cli/event.h"

#define CHAIN_DATE         date_of(2026, 3, 2)
#define CHAIN_ENTITIES     3
#define CHAIN_ORDER_EVENTS 2

struct chain_plan {
	char company; /* A-Z: the first letter of accounts, orders and event ids: two plans on one stack do not meet */
	int64_t accounts; /* 1..999999 */
	int64_t lanes; /* bank accounts are one per lane: lines do not queue on a few holding accounts */
	uint64_t seed;
};

/* Called for each event; body of the event lives until it returns. */
typedef bool chain_fn(void *ctx, const struct event *ev, struct err *err);

/* Entities, bank accounts, terms, rules, the opened business day; then the customers of the plan. The same ids each time. */
bool chain_facts(const struct chain_plan *plan, struct arena *a, chain_fn *fn, void *ctx, struct err *err) MUST_USE;

bool chain_order(const struct chain_plan *plan, int64_t i, struct arena *a, struct err *err,
		 struct event ret[CHAIN_ORDER_EVENTS]) MUST_USE;
/* ret_too_much: more than was asked for, so that some of it stays unapplied. */
bool chain_line(const struct chain_plan *plan, int64_t i, struct arena *a, struct err *err, struct event *ret,
		bool *ret_too_much) MUST_USE;

#endif
