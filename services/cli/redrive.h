/*
 * redrive: what becomes of one dead letter that is to be published again. Pure.
 *
 * It goes out as it once came: own key, value and headers, without the set of the gate's (wire/dead.h has the names), and two headers in
 * front: how often it was re-driven, and where it stood.
 */
#ifndef CLI_REDRIVE_H
#define CLI_REDRIVE_H

#include "bus/bus.h"

#define REDRIVE_LIMIT 3 /* re-drives of one record; then a person has to insist */

enum redrive_verdict {
	REDRIVE_SEND,
	REDRIVE_FOREIGN, /* its headers are not the gate's: somebody else put it there */
	REDRIVE_OMITTED, /* the gate left out what made it too large; the original stands where its headers say */
	REDRIVE_EXHAUSTED, /* re-driven REDRIVE_LIMIT times, and refused each time */
};

struct redrive_letter {
	enum redrive_verdict verdict;
	struct text reason; /* why the gate had refused it */
	int64_t count; /* how often it will have been re-driven */
	const struct bus_header *headers; /* as it goes out */
	size_t headers_n;
};

/* headers: of the dead letter; place: "TOPIC:PARTITION:OFFSET" of it. Texts are shared, arrays are in the arena. */
void redrive_judge(const struct bus_header *headers, size_t n, struct text place, bool force, struct arena *a,
		   struct redrive_letter *ret);

/* For people: "sent", "refused: ..." */
const char *redrive_words(enum redrive_verdict verdict);

/* Where a record goes: by key as our producers do; without one where it came from, so that what came together stays together. */
int32_t redrive_partition(struct text key, bool key_null, int32_t came_on, int32_t partitions);

/* "50" or "50/s"; 1..1000000. */
bool redrive_rate(struct text t, int64_t *ret_per_s);
/* How long to wait so that `sent` records in elapsed_ms are not more than rate; rate 0: never. */
int64_t redrive_wait_ms(int64_t rate, int64_t sent, int64_t elapsed_ms);

#endif
