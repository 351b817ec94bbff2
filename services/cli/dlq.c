/* dlq: see dlq.h. */
#include "cli/dlq.h"
#include "date/date.h"
#include "id/id.h"
#include "wire/dead.h"

#include <search.h>

int dlq_since(struct dlq *d)
{
	instant_t instant;
	date_t day;

	d->since_ms = INT64_MIN;
	if (d->since == NULL)
		return -1;
	if (date_parse(text_of(d->since), &day))
		CHECK(instant_parse(event_time_of_day(day, d->cli->arena), &instant));
	else if (!instant_parse(text_of(d->since), &instant))
		return options_usage(d->cli, "--since: expected a date or an instant like 2026-03-31T08:00:00Z, got \"%s\"",
				     d->since);
	d->since_ms = instant / 1000;
	return -1;
}

/* --topic with or without -dlt. */
static bool is_chosen(const struct dlq *d, struct text topic)
{
	for (size_t i = 0; i < d->topics.n; i++)
		if (text_eq(d->topics.item[i], topic) || text_eq(d->topics.item[i], wire_dead_topic(topic)))
			return true;
	return d->topics.n == 0;
}

static void add_topic(void *ctx, const char *topic, int32_t partitions)
{
	struct dlq *d = ctx;

	if (text_empty(wire_dead_topic(text_of(topic))) || !is_chosen(d, text_of(topic)))
		return;
	for (int32_t p = 0; p < partitions && d->n < BUS_POSITIONS_MAX; p++)
		d->ranges[d->n++] = (struct bus_range){ text_cstr(d->cli->arena, text_of(topic)), p, BUS_BEGINNING, BUS_END };
}

bool dlq_find(struct dlq *d, struct err *err)
{
	struct bus_admin *admin;

	d->ranges = ARENA_ARRAY(d->cli->arena, BUS_POSITIONS_MAX, struct bus_range);
	if (!cli_bus(d->cli, err, &d->conf) || !bus_admin_open(&d->conf, err, &admin))
		return false;
	bool ok = bus_topics(admin, add_topic, d, err);
	bus_admin_close(admin);
	if (ok && d->n == 0)
		return err_set(err, ERR_FATAL, "topic_missing", "no such dead-letter topic on %s; `openitem topics` makes them",
			       d->conf.brokers);
	return ok;
}

static int by_hash(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct id_hash));
}

/* What the gate does not know to have arrived it publishes again: the same outcome of its chain, so the same letter, stands twice. */
static bool is_copy(struct dlq *d, const struct bus_record *r)
{
	struct id_hash *mine, **known;
	struct text outcome;

	if (!bus_header(r, WIRE_DEAD_OUTCOME, &outcome))
		return false;
	mine = malloc(sizeof(*mine));
	CHECK(mine != NULL);
	id_sha256(outcome.s, outcome.n, mine);
	known = tsearch(mine, &d->letters, by_hash);
	CHECK(known != NULL);
	if (*known == mine)
		return false;
	free(mine);
	return true;
}

bool dlq_wanted(struct dlq *d, const struct bus_record *r)
{
	struct text reason = record_header(r, "openitem_error_code");
	bool wanted = d->reasons.n == 0;

	for (size_t i = 0; i < d->reasons.n; i++)
		wanted = wanted || text_eq(d->reasons.item[i], reason);
	return wanted && (d->key == NULL || text_eq(r->key, text_of(d->key))) && !is_copy(d, r) &&
	       (d->since == NULL || r->timestamp_ms >= d->since_ms);
}

bool dlq_read(struct dlq *d, dlq_record_fn *fn, dlq_end_fn *end, void *ctx, struct err *err)
{
	struct arena *a = arena_new((size_t)8 << 20, (size_t)1 << 30);
	enum bus_read what = BUS_READ_NOTHING;
	struct bus_reader *reader;
	struct bus_record r;
	bool ok = bus_reader_open(&d->conf, d->ranges, d->n, err, &reader);

	if (!ok) {
		arena_free(a);
		return false;
	}
	while (ok && what != BUS_READ_DONE && (d->limit == 0 || d->found < d->limit)) {
		what = bus_reader_poll(reader, 100, &r, err);
		ok = what != BUS_READ_FAILED;
		if (what != BUS_READ_RECORD)
			continue;
		arena_reset(a);
		ok = fn(ctx, &r, a, err);
		bus_record_release(&r);
	}
	if (end != NULL)
		ok = end(ctx, ok, err);
	bus_reader_close(reader);
	arena_free(a);
	tdestroy(d->letters, free);
	d->letters = NULL;
	return ok;
}

bool dlq_place(struct dlq *d, const char *what, int32_t *ret_partition, int64_t *ret_offset)
{
	const char *second = strrchr(what, ':'), *first = second;
	int64_t partition, offset;

	while (first != NULL && first > what && first[-1] != ':')
		first--;
	if (first == NULL || first == what || !text_parse_i64(text_of(second + 1), &offset) ||
	    !text_parse_i64((struct text){ first, (size_t)(second - first) }, &partition) || partition < 0 || partition > INT32_MAX)
		return false;
	d->topics.item[0] = (struct text){ what, (size_t)(first - 1 - what) };
	d->topics.n = 1;
	*ret_partition = (int32_t)partition;
	*ret_offset = offset;
	return true;
}
