#include "core/dedupe.h"

enum intake_verdict intake_dedupe(struct text payload_hash, struct text known_hash)
{
	if (text_empty(known_hash))
		return INTAKE_NEW;
	return text_eq(payload_hash, known_hash) ? INTAKE_DUPLICATE : INTAKE_CONFLICT;
}

static uint32_t fnv1a(uint32_t h, struct text t)
{
	for (size_t i = 0; i < t.n; i++)
		h = (h ^ (uint8_t)t.s[i]) * 16777619u;
	return h;
}

/* FNV-1a, 32 bits, and its halves folded: it only has to spread, and text_hash may change between versions. */
int32_t intake_bucket(struct text source, struct text event_id)
{
	uint32_t h = fnv1a(fnv1a(2166136261u, source), event_id);

	return (int32_t)((h ^ h >> 16) % INTAKE_BUCKETS);
}
