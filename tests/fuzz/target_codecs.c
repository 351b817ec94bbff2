/* The libraries under the gate, without it: the JSON mapping both ways, CloudEvents in JSON, records inside, packed dead letters. */
#include "targets.h"

#include "json/json.h"
#include "run/packed.h"
#include "wire/topics.h"

static const struct wire_msg *choose_message(struct text *bytes)
{
	return wire_topics[fuzz_choice(bytes, wire_topics_n)].msg;
}

static const uint8_t *raw(struct text t)
{
	return (const uint8_t *)t.s;
}

/* JSON that is taken gives bytes; those bytes give JSON; that JSON gives the same bytes. */
void target_json_in(struct text bytes, struct arena *arena)
{
	const struct wire_msg *m = choose_message(&bytes);
	struct err err = { .class = ERR_NONE };
	struct buf json = { .arena = arena };
	struct text pb, again;
	void *ev, *back;

	if (!json_to_pb(m->pb, bytes, arena, &err, &pb)) {
		MUST(err.class == ERR_REJECT && err.msg[0] != '\0', "%s", err.code);
		return;
	}
	pb = fuzz_own(arena, pb);
	/* Too many elements or unknown numbers are for wire to refuse; what wire accepts must survive. */
	if (!wire_decode(m, raw(pb), pb.n, arena, &err, &ev))
		return;
	MUST(json_from_pb(m->pb, raw(pb), pb.n, arena, &err, &json), "%s: %s", err.code, err.msg);
	MUST(json_to_pb(m->pb, buf_text(&json), arena, &err, &again), "%s: %s", err.code, err.msg);
	MUST(text_eq(pb, again), "JSON and back are other bytes");
	MUST(wire_decode(m, raw(again), again.n, arena, &err, &back) && wire_equal(m, ev, back), "JSON and back is another event");
}

/* Bytes that are a message give JSON that is taken back as the same message. */
void target_json_out(struct text bytes, struct arena *arena)
{
	const struct wire_msg *m = choose_message(&bytes);
	struct err err = { .class = ERR_NONE };
	struct buf json = { .arena = arena };
	struct text again;
	void *ev, *back;
	bool shown = json_from_pb(m->pb, raw(bytes), bytes.n, arena, &err, &json);

	MUST(shown || (err.class == ERR_REJECT && err.msg[0] != '\0'), "%s", err.code);
	if (shown)
		MUST(text_is_utf8(buf_text(&json), TEXT_NO_NUL), "JSON that is not UTF-8");
	if (!wire_decode(m, raw(bytes), bytes.n, arena, &err, &ev))
		return;
	MUST(shown, "wire takes it, json does not: %s: %s", err.code, err.msg);
	MUST(json_to_pb(m->pb, buf_text(&json), arena, &err, &again), "%s: %s", err.code, err.msg);
	MUST(wire_decode(m, raw(again), again.n, arena, &err, &back), "%s: %s", err.code, err.msg);
	MUST(wire_equal(m, ev, back), "JSON and back is another event");
	fuzz_event_travels(m, ev, arena);
}

static bool same_event(const struct cloud_event *a, const struct cloud_event *b)
{
	const struct text *x = (const struct text *)a, *y = (const struct text *)b;

	for (size_t i = 0; i < sizeof(*a) / sizeof(*x); i++)
		if (!text_eq(x[i], y[i]))
			return false;
	return true;
}
_Static_assert(sizeof(struct cloud_event) == 11 * sizeof(struct text), "a struct of texts");

void target_cloudevent_json(struct text bytes, struct arena *arena)
{
	struct err err = { .class = ERR_NONE };
	struct buf out = { .arena = arena }, twice = { .arena = arena };
	struct cloud_event ce, back;

	if (!json_cloudevent_in(bytes, arena, &err, &ce)) {
		MUST(err.class == ERR_REJECT && err.msg[0] != '\0', "%s", err.code);
		return;
	}
	if (text_empty(ce.data_content_type) && !text_empty(ce.data_json))
		ce.data_content_type = TEXT("application/json"); /* as it is written */
	json_cloudevent_out(&ce, &out);
	MUST(json_cloudevent_in(fuzz_own(arena, buf_text(&out)), arena, &err, &back), "%s: %s", err.code, err.msg);
	MUST(same_event(&ce, &back), "written and read is another event");
	json_cloudevent_out(&back, &twice);
	MUST(text_eq(buf_text(&out), buf_text(&twice)), "written differently");
}

/* Records inside: any topic's message, strictly. */
void target_inner(struct text bytes, struct arena *arena)
{
	const struct wire_topic *topic = &wire_topics[fuzz_choice(&bytes, wire_topics_n)];
	struct err err = { .class = ERR_NONE };
	struct buf out = { .arena = arena };
	void *ev, *lenient;
	bool taken = wire_decode_strict(topic->msg, raw(bytes), bytes.n, arena, &err, &ev);

	if (!taken) {
		MUST(err.class == ERR_STOP && err.code[0] != '\0' && err.msg[0] != '\0', "class %d", err.class);
		if (wire_decode(topic->msg, raw(bytes), bytes.n, arena, &err, &lenient))
			wire_print(topic->msg, lenient, &out);
		return;
	}
	MUST(wire_decode(topic->msg, raw(bytes), bytes.n, arena, &err, &lenient), "strict takes it, lenient does not: %s", err.msg);
	MUST(wire_equal(topic->msg, ev, lenient), "strict and lenient differ");
	fuzz_event_travels(topic->msg, ev, arena);
	MUST(!text_empty(wire_event_name(topic->msg, ev)), "an event without a name");
	MUST(wire_type_known(topic->msg, wire_event_type(topic->msg, ev, arena)), "an event of an unknown type");
}

void target_packed(struct text bytes, struct arena *arena)
{
	struct record r, again;

	if (!packed_read(bytes, arena, &r))
		return;

	struct text packed = fuzz_own(arena, packed_record(&r, arena));

	/* Other bits of a flag byte mean nothing, everything else has one form. */
	MUST(packed.n == bytes.n && packed_read(packed, arena, &again), "another length: %zu, not %zu", packed.n, bytes.n);
	MUST(text_eq(packed_record(&again, arena), packed), "packed to something else");
}
