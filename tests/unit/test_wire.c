/* Decode, encode and check, for every message of the house by its table. */
#include "wire/inner.h"

#include "ev/all.h"
#include "wire/topics.h"

#include "ar/type/v1/type.pb-c.h"

#include <setjmp.h>

#include <cmocka.h>

#include "wire_gen.h"

#define ROUNDS 60

static struct arena *arena;

static int setup(void **state)
{
	(void)state;
	if (arena == NULL)
		arena = arena_new((size_t)64 << 20, (size_t)256 << 20);
	arena_reset(arena);
	return 0;
}

static void *must_decode(const struct wire_msg *m, struct text bytes)
{
	struct err err = { .class = ERR_NONE };
	void *ev = NULL;

	if (!wire_decode_strict(m, (const uint8_t *)bytes.s, bytes.n, arena, &err, &ev))
		fail_msg("%s: %s: %s", m->name, err.code, err.msg);
	return ev;
}

static struct text must_encode(const struct wire_msg *m, const void *ev)
{
	struct err err = { .class = ERR_NONE };
	struct text bytes = TEXT_NONE;

	if (!wire_encode(m, ev, arena, &err, &bytes))
		fail_msg("%s: %s", err.code, err.msg);
	return bytes;
}

static void check_refused(const struct wire_msg *m, struct text bytes, const char *code, const char *place)
{
	struct err err = { .class = ERR_NONE };
	void *ev = NULL;

	if (wire_decode(m, (const uint8_t *)bytes.s, bytes.n, arena, &err, &ev))
		fail_msg("%s %s: taken, expected %s", m->name, place, code);
	if (strcmp(err.code, code) != 0 || !text_starts(text_of(err.msg), text_of(place)) ||
	    strchr(":[. ", err.msg[strlen(place)]) == NULL)
		fail_msg("%s: expected %s at %s, got %s: %s", m->name, code, place, err.code, err.msg);
	assert_int_equal(err.class, ERR_REJECT);
	assert_null(ev);
}

static void tables_agree_with_protobuf_c(void **state)
{
	(void)state;
	assert_true(ev_all_n > 60);
	for (size_t i = 0; i < ev_all_n; i++) {
		const struct wire_msg *m = ev_all[i];

		assert_string_equal(m->name, m->pb->name);
		assert_int_equal(m->n_fields, m->pb->n_fields);
		for (size_t k = 0; k < m->n_fields; k++) {
			assert_string_equal(m->fields[k].name, m->pb->fields[k].name);
			assert_int_equal(m->fields[k].number, m->pb->fields[k].id);
			assert_int_equal(m->fields[k].pb_at, m->pb->fields[k].offset);
		}
	}
	for (size_t i = 0; i < wire_topics_n; i++)
		assert_ptr_equal(wire_topics[i].msg->pb, wire_topics[i].pb);
}

static void every_message_survives_a_round_trip(void **state)
{
	(void)state;
	for (size_t i = 0; i < ev_all_n; i++) {
		for (unsigned round = 0; round < ROUNDS; round++) {
			struct wire_gen g = { .seed = i * 1000 + round, .fill = round % 4 * 33, .arena = arena };
			const struct wire_msg *m = ev_all[i];
			void *ev = gen_msg(&g, m);
			struct text bytes = must_encode(m, ev);
			void *back = must_decode(m, bytes), *copy = wire_copy(m, back, arena);

			assert_true(wire_equal(m, ev, back));
			assert_true(wire_equal(m, back, copy));
			assert_true(text_eq(bytes, must_encode(m, copy)));
			arena_reset(arena);
		}
	}
}

static void what_is_decoded_does_not_need_the_bytes(void **state)
{
	(void)state;
	struct wire_gen g = { .seed = 7, .fill = 100, .arena = arena };
	void *ev = gen_msg(&g, &billing_event_msg);
	struct text bytes = must_encode(&billing_event_msg, ev);
	char *raw = malloc(bytes.n);

	memcpy(raw, bytes.s, bytes.n);
	void *back = must_decode(&billing_event_msg, (struct text){ raw, bytes.n });
	memset(raw, 0xee, bytes.n);
	free(raw);
	assert_true(wire_equal(&billing_event_msg, ev, back));
}

/* ---- every tag of every field, violated in the protobuf-c struct ---- */

static struct text pack(const ProtobufCMessage *pb)
{
	struct text bytes;

	assert_true(wire_pack(pb, arena, &bytes));
	return bytes;
}

/* A full, valid message of m as protobuf-c has it. */
static ProtobufCMessage *base(const struct wire_msg *m, const struct wire_field *f)
{
	struct wire_gen g = { .seed = f->number, .fill = 100, .arena = arena };

	return wire_to_pb(m, gen_msg_with(&g, m, f), arena);
}

static char *repeat(char c, size_t n)
{
	char *s = arena_alloc(arena, n + 1);

	memset(s, c, n);
	return s;
}

/* Where the string is: the member, the first element, or the clear value of personal data. */
static char **string_in(const struct wire_field *f, ProtobufCMessage *pb)
{
	void *at = wire_inm(pb, f->pb_at);

	if ((f->flags & WIRE_REPEATED) != 0)
		at = *(void **)at;
	if (f->kind == WIRE_PERSONAL)
		return &(*(Ar__Type__V1__Personal **)at)->clear;
	return at;
}

static void string_refused(const struct wire_msg *m, const struct wire_field *f, const char *value, const char *code)
{
	ProtobufCMessage *pb = base(m, f);

	*string_in(f, pb) = arena_dup(arena, value, strlen(value) + 1);
	check_refused(m, pack(pb), code, f->name);
}

static void violate_string(const struct wire_msg *m, const struct wire_field *f)
{
	static const char *const controls[] = { "a\x01", "\x7f", "\xc2\x85", "\x1b[" };
	static const char *const not_utf8[] = { "\xff", "\xc0\xaf", "\xed\xa0", "a\x80" };
	static const char *const days[] = { "2026-02-30", "2026-3-1", "20260301", "0000-00-00", "2026-13-01", "x" };
	ProtobufCMessage *pb = base(m, f);
	struct text bytes;

	*string_in(f, pb) = repeat('^', 2);
	bytes = pack(pb);
	((char *)(uintptr_t)bytes.s)[text_find(bytes, TEXT("^^"))] = '\0';
	check_refused(m, bytes, "control_character", f->name);
	if (f->kind == WIRE_DATE) {
		for (size_t i = 0; i < ARRAY_LEN(days); i++)
			string_refused(m, f, days[i], "bad_date");
		return;
	}
	string_refused(m, f, repeat('x', f->max + 1), "too_long");
	for (size_t i = 0; i < ARRAY_LEN(controls); i++)
		string_refused(m, f, controls[i], "control_character");
	for (size_t i = 0; i < ARRAY_LEN(not_utf8); i++)
		string_refused(m, f, not_utf8[i], "invalid_utf8");
	if ((f->flags & WIRE_CURRENCY) != 0)
		string_refused(m, f, "XXX", "unknown_currency");
	if ((f->flags & WIRE_LINES) == 0 && f->max >= 3)
		string_refused(m, f, "a\nb", "control_character");
	if ((f->flags & WIRE_REPEATED) != 0)
		string_refused(m, f, "", "missing_field");
}

static void violate_value(const struct wire_msg *m, const struct wire_field *f)
{
	ProtobufCMessage *pb = base(m, f);
	void *at = wire_inm(pb, f->pb_at);

	if ((f->flags & WIRE_REPEATED) != 0)
		at = *(void **)at;
	if (f->kind == WIRE_ENUM) {
		*(int32_t *)at = 99;
		check_refused(m, pack(pb), "unknown_enum", f->name);
		*(int32_t *)at = -1;
		check_refused(m, pack(pb), "unknown_enum", f->name);
	} else if (f->kind == WIRE_BYTES) {
		*(ProtobufCBinaryData *)at = (ProtobufCBinaryData){ f->max + 1, (uint8_t *)repeat('x', f->max + 1) };
		check_refused(m, pack(pb), "too_long", f->name);
	} else if (f->kind == WIRE_PERSONAL) {
		Ar__Type__V1__Personal *personal = *(Ar__Type__V1__Personal **)at;

		personal->sealed = (ProtobufCBinaryData){ 1, (uint8_t *)repeat('x', 1) };
		check_refused(m, pack(pb), "sealed_unsupported", f->name);
		personal->sealed.len = 0;
		personal->key_id = repeat('k', 3);
		check_refused(m, pack(pb), "sealed_unsupported", f->name);
	} else if (f->kind == WIRE_MONEY) {
		static const char *const codes[] = { "XXX", "", "US", "USDX", "usd" };
		Ar__Type__V1__Money *money = *(Ar__Type__V1__Money **)at;

		money->minor = INT64_MIN;
		check_refused(m, pack(pb), "out_of_range", f->name);
		money->minor = 0;
		for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
			money->currency_code = arena_dup(arena, codes[i], strlen(codes[i]) + 1);
			check_refused(m, pack(pb), "unknown_currency", f->name);
		}
	}
}

static void violate_range(const struct wire_msg *m, const struct wire_field *f)
{
	ProtobufCMessage *pb = base(m, f);
	void *at = wire_inm(pb, f->pb_at);
	const int64_t outside[] = { f->low - 1, f->high + 1, 0 };

	for (size_t i = 0; i < ARRAY_LEN(outside); i++) {
		int32_t narrow = (int32_t)outside[i];

		if (outside[i] >= f->low && outside[i] <= f->high)
			continue;
		if (f->kind == WIRE_INT32 && narrow != outside[i])
			continue;
		memcpy(at, f->kind == WIRE_INT32 ? (const void *)&narrow : &outside[i], wire_pb_size(f));
		check_refused(m, pack(pb), "out_of_range", f->name);
	}
}

static void violate_presence(const struct wire_msg *m, const struct wire_field *f)
{
	ProtobufCMessage *pb = base(m, f);

	if ((f->flags & WIRE_REPEATED) != 0)
		*(size_t *)wire_inm(pb, f->pb_n_at) = 0;
	else
		memset(wire_inm(pb, f->pb_at), 0, wire_pb_size(f));
	check_refused(m, pack(pb), "missing_field", f->name);
}

static void violate_count(const struct wire_msg *m, const struct wire_field *f)
{
	struct wire_gen g = { .seed = 1, .fill = 0, .arena = arena };
	ProtobufCMessage *pb = base(m, f);
	char *first = *(char **)wire_inm(pb, f->pb_at);
	size_t n = f->max_n + 1, size = wire_pb_size(f);
	char *many = arena_array(arena, n, size);

	if (f->kind == WIRE_MESSAGE)
		*(ProtobufCMessage **)(void *)first = wire_to_pb(f->msg, gen_msg(&g, f->msg), arena);
	for (size_t i = 0; i < n; i++)
		memcpy(many + i * size, first, size);
	*(size_t *)wire_inm(pb, f->pb_n_at) = n;
	*(void **)wire_inm(pb, f->pb_at) = many;
	check_refused(m, pack(pb), "too_many", f->name);
}

static void every_tag_is_enforced(void **state)
{
	(void)state;
	for (size_t i = 0; i < ev_all_n; i++) {
		const struct wire_msg *m = ev_all[i];

		for (size_t k = 0; k < m->n_fields; k++) {
			const struct wire_field *f = &m->fields[k];

			must_decode(m, pack(base(m, f)));
			if (f->kind == WIRE_TEXT || f->kind == WIRE_DATE || f->kind == WIRE_PERSONAL)
				violate_string(m, f);
			violate_value(m, f);
			if ((f->flags & WIRE_RANGE) != 0)
				violate_range(m, f);
			if ((f->flags & WIRE_REQ) != 0)
				violate_presence(m, f);
			if ((f->flags & WIRE_REPEATED) != 0)
				violate_count(m, f);
			arena_reset(arena);
		}
		for (size_t k = 0; k < m->n_oneofs; k++) {
			assert_true(m->oneofs[k].req);
			ProtobufCMessage *pb = base(m, &m->fields[0]);

			memset(wire_inm(pb, m->oneofs[k].pb_case_at), 0, sizeof(int32_t));
			check_refused(m, pack(pb), "missing_field", m->oneofs[k].name);
		}
	}
}

/* ---- cut and damaged bytes ---- */

/* Refused, or something valid that encodes to what it decodes from. */
static bool refused_or_valid(const struct wire_msg *m, struct text bytes)
{
	struct err err = { .class = ERR_NONE };
	void *ev;

	if (!wire_decode(m, (const uint8_t *)bytes.s, bytes.n, arena, &err, &ev)) {
		assert_int_equal(err.class, ERR_REJECT);
		assert_true(err.code[0] != '\0' && err.msg[0] != '\0');
		return false;
	}
	assert_true(wire_validate(m, ev, &err));
	assert_true(wire_equal(m, ev, must_decode(m, must_encode(m, ev))));
	return true;
}

static void cut_anywhere_it_is_refused_or_valid(void **state)
{
	(void)state;
	size_t taken = 0;

	for (size_t i = 0; i < ev_all_n; i++) {
		struct wire_gen g = { .seed = i, .fill = 50, .arena = arena };
		const struct wire_msg *m = ev_all[i];
		struct text bytes = must_encode(m, gen_msg(&g, m));
		size_t mark = arena_mark(arena);

		for (size_t n = 0; n < MIN(bytes.n, (size_t)4000); n++) {
			/* A block of its own, so that ASan sees a read behind the end. */
			char *cut = malloc(MAX(n, (size_t)1));

			memcpy(cut, bytes.s, n);
			taken += refused_or_valid(m, (struct text){ cut, n });
			free(cut);
			arena_rewind(arena, mark);
		}
		arena_reset(arena);
	}
	assert_true(taken > 0); /* at field boundaries, where nothing required is lost */
}

static void damaged_anywhere_it_is_refused_or_valid(void **state)
{
	(void)state;
	for (size_t i = 0; i < ev_all_n; i++) {
		struct wire_gen g = { .seed = i, .fill = 60, .arena = arena };
		const struct wire_msg *m = ev_all[i];
		struct text bytes = must_encode(m, gen_msg(&g, m));
		size_t mark = arena_mark(arena);
		char *raw = malloc(bytes.n + 1);

		for (unsigned round = 0; round < 1500; round++) {
			memcpy(raw, bytes.s, bytes.n);
			for (unsigned flips = 0; flips <= round % 3 && bytes.n > 0; flips++)
				raw[gen_below(&g, bytes.n)] = (char)gen_next(&g);
			refused_or_valid(m, (struct text){ raw, bytes.n });
			arena_rewind(arena, mark);
		}
		free(raw);
		arena_reset(arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(tables_agree_with_protobuf_c, setup),
		cmocka_unit_test_setup(every_message_survives_a_round_trip, setup),
		cmocka_unit_test_setup(what_is_decoded_does_not_need_the_bytes, setup),
		cmocka_unit_test_setup(every_tag_is_enforced, setup),
		cmocka_unit_test_setup(cut_anywhere_it_is_refused_or_valid, setup),
		cmocka_unit_test_setup(damaged_anywhere_it_is_refused_or_valid, setup),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	arena_free(arena);
	return failed;
}
