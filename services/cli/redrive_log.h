/*
 * redrive_log: what was re-driven, in the schema operator (services/cli/migrations). Before a dead letter is published again it is claimed,
 * afterwards it is said to be sent. A claim nobody said to be sent is one of a run that was killed: what it published is looked for in the
 * log it went to, by the header that names the dead letter. So none is sent twice, and none is forgotten.
 */
#ifndef CLI_REDRIVE_LOG_H
#define CLI_REDRIVE_LOG_H

#include "bus/bus.h"
#include "cli/cli.h"
#include "store/store.h"

/* One dead letter, and where it goes. */
struct redrive_entry {
	const char *dlt_topic;
	int32_t dlt_partition;
	int64_t dlt_offset, dlt_time_ms;
	struct text reason, event_id;
	int64_t count; /* in its header */
	const char *to_topic;
	int32_t to_partition;
	int64_t to_from; /* not before this offset */
	int64_t to_offset; /* -1: not known to be sent */
	int64_t attempts; /* claims of it so far */
	bool sent; /* before */
};

/* A connection that may write, and holds the lock of re-drives until it is closed: RETRY redrive_running. Or one that may read. */
bool redrive_log_open(struct cli *cli, bool write, struct err *err, struct store **ret_store);

/* Fills attempts and sent. */
bool redrive_log_known(struct store *store, struct redrive_entry *const *entries, size_t n, struct arena *a, struct err *err);

/* attempts + 1 of each is claimed. */
bool redrive_log_claim(struct store *store, struct redrive_entry *const *entries, size_t n, const char *by, const char *note,
		       bool force, struct arena *a, struct err *err);

/* Those with a to_offset are said to be sent, by their last claim. */
bool redrive_log_sent(struct store *store, struct redrive_entry *const *entries, size_t n, bool found, struct arena *a,
		      struct err *err);

/*
 * Looks for what a run that was killed has published, and says it is sent. Waits until whatever it still had on its way must have arrived
 * (REDRIVE_LATE_MS after the claim). ret_found of ret_unfinished were there; the others are as before their claim.
 */
#define REDRIVE_LATE_MS 5000
bool redrive_log_finish(struct store *store, const struct bus_conf *conf, struct arena *a, struct err *err, size_t *ret_unfinished,
			size_t *ret_found);

#endif
