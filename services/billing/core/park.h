/*
 * park: what an input waits for (DESIGN section 2: out-of-order facts park, they do not die). Pure.
 *
 * Inputs of one aggregate (an order, a take-on) stand in one queue by position: order events by order_version, so that they are taken
 * in that order however they came. Only a row whose fact is missing waits for it by name; the others wait for the row before them, and
 * become `ready` when it is taken.
 */
#ifndef BILLING_PARK_H
#define BILLING_PARK_H

#include "arena/arena.h"
#include "text/text.h"

enum park_reason {
	PARK_NOTHING, /* nothing is missing */
	PARK_CUSTOMER_UNKNOWN,
	PARK_ENTITY_UNKNOWN,
	PARK_TERMS_UNKNOWN,
	PARK_DAY_UNKNOWN, /* no business day was opened yet: a document has no date */
	PARK_ORDER_UNKNOWN, /* the booking is missing */
	PARK_ORDER_VERSION_GAP, /* an earlier version is missing */
	PARK_BEHIND_PARKED, /* the version before it is parked, too */
	PARK_N,
};

/* The stable name; the first four wait for a fact, the others for an earlier version. */
struct text bil_park_reason_name(enum park_reason reason);

/* What the fact releases: "customer C1", "entity DE01", "terms N30", "day"; empty for those that wait for a version. */
struct text bil_park_wait_key(struct arena *arena, enum park_reason reason, struct text name);

#define PARK_READY TEXT("ready") /* the version before it was taken */

/* Name of the queue within the account: "order O1", "take-on 4711". */
struct text bil_park_order(struct arena *arena, struct text order_id);
struct text bil_park_take_on(struct arena *arena, struct text external_number);

#endif
