/* What the tool reads: CSV and map files, what people type, lines of event files, records of any topic. */
#include "targets.h"

#include "bus/bus.h"
#include "cli/aging.h"
#include "cli/csv.h"
#include "cli/env.h"
#include "cli/event.h"
#include "cli/import_map.h"
#include "cli/numbers.h"
#include "cli/out.h"
#include "cli/place.h"
#include "cli/record.h"
#include "cli/stored.h"
#include "id/id.h"
#include "json/json.h"
#include "money/money.h"
#include "wire/topics.h"

static char *cstr(struct text t, struct arena *arena)
{
	return arena_dup(arena, text_cstr(arena, t), strlen(text_cstr(arena, t)) + 1);
}

/* ---- CSV ---- */

void target_csv(struct text bytes, struct arena *arena)
{
	struct err err = { .class = ERR_NONE };
	struct csv_row row;
	struct csv csv;
	size_t rows = 0, lines = csv_count_lines(bytes);

	if (!csv_open(&csv, bytes, arena, &err)) {
		MUST(err.class == ERR_REJECT && err.msg[0] != '\0', "%s", err.code);
		return;
	}
	MUST(csv.n_header > 0 && csv.n_header <= CSV_COLUMNS_MAX, "%zu columns", csv.n_header);
	/* import makes room for as many rows as there are lines, and names a row by its line */
	while (csv_next(&csv, &row)) {
		rows++;
		MUST(row.n > 0 && row.n <= CSV_COLUMNS_MAX, "%zu cells", row.n);
		MUST(row.line >= 1 && row.line <= lines, "line %zu of %zu", row.line, lines);
		for (size_t i = 0; i < row.n; i++)
			MUST(text_is_utf8(row.cell[i], TEXT_NO_NUL), "a cell that is not UTF-8");
	}
	MUST(rows < lines + 1, "%zu rows of %zu lines", rows, lines);
}

/* ---- words ---- */

static void dates(struct text t)
{
	char buf[DATE_TEXT_SIZE];
	date_t day;

	if (date_parse(t, &day))
		MUST(date_is_valid(day) && text_eq(text_of(date_format(buf, day)), t), "%s", buf);
	if (date_parse_mdy(t, &day))
		MUST(date_is_valid(day) && date_format(buf, day)[0] != '\0', "m/d/y");
	if (date_parse_compact(t, &day))
		MUST(date_is_valid(day), "yyyymmdd");
}

static void instants(struct text t, struct arena *arena)
{
	char buf[INSTANT_TEXT_SIZE], once[INSTANT_TEXT_SIZE];
	instant_t at, again;

	if (!instant_parse(t, &at) || instant_format(once, at)[0] == '\0')
		return;
	MUST(instant_parse(text_of(once), &again) && again == at, "%s", once);
	MUST(strcmp(instant_format(buf, again), once) == 0, "%s", buf);
	MUST(date_is_valid(instant_date(at)), "no day");
	(void)event_time_of_day(instant_date(at), arena);
}

static void amounts(struct text t)
{
	char buf[MONEY_TEXT_MAX + 1];
	int64_t minor, again;

	for (int exponent = 0; exponent <= 6; exponent++) {
		if (!money_parse(t, exponent, &minor))
			continue;
		MUST(money_parse(text_of(money_format(buf, minor, exponent)), exponent, &again) && again == minor, "%s", buf);
	}
	if (scaled6_parse(t, &minor))
		MUST(scaled6_parse(text_of(scaled6_format(buf, minor)), &again) && again == minor, "%s", buf);
	if (text_parse_i64(t, &minor))
		MUST(t.n > 0, "nothing is a number");
}

static void ids(struct text t, struct arena *arena)
{
	struct text with = id_check_append(arena, t), bytes;
	char hex[ID_HEX_SIZE];
	struct id_hash hash;

	MUST(with.n == 0 || id_check_verify(with), "its own check digit is wrong");
	(void)id_check_verify(t);
	if (id_hex_parse(t, &hash))
		MUST(text_ieq(text_of(id_hex(hex, &hash)), t), "%s", hex);
	if (stored_bytes(t, arena, &bytes))
		MUST(bytes.n * 2 + 2 == t.n, "%zu bytes", bytes.n);
}

static void texts(struct text t, struct arena *arena)
{
	struct buf json = { .arena = arena }, field = { .arena = arena };
	struct text shown = text_printable(arena, t);

	MUST(text_is_utf8(shown, TEXT_NO_NUL) && !text_has_control(shown), "not safe on a terminal");
	MUST(text_eq(text_printable(arena, shown), shown), "printable twice is something else");
	buf_json_string(&json, t);
	MUST(text_is_utf8(buf_text(&json), TEXT_NO_NUL), "a JSON string that is not UTF-8");
	MUST(out_width(shown) <= 2 * shown.n, "wider than it can be");
	out_csv_field(&field, t, true);
	MUST(text_normal_ref(arena, t).n <= t.n, "longer");
	MUST(text_normal_name(arena, t).n <= t.n, "longer");
}

static void settings(struct text t, struct arena *arena)
{
	struct aging_buckets buckets;
	struct text name, value;
	int64_t parts[4];
	struct err err;
	bool is_bad;

	(void)aging_buckets(cstr(t, arena), arena, &err, &buckets);
	(void)aging_amounts(t, parts, ARRAY_LEN(parts));
	if (env_parse(t, &name, &value, &is_bad))
		MUST(text_starts(name, TEXT("OPENITEM_")), "a name of others");
}

void target_words(struct text bytes, struct arena *arena)
{
	dates(bytes);
	instants(bytes, arena);
	amounts(bytes);
	ids(bytes, arena);
	texts(bytes, arena);
	settings(bytes, arena);
}

/* ---- paths: PATH LF VALUE, any number of times, onto one message ---- */

static struct text take_line(struct text *rest)
{
	size_t n = text_find(*rest, TEXT("\n"));
	struct text line = { rest->s, n == TEXT_NOT_FOUND ? rest->n : n };
	size_t used = MIN(line.n + 1, rest->n);

	*rest = (struct text){ rest->s + used, rest->n - used };
	return line;
}

void target_path(struct text bytes, struct arena *arena)
{
	const struct wire_topic *topic = &wire_topics[fuzz_choice(&bytes, wire_topics_n)];
	void *ev = wire_new(topic->msg, 1, arena);
	struct err err = { .class = ERR_NONE };
	struct text shown;

	for (int i = 0; i < 64 && bytes.n > 0; i++) {
		struct text path = take_line(&bytes), value = take_line(&bytes);

		if (!wire_set(topic->msg, ev, path, value, arena, &err))
			MUST(err.class == ERR_REJECT && err.msg[0] != '\0', "%s", err.code);
		else
			MUST(wire_get(topic->msg, ev, path, arena, &err, &shown), "set and not got: %s", err.msg);
	}
	if (wire_validate(topic->msg, ev, &err))
		fuzz_event_travels(topic->msg, ev, arena);
}

/* ---- a line of an event file ---- */

void target_event_line(struct text bytes, struct arena *arena)
{
	struct text rest = bytes, line;
	size_t number = 0;
	int64_t missing = 0;

	while (event_next_line(&rest, &number, &line)) {
		struct err err = { .class = ERR_NONE };
		struct buf out = { .arena = arena };
		size_t column = 0;
		struct event ev, back;

		if (numbers_has_placeholder(line))
			line = numbers_fill(NULL, line, arena, &missing);
		if (!event_read(line, NULL, arena, &err, &column, &ev)) {
			MUST(err.class == ERR_REJECT && err.msg[0] != '\0', "%s", err.code);
			MUST(column <= line.n + 1, "column %zu of %zu", column, line.n);
			continue;
		}
		MUST(event_write(&ev, arena, &err, &out), "%s: %s", err.code, err.msg);
		MUST(event_read(buf_text(&out), NULL, arena, &err, &column, &back), "%s: %s", err.code, err.msg);
		MUST(text_eq(ev.value, back.value) && text_eq(ev.key, back.key), "written and read is another event");
		(void)event_day(&ev);
		(void)event_entity(ev.topic, ev.body, arena);
		(void)event_account(ev.topic, ev.body, arena);
	}
}

/* ---- a record of any topic, for `openitem tail` and `dlq` ---- */

/* Stand-ins for the bus (linked with --wrap): headers of the record being fuzzed. */
static const struct record *shown_record;

bool __wrap_bus_header(const struct bus_record *r, const char *name, struct text *ret_value);
bool __wrap_bus_header_at(const struct bus_record *r, size_t i, struct text *ret_name, struct text *ret_value);

bool __wrap_bus_header_at(const struct bus_record *r, size_t i, struct text *ret_name, struct text *ret_value)
{
	(void)r;
	if (shown_record == NULL || i >= shown_record->n_headers)
		return false;
	*ret_name = shown_record->headers[i].name;
	*ret_value = shown_record->headers[i].value_null ? TEXT_NONE : shown_record->headers[i].value;
	return true;
}

bool __wrap_bus_header(const struct bus_record *r, const char *name, struct text *ret_value)
{
	struct text found;
	bool is = false;

	for (size_t i = 0; __wrap_bus_header_at(r, i, &found, ret_value); i++)
		is = is || text_eq(found, text_of(name));
	for (size_t i = shown_record == NULL ? 0 : shown_record->n_headers; is && i > 0; i--)
		if (text_eq(shown_record->headers[i - 1].name, text_of(name))) {
			*ret_value = shown_record->headers[i - 1].value_null ? TEXT_NONE : shown_record->headers[i - 1].value;
			return true;
		}
	return false;
}

void target_tail(struct text bytes, struct arena *arena)
{
	static const char *const topics[] = { "crm.customer.v1",
					      "crm.sales-order.v1-dlt",
					      "bank.payment.v1",
					      "bank.payment.v1-dlt",
					      "ar.intake.v1",
					      "ar.cash.v1",
					      "else",
					      "-dlt" };
	size_t choice = fuzz_choice(&bytes, ARRAY_LEN(topics));
	struct record r = { 0 };
	struct buf out = { .arena = arena };
	struct err err;
	struct cloud_event ce;
	struct record_view view;

	fuzz_record(bytes, wire_topics[0].msg, arena, &r);
	shown_record = &r;
	struct bus_record b = { .topic = topics[choice],
				.offset = 7,
				.timestamp_ms = 1767225600000,
				.key = r.key,
				.value = r.value,
				.key_null = r.key_null,
				.value_null = r.value_null };
	record_view(&b, arena, &view);
	record_write(&b, &view, arena, &out);
	shown_record = NULL;
	MUST(text_is_utf8(buf_text(&out), TEXT_NO_NUL) && !text_has_control(buf_text(&out)), "a line that is not plain text");
	/* It is JSON; whether it is a CloudEvent depends on what the record's own attributes lack or hold. */
	MUST(json_cloudevent_in(buf_text(&out), arena, &err, &ce) || strncmp(err.msg, "line ", 5) != 0 ||
		     strstr(err.msg, "u0000") != NULL,
	     "%s", err.msg);
}
