/*
 * dlq: what the subcommands of `openitem dlq` share: which dead-letter topics, which records of them.
 */
#ifndef CLI_DLQ_H
#define CLI_DLQ_H

#include "cli/options.h"
#include "cli/record.h"

struct dlq {
	struct cli *cli;
	struct option_items topics, reasons; /* empty: all */
	const char *key; /* NULL: any */
	const char *since; /* NULL: from the beginning; else a day or an instant */
	int64_t since_ms; /* of it, when the record was written to the dead-letter topic */
	int64_t limit; /* 0: none; reading ends when so many were found */
	int64_t found;
	struct bus_conf conf;
	struct bus_range *ranges; /* every partition of the chosen topics, up to where they end now */
	size_t n;
	void *letters; /* tsearch: hashes of the outcomes that dlq_wanted has seen, until dlq_read ends */
};

#define OPTION_DLQ_TOPIC(d)                                                                                                        \
	{                                                                                                                          \
		"topic", 't', OPTION_ITEMS, &(d).topics, "TOPIC", "only of these topics (crm.customer.v1 or crm.customer.v1-dlt)", \
			0, 0, NULL                                                                                                 \
	}
#define OPTION_DLQ_REASON(d)                                                                                                       \
	{                                                                                                                          \
		"reason", 0, OPTION_ITEMS, &(d).reasons, "REASON", "only with these reasons, e.g. id_conflict", 0, 0, NULL         \
	}
#define OPTION_DLQ_SINCE(d)                                                                                                        \
	{                                                                                                                          \
		"since", 0, OPTION_TEXT, &(d).since, "TIME", "only what was refused since a date or instant", 0, 0, NULL           \
	}

/* Reads --since. Returns -1, or an exit code when it is neither a date nor an instant. */
int dlq_since(struct dlq *d);

/* "TOPIC:PARTITION:OFFSET": chooses the topic and says where in it. False: it is no such thing. */
bool dlq_place(struct dlq *d, const char *what, int32_t *ret_partition, int64_t *ret_offset);

/* Fills conf and ranges. FATAL topic_missing when there is no such topic. */
bool dlq_find(struct dlq *d, struct err *err);

/*
 * By reason, key and time; of a letter that stands twice in its topic (the gate died between publishing and saying so) only the first. Once
 * per record.
 */
bool dlq_wanted(struct dlq *d, const struct bus_record *r);

/*
 * Calls fn for every record, with an arena that is reset before each. Whoever keeps the record zeroes *r and releases it later, at the latest
 * in `end` (may be NULL), which is called once before the log is closed; ok: no error so far.
 */
typedef bool dlq_record_fn(void *ctx, struct bus_record *r, struct arena *a, struct err *err);
typedef bool dlq_end_fn(void *ctx, bool ok, struct err *err);
bool dlq_read(struct dlq *d, dlq_record_fn *fn, dlq_end_fn *end, void *ctx, struct err *err);

/* The subcommands; argv[0] is their name. */
int dlq_histogram(struct cli *cli, int argc, char **argv);
int dlq_redrive(struct cli *cli, int argc, char **argv);
int dlq_audit(struct cli *cli, int argc, char **argv);

#endif
