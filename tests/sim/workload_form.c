/* workload_form: an event as the record a stranger sends: CloudEvents in every form the gate takes. */
#include "workload_impl.h"

#include "json/json.h"

static struct bus_header header(const char *name, struct text value)
{
	return (struct bus_header){ text_of(name), value };
}

static struct text to_json(struct arena *arena, const struct wire_topic *topic, struct text value)
{
	struct buf out = { .arena = arena };
	struct err err;

	CHECK(json_from_pb(topic->pb, (const uint8_t *)value.s, value.n, arena, &err, &out));
	return buf_text(&out);
}

static struct text framed(struct arena *arena, struct text value)
{
	char *bytes = arena_alloc(arena, value.n + 6);

	memcpy(bytes, "\0\0\0\0\7\0", 6); /* magic, schema 7, first message of it */
	memcpy(bytes + 6, value.s, value.n);
	return (struct text){ bytes, value.n + 6 };
}

void wl_record(struct arena *arena, const char *topic, const void *body, struct text id, struct text source, struct text key,
	       enum wl_form form, struct sim_send *ret)
{
	const struct wire_topic *t = wire_topic_find(text_of(topic));
	struct bus_header *h = ARENA_ARRAY(arena, WL_HEADERS_MAX, struct bus_header);
	struct text type = wire_event_type(t->msg, body, arena);
	struct err err = { 0 };
	size_t n = 0;

	*ret = (struct sim_send){ .topic = topic, .partition = WL_BY_KEY, .key = text_dup(arena, key), .headers = h };
	ret->key_null = text_empty(key);
	if (!wire_encode(t->msg, body, arena, &err, &ret->value))
		base_check_failed(__FILE__, __LINE__, text_printf(arena, "%s: %s", topic, err.msg).s);
	if (form == WL_FORM_STRUCTURED) {
		struct buf out = { .arena = arena };
		json_cloudevent_out(&(struct cloud_event){ .id = id,
							   .source = source,
							   .type = type,
							   .time = TEXT("2026-01-01T00:00:00Z"),
							   .data_json = to_json(arena, t, ret->value) },
				    &out);
		ret->value = buf_text(&out);
		h[n++] = header("content-type", TEXT("application/cloudevents+json"));
		ret->n_headers = n;
		return;
	}
	h[n++] = header("ce_specversion", TEXT("1.0"));
	h[n++] = header("ce_id", text_dup(arena, id));
	h[n++] = header("ce_source", text_dup(arena, source));
	h[n++] = header("ce_type", type);
	if (form == WL_FORM_JSON) {
		h[n++] = header("content-type", TEXT("application/json"));
		ret->value = to_json(arena, t, ret->value);
	} else if (form == WL_FORM_CONFLUENT) {
		ret->value = framed(arena, ret->value);
	}
	ret->n_headers = n;
}

struct text wl_money_text(struct arena *arena, struct money m)
{
	char s[MONEY_TEXT_MAX + 1];

	return text_printf(arena, "%s %s", money_format(s, m.minor, currency_exponent(text_of(m.currency))), m.currency);
}
