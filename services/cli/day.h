/*
 * day: the events that open and close a business day. Their ids derive from source, day and entities, so saying it again says
 * the same event.
 */
#ifndef CLI_DAY_H
#define CLI_DAY_H

#include "cli/event.h"

#define DAY_ENTITIES_MAX 500 /* of one event (ar/reference/v1) */

enum day_kind { DAY_OPENED, DAY_CLOSED };

/* entities: sorted, each once, 1..DAY_ENTITIES_MAX. */
bool day_event(enum day_kind kind, date_t day, const struct text *entities, size_t n, struct text source, struct arena *a,
	       struct err *err, struct event *ret) MUST_USE;

/* Sorts, drops doubles. Returns how many are left. */
size_t day_sort_entities(struct text *entities, size_t n);

#endif
