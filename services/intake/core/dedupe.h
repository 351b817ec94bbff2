/*
 * dedupe: is this event new (AUD-04)? Pure.
 *
 * Identity = (source, id) of CloudEvents. Sameness = SHA-256 of the canonical re-encoding of the decoded event, so another order of
 * the fields, framing, JSON instead of protobuf, or a field that this build does not know, is not another event.
 */
#ifndef INTAKE_CORE_DEDUPE_H
#define INTAKE_CORE_DEDUPE_H

#include "base/base.h"
#include "text/text.h"

enum intake_verdict {
	INTAKE_NEW,
	INTAKE_DUPLICATE, /* the same event again: ignored, counted */
	INTAKE_CONFLICT, /* the same identity with another content: refused as id_conflict */
};

/* known_hash: what was committed under this identity, empty = nothing. */
enum intake_verdict intake_dedupe(struct text payload_hash, struct text known_hash);

#define INTAKE_BUCKETS 1024

/* Where the identity is kept: first column of inbox, stored, so it must never change. 0..INTAKE_BUCKETS-1. */
int32_t intake_bucket(struct text source, struct text event_id);

#endif
