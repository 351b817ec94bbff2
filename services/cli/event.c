/* event: see event.h. */
#include "cli/event.h"
#include "cli/place.h"
#include "ev/all.h"
#include "wire/wire.h"

bool event_next_line(struct text *rest, size_t *number, struct text *ret_line)
{
	while (rest->n > 0) {
		const char *end = memchr(rest->s, '\n', rest->n);
		size_t n = end == NULL ? rest->n : (size_t)(end - rest->s), skip = n + (end != NULL);
		struct text line = { rest->s, n };

		++*number;
		*rest = (struct text){ rest->s + skip, rest->n - skip };
		if (!text_empty(text_trim(line))) {
			if (line.s[line.n - 1] == '\r')
				line.n--;
			*ret_line = line;
			return true;
		}
	}
	return false;
}

/* ---- what an event says about itself, by path ---- */

struct paths {
	const struct wire_msg *msg;
	const char *path[8];
};

static const struct paths accounts[] = {
	{ &crm_customer_event_msg, { "customer_recorded.account" } },
	{ &crm_sales_order_event_msg,
	  { "order_booked.order.account", "order_amended.order.account", "order_fulfilled.account", "order_cancelled.account",
	    "opening_item.account" } },
	{ &bank_payment_event_msg, { "line_booked.bank_account", "line_returned.bank_account", "statement_closed.bank_account" } },
	{ &command_event_msg, { "account" } },
	{ &intake_event_msg, { "account" } },
	{ &billing_event_msg, { "account" } },
	{ &cash_event_msg, { "account" } },
	{ &collections_event_msg, { "account" } },
};

static const struct paths entities[] = {
	{ &crm_sales_order_event_msg, { "order_booked.order.entity", "order_amended.order.entity", "opening_item.entity" } },
	{ &bank_payment_event_msg, { "line_booked.entity", "line_returned.entity", "statement_closed.entity" } },
	{ &reference_event_msg, { "entity_recorded.entity", "bank_account_recorded.entity", "period_recorded.entity" } },
};

static struct text first_of(const struct paths *table, size_t n, const struct wire_topic *topic, const void *body, struct arena *a)
{
	for (size_t i = 0; i < n; i++) {
		if (table[i].msg != topic->msg)
			continue;
		for (size_t k = 0; k < ARRAY_LEN(table[i].path) && table[i].path[k] != NULL; k++) {
			struct text t = TEXT_NONE;
			struct err err;

			CHECK(wire_get(topic->msg, body, text_of(table[i].path[k]), a, &err, &t));
			if (!text_empty(t))
				return t;
		}
	}
	return TEXT_NONE;
}

struct text event_entity(const struct wire_topic *topic, const void *body, struct arena *a)
{
	return first_of(entities, ARRAY_LEN(entities), topic, body, a);
}

struct text event_account(const struct wire_topic *topic, const void *body, struct arena *a)
{
	struct text t = first_of(accounts, ARRAY_LEN(accounts), topic, body, a);

	return topic->msg == &bank_payment_event_msg ? text_printf(a, "~" TEXT_FMT, TEXT_ARG(t)) : t;
}

struct text event_key(const struct wire_topic *topic, const void *body, struct arena *a)
{
	if (topic->msg != &reference_event_msg)
		return first_of(accounts, ARRAY_LEN(accounts), topic, body, a);
	if (text_starts(wire_event_name(topic->msg, body), TEXT("day_")))
		return TEXT("~day");

	struct text entity = event_entity(topic, body, a);

	return text_empty(entity) ? TEXT("~reference") : entity;
}

date_t event_day(const struct event *ev)
{
	instant_t instant;

	return !text_empty(ev->ce.time) && instant_parse(ev->ce.time, &instant) ? instant_date(instant) : DATE_NONE;
}

struct text event_time_of_day(date_t day, struct arena *a)
{
	char s[DATE_TEXT_SIZE];

	return text_printf(a, "%sT00:00:00Z", date_format(s, day));
}

/* ---- JSON to event ---- */

/* jansson's "line 1, column 9: " becomes a number; the message begins behind it. */
static size_t column_of_syntax(struct err *err)
{
	unsigned long line, column;
	int used = 0;

	if (sscanf(err->msg, "line %lu, column %lu: %n", &line, &column, &used) < 2 || used == 0)
		return 1;
	memmove(err->msg, err->msg + used, strlen(err->msg + used) + 1);
	return column == 0 ? 1 : (size_t)column;
}

/* A message begins with a path and ": ". */
static size_t column_of_path(struct text line, const char *inside, const struct err *err, struct arena *a)
{
	size_t n = strcspn(err->msg, ": ");

	return place_column(line, text_printf(a, "%s%.*s", inside, (int)n, err->msg));
}

static bool refuse_at(struct text line, const char *name, struct err *err, size_t *ret_column, const char *expected)
{
	*ret_column = place_column(line, text_of(name));
	return err_set(err, ERR_REJECT, "bad_event", "%s: expected %s", name, expected);
}

static const char *expected_types(const struct wire_topic *topic, struct arena *a)
{
	if (topic != NULL)
		return text_printf(a, "a type of topic %s, e.g. openitem.%s.<event>.v1", topic->topic, topic->msg->context).s;
	return "openitem.<crm|bank|command|reference>.<event>.v1";
}

static bool check_against_body(struct text line, struct arena *a, struct err *err, size_t *ret_column, struct event *ev)
{
	struct text type = wire_event_type(ev->topic->msg, ev->body, a);

	if (!text_eq(type, ev->ce.type))
		return refuse_at(line, "type", err, ret_column,
				 text_printf(a, "\"" TEXT_FMT "\", which is what data holds", TEXT_ARG(type)).s);
	ev->key = event_key(ev->topic, ev->body, a);
	if (text_eq(ev->key, TEXT("~reference")) && !text_empty(ev->ce.partition_key))
		ev->key = ev->ce.partition_key;
	if (!text_empty(ev->ce.partition_key) && !text_eq(ev->ce.partition_key, ev->key))
		return refuse_at(line, "partitionkey", err, ret_column,
				 text_printf(a, "\"" TEXT_FMT "\", the key of this event", TEXT_ARG(ev->key)).s);
	return true;
}

bool event_read(struct text line, const struct wire_topic *topic, struct arena *a, struct err *err, size_t *ret_column,
		struct event *ret)
{
	struct event ev = { .topic = topic };
	void *body;

	if (!json_cloudevent_in(line, a, err, &ev.ce)) {
		bool syntax = strncmp(err->msg, "line ", 5) == 0;

		*ret_column = syntax ? column_of_syntax(err) : column_of_path(line, "", err, a);
		return false;
	}
	if (ev.topic == NULL)
		ev.topic = wire_topic_of_type(ev.ce.type);
	if (ev.topic == NULL || !wire_type_known(ev.topic->msg, ev.ce.type))
		return refuse_at(line, "type", err, ret_column, expected_types(topic, a));
	if (text_empty(ev.ce.data_json))
		return refuse_at(line, "data", err, ret_column, "the event, it is missing");
	if (!json_to_pb(ev.topic->pb, ev.ce.data_json, a, err, &ev.value) ||
	    !wire_decode(ev.topic->msg, (const uint8_t *)ev.value.s, ev.value.n, a, err, &body)) {
		*ret_column = column_of_path(line, "data.", err, a);
		return false;
	}
	ev.body = body;
	if (!check_against_body(line, a, err, ret_column, &ev))
		return false;
	*ret = ev;
	return true;
}

/* ---- struct to event, event to JSON ---- */

/* What the gate asks of an attribute, asked before the event leaves the house. */
static bool check_attribute(struct text value, const char *name, size_t max, struct err *err)
{
	if (text_empty(value))
		return err_set(err, ERR_REJECT, "bad_event", "%s: is empty", name);
	if (value.n > max)
		return err_set(err, ERR_REJECT, "bad_event", "%s: %zu bytes, at most %zu", name, value.n, max);
	if (!text_is_utf8(value, TEXT_NO_NUL) || text_has_control(value))
		return err_set(err, ERR_REJECT, "bad_event", "%s: holds a control character, or is not UTF-8", name);
	return true;
}

bool event_make(const struct wire_topic *topic, const void *body, struct text id, struct text source, struct text time,
		struct arena *a, struct err *err, struct event *ret)
{
	struct event ev = { .topic = topic, .body = body, .ce = { .id = id, .source = source, .time = time } };

	if (!check_attribute(id, "id", EVENT_ID_MAX, err) || !check_attribute(source, "source", EVENT_SOURCE_MAX, err) ||
	    !wire_encode(topic->msg, body, a, err, &ev.value))
		return false;
	ev.ce.type = wire_event_type(topic->msg, body, a);
	ev.key = event_key(topic, body, a);
	ev.ce.partition_key = ev.key;
	ev.ce.subject = ev.key;
	*ret = ev;
	return true;
}

bool event_write(const struct event *ev, struct arena *a, struct err *err, struct buf *out)
{
	struct buf data = { .arena = a };
	struct cloud_event ce = ev->ce;

	if (!json_from_pb(ev->topic->pb, (const uint8_t *)ev->value.s, ev->value.n, a, err, &data))
		return false;
	ce.data_content_type = TEXT_NONE;
	ce.data_json = buf_text(&data);
	json_cloudevent_out(&ce, out);
	return true;
}
