/*
 * fact: what the codec makes of a record. input.event of every intake input points at a struct intake_fact.
 * Pure; everything lives in the batch's arena, the record's bytes as long as the batch.
 */
#ifndef INTAKE_CORE_FACT_H
#define INTAKE_CORE_FACT_H

#include "book/record.h"
#include "err/err.h"
#include "ev/intake.h"

struct intake_fact {
	struct intake_event event; /* account, fact_type and the fact; all empty when refused */
	struct text payload_hash; /* SHA-256 of `event` as it is here, without provenance: 32 bytes; empty when refused */
	const struct record *record; /* as it came: the key is compared, a dead letter repeats it */
	const struct err *refusal; /* why it is no event (ERR_REJECT, stable code); NULL: it is one */
};

/* Limits of the attributes of a stranger's event, in bytes. Provenance (ar/type/v1/type.proto) has room for exactly this. */
#define FACT_ID_MAX          128
#define FACT_SOURCE_MAX      256
#define FACT_TYPE_MAX        256
#define FACT_CORRELATION_MAX 128

#endif
