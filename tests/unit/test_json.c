/* JSON of the edges: what is taken, what is refused and what is said about it. See also json_differential.py. */
#include "json/json.h"

#include "ev/all.h"

#include <setjmp.h>

#include <cmocka.h>

#include "wire_gen.h"

static struct arena *arena;

static int setup(void **state)
{
	(void)state;
	if (arena == NULL)
		arena = arena_new((size_t)32 << 20, (size_t)128 << 20);
	arena_reset(arena);
	return 0;
}

static const char *to_json(const struct wire_msg *m, struct text bytes)
{
	struct buf b = { .arena = arena };
	struct err err = { .class = ERR_NONE };

	if (!json_from_pb(m->pb, (const uint8_t *)bytes.s, bytes.n, arena, &err, &b))
		fail_msg("%s: %s", err.code, err.msg);
	return text_cstr(arena, buf_text(&b));
}

static struct text from_json(const struct wire_msg *m, const char *json)
{
	struct err err = { .class = ERR_NONE };
	struct text bytes = TEXT_NONE;

	if (!json_to_pb(m->pb, text_of(json), arena, &err, &bytes))
		fail_msg("%s: %s", err.code, err.msg);
	return bytes;
}

static void order_from_a_crm(void **state)
{
	(void)state;
	struct text bytes = from_json(
		&crm_sales_order_event_msg,
		"{\"orderBooked\":{\"order\":{\"account\":\"A1\",\"order_id\":\"O1\",\"orderVersion\":\"1\",\"entity\":\"DE01\",\n"
		" \"currencyCode\":\"EUR\",\"orderDate\":\"2026-03-31\",\"dueDate\":null,\"lines\":[\n"
		"  {\"lineNo\":1,\"item\":\"i\",\"quantityE6\":12500000,\"unitPriceE6\":\"-87300\",\"deferredRevenue\":true,\n"
		"   \"taxes\":[{\"code\":\"VAT\",\"category\":\"TAX_CATEGORY_STANDARD\",\"ratePpm\":190000}]}],\n"
		" \"netTotal\":{\"currencyCode\":\"EUR\",\"minor\":\"-109\"}}}}");
	void *ev;
	struct err err;

	assert_true(wire_decode(&crm_sales_order_event_msg, (const uint8_t *)bytes.s, bytes.n, arena, &err, &ev));

	const struct crm_order *order = ((struct crm_sales_order_event *)ev)->order_booked->order;

	assert_int_equal(order->order_version, 1);
	assert_int_equal(order->due_date, DATE_NONE);
	assert_int_equal(order->lines[0].quantity_e6, 12500000);
	assert_int_equal(order->net_total.minor, -109);
	assert_string_equal(
		to_json(&crm_sales_order_event_msg, bytes),
		"{\"orderBooked\":{\"order\":{\"account\":\"A1\",\"orderId\":\"O1\",\"orderVersion\":1,\"entity\":\"DE01\","
		"\"currencyCode\":\"EUR\",\"orderDate\":\"2026-03-31\",\"lines\":[{\"lineNo\":1,\"item\":\"i\","
		"\"quantityE6\":\"12500000\",\"unitPriceE6\":\"-87300\",\"taxes\":[{\"code\":\"VAT\","
		"\"category\":\"TAX_CATEGORY_STANDARD\",\"ratePpm\":190000}],\"deferredRevenue\":true}],"
		"\"netTotal\":{\"currencyCode\":\"EUR\",\"minor\":\"-109\"}}}}");
}

static void every_message_there_and_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < ev_all_n; i++) {
		for (unsigned round = 0; round < 20; round++) {
			struct wire_gen g = { .seed = i * 100 + round, .fill = round * 5, .arena = arena };
			const struct wire_msg *m = ev_all[i];
			struct text bytes;

			assert_true(wire_encode(m, gen_msg(&g, m), arena, NULL, &bytes));
			assert_true(text_eq(from_json(m, to_json(m, bytes)), bytes));
			arena_reset(arena);
		}
	}
}

struct refusal {
	const struct wire_msg *m;
	const char *json, *msg;
};

static void check_refusals(const struct refusal *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct err err = { .class = ERR_NONE };
		struct text bytes = TEXT("before");

		if (json_to_pb(list[i].m->pb, text_of(list[i].json), arena, &err, &bytes))
			fail_msg("taken: %s", list[i].json);
		if (strchr(list[i].msg, ':') == NULL && text_starts(text_of(err.msg), text_of(list[i].msg)))
			err.msg[strlen(list[i].msg)] = '\0'; /* the words are jansson's */
		assert_string_equal(err.msg, list[i].msg);
		assert_string_equal(err.code, "bad_json");
		assert_int_equal(err.class, ERR_REJECT);
		assert_string_equal(bytes.s, "before");
	}
}

static void broken_json_is_refused_with_line_and_column(void **state)
{
	(void)state;
	static const struct refusal list[] = {
		{ &type_item_ref_msg, "", "line 1, column 0" },
		{ &type_item_ref_msg, "{\"documentId\":\"D\",\n\"sequence\":x}", "line 2, column 12" },
		{ &type_item_ref_msg, "{\"documentId\":\"D\"", "line 1, column 17" },
		{ &type_item_ref_msg, "{} x", "line 1, column 4" },
		{ &type_item_ref_msg, "{\"documentId\":\"D\",\"documentId\":\"E\"}", "line 1, column 30" },
		{ &type_item_ref_msg, "{\"documentId\":\"\\u0000\"}", "line 1, column 22" },
		{ &type_item_ref_msg, "{\"documentId\":\"\xff\"}", "line 1, column 15" },
		{ &type_item_ref_msg, "{\"documentId\":\"\\ud800\"}", "line 1, column 22" },
		{ &type_item_ref_msg, "{\"sequence\":9223372036854775808}", "line 1, column 31" },
		{ &type_item_ref_msg, "{\"sequence\":NaN}", "line 1, column 15" },
	};

	check_refusals(list, ARRAY_LEN(list));
}

static void content_that_does_not_fit_is_refused_with_its_place(void **state)
{
	(void)state;
	static const struct refusal list[] = {
		{ &type_item_ref_msg, "[]", "ar.type.v1.ItemRef: expected an object" },
		{ &type_item_ref_msg, "7", "ar.type.v1.ItemRef: expected an object" },
		{ &type_item_ref_msg, "{\"documentid\":\"D\"}", "ar.type.v1.ItemRef: ar.type.v1.ItemRef has no field documentid" },
		{ &type_item_ref_msg, "{\"documentId\":\"D\",\"document_id\":\"D\"}", "documentId: is there as document_id too" },
		{ &type_item_ref_msg, "{\"documentId\":7}", "documentId: expected a string" },
		{ &type_item_ref_msg, "{\"sequence\":1.5}", "sequence: expected an integer, without point or exponent" },
		{ &type_item_ref_msg, "{\"sequence\":1.0}", "sequence: expected an integer, without point or exponent" },
		{ &type_item_ref_msg, "{\"sequence\":1e3}", "sequence: expected an integer, without point or exponent" },
		{ &type_item_ref_msg, "{\"sequence\":\"1.0\"}", "sequence: expected an integer" },
		{ &type_item_ref_msg, "{\"sequence\":\" 1\"}", "sequence: expected an integer" },
		{ &type_item_ref_msg, "{\"sequence\":true}", "sequence: expected an integer" },
		{ &type_item_ref_msg, "{\"sequence\":2147483648}", "sequence: expected an integer of 32 bits" },
		{ &crm_order_line_msg, "{\"quantityE6\":\"9223372036854775808\"}", "quantityE6: expected an integer" },
		{ &crm_order_line_msg, "{\"deferredRevenue\":1}", "deferredRevenue: expected true or false" },
		{ &crm_order_line_msg, "{\"taxes\":{}}", "taxes: expected an array" },
		{ &crm_order_line_msg, "{\"taxes\":[{},null]}", "taxes[1]: expected an object" },
		{ &crm_order_line_msg, "{\"taxes\":[{\"category\":\"STANDARD\"}]}",
		  "taxes[0].category: expected a value of ar.type.v1.TaxCategory, e.g. TAX_CATEGORY_STANDARD" },
		{ &crm_order_line_msg, "{\"taxes\":[{\"category\":1.5}]}",
		  "taxes[0].category: expected the name of an enum value" },
		{ &type_provenance_msg, "{\"prevHash\":\"A\"}", "prevHash: expected a string in base64" },
		{ &type_provenance_msg, "{\"prevHash\":\"A*==\"}", "prevHash: expected a string in base64" },
		{ &type_provenance_msg, "{\"prevHash\":\"====\"}", "prevHash: expected a string in base64" },
		{ &reference_day_opened_msg, "{\"entities\":[\"DE01\",null]}", "entities[1]: expected a string" },
		{ &crm_sales_order_event_msg, "{\"orderBooked\":{},\"orderAmended\":{}}",
		  "orderAmended: only one member of this oneof can be set" },
		{ &crm_sales_order_event_msg, "{\"orderBooked\":{\"order\":{\"lines\":[{},{\"quantityE6\":\"x\"}]}}}",
		  "orderBooked.order.lines[1].quantityE6: expected an integer" },
	};

	check_refusals(list, ARRAY_LEN(list));
}

static void null_means_not_set(void **state)
{
	(void)state;
	struct text bytes = from_json(&crm_sales_order_event_msg, "{\"orderBooked\":{\"order\":null},\"orderAmended\":null}");

	assert_string_equal(to_json(&crm_sales_order_event_msg, bytes), "{\"orderBooked\":{}}");
	assert_string_equal(to_json(&crm_sales_order_event_msg, from_json(&crm_sales_order_event_msg, "{}")), "{}");
}

static void sizes_are_bounded(void **state)
{
	(void)state;
	struct err err;
	struct text bytes;
	struct buf b = { .arena = arena };

	buf_adds(&b, "{\"lines\":[{}");
	for (unsigned i = 0; i < WIRE_ELEMENTS_MAX; i++)
		buf_adds(&b, ",{}");
	buf_adds(&b, "]}");
	assert_false(json_to_pb(crm_order_msg.pb, buf_text(&b), arena, &err, &bytes));
	assert_string_equal(err.msg, "lines: more than 65536 elements");

	buf_clear(&b);
	buf_adds(&b, "{\"orderId\":\"");
	while (b.n < WIRE_BYTES_MAX)
		buf_adds(&b, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
	buf_adds(&b, "\"}");
	assert_false(json_to_pb(crm_order_msg.pb, buf_text(&b), arena, &err, &bytes));
	assert_string_equal(err.msg, "ar.crm.v1.Order: more than 1048576 bytes as protobuf");

	b.n = JSON_BYTES_MAX + 1;
	b.s = arena_alloc(arena, b.n);
	assert_false(json_to_pb(crm_order_msg.pb, buf_text(&b), arena, &err, &bytes));
	assert_string_equal(err.msg, "4194305 bytes, at most 4194304");

	/* nested deeper than any stack: jansson's own limit */
	buf_clear(&b);
	for (unsigned i = 0; i < 100000; i++)
		buf_addc(&b, '[');
	assert_false(json_to_pb(crm_order_msg.pb, buf_text(&b), arena, &err, &bytes));
	assert_string_equal(err.code, "bad_json");
}

static void bytes_that_are_no_message_are_refused(void **state)
{
	(void)state;
	struct buf b = { .arena = arena };
	struct err err;

	assert_false(json_from_pb(type_item_ref_msg.pb, (const uint8_t *)"\x0a\x05x", 3, arena, &err, &b));
	assert_string_equal(err.code, "undecodable");
	assert_false(json_from_pb(type_item_ref_msg.pb, (const uint8_t *)"\x0a\x02x", 4, arena, &err, &b));
	assert_string_equal(err.code, "control_character");
	/* shown as far as it goes */
	assert_string_equal(to_json(&type_item_ref_msg, TEXT("\x0a\x02\xff"
							     "x\x90\x01\x07")),
			    "{\"documentId\":\"\\ufffdx\"}");
}

/* ---- CloudEvents ---- */

static void a_cloudevent_there_and_back(void **state)
{
	(void)state;
	const struct cloud_event ce = {
		.id = TEXT("e-1"),
		.source = TEXT("/crm/eu"),
		.type = TEXT("openitem.crm.order_booked.v1"),
		.time = TEXT("2026-03-31T12:00:00Z"),
		.subject = TEXT("O\"1\""),
		.correlation_id = TEXT("c"),
		.causation_id = TEXT("d"),
		.partition_key = TEXT("A1"),
		.trace_parent = TEXT("00-0af7-b7-01"),
		.data_json = TEXT("{\"orderBooked\":{}}"),
	};
	static const char expected[] =
		"{\"specversion\":\"1.0\",\"id\":\"e-1\",\"source\":\"/crm/eu\",\"type\":\"openitem.crm.order_booked.v1\","
		"\"time\":\"2026-03-31T12:00:00Z\",\"subject\":\"O\\\"1\\\"\",\"correlationid\":\"c\",\"causationid\":\"d\","
		"\"partitionkey\":\"A1\",\"traceparent\":\"00-0af7-b7-01\",\"datacontenttype\":\"application/json\","
		"\"data\":{\"orderBooked\":{}}}";
	struct buf b = { .arena = arena };
	struct cloud_event back;
	struct err err;

	json_cloudevent_out(&ce, &b);
	assert_string_equal(b.s, expected);
	assert_true(json_cloudevent_in(buf_text(&b), arena, &err, &back));
	assert_true(text_eq(back.subject, ce.subject));
	assert_true(text_eq(back.data_json, ce.data_json));
	buf_clear(&b);
	json_cloudevent_out(&back, &b);
	assert_string_equal(b.s, expected);

	const struct cloud_event least = { .id = TEXT("1"), .source = TEXT("s"), .type = TEXT("t") };

	buf_clear(&b);
	json_cloudevent_out(&least, &b);
	assert_string_equal(b.s, "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"s\",\"type\":\"t\"}");
	assert_true(json_cloudevent_in(buf_text(&b), arena, &err, &back));
	assert_true(text_empty(back.data_json) && text_empty(back.time));
}

#define CE "\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"s\",\"type\":\"t\""

static void cloudevents_are_taken(void **state)
{
	(void)state;
	static const char *const good[] = {
		"{" CE ",\"otherextension\":7,\"dataschema\":\"x\"}",
		"{" CE ",\"datacontenttype\":\"application/json; charset=utf-8\",\"data\":{}}",
		"{" CE ",\"datacontenttype\":\"application/vnd.crm+json\",\"data\":{}}",
		"{" CE ",\"time\":\"2026-03-31T12:00:00.5+02:00\",\"subject\":null}",
		"{" CE ",\"data\":[1,2.50,\"\\u00e4\",null,true]}",
	};
	struct cloud_event ce;
	struct err err;

	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		if (!json_cloudevent_in(text_of(good[i]), arena, &err, &ce))
			fail_msg("%s: %s", good[i], err.msg);
	assert_string_equal(ce.data_json.s, "[1,2.5,\"ä\",null,true]");
}

static void cloudevents_are_refused(void **state)
{
	(void)state;
	static const char *const bad[][2] = {
		{ "[]", "CloudEvent: expected an object" },
		{ "{\"id\":\"1\"}", "specversion: expected \"1.0\"" },
		{ "{\"specversion\":\"0.3\"}", "specversion: expected \"1.0\"" },
		{ "{\"specversion\":\"1.0\"}", "id: expected a string, it is missing" },
		{ "{\"specversion\":\"1.0\",\"id\":\"\"}", "id: expected a string that is not empty" },
		{ "{\"specversion\":\"1.0\",\"id\":7}", "id: expected a string" },
		{ "{\"specversion\":\"1.0\",\"id\":\"a\\nb\"}", "id: expected a string without control characters" },
		{ "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"s\"}", "type: expected a string, it is missing" },
		{ "{" CE ",\"time\":\"yesterday\"}", "time: expected an instant as in RFC 3339" },
		{ "{" CE ",\"datacontenttype\":\"application/protobuf\"}", "datacontenttype: expected application/json" },
		{ "{" CE ",\"data_base64\":\"AA==\"}", "data_base64: expected JSON under data instead" },
		{ "{" CE ",\"id\":\"2\"}", "line 1, column 58: duplicate object key" },
	};
	struct cloud_event ce = { .id = TEXT("before") };
	struct err err;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (json_cloudevent_in(text_of(bad[i][0]), arena, &err, &ce))
			fail_msg("taken: %s", bad[i][0]);
		assert_string_equal(err.msg, bad[i][1]);
		assert_string_equal(err.code, "bad_json");
		assert_string_equal(ce.id.s, "before");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(order_from_a_crm, setup),
		cmocka_unit_test_setup(every_message_there_and_back, setup),
		cmocka_unit_test_setup(broken_json_is_refused_with_line_and_column, setup),
		cmocka_unit_test_setup(content_that_does_not_fit_is_refused_with_its_place, setup),
		cmocka_unit_test_setup(null_means_not_set, setup),
		cmocka_unit_test_setup(sizes_are_bounded, setup),
		cmocka_unit_test_setup(bytes_that_are_no_message_are_refused, setup),
		cmocka_unit_test_setup(a_cloudevent_there_and_back, setup),
		cmocka_unit_test_setup(cloudevents_are_taken, setup),
		cmocka_unit_test_setup(cloudevents_are_refused, setup),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	arena_free(arena);
	return failed;
}
