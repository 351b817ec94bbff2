/*
 * verify: the books recomputed (LEDGER sections 1, 2, 4, 7; AUD-01, RPT-06). Private to verify*.c and cmd_verify.c.
 *
 * A check compares two things that must be equal and counts what it looked at. Of what differs the first place is kept. Every function returns false only
 * when it could not look (a component is away); differences are results, not errors.
 */
#ifndef CLI_VERIFY_H
#define CLI_VERIFY_H

#include "cli/cli.h"
#include "cli/out.h"

struct store;

struct verify {
	struct cli *cli;
	struct arena *arena; /* of the check at work; reset with the next */
	struct out *out;
	struct store *reporting;
	/* the check at work */
	const char *check, *compared;
	int64_t differences;
	struct text place, expected, found; /* of the first difference */
	/* all of them */
	int64_t checks, failed;
	struct text first; /* "check: place: expected .., found .." of the first that failed */
};

/* ---- one check (verify.c) ---- */

void verify_begin(struct verify *v, const char *check, const char *compared);
void verify_differs(struct verify *v, struct text place, struct text expected, struct text found);
/* count: what was looked at. Prints the check's row. */
void verify_end(struct verify *v, int64_t count);
/* Something that waits: shown, never a failure. */
void verify_waits(struct verify *v, const char *check, const char *compared, int64_t count);

/* ---- the checks ---- */

/* Reporting against itself: services/reporting/sql/verify_*.sql. */
bool verify_reporting(struct verify *v, struct err *err);

/* Outcome tables (verify_chain.c): hashes, order, decoding, journal; the journal's sums against reporting's ledger. */
bool verify_chains(struct verify *v, struct err *err);

/* Copies (verify_copies.c): records, items and applications of the services against reporting's. */
bool verify_copies(struct verify *v, struct err *err);

/* Document numbers (verify_numbers.c): check digits, no gap in any series, and where billing's counters stand. */
bool verify_numbers(struct verify *v, struct err *err);

/* What waits: unpublished outcomes, parked inputs, dead letters. */
bool verify_waiting(struct verify *v, struct err *err);

/* ---- pieces ---- */

/* Counter of a document number of 16 characters (services/billing/core/number.h): 7 decimals, then base 36 from A000000. False: not one. Pure. */
bool verify_counter(struct text number, int64_t *ret_counter);

/* A sum of the journal per entity, ledger account and currency. */
struct verify_sums;
struct type_journal_entry;
struct verify_sums *verify_sums_new(struct arena *a);
/* Adds an entry. False: it does not balance (functional, or an application's control lines); *ret_off says by how much. Pure. */
bool verify_sums_add(struct verify_sums *s, const struct type_journal_entry *e, int64_t *ret_off);
/* The check: against the balances of reporting. */
bool verify_sums_compare(struct verify *v, struct verify_sums *sums, struct err *err);

#endif
