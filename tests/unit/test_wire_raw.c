/* Bytes that no honest encoder writes, and what strangers and newer versions may send. */
#include "wire/inner.h"

#include "ev/all.h"
#include "wire/topics.h"

#include <setjmp.h>

#include <cmocka.h>

#include "wire_gen.h"

static struct arena *arena;

static int setup(void **state)
{
	(void)state;
	if (arena == NULL)
		arena = arena_new((size_t)16 << 20, (size_t)64 << 20);
	arena_reset(arena);
	return 0;
}

static void add_varint(struct buf *b, uint64_t number)
{
	for (; number >= 0x80; number >>= 7)
		buf_addc(b, (char)(number | 0x80));
	buf_addc(b, (char)number);
}

static void add_number(struct buf *b, uint32_t field, uint64_t number)
{
	add_varint(b, field << 3);
	add_varint(b, number);
}

static void add_piece(struct buf *b, uint32_t field, struct text piece)
{
	add_varint(b, field << 3 | 2);
	add_varint(b, piece.n);
	buf_add(b, piece);
}

static void check(const struct wire_msg *m, struct text bytes, bool strict, enum err_class class, const char *code, const char *msg)
{
	struct err err = { .class = ERR_NONE };
	void *ev = NULL;
	bool ok = strict ? wire_decode_strict(m, (const uint8_t *)bytes.s, bytes.n, arena, &err, &ev)
			 : wire_decode(m, (const uint8_t *)bytes.s, bytes.n, arena, &err, &ev);

	assert_string_equal(err.code, code);
	assert_string_equal(err.msg, msg);
	assert_int_equal(err.class, class);
	assert_int_equal(ok, class == ERR_NONE);
	/* err is optional */
	if (!ok)
		assert_false(wire_decode(m, (const uint8_t *)bytes.s, bytes.n, arena, NULL, &ev) && !strict);
}

static void refused(const struct wire_msg *m, const struct buf *b, const char *code, const char *msg)
{
	check(m, buf_text(b), false, ERR_REJECT, code, msg);
}

/* A valid command.LiftBlock with one field. */
static struct buf block(void)
{
	struct buf b = { .arena = arena };

	add_piece(&b, 1, TEXT("B1"));
	return b;
}

static void broken_framing_is_refused(void **state)
{
	(void)state;
	static const struct text broken[] = {
		TEXT("\x0a"), /* no length */
		TEXT("\x0a\x05"
		     "ab"), /* length beyond the end */
		TEXT("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
		     "ab"),
		TEXT("\x80"), /* cut varint */
		TEXT("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00"), /* eleven bytes */
		TEXT("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"), /* beyond 64 bits */
		TEXT("\x02\x01"
		     "a"), /* field 0 */
		TEXT("\x80\x80\x80\x80\x10\x00"), /* tag beyond 32 bits */
		TEXT("\x7b\x7c"), /* group */
		TEXT("\x7e"),
		TEXT("\x7f"), /* wire types 6 and 7 */
		TEXT("\x79\x01"), /* cut fixed64 */
		TEXT("\x7d\x01\x02\x03"), /* cut fixed32 */
	};

	for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
		struct err err;
		void *ev;

		assert_false(wire_decode(&command_lift_block_msg, (const uint8_t *)broken[i].s, broken[i].n, arena, &err, &ev));
		assert_string_equal(err.code, "undecodable");
	}
	/* Confluent framing is not ours to strip: it begins with 0. */
	check(&command_lift_block_msg,
	      TEXT("\0\0\0\0\x07\0\x0a\x02"
		   "B1"),
	      false, ERR_REJECT, "undecodable", "ar.command.v1.LiftBlock: broken or cut protobuf at byte 1");
}

static void wrong_wire_type_is_refused(void **state)
{
	(void)state;
	struct buf b = { .arena = arena };

	add_number(&b, 1, 7);
	refused(&command_lift_block_msg, &b, "undecodable", "block_id: wire type 0, expected 2");
}

static void a_field_twice_is_refused(void **state)
{
	(void)state;
	struct buf b = block();

	add_piece(&b, 1, TEXT("B2"));
	refused(&command_lift_block_msg, &b, "undecodable", "block_id: occurs twice");
}

static void two_members_of_a_oneof_are_refused(void **state)
{
	(void)state;
	struct buf inner = block(), b = { .arena = arena };

	add_piece(&b, 1, TEXT("A1"));
	add_piece(&b, 2, TEXT("me"));
	add_piece(&b, 15, buf_text(&inner));
	check(&command_event_msg, buf_text(&b), true, ERR_NONE, "", "");
	add_piece(&b, 10, TEXT_NONE);
	refused(&command_event_msg, &b, "undecodable", "lift_block: beside assign_payer: only one of them can be set");
}

static void numbers_that_do_not_fit_are_refused(void **state)
{
	(void)state;
	struct buf b = { .arena = arena };

	add_piece(&b, 1, TEXT("D1"));
	add_number(&b, 2, UINT64_C(0x100000001)); /* protobuf-c would read 1 */
	refused(&type_item_ref_msg, &b, "out_of_range", "sequence: does not fit its type");

	b.n = 0;
	add_number(&b, 9, 2); /* a bool */
	refused(&crm_customer_recorded_msg, &b, "out_of_range", "apply_oldest_first: does not fit its type");

	b.n = 0;
	add_number(&b, 1, UINT64_C(0x100000001)); /* an enum */
	refused(&crm_address_msg, &b, "out_of_range", "kind: does not fit its type");
}

static void packed_and_unpacked_are_the_same(void **state)
{
	(void)state;
	struct buf packed = { .arena = arena }, loose = { .arena = arena };
	void *x, *y;

	for (unsigned i = 0; i < 2; i++) {
		struct buf *b = i == 0 ? &packed : &loose;

		add_number(b, 1, 1);
		add_piece(b, 2, TEXT("2026-01-01"));
	}
	add_piece(&packed, 3, TEXT("\1\2\3"));
	for (unsigned i = 1; i <= 3; i++)
		add_number(&loose, 3, i);
	assert_true(wire_decode(&reference_cash_rules_recorded_msg, (uint8_t *)packed.s, packed.n, arena, NULL, &x));
	assert_true(wire_decode(&reference_cash_rules_recorded_msg, (uint8_t *)loose.s, loose.n, arena, NULL, &y));
	assert_true(wire_equal(&reference_cash_rules_recorded_msg, x, y));
	assert_int_equal(((struct reference_cash_rules_recorded *)y)->n_rules, 3);

	add_piece(&packed, 3, TEXT("\1\2\3\4\1\2"));
	refused(&reference_cash_rules_recorded_msg, &packed, "too_many", "rules: more than 8 elements");
	loose.n -= 2;
	add_piece(&loose, 3, TEXT("\x80"));
	refused(&reference_cash_rules_recorded_msg, &loose, "undecodable", "rules[2]: broken or cut protobuf at byte 21");
}

static void a_newer_sender_is_taken_outside_and_stops_inside(void **state)
{
	(void)state;
	struct buf b = block();

	add_number(&b, 900, 1);
	add_piece(&b, 901, TEXT("new"));
	check(&command_lift_block_msg, buf_text(&b), false, ERR_NONE, "", "");
	check(&command_lift_block_msg, buf_text(&b), true, ERR_STOP, "unknown_field",
	      "ar.command.v1.LiftBlock: field 900 of ar.command.v1.LiftBlock is not known to this version");

	/* A kind of event that is new. */
	b.n = 0;
	add_piece(&b, 77, TEXT("x"));
	refused(&crm_customer_event_msg, &b, "missing_field", "event: nothing is set that this version knows");
	check(&crm_customer_event_msg, buf_text(&b), true, ERR_STOP, "unknown_field",
	      "ar.crm.v1.CustomerEvent: field 77 of ar.crm.v1.CustomerEvent is not known to this version");

	b = block();
	for (unsigned i = 0; i <= WIRE_UNKNOWN_MAX; i++)
		add_number(&b, 900, 1);
	refused(&command_lift_block_msg, &b, "too_many", "ar.command.v1.LiftBlock: more than 64 unknown fields");
}

static void inside_everything_stops(void **state)
{
	(void)state;
	check(&command_lift_block_msg, TEXT_NONE, true, ERR_STOP, "missing_field", "block_id: is missing");
}

/* Small payloads that would take a lot of memory. */
static void bombs_are_refused_before_they_take_memory(void **state)
{
	(void)state;
	struct buf lines = { .arena = arena }, b = { .arena = arena }, outer = { .arena = arena };
	size_t used;

	for (unsigned i = 0; i < 200000; i++)
		add_piece(&lines, 11, TEXT_NONE);
	add_piece(&b, 1, buf_text(&lines));
	add_piece(&outer, 1, buf_text(&b));
	used = arena_used(arena);
	refused(&crm_sales_order_event_msg, &outer, "too_many", "order_booked.order.lines: more than 1000 elements");
	assert_true(arena_used(arena) - used < 1024);

	/* Within the limit of each field, beyond that of the payload. */
	struct buf entry = { .arena = arena };

	b.n = 0;
	for (unsigned i = 0; i < 600; i++)
		add_piece(&entry, 4, TEXT_NONE);
	for (unsigned i = 0; i < 300; i++)
		add_piece(&b, 3, buf_text(&entry));
	used = arena_used(arena);
	refused(&cash_event_msg, &b, "too_many", "entries[109].lines[26]: more than 65536 elements in one payload");
	assert_true(arena_used(arena) - used < 1024);

	b = block();
	add_piece(&b, 900, (struct text){ arena_alloc(arena, WIRE_BYTES_MAX), WIRE_BYTES_MAX });
	refused(&command_lift_block_msg, &b, "undecodable", "ar.command.v1.LiftBlock: 1048585 bytes, at most 1048576");
}

static void a_message_names_the_place_not_the_value(void **state)
{
	(void)state;
	struct wire_gen g = { .seed = 3, .fill = 100, .arena = arena };
	struct intake_event *ev = WIRE_NEW(arena, intake_event);

	ev->fact_case = INTAKE_EVENT_SALES_ORDER;
	ev->sales_order = WIRE_NEW(arena, crm_sales_order_event);
	ev->sales_order->event_case = CRM_SALES_ORDER_EVENT_ORDER_BOOKED;
	while (ev->sales_order->order_booked == NULL || ev->sales_order->order_booked->order->n_lines < 3)
		ev->sales_order->order_booked = gen_msg(&g, &crm_order_booked_msg);
	ev->account = ev->fact_type = TEXT("x");

	struct crm_order_line *line = &ev->sales_order->order_booked->order->lines[2];
	struct text bytes;

	line->item = TEXT("secret\x01");
	assert_true(wire_pack(wire_to_pb(&intake_event_msg, ev, arena), arena, &bytes));
	check(&intake_event_msg, bytes, false, ERR_REJECT, "control_character",
	      "sales_order.order_booked.order.lines[2].item: holds a control character");
	line->item = TEXT_NONE;
	assert_true(wire_pack(wire_to_pb(&intake_event_msg, ev, arena), arena, &bytes));
	check(&intake_event_msg, bytes, false, ERR_REJECT, "missing_field",
	      "sales_order.order_booked.order.lines[2].item: is missing");
	line->item = TEXT("i");
	line->quantity_e6 = 0;
	assert_true(wire_pack(wire_to_pb(&intake_event_msg, ev, arena), arena, &bytes));
	check(&intake_event_msg, bytes, false, ERR_REJECT, "out_of_range",
	      "sales_order.order_booked.order.lines[2].quantity_e6: 0, expected 1 to 1000000000000000");
}

static void an_invalid_event_is_never_encoded(void **state)
{
	(void)state;
	struct command_lift_block *b = WIRE_NEW(arena, command_lift_block);
	struct text bytes = TEXT("before");
	struct err err = { .class = ERR_NONE };

	assert_false(wire_encode(&command_lift_block_msg, b, arena, &err, &bytes));
	assert_int_equal(err.class, ERR_STOP);
	assert_string_equal(err.code, "encode_invalid");
	assert_string_equal(err.msg, "ar.command.v1.LiftBlock: missing_field: block_id: is missing");
	assert_string_equal(bytes.s, "before");

	struct command_event *ev = WIRE_NEW(arena, command_event);

	ev->account = ev->issued_by = TEXT("me");
	ev->command_case = COMMAND_EVENT_APPLY;
	assert_false(wire_validate(&command_event_msg, ev, &err));
	assert_string_equal(err.msg, "apply: its case is set, it is not");
	ev->command_case = (enum command_event_case)99;
	assert_false(wire_validate(&command_event_msg, ev, &err));
	assert_string_equal(err.code, "unknown_enum");

	struct command_set_block *set = WIRE_NEW(arena, command_set_block);

	assert_int_equal(set->until, DATE_NONE);
	set->block_id = TEXT("B\0C");
	set->reason = COMMAND_BLOCK_REASON_LEGAL;
	assert_false(wire_validate(&command_set_block_msg, set, &err));
	assert_string_equal(err.code, "control_character");
	set->block_id = TEXT("B");
	assert_true(wire_validate(&command_set_block_msg, set, &err));
	set->until = DATE_MAX + 1;
	assert_false(wire_validate(&command_set_block_msg, set, &err));
	assert_string_equal(err.code, "bad_date");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(broken_framing_is_refused, setup),
		cmocka_unit_test_setup(wrong_wire_type_is_refused, setup),
		cmocka_unit_test_setup(a_field_twice_is_refused, setup),
		cmocka_unit_test_setup(two_members_of_a_oneof_are_refused, setup),
		cmocka_unit_test_setup(numbers_that_do_not_fit_are_refused, setup),
		cmocka_unit_test_setup(packed_and_unpacked_are_the_same, setup),
		cmocka_unit_test_setup(a_newer_sender_is_taken_outside_and_stops_inside, setup),
		cmocka_unit_test_setup(inside_everything_stops, setup),
		cmocka_unit_test_setup(bombs_are_refused_before_they_take_memory, setup),
		cmocka_unit_test_setup(a_message_names_the_place_not_the_value, setup),
		cmocka_unit_test_setup(an_invalid_event_is_never_encoded, setup),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	arena_free(arena);
	return failed;
}
