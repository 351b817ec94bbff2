/* redrive_log: see redrive_log.h. */
#include "cli/redrive_log.h"
#include "cli/record.h"
#include "cli_sql.h"
#include "wire/dead.h"

static bool lock(struct store *store, struct err *err)
{
	struct store_result *r;

	if (!store_query(store, sql_redrive_lock, 0, NULL, err, &r))
		return false;
	bool mine = store_result_bool(r, 0, "mine");
	store_result_free(r);
	return mine || err_set(err, ERR_RETRY, "redrive_running", "another re-drive is at work");
}

bool redrive_log_open(struct cli *cli, bool write, struct err *err, struct store **ret_store)
{
	const char *name = write ? "OPENITEM_OPERATOR_DATABASE" : "OPENITEM_OPERATOR_DATABASE_RO", *conninfo;
	struct store *store;

	if (!cli_setting(cli, name, err, &conninfo))
		return false;
	if (!store_open(conninfo, err, &store))
		return err_wrap(err, "the record of re-drives (%s)", name);
	if (write && !lock(store, err)) {
		store_close(store);
		return err_wrap(err, "the record of re-drives (%s)", name);
	}
	*ret_store = store;
	return true;
}

/* ---- rows as JSON ---- */

static void add_text(struct buf *b, const char *name, struct text t, struct arena *a)
{
	buf_printf(b, ",\"%s\":", name);
	buf_json_string(b, text_printable(a, t)); /* PostgreSQL takes no NUL */
}

static void add_int(struct buf *b, const char *name, int64_t value)
{
	buf_printf(b, ",\"%s\":%lld", name, (long long)value);
}

static void add_place(struct buf *b, size_t at, const struct redrive_entry *e, int64_t attempt, struct arena *a)
{
	buf_printf(b, "%s{\"n\":%zu", b->n == 0 ? "[" : ",", at);
	add_text(b, "dlt_topic", text_of(e->dlt_topic), a);
	add_int(b, "dlt_partition", e->dlt_partition);
	add_int(b, "dlt_offset", e->dlt_offset);
	add_int(b, "dlt_time_ms", e->dlt_time_ms);
	add_int(b, "attempt", attempt);
}

static const char *closed(struct buf *b)
{
	buf_adds(b, b->n == 0 ? "[]" : "]");
	return b->s;
}

/* ---- what is known, claimed, sent ---- */

bool redrive_log_known(struct store *store, struct redrive_entry *const *entries, size_t n, struct arena *a, struct err *err)
{
	struct buf b = { .arena = a };
	struct store_result *r;

	for (size_t i = 0; i < n; i++) {
		add_place(&b, i, entries[i], 0, a);
		buf_addc(&b, '}');
	}
	if (!store_query(store, sql_redrive_known, 1, (const char *const[]){ closed(&b) }, err, &r))
		return false;
	for (size_t i = 0; i < store_result_rows(r); i++) {
		struct redrive_entry *e = entries[store_result_i64(r, i, "n")];

		e->attempts = store_result_i64(r, i, "attempts");
		e->sent = store_result_bool(r, i, "sent");
	}
	store_result_free(r);
	return true;
}

bool redrive_log_claim(struct store *store, struct redrive_entry *const *entries, size_t n, const char *by, const char *note,
		       bool force, struct arena *a, struct err *err)
{
	struct buf b = { .arena = a };

	for (size_t i = 0; i < n; i++) {
		struct redrive_entry *e = entries[i];

		add_place(&b, i, e, ++e->attempts, a);
		add_text(&b, "reason", e->reason, a);
		add_text(&b, "event_id", e->event_id, a);
		add_int(&b, "redrive_count", e->count);
		add_text(&b, "to_topic", text_of(e->to_topic), a);
		add_int(&b, "to_partition", e->to_partition);
		add_int(&b, "to_from", e->to_from);
		buf_addc(&b, '}');
	}
	return store_exec(store, sql_redrive_claim, 4, (const char *const[]){ closed(&b), by, note, force ? "true" : "false" },
			  err);
}

bool redrive_log_sent(struct store *store, struct redrive_entry *const *entries, size_t n, bool found, struct arena *a,
		      struct err *err)
{
	struct buf b = { .arena = a };

	for (size_t i = 0; i < n; i++) {
		if (entries[i]->to_offset < 0)
			continue;
		add_place(&b, i, entries[i], entries[i]->attempts, a);
		add_int(&b, "to_offset", entries[i]->to_offset);
		buf_addc(&b, '}');
	}
	return store_exec(store, sql_redrive_sent, 2, (const char *const[]){ closed(&b), found ? "true" : "false" }, err);
}

/* ---- after a run that was killed ---- */

static struct redrive_entry **unfinished_of(const struct store_result *r, struct arena *a, int64_t *ret_age_ms)
{
	size_t n = store_result_rows(r);
	struct redrive_entry **list = ARENA_ARRAY(a, n + 1, struct redrive_entry *);

	*ret_age_ms = INT64_MAX;
	for (size_t i = 0; i < n; i++) {
		list[i] = ARENA_NEW(a, struct redrive_entry);
		*list[i] = (struct redrive_entry){
			.dlt_topic = text_cstr(a, store_result_text(r, i, "dlt_topic")),
			.dlt_partition = (int32_t)store_result_i64(r, i, "dlt_partition"),
			.dlt_offset = store_result_i64(r, i, "dlt_offset"),
			.dlt_time_ms = store_result_i64(r, i, "dlt_time_ms"),
			.to_topic = text_cstr(a, store_result_text(r, i, "to_topic")),
			.to_partition = (int32_t)store_result_i64(r, i, "to_partition"),
			.to_from = store_result_i64(r, i, "to_from"),
			.to_offset = -1,
			.attempts = store_result_i64(r, i, "attempt"),
		};
		*ret_age_ms = MIN(*ret_age_ms, store_result_i64(r, i, "age_ms"));
	}
	return list;
}

/* One range per log they went to, from the first place one may have. Those are offsets of the past: a log may have lost them. */
static bool ranges_of(struct redrive_entry *const *list, size_t n, const struct bus_conf *conf, struct bus_range *ranges,
		      struct err *err, size_t *ret_n)
{
	_cleanup_(bus_admin_closep) struct bus_admin *admin = NULL;
	int64_t low, high;
	size_t k = 0;

	if (!bus_admin_open(conf, err, &admin))
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct redrive_entry *e = list[i];
		size_t at = 0;

		while (at < k && (strcmp(ranges[at].topic, e->to_topic) != 0 || ranges[at].partition != e->to_partition))
			at++;
		if (at == k)
			ranges[k++] = (struct bus_range){ e->to_topic, e->to_partition, e->to_from, BUS_END };
		ranges[at].from = MIN(ranges[at].from, e->to_from);
	}
	for (size_t i = 0; i < k; i++) {
		if (!bus_watermarks(admin, ranges[i].topic, ranges[i].partition, err, &low, &high))
			return false;
		ranges[i].from = MIN(MAX(ranges[i].from, low), high);
	}
	*ret_n = k;
	return true;
}

static void match(struct redrive_entry *const *list, size_t n, const struct bus_record *r, struct arena *a)
{
	struct text name, place;

	if (!bus_header_at(r, 0, &name, &place) || !text_eq(name, TEXT(WIRE_DEAD_COUNT)) || !bus_header_at(r, 1, &name, &place) ||
	    !text_eq(name, TEXT(WIRE_DEAD_FROM)))
		return;
	for (size_t i = 0; i < n; i++) {
		struct redrive_entry *e = list[i];
		struct text mine = text_printf(a, "%s:%d:%lld", e->dlt_topic, e->dlt_partition, (long long)e->dlt_offset);

		if (text_eq(place, mine) && strcmp(e->to_topic, r->topic) == 0 && e->to_partition == r->partition)
			e->to_offset = r->offset;
	}
}

static bool look(struct redrive_entry *const *list, size_t n, const struct bus_conf *conf, struct arena *a, struct err *err)
{
	struct bus_range *ranges = ARENA_ARRAY(a, n, struct bus_range);
	_cleanup_(bus_reader_closep) struct bus_reader *reader = NULL;
	enum bus_read what = BUS_READ_NOTHING;
	struct bus_record r;
	size_t k;

	if (!ranges_of(list, n, conf, ranges, err, &k) || !bus_reader_open(conf, ranges, k, err, &reader))
		return false;
	while (what != BUS_READ_DONE && what != BUS_READ_FAILED) {
		size_t mark = arena_mark(a);

		what = bus_reader_poll(reader, 100, &r, err);
		if (what != BUS_READ_RECORD)
			continue;
		match(list, n, &r, a);
		bus_record_release(&r);
		arena_rewind(a, mark);
	}
	return what == BUS_READ_DONE;
}

bool redrive_log_finish(struct store *store, const struct bus_conf *conf, struct arena *a, struct err *err, size_t *ret_unfinished,
			size_t *ret_found)
{
	struct store_result *r;
	int64_t age_ms;

	*ret_unfinished = *ret_found = 0;
	if (!store_query(store, sql_redrive_unfinished, 0, NULL, err, &r))
		return false;

	size_t n = store_result_rows(r);
	struct redrive_entry **list = unfinished_of(r, a, &age_ms);

	store_result_free(r);
	if (n == 0)
		return true;
	if (age_ms < REDRIVE_LATE_MS)
		cli_sleep_ms(REDRIVE_LATE_MS - age_ms);
	if (!look(list, n, conf, a, err) || !redrive_log_sent(store, list, n, true, a, err))
		return false;
	*ret_unfinished = n;
	for (size_t i = 0; i < n; i++)
		*ret_found += list[i]->to_offset >= 0;
	return true;
}
