/*
 * dead: the headers of a dead letter, named in this one place. Layer 1, pure.
 *
 * The gate appends its set to the record's own headers (services/intake/core/dead_letter.h says what each means); `openitem dlq redrive`
 * takes exactly that set off again and puts two in front:
 *
 *	openitem_redrive_count   how often the record was re-driven: 1, 2, ...
 *	openitem_redriven_from   TOPIC:PARTITION:OFFSET of the dead letter it was. A re-drive that was killed finds by it what it has sent
 *
 * In front, because the gate looks at the first RECORD_HEADERS_MAX headers only: the count must survive the trip. When the record is
 * refused again they go, and the count stands in the new set.
 *
 * A header of one of these names may also be a stranger's (Kafka Connect and Spring forward theirs). So ours are told by their place,
 * not by their names alone.
 */
#ifndef WIRE_DEAD_H
#define WIRE_DEAD_H

#include "text/text.h"

#define WIRE_DEAD_SUFFIX "-dlt"

#define WIRE_DEAD_COUNT   "openitem_redrive_count"
#define WIRE_DEAD_FROM    "openitem_redriven_from"
#define WIRE_DEAD_SERVICE "openitem_service" /* in every set of the gate's */
#define WIRE_DEAD_OMITTED "openitem_omitted" /* only when something was */
/* The gate's outcome as it stands in its chain, and when it was recorded: what `openitem rebuild intake` restores it from. */
#define WIRE_DEAD_OUTCOME  "openitem_outcome"
#define WIRE_DEAD_RECORDED "openitem_recorded_at"

/* Every name, in the order in which the gate appends them: the first WIRE_DEAD_SET always, the others when there is something to say. */
#define WIRE_DEAD_SET 25
extern const char *const wire_dead_headers[];
extern const size_t wire_dead_headers_n;

bool wire_dead_is_header(struct text name);

/* "crm.customer.v1" of "crm.customer.v1-dlt"; TEXT_NONE when it is no name of a dead-letter topic. */
struct text wire_dead_topic(struct text topic);

/*
 * Which headers are the record's own, by the names of all of them in order: [*ret_from, *ret_to). Without a set of the gate's and without
 * the re-drive's two, all.
 */
void wire_dead_own(const struct text *names, size_t n, size_t *ret_from, size_t *ret_to);

#endif
