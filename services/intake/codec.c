#include "codec.h"

#include "core/fact.h"
#include "core/route.h"
#include "id/id.h"
#include "json/json.h"
#include "wire/cloudevent.h"
#include "wire/framing.h"
#include "wire/topics.h"

/* ---- which fact a topic carries --------------------------------------------------------------------------------------- */

static const struct wire_topic *external_topic(struct text name)
{
	const struct wire_topic *topic = wire_topic_find(name);

	return topic != NULL && topic->external ? topic : NULL;
}

/* The member of IntakeEvent that holds this message. */
static void put_fact(struct intake_event *event, const struct wire_msg *msg, const void *decoded)
{
	for (size_t i = 0; i < intake_event_msg.n_fields; i++) {
		const struct wire_field *f = &intake_event_msg.fields[i];
		if (f->oneof == 0 || f->msg != msg)
			continue;
		event->fact_case = (enum intake_event_case)f->number;
		memcpy((char *)event + f->at, &decoded, sizeof(decoded));
		return;
	}
	base_check_failed(__FILE__, __LINE__, "not a message that intake passes on");
}

/* ---- attributes ----------------------------------------------------------------------------------------------------------- */

/* What a record says about its event, and how its payload is written. */
struct envelope {
	struct text id, source, type, correlation_id;
	struct text payload;
	bool json;
};

/* The last header of that name (CloudEvents Kafka binding: a repeated header is the sender's fault, the last one is the freshest). */
static struct text header(const struct record *r, struct text name)
{
	for (size_t i = r->n_headers; i > 0; i--) {
		const struct record_header *h = &r->headers[i - 1];
		if (text_eq(h->name, name))
			return h->value_null ? TEXT_NONE : h->value;
	}
	return TEXT_NONE;
}

static bool check_attribute(struct text value, const char *name, size_t max, bool required, struct err *err)
{
	if (text_empty(value))
		return !required || err_set(err, ERR_REJECT, "missing_header", "%s is missing", name);
	if (value.n > max)
		return err_set(err, ERR_REJECT, "too_long", "%s: %zu bytes, at most %zu", name, value.n, max);
	if (!text_is_utf8(value, 0))
		return err_set(err, ERR_REJECT, "invalid_utf8", "%s: not UTF-8", name);
	if (text_has_control(value))
		return err_set(err, ERR_REJECT, "control_character", "%s: holds a control character", name);
	return true;
}

/* Keeps a good attribute also when another one is bad: the dead letter then names what could be read. The first error stays. */
static void take_attribute(struct text value, const char *name, size_t max, bool required, struct arena *arena, struct err *err,
			   struct text *ret)
{
	struct err why;

	if (check_attribute(value, name, max, required, &why))
		*ret = text_empty(value) ? TEXT_NONE : text_dup(arena, value);
	else if (err->class == ERR_NONE)
		*err = why;
}

/* Attributes to where the loop looks for them. Texts are copied: they outlive the record (publishing comes after its release). */
static bool take_attributes(const struct envelope *e, struct arena *arena, struct input *input, struct err *err)
{
	struct err why = { .class = ERR_NONE };

	take_attribute(e->id, "ce_id", FACT_ID_MAX, true, arena, &why, &input->cause.event_id);
	take_attribute(e->source, "ce_source", FACT_SOURCE_MAX, true, arena, &why, &input->cause.source);
	take_attribute(e->type, "ce_type", FACT_TYPE_MAX, true, arena, &why, &input->type);
	take_attribute(e->correlation_id, "ce_correlationid", FACT_CORRELATION_MAX, false, arena, &why,
		       &input->cause.correlation_id);
	if (why.class == ERR_NONE)
		return true;
	*err = why;
	return false;
}

/* ---- content type ---------------------------------------------------------------------------------------------------------- */

/* Without parameters: `application/json; charset=utf-8`. */
static struct text bare_type(struct text content_type)
{
	size_t end = text_find(content_type, TEXT(";"));

	return text_trim((struct text){ content_type.s, end == TEXT_NOT_FOUND ? content_type.n : end });
}

static bool starts_nocase(struct text t, struct text prefix)
{
	return t.n >= prefix.n && text_ieq((struct text){ t.s, prefix.n }, prefix);
}

static bool is_protobuf(struct text bare)
{
	return text_empty(bare) || text_ieq(bare, TEXT("application/protobuf")) || text_ieq(bare, TEXT("application/x-protobuf")) ||
	       text_ieq(bare, TEXT("application/vnd.google.protobuf")) || text_ieq(bare, TEXT("application/octet-stream"));
}

static bool is_json(struct text bare)
{
	return text_ieq(bare, TEXT("application/json")) || (starts_nocase(bare, TEXT("application/")) && bare.n > 5 &&
							    text_ieq((struct text){ bare.s + bare.n - 5, 5 }, TEXT("+json")));
}

/* ---- type ------------------------------------------------------------------------------------------------------------------- */

/* `com.acme.order_booked.v1` -> order_booked. Empty: not of this form. */
static struct text event_in_type(struct text type)
{
	static const struct text version = TEXT(".v1");

	if (type.n <= version.n || !text_eq((struct text){ type.s + type.n - version.n, version.n }, version))
		return TEXT_NONE;
	size_t end = type.n - version.n, at = end;
	while (at > 0 && type.s[at - 1] != '.')
		at--;
	/* at < 2: no prefix before the name */
	return at < 2 ? TEXT_NONE : (struct text){ type.s + at, end - at };
}

static bool check_type(const struct wire_msg *msg, struct text type, struct text *ret_event, struct err *err)
{
	struct text event = event_in_type(type);
	char known[128];
	int n = snprintf(known, sizeof(known), "openitem.%s." TEXT_FMT ".v1", msg->context, TEXT_ARG(event));

	if (text_empty(event) || n < 0 || (size_t)n >= sizeof(known) || !wire_type_known(msg, text_of(known)))
		return err_set(err, ERR_REJECT, "unknown_type", "ce_type names no event of this topic");
	*ret_event = event;
	return true;
}

/* ---- payload ---------------------------------------------------------------------------------------------------------------- */

static bool decode_payload(const struct wire_topic *topic, const struct envelope *e, struct arena *arena, struct err *err,
			   void **ret)
{
	struct text bytes = e->payload;

	if (e->json && !json_to_pb(topic->pb, e->payload, arena, err, &bytes))
		return false;
	return wire_decode(topic->msg, (const uint8_t *)bytes.s, bytes.n, arena, err, ret);
}

/* The event is encoded as it will travel, without provenance: field order, unknown fields and framing of the sender are gone. */
static bool hash_event(struct intake_fact *fact, struct arena *arena, struct err *err)
{
	size_t mark = arena_mark(arena);
	struct text bytes;
	struct id_hash hash;
	bool fits = wire_encode(&intake_event_msg, &fact->event, arena, err, &bytes) &&
		    bytes.n <= WIRE_BYTES_MAX - CODEC_PROVENANCE_MAX;

	if (fits)
		id_sha256(bytes.s, bytes.n, &hash);
	arena_rewind(arena, mark);
	/* Everything wire_encode checks has just been checked by wire_decode, except the size of the whole. */
	if (!fits)
		return err_set(err, ERR_REJECT, "too_large", "the event does not fit a record of ar.intake.v1");
	fact->payload_hash = (struct text){ arena_dup(arena, hash.b, sizeof(hash.b)), sizeof(hash.b) };
	return true;
}

static bool make_event(const struct wire_topic *topic, const struct envelope *e, struct arena *arena, struct input *input,
		       struct intake_fact *fact, struct err *err)
{
	struct text expected;
	void *decoded;

	if (!check_type(topic->msg, input->type, &expected, err) || !decode_payload(topic, e, arena, err, &decoded))
		return false;
	fact->event.fact_type = wire_event_name(topic->msg, decoded);
	if (!text_eq(fact->event.fact_type, expected))
		return err_set(err, ERR_REJECT, "unknown_type", "ce_type names another event than the payload holds: " TEXT_FMT,
			       TEXT_ARG(fact->event.fact_type));
	put_fact(&fact->event, topic->msg, decoded);
	fact->event.account = intake_account(&fact->event, arena);
	return hash_event(fact, arena, err);
}

/* ---- the two modes ------------------------------------------------------------------------------------------------------------ */

#define EXPECTED_TYPES                                                                                                             \
	"expected application/protobuf, application/json, application/cloudevents+json or application/cloudevents+protobuf"

static bool read_structured_json(struct arena *arena, struct envelope *e, struct err *err)
{
	struct cloud_event ce;

	if (!json_cloudevent_in(e->payload, arena, err, &ce))
		return false;
	*e = (struct envelope){ .id = ce.id,
				.source = ce.source,
				.type = ce.type,
				.correlation_id = ce.correlation_id,
				.payload = ce.data_json,
				.json = true };
	if (text_empty(ce.data_json))
		return err_set(err, ERR_REJECT, "undecodable", "CloudEvent: data is missing");
	return true;
}

/* proto_data says what it holds; binary_data and text_data say it by datacontenttype, without which bytes are protobuf, text JSON. */
static bool read_data(const struct wire_topic *topic, const struct wire_cloudevent *ce, struct envelope *e, struct err *err)
{
	struct text bare = bare_type(ce->data_content_type), name = ce->type_url;

	e->payload = ce->data;
	e->json = ce->kind == WIRE_CLOUDEVENT_TEXT || (ce->kind == WIRE_CLOUDEVENT_BINARY && is_json(bare));
	switch (ce->kind) {
	case WIRE_CLOUDEVENT_BINARY:
		return is_json(bare) || is_protobuf(bare) ||
		       err_set(err, ERR_REJECT, "unsupported_content_type",
			       "datacontenttype of binary_data: expected application/protobuf or application/json");
	case WIRE_CLOUDEVENT_TEXT:
		return is_json(bare) || text_empty(bare) ||
		       err_set(err, ERR_REJECT, "unsupported_content_type",
			       "datacontenttype of text_data: expected application/json");
	case WIRE_CLOUDEVENT_PROTO:
		for (size_t slash; (slash = text_find(name, TEXT("/"))) != TEXT_NOT_FOUND;)
			name = (struct text){ name.s + slash + 1, name.n - slash - 1 };
		return text_eq(name, text_of(topic->msg->name)) ||
		       err_set(err, ERR_REJECT, "unknown_type", "type_url of proto_data: expected type.googleapis.com/%s",
			       topic->msg->name);
	case WIRE_CLOUDEVENT_NO_DATA:
		break;
	}
	return err_set(err, ERR_REJECT, "undecodable", "CloudEvent: data is missing");
}

static bool read_structured_protobuf(const struct wire_topic *topic, struct envelope *e, struct err *err)
{
	struct wire_cloudevent ce;

	if (!wire_cloudevent_in(e->payload, err, &ce))
		return false;
	*e = (struct envelope){ .id = ce.id, .source = ce.source, .type = ce.type, .correlation_id = ce.correlation_id };
	return read_data(topic, &ce, e, err);
}

static bool read_structured(const struct record *r, const struct wire_topic *topic, struct text bare, struct arena *arena,
			    struct envelope *e, struct err *err)
{
	bool json = text_ieq(bare, TEXT("application/cloudevents+json"));

	if (starts_nocase(bare, TEXT("application/cloudevents-batch")))
		return err_set(err, ERR_REJECT, "unsupported_content_type",
			       "a batch of CloudEvents in one record: send one event per record, each has its own answer");
	if (!json && !text_ieq(bare, TEXT("application/cloudevents+protobuf")))
		return err_set(err, ERR_REJECT, "unsupported_content_type",
			       "content-type of a structured CloudEvent: " EXPECTED_TYPES);
	if (!framing_strip(r->value, json, err, &e->payload))
		return false;
	return json ? read_structured_json(arena, e, err) : read_structured_protobuf(topic, e, err);
}

static bool read_binary(const struct record *r, struct text bare, struct envelope *e, struct err *err)
{
	if (!is_protobuf(bare) && !is_json(bare))
		return err_set(err, ERR_REJECT, "unsupported_content_type", "content-type: " EXPECTED_TYPES);
	e->json = is_json(bare);
	/* Field 15 as a group: no protobuf of ours begins so, and a forgotten header is the likelier fault. */
	if (text_empty(bare) && text_starts(r->value, TEXT("{")))
		return err_set(err, ERR_REJECT, "undecodable",
			       "no protobuf, it looks like JSON: the header content-type: application/json is missing");
	return framing_strip(r->value, e->json, err, &e->payload);
}

/* In order of precedence. */
static bool read_record(const struct record *r, struct arena *arena, struct input *input, struct intake_fact *fact, struct err *err)
{
	const struct wire_topic *topic = external_topic(r->topic);
	struct text bare = bare_type(header(r, TEXT("content-type")));
	bool structured = starts_nocase(bare, TEXT("application/cloudevents"));
	struct envelope e = { .json = false };
	struct err attribute = { .class = ERR_NONE };

	if (!structured) {
		e.id = header(r, TEXT("ce_id"));
		e.source = header(r, TEXT("ce_source"));
		e.type = header(r, TEXT("ce_type"));
		e.correlation_id = header(r, TEXT("ce_correlationid"));
		(void)take_attributes(&e, arena, input, &attribute);
	}
	if (topic == NULL)
		return err_set(err, ERR_REJECT, "unexpected_topic", "a topic that intake does not know");
	if (r->value_null)
		return err_set(err, ERR_REJECT, "tombstone", "no value: facts cannot be deleted");
	if (r->value.n > CODEC_VALUE_MAX)
		return err_set(err, ERR_REJECT, "too_large", "%zu bytes, at most %zu", r->value.n, CODEC_VALUE_MAX);
	if (structured) {
		if (!read_structured(r, topic, bare, arena, &e, err) || !take_attributes(&e, arena, input, err))
			return false;
	} else if (attribute.class != ERR_NONE) {
		*err = attribute;
		return false;
	} else if (!read_binary(r, bare, &e, err)) {
		return false;
	}
	return make_event(topic, &e, arena, input, fact, err);
}

/* ---- what the loop calls -------------------------------------------------------------------------------------------------------- */

/* Safe to store and to show: wire and json quote places, which may hold names a stranger chose. */
static const struct err *refusal(const struct err *why, struct arena *arena)
{
	struct err *kept = ARENA_NEW(arena, struct err);
	bool bad_json = strcmp(why->code, "bad_json") == 0;

	err_set(kept, ERR_REJECT, bad_json ? "undecodable" : why->code, TEXT_FMT,
		TEXT_ARG(text_printable(arena, text_of(why->msg))));
	return kept;
}

void intake_decode(const struct record *record, struct arena *arena, struct input *input)
{
	struct intake_fact *fact = ARENA_NEW(arena, struct intake_fact);
	struct err why = { .class = ERR_NONE };

	fact->record = arena_dup(arena, record, sizeof(*record));
	input->event = fact;
	input->key = input->type = TEXT_NONE;
	input->cause.event_id = input->cause.source = input->cause.correlation_id = TEXT_NONE;
	if (!read_record(record, arena, input, fact, &why)) {
		fact->refusal = refusal(&why, arena);
		memset(&fact->event, 0, sizeof(fact->event));
		return;
	}
	input->key = fact->event.account;
}

bool intake_identity(const struct input *input, struct arena *arena, struct text *ret_key, struct text *ret_hash)
{
	const struct intake_fact *fact = input->event;

	if (fact->refusal != NULL)
		return false;
	*ret_key = text_printf(arena, TEXT_FMT "\n" TEXT_FMT, TEXT_ARG(input->cause.source), TEXT_ARG(input->cause.event_id));
	*ret_hash = fact->payload_hash;
	return true;
}
