/* aging: the buckets of `openitem aging`, pure. */
#ifndef CLI_AGING_H
#define CLI_AGING_H

#include "arena/arena.h"
#include "err/err.h"
#include "text/text.h"

#define AGING_EDGES_MAX   10 /* what aging.sql takes, less one */
#define AGING_BUCKETS_MAX (AGING_EDGES_MAX + 1)
#define AGING_DAYS_MAX    36500
#define AGING_DEFAULT     "30,60,90"

struct aging_buckets {
	size_t n; /* not due, then one per range: edges + 1 */
	const char *names[AGING_BUCKETS_MAX + 1]; /* not_due 1-30 31-60 61-90 over_90 */
	const char *edges; /* for aging.sql: "{0,30,60,90}" */
	int64_t last_day[AGING_BUCKETS_MAX + 1]; /* of the bucket: 0 30 60 90; the last one has none */
};

/* "30,60,90": the last days of the buckets, ascending. False: FATAL setting_bad. */
bool aging_buckets(const char *setting, struct arena *a, struct err *err, struct aging_buckets *ret);

/* The bucket of what is so many days past its base date, as aging.sql says it. */
size_t aging_bucket(const struct aging_buckets *b, int64_t days);

/* PostgreSQL's text of a bigint[]: "{1,-2,3}". False: not n numbers. */
bool aging_amounts(struct text array, int64_t *amounts, size_t n);

#endif
