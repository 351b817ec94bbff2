/*
 * aging_merge: aging of several parts, legal entities and imported files, in one (RPT-01, duty B2 of RULES). Pure. Currencies are never added.
 *
 * A file is a CSV in the form that `openitem aging --csv` or `openitem items --csv` writes; the header says which of them (README, "Merged aging").
 * An item that stands in two parts (entity, account, reference, item, currency) counts once, in the first; so does the aging of an account and
 * currency. An item of one part within the aging of an account in another cannot be told.
 */
#ifndef CLI_AGING_MERGE_H
#define CLI_AGING_MERGE_H

#include "cli/aging.h"
#include "date/date.h"

#define MERGE_PARTS_MAX      64
#define MERGE_CURRENCIES_MAX 32 /* of one part */

enum merge_base { MERGE_DUE, MERGE_DOCUMENT, MERGE_ACCOUNTING };

/* Minor units; credits negative. total: what the source says the row adds up to. */
struct merge_row {
	struct text currency;
	date_t as_of;
	int64_t bucket[AGING_BUCKETS_MAX + 1];
	int64_t unapplied, credits, total;
	int64_t oldest_days;
};

struct merge_sum {
	struct merge_row row;
	int64_t rows; /* that went into it */
	bool as_of_differs;
};

struct merge_part {
	const char *name, *kind; /* "DE01", "entity"; "old.csv", "aging file" or "items file"; "merged" */
	struct merge_sum sum[MERGE_CURRENCIES_MAX];
	size_t n;
};

struct merge_seen;
struct merge {
	struct arena *arena;
	const struct aging_buckets *buckets;
	enum merge_base base;
	struct merge_part part[MERGE_PARTS_MAX];
	size_t n;
	struct merge_part merged; /* its totals are the sums of the columns, not of the parts' totals */
	struct merge_seen *seen;
	int64_t twice; /* rows of files left out because an earlier part has them */
};

void merge_begin(struct merge *m, struct arena *a, const struct aging_buckets *buckets, enum merge_base base);

/* REJECT too_many. The part stays where it is. */
bool merge_part_new(struct merge *m, const char *name, const char *kind, struct err *err, struct merge_part **ret);
/* Adds a row to its currency. REJECT out_of_range, too_many. */
bool merge_add(struct merge_part *part, const struct merge_row *row, struct err *err);
/* The same for the merged one: the total is added up from the columns. */
bool merge_add_merged(struct merge *m, const struct merge_row *row, struct err *err);
/* Notes an item; of the aging of an account reference and sequence are empty. False: it is there already. */
bool merge_is_new(struct merge *m, struct text entity, struct text account, struct text reference, struct text sequence,
		  struct text currency);

/* A file as a part. REJECT bad_csv, with file and line. */
bool merge_file(struct merge *m, const char *name, struct text bytes, struct err *err);

/* Sum of the parts' totals in a currency; the difference must be 0. */
int64_t merge_parts_total(const struct merge *m, struct text currency);

#endif
