/*
 * outcomes: a made-up stream of billing and cash as their services would publish it, for the benchmarks of what reads it. Same seed and
 * number, same bytes. Every record has one journal entry of two lines.
 *
 *	first OUTCOMES_LAG invoices, then by turns: an invoice, a receipt of an older one, its application
 *
 * So a receipt finds its invoice OUTCOMES_LAG invoices ago, not in the batch before.
 */
#ifndef BENCH_OUTCOMES_H
#define BENCH_OUTCOMES_H

#include "ev/billing.h"
#include "ev/cash.h"
#include "id/id.h"

#define OUTCOMES_LAG 20000
#define OUTCOMES_DAY 2000 /* invoices per business day, from 2026-01-05 */

struct outcomes {
	int64_t accounts; /* "C00000001" ... */
	int32_t lanes; /* at most 1024 */
	uint64_t seed;
	int64_t n; /* records made so far */
	int64_t seq[2][1024]; /* per stream (0 billing, 1 cash) and lane */
	struct id_hash hash[2][1024];
};

struct outcome_record {
	const char *topic, *service; /* "ar.billing.v1", "billing" */
	int32_t lane; /* = partition */
	int64_t seq;
	struct text key, event_id, type, value; /* in the arena */
	const struct type_journal_entry *entry;
};

void outcomes_init(struct outcomes *o, int64_t accounts, int32_t lanes, uint64_t seed);
void outcomes_next(struct outcomes *o, struct arena *a, struct outcome_record *ret);

#endif
