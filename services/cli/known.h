/*
 * known: up to where an answer of reporting is complete. Every list says (E, K) with it (LEDGER section 3): the business date, and the checkpoint,
 * i.e. the last ledger_seq of every lane, taken in the same snapshot as the answer (DESIGN section 3).
 *
 *	struct known known;
 *	if (!known_begin(cli, &err, &known))
 *		...
 *	store_query(known.store, ...), store_stream(known.store, ...) as often as needed: all of them see the same books
 *	out_note(out, "%s", known_words(cli->arena, &known, as_of).s);
 *	known_end(&known);
 */
#ifndef CLI_KNOWN_H
#define CLI_KNOWN_H

#include "cli/cli.h"
#include "date/date.h"

struct store;

#define KNOWN_DIGEST_SIZE 13 /* 12 hex digits and NUL */

struct known {
	struct store *store; /* of reporting */
	date_t first_day, last_day; /* business days of the entities; DATE_NONE: none was opened */
	size_t lanes;
	int64_t ledger_seq; /* sum over the lanes */
	char digest[KNOWN_DIGEST_SIZE]; /* of "lane:ledger_seq\n" by lane: equal only if every lane stood at the same place */
	int64_t checkpoint; /* its id; 0: none was taken */
	char taken_at[INSTANT_TEXT_SIZE];
	/* For statements that can look back: lanes int[], their ledger_seqs bigint[], business days json; "" = as it is now. */
	const char *lanes_then, *seqs_then, *days_then;
};

/* Opens the snapshot and takes its checkpoint in it. Errors as cli_store and store_query. */
bool known_begin(struct cli *cli, struct err *err, struct known *ret_known);
/* The same for an answer as it was known: at is a checkpoint's id, or an instant (the last checkpoint at or before it); NULL = now.
 * FATAL checkpoint_unknown. */
bool known_begin_at(struct cli *cli, const char *at, struct err *err, struct known *ret_known);
/* Ends it; also after a failure. */
void known_end(struct known *k);

/* "as of 2026-03-31, known at checkpoint 17, ledger seq 48211 over 12 lanes (3f9c12ab44d0)". as_of DATE_NONE: the business day. In the
 * arena. The same words whenever the same checkpoint is asked. */
struct text known_words(struct arena *a, const struct known *k, date_t as_of);

/* Adds one lane; ascending. For known_begin and tests. */
void known_add_lane(struct known *k, struct buf *seen, int64_t lane, int64_t ledger_seq);
/* When all are added. */
void known_close_lanes(struct known *k, const struct buf *seen);

#endif
