/*
 * dead_letter: the record that goes to `<topic>-dlt`: key, value and headers as they came, and the headers that the tools of
 * Kafka Connect (text) and Spring Kafka (numbers as big-endian binary) read, and ours (ECOSYSTEM 1.5). Pure.
 *
 *	openitem_error_code        the reason, stable: what dashboards and runbooks are keyed by
 *	openitem_error_retryable   true: the same record may pass later (a reference fact corrected, a service upgraded)
 *	openitem_attempts          how often the gate has refused it: re-drives + 1
 *	openitem_redrive_count     as it came with a re-drive, else 0; `openitem dlq redrive` raises it and gives up at its limit
 *	openitem_service           intake
 *	openitem_omitted           only on a record too large to repeat (DEAD_LETTER_BYTES_MAX): `value`, or `value, key, headers`.
 *	                           What is omitted is null there and stays where topic, partition and offset say
 *
 * wire/dead.h has the names. Never a value of the event in them: it may be personal.
 */
#ifndef INTAKE_CORE_DEAD_LETTER_H
#define INTAKE_CORE_DEAD_LETTER_H

#include "arena/arena.h"
#include "book/record.h"
#include "err/err.h"
#include "wire/dead.h"

#define DEAD_LETTER_GROUP       "openitem-intake" /* kafka_dlt-original-consumer-group: the group common/run joins */
#define DEAD_LETTER_HEADERS_MAX 26 /* that we add */
/* Of a record as it came. Our producer takes 2 MiB (common/bus); a larger one could never be published and would hold up its lane. */
#define DEAD_LETTER_BYTES_MAX ((size_t)1536 * 1024)

/* In the arena; bytes of the original are shared. A record that was refused before has its old set replaced, and the re-drive's headers taken off. */
const struct record *intake_dead_letter_record(const struct record *record, const struct err *why, struct arena *arena);

/* Whether re-driving the same record can help. */
bool intake_is_retryable(const char *reason);

#endif
