/* Structs by path and in one line; names of events and topics. */
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

static void set(const struct wire_msg *m, void *ev, const char *path, const char *value)
{
	struct err err = { .class = ERR_NONE };

	if (!wire_set(m, ev, text_of(path), text_of(value), arena, &err))
		fail_msg("%s: %s", err.code, err.msg);
}

static void set_fails(const struct wire_msg *m, void *ev, const char *path, const char *value, const char *code, const char *msg)
{
	struct err err = { .class = ERR_NONE };

	assert_false(wire_set(m, ev, text_of(path), text_of(value), arena, &err));
	assert_string_equal(err.code, code);
	assert_string_equal(err.msg, msg);
	assert_int_equal(err.class, ERR_REJECT);
}

static void reads(const struct wire_msg *m, const void *ev, const char *path, const char *expected)
{
	struct err err = { .class = ERR_NONE };
	struct text value;

	if (!wire_get(m, ev, text_of(path), arena, &err, &value))
		fail_msg("%s: %s", err.code, err.msg);
	assert_string_equal(text_cstr(arena, value), expected);
}

static void get_fails(const struct wire_msg *m, const void *ev, const char *path, const char *msg)
{
	struct err err = { .class = ERR_NONE };
	struct text value;

	assert_false(wire_get(m, ev, text_of(path), arena, &err, &value));
	assert_string_equal(err.code, "bad_path");
	assert_string_equal(err.msg, msg);
}

static const char *printed(const struct wire_msg *m, const void *ev)
{
	struct buf b = { .arena = arena };

	wire_print(m, ev, &b);
	return text_cstr(arena, buf_text(&b));
}

/* The worked example of this file: an invoice, written by path. */
static struct billing_event *invoice(void)
{
	static const char *const lines[][2] = {
		{ "account", "A1" },
		{ "event.invoice_issued.document_id", "D1" },
		{ "invoice_issued.type", "invoice" },
		{ "invoice_issued.number", "DE2600001" },
		{ "invoice_issued.entity", "DE01" },
		{ "invoice_issued.currency_code", "EUR" },
		{ "invoice_issued.issue_date", "2026-03-31" },
		{ "invoice_issued.accounting_date", "2026-03-31" },
		{ "invoice_issued.gross_minor", "119.00 EUR" },
		{ "invoice_issued.lines[0].line_no", "1" },
		{ "invoice_issued.lines[0].quantity_e6", "12.5" },
		{ "invoice_issued.lines[0].description", "Zwölf \"halbe\"" },
		{ "invoice_issued.lines[0].taxes[0].code", "VAT" },
		{ "invoice_issued.lines[0].taxes[0].category", "TAX_CATEGORY_STANDARD" },
		{ "invoice_issued.lines[0].deferred_revenue", "true" },
		{ "invoice_issued.items[0].sequence", "1" },
		{ "invoice_issued.items[0].due_date", "2026-04-30" },
		{ "invoice_issued.items[0].original_minor", "6000" },
		{ "invoice_issued.items[1].sequence", "2" },
		{ "invoice_issued.items[1].due_date", "2026-05-30" },
		{ "invoice_issued.items[1].original_minor", "5900" },
	};
	struct billing_event *ev = WIRE_NEW(arena, billing_event);

	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		set(&billing_event_msg, ev, lines[i][0], lines[i][1]);
	return ev;
}

static void a_struct_is_written_by_path(void **state)
{
	(void)state;
	struct billing_event *ev = invoice();
	struct billing_document_issued *d = ev->invoice_issued;
	struct err err;

	assert_true(wire_validate(&billing_event_msg, ev, &err));
	assert_int_equal(ev->event_case, BILLING_EVENT_INVOICE_ISSUED);
	assert_int_equal(d->type, BILLING_DOCUMENT_TYPE_INVOICE);
	assert_int_equal(d->issue_date, date_of(2026, 3, 31));
	assert_int_equal(d->supply_date, DATE_NONE);
	assert_int_equal(d->gross_minor, 11900);
	assert_int_equal(d->n_items, 2);
	assert_int_equal(d->items[1].original_minor, 5900);
	assert_int_equal(d->lines[0].quantity_e6, 12500000);
	assert_int_equal(d->lines[0].taxes[0].category, TYPE_TAX_CATEGORY_STANDARD);
	assert_true(d->lines[0].deferred_revenue);
}

static void a_struct_is_read_by_path(void **state)
{
	(void)state;
	struct billing_event *ev = invoice();
	const struct wire_msg *m = &billing_event_msg;

	reads(m, ev, "account", "A1");
	reads(m, ev, "event", "invoice_issued");
	reads(m, ev, "invoice_issued.type", "invoice");
	reads(m, ev, "event.invoice_issued.items[1].due_date", "2026-05-30");
	reads(m, ev, "invoice_issued.items[1].original_minor", "5900");
	reads(m, ev, "invoice_issued.items[1].open_minor", "0");
	reads(m, ev, "invoice_issued.taken_on", "false");
	reads(m, ev, "invoice_issued.n_items", "2");
	reads(m, ev, "invoice_issued.lines[0].quantity_e6", "12.5");
	reads(m, ev, "invoice_issued.lines[0].description", "Zwölf \"halbe\"");
	reads(m, ev, "invoice_issued.items[1]", "{sequence=2 due_date=2026-05-30 original_minor=5900}");
	reads(m, ev, "invoice_issued.lines[0].taxes", "[{code=VAT category=standard}]");
	/* absent, anywhere on the way */
	reads(m, ev, "invoice_issued.supply_date", "");
	reads(m, ev, "invoice_issued.items[2].sequence", "");
	reads(m, ev, "invoice_issued.items[2]", "");
	reads(m, ev, "credit_memo_issued.items[0].sequence", "");
	reads(m, ev, "credit_memo_issued", "");
	reads(m, ev, "provenance.cause.topic", "");
	reads(m, ev, "provenance.n_positions", "");
	reads(m, ev, "entries", "");

	get_fails(m, ev, "acount", "acount: ar.billing.v1.BillingEvent has no acount");
	get_fails(m, ev, "provenance.cause.topi", "provenance.cause.topi: ar.type.v1.Cause has no topi");
	get_fails(m, ev, "invoice_issued.items.sequence", "invoice_issued.items.sequence: an index is missing behind items");
	get_fails(m, ev, "account[0]", "account[0]: no array: account");
	get_fails(m, ev, "account.x", "account.x: no message: account");
	get_fails(m, ev, "entries[x]", "entries[x]: expected name[0], found entries[x]");
	get_fails(m, ev, "entries[", "entries[: expected name[0], found entries[");
	get_fails(m, ev, "", ": a name is missing ");
	get_fails(m, ev, "invoice_issued.", "invoice_issued.: a name is missing ");
}

static void one_line_says_it_all(void **state)
{
	(void)state;
	struct cash_line_posted *line = WIRE_NEW(arena, cash_line_posted);

	assert_string_equal(printed(&billing_event_msg, invoice()),
			    "account=A1 invoice_issued{document_id=D1 type=invoice number=DE2600001 entity=DE01 currency_code=EUR "
			    "issue_date=2026-03-31 accounting_date=2026-03-31 gross_minor=11900 lines=[{line_no=1 "
			    "description=\"Zwölf \\\"halbe\\\"\" quantity_e6=12.5 taxes=[{code=VAT category=standard}] "
			    "deferred_revenue=true}] items=[{sequence=1 due_date=2026-04-30 original_minor=6000} {sequence=2 "
			    "due_date=2026-05-30 original_minor=5900}]}");
	assert_string_equal(printed(&cash_line_posted_msg, line), "");
	set(&cash_line_posted_msg, line, "amount", "-0.05 USD");
	set(&cash_line_posted_msg, line, "remittance.text", "a\tb\n\\");
	assert_string_equal(printed(&cash_line_posted_msg, line), "amount=\"-0.05 USD\" remittance{text=\"a\\tb\\n\\\\\"}");
	/* What a terminal could act on, also where nobody checked: ESC, C1, right-to-left override, not UTF-8. */
	line->line_id = TEXT("\x1b[2J");
	line->bank_account = TEXT("\xc2\x9b");
	line->statement_id = TEXT("ä\xe2\x80\xae");
	line->document_id = TEXT("\xff");
	assert_string_equal(printed(&cash_line_posted_msg, line),
			    "line_id=\"\\x1b[2J\" bank_account=\"\\xc2\\x9b\" statement_id=\"\\xc3\\xa4\\xe2\\x80\\xae\" "
			    "document_id=\"\\xff\" amount=\"-0.05 USD\" remittance{text=\"a\\tb\\n\\\\\"}");
}

static void lists_bytes_and_money(void **state)
{
	(void)state;
	struct reference_day_opened *day = WIRE_NEW(arena, reference_day_opened);
	struct reference_cash_rules_recorded *rules = WIRE_NEW(arena, reference_cash_rules_recorded);
	struct reference_ladder_recorded *ladder = WIRE_NEW(arena, reference_ladder_recorded);
	struct type_provenance *p = WIRE_NEW(arena, type_provenance);

	set(&reference_day_opened_msg, day, "entities", "DE01, US01");
	set(&reference_day_opened_msg, day, "entities[2]", "JP01");
	assert_int_equal(day->n_entities, 3);
	reads(&reference_day_opened_msg, day, "entities", "DE01,US01,JP01");
	reads(&reference_day_opened_msg, day, "entities[1]", "US01");
	set(&reference_day_opened_msg, day, "entities", "");
	assert_int_equal(day->n_entities, 0);

	set(&reference_cash_rules_recorded_msg, rules, "rules", "reference,EXACT_AMOUNT");
	assert_int_equal(rules->rules[1], REFERENCE_CASH_RULE_EXACT_AMOUNT);
	reads(&reference_cash_rules_recorded_msg, rules, "rules", "reference,exact_amount");

	set(&reference_ladder_recorded_msg, ladder, "minimum_amounts", "5.00 USD,500 JPY");
	assert_int_equal(ladder->minimum_amounts[1].minor, 500);
	reads(&reference_ladder_recorded_msg, ladder, "minimum_amounts", "5.00 USD,500 JPY");
	set(&reference_ladder_recorded_msg, ladder, "levels[0]", "{}");
	assert_int_equal(ladder->n_levels, 1);
	set(&reference_ladder_recorded_msg, ladder, "levels", "");
	assert_int_equal(ladder->n_levels, 0);

	set(&type_provenance_msg, p, "prev_hash", "00fFa0");
	assert_int_equal(p->prev_hash.n, 3);
	assert_memory_equal(p->prev_hash.s, "\x00\xff\xa0", 3);
	reads(&type_provenance_msg, p, "prev_hash", "00ffa0");
	set(&type_provenance_msg, p, "cause", "{}");
	assert_non_null(p->cause);
	set(&type_provenance_msg, p, "cause", "");
	assert_null(p->cause);
}

static void a_oneof_follows_the_path(void **state)
{
	(void)state;
	struct billing_event *ev = invoice();
	const struct wire_msg *m = &billing_event_msg;

	set(m, ev, "refused.reason", "terms_unknown");
	assert_int_equal(ev->event_case, BILLING_EVENT_REFUSED);
	assert_string_equal(printed(m, ev), "account=A1 refused{reason=terms_unknown}");
	set(m, ev, "event", "parked");
	assert_int_equal(ev->event_case, BILLING_EVENT_PARKED);
	reads(m, ev, "parked", "{}");
	set(m, ev, "parked", "");
	assert_int_equal(ev->event_case, BILLING_EVENT_NONE);
	reads(m, ev, "event", "");
	set_fails(m, ev, "event", "account", "bad_value", "event: expected the name of a member");
}

static void what_does_not_fit_is_refused(void **state)
{
	(void)state;
	struct billing_event *ev = invoice();
	const struct wire_msg *m = &billing_event_msg;

	set_fails(m, ev, "invoice_issued.items[3].sequence", "1", "bad_path",
		  "invoice_issued.items[3].sequence: elements are added one by one: items");
	set_fails(m, ev, "invoice_issued.items[0].due_date", "2026-02-30", "bad_value",
		  "invoice_issued.items[0].due_date: expected a date like 2026-03-31");
	set_fails(m, ev, "invoice_issued.type", "invoic", "bad_value",
		  "invoice_issued.type: expected a value of ar.billing.v1.DocumentType, e.g. invoice");
	set_fails(m, ev, "invoice_issued.gross_minor", "1.00 XXX", "bad_value",
		  "invoice_issued.gross_minor: expected minor units, or an amount like 100.00 USD");
	set_fails(m, ev, "invoice_issued.gross_minor", "1.001 USD", "bad_value",
		  "invoice_issued.gross_minor: expected minor units, or an amount like 100.00 USD");
	set_fails(m, ev, "invoice_issued.dunning_level", "4294967297", "bad_value",
		  "invoice_issued.dunning_level: expected an integer of 32 bits");
	set_fails(m, ev, "invoice_issued.dunning_level", "1.5", "bad_value", "invoice_issued.dunning_level: expected an integer");
	set_fails(m, ev, "invoice_issued.lines[0].quantity_e6", "1.0000001", "bad_value",
		  "invoice_issued.lines[0].quantity_e6: expected a number with up to 6 decimals");
	set_fails(m, ev, "invoice_issued.taken_on", "yes", "bad_value", "invoice_issued.taken_on: expected true or false");
	set_fails(m, ev, "invoice_issued", "x", "bad_value", "invoice_issued: expected {} or nothing: it is a message");
	set_fails(m, ev, "provenance.prev_hash", "0", "bad_value", "provenance.prev_hash: expected hex digits, two per byte");
	set_fails(m, ev, "provenance.prev_hash", "0g", "bad_value", "provenance.prev_hash: expected hex digits, two per byte");
	set_fails(m, ev, "acount", "x", "bad_path", "acount: ar.billing.v1.BillingEvent has no acount");
	set_fails(m, ev, "account[0]", "x", "bad_path", "account[0]: no array: account");
	set_fails(m, ev, "entries", "{}", "bad_path", "entries: an index is missing behind entries");
	set_fails(m, ev, "account.x", "x", "bad_path", "account.x: no message: account");
}

/* Copy a message value by value through get and set. */
static void copy_by_path(const struct wire_msg *root, const void *from, void *to, const struct wire_msg *m, const void *at,
			 struct text prefix)
{
	for (size_t i = 0; i < m->n_fields; i++) {
		const struct wire_field *f = &m->fields[i];
		bool repeated = (f->flags & WIRE_REPEATED) != 0;
		const void *member = (const char *)at + f->at;
		int32_t number;

		if (f->oneof != 0) {
			memcpy(&number, (const char *)at + m->oneofs[f->oneof - 1].case_at, sizeof(number));
			if (number != (int32_t)f->number)
				continue;
		}

		size_t n = repeated ? *(const size_t *)(const void *)((const char *)at + f->n_at) : 1;

		for (size_t k = 0; k < n; k++) {
			struct text path = repeated ? text_printf(arena, TEXT_FMT "%s[%zu]", TEXT_ARG(prefix), f->name, k)
						    : text_printf(arena, TEXT_FMT "%s", TEXT_ARG(prefix), f->name);
			struct text value;

			if (f->kind != WIRE_MESSAGE) {
				assert_true(wire_get(root, from, path, arena, NULL, &value));
				set(root, to, path.s, text_cstr(arena, value));
				continue;
			}

			const char *inner = *(const char *const *)member;

			if (inner == NULL)
				continue;
			set(root, to, path.s, "{}");
			copy_by_path(root, from, to, f->msg, inner + k * f->msg->size,
				     text_printf(arena, TEXT_FMT ".", TEXT_ARG(path)));
		}
	}
}

static void set_undoes_get_for_every_message(void **state)
{
	(void)state;
	for (size_t i = 0; i < ev_all_n; i++) {
		struct wire_gen g = { .seed = i, .fill = 70, .arena = arena };
		const struct wire_msg *m = ev_all[i];
		void *from = gen_msg(&g, m), *to = wire_new(m, 1, arena);

		copy_by_path(m, from, to, m, from, TEXT_NONE);
		assert_string_equal(printed(m, from), printed(m, to));
		assert_true(wire_equal(m, from, to));
		arena_reset(arena);
	}
}

static void events_have_names_and_types(void **state)
{
	(void)state;
	struct intake_event *ev = WIRE_NEW(arena, intake_event);
	struct billing_event *bill = invoice();

	assert_true(text_empty(wire_event_name(&intake_event_msg, ev)));
	assert_true(text_empty(wire_event_type(&intake_event_msg, ev, arena)));
	set(&intake_event_msg, ev, "sales_order.order_booked.order.account", "A1");
	assert_string_equal(wire_event_name(&intake_event_msg, ev).s, "order_booked");
	assert_string_equal(wire_event_type(&intake_event_msg, ev, arena).s, "openitem.intake.order_booked.v1");
	assert_string_equal(wire_event_type(&crm_sales_order_event_msg, ev->sales_order, arena).s, "openitem.crm.order_booked.v1");
	assert_string_equal(wire_event_type(&billing_event_msg, bill, arena).s, "openitem.billing.invoice_issued.v1");
	set(&intake_event_msg, ev, "dead_letter.reason", "undecodable");
	assert_string_equal(wire_event_type(&intake_event_msg, ev, arena).s, "openitem.intake.dead_letter.v1");

	assert_true(wire_type_known(&intake_event_msg, TEXT("openitem.intake.order_booked.v1")));
	assert_true(wire_type_known(&intake_event_msg, TEXT("openitem.intake.dead_letter.v1")));
	assert_false(wire_type_known(&intake_event_msg, TEXT("openitem.intake.sales_order.v1")));
	assert_false(wire_type_known(&intake_event_msg, TEXT("openitem.crm.order_booked.v1")));
	assert_true(wire_type_known(&crm_sales_order_event_msg, TEXT("openitem.crm.order_booked.v1")));
	assert_false(wire_type_known(&crm_sales_order_event_msg, TEXT("openitem.crm.order_booked.v2")));
	assert_false(wire_type_known(&crm_sales_order_event_msg, TEXT("openitem.crm.account.v1")));
	assert_false(wire_type_known(&crm_sales_order_event_msg, TEXT("openitem.crm.v1")));
	assert_false(wire_type_known(&crm_sales_order_event_msg, TEXT("")));
}

static void topics_are_found(void **state)
{
	(void)state;
	assert_int_equal(wire_topics_n, 10);
	assert_ptr_equal(wire_topic_find(TEXT("ar.transfer.v1"))->msg, &cash_event_msg);
	assert_null(wire_topic_find(TEXT("crm.customer.v1-dlt")));
	assert_string_equal(wire_topic_of_type(TEXT("openitem.crm.customer_recorded.v1"))->topic, "crm.customer.v1");
	assert_string_equal(wire_topic_of_type(TEXT("openitem.crm.order_booked.v1"))->topic, "crm.sales-order.v1");
	assert_string_equal(wire_topic_of_type(TEXT("openitem.command.apply.v1"))->topic, "ar.command.v1");
	assert_null(wire_topic_of_type(TEXT("openitem.billing.invoice_issued.v1")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_struct_is_written_by_path, setup),
		cmocka_unit_test_setup(a_struct_is_read_by_path, setup),
		cmocka_unit_test_setup(one_line_says_it_all, setup),
		cmocka_unit_test_setup(lists_bytes_and_money, setup),
		cmocka_unit_test_setup(a_oneof_follows_the_path, setup),
		cmocka_unit_test_setup(what_does_not_fit_is_refused, setup),
		cmocka_unit_test_setup(set_undoes_get_for_every_message, setup),
		cmocka_unit_test_setup(events_have_names_and_types, setup),
		cmocka_unit_test_setup(topics_are_found, setup),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	arena_free(arena);
	return failed;
}
