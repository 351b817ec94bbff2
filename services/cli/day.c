/* day: see day.h. */
#include "cli/day.h"
#include "ev/reference.h"
#include "id/id.h"

static int compare(const void *a, const void *b)
{
	return text_cmp(*(const struct text *)a, *(const struct text *)b);
}

size_t day_sort_entities(struct text *entities, size_t n)
{
	size_t kept = 0;

	if (n > 1)
		qsort(entities, n, sizeof(*entities), compare);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || !text_eq(entities[i], entities[kept - 1]))
			entities[kept++] = entities[i];
	return kept;
}

static struct text id_of(struct text kind, struct text source, date_t day, const struct text *entities, size_t n, struct arena *a)
{
	struct text *parts = ARENA_ARRAY(a, n + 2, struct text);
	char s[DATE_TEXT_SIZE];

	parts[0] = source;
	parts[1] = text_dup(a, text_of(date_format(s, day)));
	memcpy(parts + 2, entities, n * sizeof(*entities));
	return id_derive(a, kind, n + 2, parts);
}

bool day_event(enum day_kind kind, date_t day, const struct text *entities, size_t n, struct text source, struct arena *a,
	       struct err *err, struct event *ret)
{
	struct reference_event *e = WIRE_NEW(a, reference_event);
	struct text *copy = arena_dup(a, entities, n * sizeof(*entities));

	if (kind == DAY_OPENED) {
		e->event_case = REFERENCE_EVENT_DAY_OPENED;
		e->day_opened = WIRE_NEW(a, reference_day_opened);
		e->day_opened->business_date = day;
		e->day_opened->entities = copy;
		e->day_opened->n_entities = n;
	} else {
		e->event_case = REFERENCE_EVENT_DAY_CLOSED;
		e->day_closed = WIRE_NEW(a, reference_day_closed);
		e->day_closed->business_date = day;
		e->day_closed->entities = copy;
		e->day_closed->n_entities = n;
	}
	return event_make(wire_topic_find(TEXT("ar.reference.v1")), e,
			  id_of(kind == DAY_OPENED ? TEXT("day_opened") : TEXT("day_closed"), source, day, entities, n, a), source,
			  event_time_of_day(day, a), a, err, ret);
}
