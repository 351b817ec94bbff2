/* record: see record.h. */
#include "cli/record.h"
#include "wire/cloudevent.h"
#include "wire/framing.h"
#include "wire/wire.h"

#define DEAD TEXT("-dlt")

struct text record_header(const struct bus_record *r, const char *name)
{
	struct text value;

	return bus_header(r, name, &value) && value.s != NULL ? value : TEXT_NONE;
}

void record_base64(struct text t, struct buf *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < t.n; i += 3) {
		size_t left = t.n - i;
		unsigned v = (unsigned)(unsigned char)t.s[i] << 16;

		v |= left > 1 ? (unsigned)(unsigned char)t.s[i + 1] << 8 : 0;
		v |= left > 2 ? (unsigned)(unsigned char)t.s[i + 2] : 0;
		buf_addc(out, digits[v >> 18]);
		buf_addc(out, digits[v >> 12 & 63]);
		buf_addc(out, left > 1 ? digits[v >> 6 & 63] : '=');
		buf_addc(out, left > 2 ? digits[v & 63] : '=');
	}
}

/* ---- reading ---- */

static const struct wire_topic *find_topic(struct text name, bool *ret_dead)
{
	*ret_dead = name.n > DEAD.n && text_eq((struct text){ name.s + name.n - DEAD.n, DEAD.n }, DEAD);
	if (*ret_dead)
		name.n -= DEAD.n;
	return wire_topic_find(name);
}

static bool has_type(struct text content_type, const char *begin, const char *part)
{
	return text_starts(content_type, text_of(begin)) && text_find(content_type, text_of(part)) != TEXT_NOT_FOUND;
}

static void decode(struct record_view *v, struct text bytes, struct arena *a)
{
	struct buf json = { .arena = a };
	void *body;

	if (v->topic == NULL) {
		err_set(&v->why, ERR_REJECT, "unknown_topic", "not a topic of ours");
		return;
	}
	v->bytes = bytes;
	if (json_from_pb(v->topic->pb, (const uint8_t *)bytes.s, bytes.n, a, &v->why, &json))
		v->ce.data_json = buf_text(&json);
	if (wire_decode(v->topic->msg, (const uint8_t *)bytes.s, bytes.n, a, &v->why, &body))
		v->body = body;
}

/* The message as JSON in the value: read through an envelope, which also makes one line of it. */
static void decode_json(struct record_view *v, struct text value, struct arena *a)
{
	struct text envelope = text_printf(
		a, "{\"specversion\":\"1.0\",\"id\":\"x\",\"source\":\"x\",\"type\":\"x\",\"data\":" TEXT_FMT "}", TEXT_ARG(value));
	struct cloud_event ce;

	if (json_cloudevent_in(envelope, a, &v->why, &ce))
		v->ce.data_json = ce.data_json;
}

static void body_of_json(struct record_view *v, struct arena *a)
{
	struct text bytes;
	void *body;

	if (v->topic != NULL && !text_empty(v->ce.data_json) && json_to_pb(v->topic->pb, v->ce.data_json, a, &v->why, &bytes) &&
	    wire_decode(v->topic->msg, (const uint8_t *)bytes.s, bytes.n, a, &v->why, &body)) {
		v->bytes = bytes;
		v->body = body;
	}
}

/* A CloudEvent in protobuf: what the envelope says, and its data. */
static void decode_cloudevent(struct record_view *v, struct text value, struct arena *a)
{
	struct wire_cloudevent ce;
	struct text payload;

	if (!framing_strip(value, false, &v->why, &payload) || !wire_cloudevent_in(payload, &v->why, &ce))
		return;
	v->ce = (struct cloud_event){ .id = ce.id, .source = ce.source, .type = ce.type, .correlation_id = ce.correlation_id };
	if (text_find(ce.data_content_type, TEXT("json")) != TEXT_NOT_FOUND || ce.kind == WIRE_CLOUDEVENT_TEXT) {
		decode_json(v, ce.data, a);
		body_of_json(v, a);
	} else {
		decode(v, ce.data, a);
	}
}

static void headers_to_event(const struct bus_record *r, struct cloud_event *ce)
{
	ce->id = record_header(r, "ce_id");
	ce->source = record_header(r, "ce_source");
	ce->type = record_header(r, "ce_type");
	ce->time = record_header(r, "ce_time");
	ce->subject = record_header(r, "ce_subject");
	ce->correlation_id = record_header(r, "ce_correlationid");
	ce->causation_id = record_header(r, "ce_causationid");
	ce->partition_key = record_header(r, "ce_partitionkey");
	ce->trace_parent = record_header(r, "traceparent");
}

void record_view(const struct bus_record *r, struct arena *a, struct record_view *ret)
{
	struct record_view v = { .account = r->key };
	struct text type = record_header(r, "content-type"), payload;

	v.topic = find_topic(text_of(r->topic), &v.dead);
	headers_to_event(r, &v.ce);
	if (r->value_null) {
		err_set(&v.why, ERR_REJECT, "tombstone", "no value");
	} else if (has_type(type, "application/cloudevents", "json")) {
		struct cloud_event ce;

		if (json_cloudevent_in(r->value, a, &v.why, &ce))
			v.ce = ce;
		body_of_json(&v, a);
	} else if (has_type(type, "application/", "json")) {
		decode_json(&v, r->value, a);
		body_of_json(&v, a);
	} else if (has_type(type, "application/cloudevents", "protobuf")) {
		decode_cloudevent(&v, r->value, a);
	} else if (framing_strip(r->value, false, &v.why, &payload)) {
		decode(&v, payload, a);
	}
	if (v.body != NULL) {
		struct text account = event_account(v.topic, v.body, a);

		v.account = text_empty(account) ? v.account : account;
	}
	*ret = v;
}

/* ---- writing ---- */

static void attribute(struct buf *out, const char *name, struct text value)
{
	if (text_empty(value))
		return;
	buf_printf(out, ",\"%s\":", name);
	buf_json_string(out, value);
}

static void attribute_int(struct buf *out, const char *name, int64_t value)
{
	buf_printf(out, ",\"%s\":%lld", name, (long long)value);
}

void record_write(const struct bus_record *r, const struct record_view *v, struct arena *a, struct buf *out)
{
	struct buf head = { .arena = a };
	struct cloud_event ce = v->ce;
	char time[INSTANT_TEXT_SIZE];

	ce.data_json = TEXT_NONE; /* data goes last: the attributes are what one looks for */
	json_cloudevent_out(&ce, &head);
	buf_add(out, (struct text){ head.s, head.n - 1 });
	attribute(out, "topic", text_of(r->topic));
	attribute_int(out, "partition", r->partition);
	attribute_int(out, "offset", r->offset);
	if (r->timestamp_ms >= 0)
		attribute(out, "recordtime", text_of(instant_format(time, r->timestamp_ms * 1000)));
	attribute(out, "key", r->key);
	if (v->dead) {
		attribute(out, "errorcode", record_header(r, "openitem_error_code"));
		attribute(out, "errormessage", record_header(r, "__connect.errors.exception.message"));
		attribute(out, "retryable", record_header(r, "openitem_error_retryable"));
		attribute(out, "originaltopic", record_header(r, "__connect.errors.topic"));
		attribute(out, "originalpartition", record_header(r, "__connect.errors.partition"));
		attribute(out, "originaloffset", record_header(r, "__connect.errors.offset"));
	}
	if (!text_empty(v->ce.data_json)) {
		buf_adds(out, ",\"data\":");
		buf_add(out, v->ce.data_json);
	} else if (!r->value_null) {
		attribute(out, "dataerror", text_of(v->why.msg));
		buf_adds(out, ",\"data_base64\":\"");
		record_base64(r->value, out);
		buf_addc(out, '"');
	}
	buf_addc(out, '}');
}
