/* Events of files: JSON to record and back, columns of errors, keys, business days, placeholders. */
#include "cli/day.h"
#include "cli/event.h"
#include "cli/numbers.h"
#include "cli/place.h"
#include "ev/all.h"
#include "wire/wire.h"

#include <setjmp.h>

#include <cmocka.h>

static struct arena *arena;

static int setup(void **state)
{
	(void)state;
	arena = arena_new(1u << 20, 1u << 26);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static void assert_text(struct text got, const char *expected)
{
	assert_int_equal(got.n, strlen(expected));
	assert_memory_equal(got.s, expected, got.n);
}

#define HEAD "{\"specversion\":\"1.0\",\"id\":\"e1\",\"source\":\"/t\",\"time\":\"2026-03-31T00:00:00Z\","
#define ORDER                                                                                                                           \
	HEAD "\"type\":\"openitem.crm.order_booked.v1\",\"data\":{\"orderBooked\":{\"order\":{\"account\":\"C-1\",\"orderId\":\"O-1\"," \
	     "\"orderVersion\":1,\"entity\":\"DE01\",\"currencyCode\":\"EUR\",\"orderDate\":\"2026-03-31\",\"lines\":[{\"lineNo\":1,"   \
	     "\"item\":\"X\",\"quantityE6\":\"1000000\",\"unitPriceE6\":\"5\"}]}}}}"

static void columns_of_paths(void **state)
{
	(void)state;
	struct text json = TEXT("{\"a\":1, \"b\":{\"cD\":[10,\"x,]}\",{\"e\":\"é\",\"f\":2}]}}");

	assert_int_equal(place_column(json, TEXT("")), 1);
	assert_int_equal(place_column(json, TEXT("a")), 6);
	assert_int_equal(place_column(json, TEXT("b")), 13);
	assert_int_equal(place_column(json, TEXT("b.cD[0]")), 20);
	assert_int_equal(place_column(json, TEXT("b.c_d[1]")), 23);
	assert_int_equal(place_column(json, TEXT("b.c_d[2].e")), 35);
	/* characters, not bytes */
	assert_int_equal(place_column(json, TEXT("b.c_d[2].f")), 43);
	/* what is missing stands where its object stands */
	assert_int_equal(place_column(json, TEXT("b.nothing.more")), 13);
	assert_int_equal(place_column(json, TEXT("b.c_d[7]")), 19);
}

static void lines_of_a_file(void **state)
{
	(void)state;
	struct text rest = TEXT("one\r\n\n  \ntwo"), line;
	size_t number = 0;

	assert_true(event_next_line(&rest, &number, &line));
	assert_text(line, "one");
	assert_int_equal(number, 1);
	assert_true(event_next_line(&rest, &number, &line));
	assert_text(line, "two");
	assert_int_equal(number, 4);
	assert_false(event_next_line(&rest, &number, &line));
}

static void an_order(void **state)
{
	(void)state;
	struct event ev, again;
	struct err err;
	size_t column;
	struct buf out = { .arena = arena };

	assert_true(event_read(TEXT(ORDER), NULL, arena, &err, &column, &ev));
	assert_string_equal(ev.topic->topic, "crm.sales-order.v1");
	assert_text(ev.key, "C-1");
	assert_text(event_entity(ev.topic, ev.body, arena), "DE01");
	assert_int_equal(event_day(&ev), date_of(2026, 3, 31));
	assert_true(event_write(&ev, arena, &err, &out));
	assert_true(event_read(buf_text(&out), NULL, arena, &err, &column, &again));
	assert_true(text_eq(ev.value, again.value));
	assert_text(again.ce.id, "e1");
	assert_text(again.ce.time, "2026-03-31T00:00:00Z");
}

static const struct {
	const char *line, *topic, *msg;
	size_t column;
} bad[] = {
	{ "{\"specversion\":\"1.0\",", NULL, "string or '}' expected", 21 },
	{ "{\"specversion\":\"1.0\",\"source\":\"/t\",\"type\":\"x\"}", NULL, "id: expected a string, it is missing", 1 },
	{ HEAD "\"type\":\"openitem.crm.nonsense.v1\",\"data\":{}}", NULL,
	  "type: expected openitem.<crm|bank|command|reference>.<event>.v1", 83 },
	{ ORDER, "bank.payment.v1", "type: expected a type of topic bank.payment.v1, e.g. openitem.bank.<event>.v1", 83 },
	{ HEAD "\"type\":\"openitem.crm.order_booked.v1\"}", NULL, "data: expected the event, it is missing", 1 },
	{ HEAD "\"type\":\"openitem.crm.order_booked.v1\",\"data\":{\"orderFulfilled\":{\"account\":\"C\",\"orderId\":\"O\","
	       "\"orderVersion\":2,\"supplyDate\":\"2026-03-31\"}}}",
	  NULL, "type: expected \"openitem.crm.order_fulfilled.v1\", which is what data holds", 83 },
	{ HEAD
	  "\"type\":\"openitem.crm.order_fulfilled.v1\",\"partitionkey\":\"D\",\"data\":{\"orderFulfilled\":{\"account\":\"C\","
	  "\"orderId\":\"O\",\"orderVersion\":2,\"supplyDate\":\"2026-03-31\"}}}",
	  NULL, "partitionkey: expected \"C\", the key of this event", 132 },
	{ HEAD "\"type\":\"openitem.crm.order_fulfilled.v1\",\"data\":{\"orderFulfilled\":{\"account\":\"C\",\"orderId\":7}}}",
	  NULL, "orderFulfilled.orderId: expected a string", 167 },
	{ HEAD "\"type\":\"openitem.crm.order_fulfilled.v1\",\"data\":{\"orderFulfilled\":{\"account\":\"C\",\"orderId\":\"O\","
	       "\"orderVersion\":1,\"supplyDate\":\"2026-03-31\"}}}",
	  NULL, "order_fulfilled.order_version: ", 186 },
};

static void refusals_have_a_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		const struct wire_topic *topic = bad[i].topic == NULL ? NULL : wire_topic_find(text_of(bad[i].topic));
		size_t column = 0;
		struct event ev;
		struct err err;

		assert_false(event_read(text_of(bad[i].line), topic, arena, &err, &column, &ev));
		assert_int_equal(err.class, ERR_REJECT);
		if (strncmp(err.msg, bad[i].msg, strlen(bad[i].msg)) != 0)
			fail_msg("case %zu: %s", i, err.msg);
		if (column != bad[i].column)
			fail_msg("case %zu: column %zu, expected %zu: %s", i, column, bad[i].column, err.msg);
	}
}

static void keys_of_reference_facts(void **state)
{
	(void)state;
	const struct wire_topic *topic = wire_topic_find(TEXT("ar.reference.v1"));
	struct reference_event *e = WIRE_NEW(arena, reference_event);
	struct err err;

	assert_true(wire_set(topic->msg, e, TEXT("terms_recorded.terms_code"), TEXT("N30"), arena, &err));
	assert_text(event_key(topic, e, arena), "~reference");
	assert_true(wire_set(topic->msg, e, TEXT("entity_recorded.entity"), TEXT("DE01"), arena, &err));
	assert_text(event_key(topic, e, arena), "DE01");
	assert_true(wire_set(topic->msg, e, TEXT("day_opened.business_date"), TEXT("2026-03-31"), arena, &err));
	assert_text(event_key(topic, e, arena), "~day");
}

static void days_have_ids_that_stay(void **state)
{
	(void)state;
	struct text list[] = { TEXT("US01"), TEXT("DE01"), TEXT("US01") };
	struct event opened, again, closed, other;
	size_t n = day_sort_entities(list, ARRAY_LEN(list));
	date_t day = date_of(2026, 3, 31);
	struct err err;

	assert_int_equal(n, 2);
	assert_text(list[0], "DE01");
	assert_true(day_event(DAY_OPENED, day, list, n, TEXT("/f"), arena, &err, &opened));
	assert_true(day_event(DAY_OPENED, day, list, n, TEXT("/f"), arena, &err, &again));
	assert_true(day_event(DAY_CLOSED, day, list, n, TEXT("/f"), arena, &err, &closed));
	assert_true(day_event(DAY_OPENED, day, list, 1, TEXT("/f"), arena, &err, &other));
	assert_true(text_eq(opened.ce.id, again.ce.id));
	assert_true(text_eq(opened.value, again.value));
	assert_false(text_eq(opened.ce.id, closed.ce.id));
	assert_false(text_eq(opened.ce.id, other.ce.id));
	assert_text(opened.key, "~day");
	assert_text(opened.ce.type, "openitem.reference.day_opened.v1");
	assert_text(closed.ce.time, "2026-03-31T00:00:00Z");
}

static void placeholders(void **state)
{
	(void)state;
	int64_t missing = 0;

	assert_false(numbers_has_placeholder(TEXT("no {number:O-1} here")));
	assert_true(numbers_has_placeholder(TEXT("pay {{number:O-1}}")));
	assert_text(numbers_fill(NULL, TEXT("pay {{number:O-1}} and {{number:O-2}}."), arena, &missing), "pay O-1 and O-2.");
	assert_int_equal(missing, 2);
	assert_text(numbers_fill(NULL, TEXT("{{number:open"), arena, &missing), "{{number:open");
	assert_int_equal(missing, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_of_paths),
		cmocka_unit_test(lines_of_a_file),
		cmocka_unit_test(an_order),
		cmocka_unit_test(refusals_have_a_place),
		cmocka_unit_test(keys_of_reference_facts),
		cmocka_unit_test(days_have_ids_that_stay),
		cmocka_unit_test(placeholders),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
