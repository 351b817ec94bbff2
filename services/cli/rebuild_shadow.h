/*
 * rebuild_shadow: the schemas of a rebuild. All of it as the owner of the service's schema.
 *
 *	billing                  live: the service works in it
 *	billing_rebuild          the shadow: filled from the topics (run/rebuild.h)
 *	billing_before_rebuild   what was live before the last swap, until `openitem rebuild billing --drop-old`
 *
 * The shadow is made by the service's own migrations. They name schema and roles after the schema they run in, so they run in one that
 * has the live one's name, inside a transaction that gives both their names back before anybody sees it.
 */
#ifndef CLI_REBUILD_SHADOW_H
#define CLI_REBUILD_SHADOW_H

#include "cli/cli.h"
#include "cli/out.h"
#include "run/rebuild.h"
#include "store/store.h"

struct shadow {
	struct cli *cli;
	const struct run_service *service;
	const struct store_migration *migrations;
	size_t n_migrations;
	const char *live, *name, *old; /* schemas */
	struct store *store; /* looks at live, compares, swaps */
	struct store *filling; /* search_path = the shadow */
	bool has_shadow, has_old;
	bool fenced;
};

/* Decides nothing: reporting. It has checkpoints (rebuild_checkpoints.c). */
static inline bool shadow_is_projection(const struct shadow *s)
{
	return s->service->gate == NULL && s->service->outcome_topic == NULL;
}

/* Connects twice, makes sure that nobody else rebuilds this service, says which schemas are there. */
bool shadow_open(struct shadow *s, const char *conninfo, struct err *err);
void shadow_close(struct shadow *s);

bool shadow_drop(struct shadow *s, const char *schema, struct err *err);
/* The shadow, empty, with the rights of live. */
bool shadow_make(struct shadow *s, struct err *err);

/* A shadow that is there was made by the same migrations. */
bool shadow_check(struct shadow *s, struct err *err);

/* ---- at the end: one transaction of s->store ---- */

/* From here on nobody writes to live: its lanes are locked against writers, readers read on. Waits for a batch that runs. */
bool shadow_fence(struct shadow *s, struct err *err);
bool shadow_unfence(struct shadow *s, struct err *err);

/* Where live stands, and of a projection, by way of which checkpoints; rows of the arena of the command. */
struct shadow_state {
	struct rebuild_target *lane;
	size_t n;
	int64_t unpublished, busy; /* of the lanes that go on: outcomes not marked as published, lanes within a long input */
};
bool shadow_state(struct shadow *s, struct err *err, struct shadow_state *ret_state);

/* Lanes and outcomes of the one that the other does not have. */
struct shadow_gap {
	int64_t added, added_lanes; /* in the topics, not in live: live is older than its stream */
	int64_t lost; /* in live, not in the topics */
	int32_t lost_lane;
};
bool shadow_gap(struct shadow *s, struct err *err, struct shadow_gap *ret_gap);

/* A table of the service or of the loop, made from topics; every other one is taken over from live. */
bool shadow_is_described(const struct shadow *s, struct text table);

/* Table by table, row by row; a row of the list per table, or per place that differs. *ret_differs = rows that differ. */
bool shadow_compare(struct shadow *s, struct out *out, struct err *err, int64_t *ret_differs, int64_t *ret_rows);

/*
 * ---- checkpoints of a projection (rebuild_checkpoints.c) ----
 *
 * What was printed at one must be printed again by what is rebuilt. Numbers in commit order (ledger_seq) are given anew, but at the
 * positions of a checkpoint as many records of a lane had been noted as will be noted again. So the rebuild stops at each of them, and
 * the rows of the table are taken over as they are.
 */

/* Fills in the stops of the targets. Inside shadow_state. */
bool shadow_stops(struct shadow *s, struct shadow_state *state, struct err *err);
/* Each record stands between the same two checkpoints in both. *ret_n: checkpoints; *ret_differs: records that do not; *ret_place: the
 * first of them. */
bool shadow_compare_checkpoints(struct shadow *s, struct err *err, int64_t *ret_n, int64_t *ret_differs, struct text *ret_place);
/* From live to the shadow, numbers included. No answer runs on until the transaction ends. */
bool shadow_keep_checkpoints(struct shadow *s, struct err *err);

/* The shadow becomes live. same: it is the database it was (its birth stays), else a new one. Ends the transaction. */
bool shadow_swap(struct shadow *s, bool same, struct err *err);

#endif
