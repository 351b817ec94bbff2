/* The pure parts of the reading commands. */
#include "cli/aging.h"
#include "cli/explain_words.h"
#include "cli/known.h"
#include "cli/period.h"
#include "cli/stored.h"
#include "cli/verify.h"
#include "ev/all.h"
#include "id/id.h"

#include <setjmp.h>

#include <cmocka.h>

static struct arena *a;

static int setup(void **state)
{
	(void)state;
	a = arena_new(1u << 20, 1u << 26);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(a);
	return 0;
}

static void assert_text(struct text got, const char *expected)
{
	assert_string_equal(text_cstr(a, got), expected);
}

/* ---- aging ---- */

static void buckets_of_a_setting(void **state)
{
	static const char *const bad[] = { "",     "30,", ",30", "30,30", "60,30", "0,30", "x", "30;60", "1,2,3,4,5,6,7,8,9,10,11",
					   "40000" };
	struct aging_buckets b;
	struct err err;

	(void)state;
	assert_true(aging_buckets(AGING_DEFAULT, a, &err, &b));
	assert_int_equal(b.n, 5);
	assert_string_equal(b.names[0], "not_due");
	assert_string_equal(b.names[1], "1-30");
	assert_string_equal(b.names[2], "31-60");
	assert_string_equal(b.names[3], "61-90");
	assert_string_equal(b.names[4], "over_90");
	assert_string_equal(b.edges, "{0,30,60,90}");

	assert_true(aging_buckets("7", a, &err, &b));
	assert_int_equal(b.n, 3);
	assert_string_equal(b.names[1], "1-7");
	assert_string_equal(b.names[2], "over_7");

	assert_true(aging_buckets(" 1, 2,3,4,5,6,7,8,9,10", a, &err, &b));
	assert_int_equal(b.n, 12);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_false(aging_buckets(bad[i], a, &err, &b));
		assert_string_equal(err.code, "setting_bad");
	}
}

static void amounts_of_an_array(void **state)
{
	int64_t m[3];

	(void)state;
	assert_true(aging_amounts(TEXT("{1,-2,9223372036854775807}"), m, 3));
	assert_int_equal(m[0], 1);
	assert_int_equal(m[1], -2);
	assert_true(m[2] == INT64_MAX);
	assert_false(aging_amounts(TEXT("{1,2}"), m, 3));
	assert_false(aging_amounts(TEXT("{1,2,3,4}"), m, 3));
	assert_false(aging_amounts(TEXT("{1,NULL,3}"), m, 3));
	assert_false(aging_amounts(TEXT("1,2,3"), m, 3));
	assert_false(aging_amounts(TEXT("{}"), m, 3));
}

/* ---- periods (RPT-07) ---- */

static void names_of_periods(void **state)
{
	static const char *const bad[] = { "",
					   "2026",
					   "2026-13",
					   "2026-1",
					   "2026-01-01",
					   "2026-01-31..2026-01-01",
					   "2026-01-01..",
					   "2026-01..2026-02",
					   "2026-01-01..2026-02-30" };
	date_t from, to;
	struct err err;

	(void)state;
	assert_true(period_parse(TEXT("2028-02"), &err, &from, &to));
	assert_int_equal(from, date_of(2028, 2, 1));
	assert_int_equal(to, date_of(2028, 2, 29));
	assert_true(period_parse(TEXT("2026-01-15..2026-03-31"), &err, &from, &to));
	assert_int_equal(from, date_of(2026, 1, 15));
	assert_int_equal(to, date_of(2026, 3, 31));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(period_parse(text_of(bad[i]), &err, &from, &to));
}

/* ---- up to where it is known ---- */

static struct known known_of(int64_t seq_of_lane_1)
{
	struct known k = { .first_day = DATE_NONE, .last_day = DATE_NONE };
	struct buf seen = { .arena = a };

	known_add_lane(&k, &seen, 0, 17);
	known_add_lane(&k, &seen, 1, seq_of_lane_1);
	known_close_lanes(&k, &seen);
	return k;
}

static void L3_3a_answers_say_up_to_where_they_are_complete(void **state)
{
	struct known k = known_of(3), other = known_of(4);
	date_t day = date_of(2026, 3, 31);

	(void)state;
	assert_int_equal(k.ledger_seq, 20);
	assert_int_equal(k.lanes, 2);
	assert_string_not_equal(k.digest, other.digest);
	memcpy(k.digest, "0123456789ab", sizeof(k.digest));
	assert_text(known_words(a, &k, DATE_NONE),
		    "no business day was opened yet, known at checkpoint 0, ledger seq 20 over 2 lanes (0123456789ab)");
	assert_text(known_words(a, &k, day), "as of 2026-03-31, known at checkpoint 0, ledger seq 20 over 2 lanes (0123456789ab)");
	k.first_day = k.last_day = day;
	assert_text(known_words(a, &k, DATE_NONE),
		    "as of the business day 2026-03-31, known at checkpoint 0, ledger seq 20 over 2 lanes (0123456789ab)");
	k.first_day = day - 1;
	assert_text(known_words(a, &k, DATE_NONE),
		    "as of each entity's business day, 2026-03-30 to 2026-03-31, known at checkpoint 0, ledger seq 20 over 2 "
		    "lanes (0123456789ab)");
}

/* ---- verify ---- */

static void bytes_of_the_database(void **state)
{
	struct text t;

	(void)state;
	assert_true(stored_bytes(TEXT("\\x00ff41"), a, &t));
	assert_int_equal(t.n, 3);
	assert_memory_equal(t.s, "\0\xff\x41", 3);
	assert_true(stored_bytes(TEXT("\\x"), a, &t));
	assert_int_equal(t.n, 0);
	assert_false(stored_bytes(TEXT(""), a, &t));
	assert_false(stored_bytes(TEXT("\\x0"), a, &t));
	assert_false(stored_bytes(TEXT("\\x0g"), a, &t));
	assert_false(stored_bytes(TEXT("00ff"), a, &t));
}

static void counters_of_document_numbers(void **state)
{
	int64_t n = 0;

	(void)state;
	assert_true(verify_counter(TEXT("DEI26-030000042K"), &n));
	assert_int_equal(n, 42);
	assert_true(verify_counter(TEXT("DEI26-039999999K"), &n));
	assert_int_equal(n, 9999999);
	assert_true(verify_counter(TEXT("DEI26-03A000000K"), &n));
	assert_int_equal(n, 10000000);
	assert_true(verify_counter(TEXT("DEI26-03A00000ZK"), &n));
	assert_int_equal(n, 10000035);
	assert_false(verify_counter(TEXT("DEI26-030A00000K"), &n)); /* letters come after 9,999,999 only */
	assert_false(verify_counter(TEXT("DEI26-03 000001K"), &n));
	assert_false(verify_counter(TEXT("DEI26-0300042K"), &n));
}

static struct type_journal_line line_of(enum type_ledger_account account, int64_t minor)
{
	return (struct type_journal_line){ .ledger_account = account, .amount = { "EUR", minor }, .functional = { "EUR", minor } };
}

static void entries_that_do_not_balance(void **state)
{
	struct verify_sums *sums = verify_sums_new(a);
	struct type_journal_line lines[] = { line_of(TYPE_LEDGER_ACCOUNT_AR, 1180), line_of(TYPE_LEDGER_ACCOUNT_REVENUE, -1000),
					     line_of(TYPE_LEDGER_ACCOUNT_TAX_PAYABLE, -180) };
	struct type_journal_entry e = { .kind = TEXT("invoice"), .entity = TEXT("DE01"), .n_lines = 3, .lines = lines };
	int64_t off;

	(void)state;
	assert_true(verify_sums_add(sums, &e, &off));
	lines[2].functional.minor = -181;
	assert_false(verify_sums_add(sums, &e, &off));
	assert_int_equal(off, -1);

	/* An application moves AR-unapplied to AR; what it moves anywhere else is an error, even if it balances. */
	lines[0] = line_of(TYPE_LEDGER_ACCOUNT_AR_UNAPPLIED, 500);
	lines[1] = line_of(TYPE_LEDGER_ACCOUNT_AR, -500);
	e.kind = TEXT("apply");
	e.n_lines = 2;
	assert_true(verify_sums_add(sums, &e, &off));
	lines[1] = line_of(TYPE_LEDGER_ACCOUNT_BANK_CHARGES, -500);
	assert_false(verify_sums_add(sums, &e, &off));
	assert_int_equal(off, 500);
}

/* ---- explain ---- */

static struct text name_of(void *ctx, struct text document_id)
{
	(void)ctx;
	return text_eq(document_id, TEXT("d1")) ? TEXT("invoice DEI26-0300000018 (order SO-1)") : TEXT_NONE;
}

static void an_application_in_words(void **state)
{
	struct type_item_ref credit = { TEXT("r1"), 1 }, debit = { TEXT("d1"), 1 };
	struct cash_application two[] = {
		{ .credit = &credit, .debit = &debit, .amount = { "EUR", 119000 }, .accounting_date = date_of(2026, 2, 3) },
		{ .credit = &credit, .debit = &debit, .amount = { "EUR", 1 }, .accounting_date = date_of(2026, 2, 3) },
	};
	struct type_explanation why = { .rule_id = TEXT("exact_amount"),
					.rule_version = TEXT("2"),
					.because = TEXT("two of 1190.00"),
					.tie_break = TEXT("the older one") };
	struct cash_applied applied = { .n_applications = 1, .applications = two, .explanation = &why };
	struct cash_event ev = { .event_case = CASH_EVENT_APPLIED, .applied = &applied };
	struct explain_names names = { name_of, NULL };

	(void)state;
	assert_text(explain_words(&cash_event_msg, &ev, &names, a),
		    "1190.00 EUR of r1 applied to invoice DEI26-0300000018 (order SO-1) on 2026-02-03");
	assert_int_equal(explain_part(&cash_event_msg, &ev, 0, &names, a).n, 0);
	assert_ptr_equal(explain_decision(&cash_event_msg, &ev), &why);
	assert_text(explain_rule(&why, a), "by rule exact_amount, version 2: two of 1190.00; tie: the older one");

	applied.n_applications = 2;
	assert_text(explain_words(&cash_event_msg, &ev, &names, a), "1190.01 EUR applied in 2 parts");
	assert_text(explain_part(&cash_event_msg, &ev, 1, NULL, a), "0.01 EUR of r1 applied to d1 on 2026-02-03");
	assert_int_equal(explain_part(&cash_event_msg, &ev, 2, NULL, a).n, 0);
}

/* What a decision took is told from what it left by the outcome itself (AUD-02). */
static void what_a_decision_took(void **state)
{
	struct type_item_ref credit = { TEXT("r1"), 1 }, debit = { TEXT("d1"), 1 };
	struct cash_application one = { .credit = &credit, .debit = &debit, .amount = { "EUR", 119000 } };
	struct cash_applied applied = { .n_applications = 1, .applications = &one };
	struct cash_transfer_sent sent = { .to_account = TEXT("C2") };
	struct cash_left_unapplied left = { .reason = TEXT("ambiguous") };
	struct cash_event ev = { .event_case = CASH_EVENT_APPLIED, .applied = &applied };
	struct explain_ids ids = explain_chosen(&cash_event_msg, &ev, a);

	(void)state;
	assert_int_equal(ids.n, 2);
	assert_true(ids.documents);
	assert_text(ids.id[0], "d1");
	assert_text(ids.id[1], "r1");
	/* Two instalments of one amount: candidates of one name, of which the first was taken. */
	assert_true(explain_take(&ids, TEXT("d1")));
	assert_false(explain_take(&ids, TEXT("d1")));
	ev = (struct cash_event){ .event_case = CASH_EVENT_TRANSFER_SENT, .transfer_sent = &sent };
	ids = explain_chosen(&cash_event_msg, &ev, a);
	assert_int_equal(ids.n, 1);
	assert_false(ids.documents);
	assert_text(ids.id[0], "C2");
	assert_true(explain_take(&ids, TEXT("C2"))); /* by its bank account, by its name: the same account */
	assert_true(explain_take(&ids, TEXT("C2")));
	assert_false(explain_take(&ids, TEXT("C3")));
	ev = (struct cash_event){ .event_case = CASH_EVENT_LEFT_UNAPPLIED, .left_unapplied = &left };
	assert_int_equal(explain_chosen(&cash_event_msg, &ev, a).n, 0);
	assert_int_equal(explain_chosen(&billing_event_msg, &ev, a).n, 0);
	assert_true(explain_is_automatic(&(struct type_explanation){ .rule_id = TEXT("reference") }));
	assert_true(explain_is_automatic(&(struct type_explanation){ .rule_id = TEXT("no_rule") }));
	assert_false(explain_is_automatic(&(struct type_explanation){ .rule_id = TEXT("by_command") }));
	assert_false(explain_is_automatic(&(struct type_explanation){ .rule_id = TEXT("") }));
}

static void what_lies_over_a_document(void **state)
{
	struct type_item_ref item = { TEXT("d1"), 2 }, two[] = { { TEXT("d7"), 1 }, { TEXT("d1"), 1 } };
	struct collections_notice_item listed = { .document_id = TEXT("d1") };
	struct collections_notice_issued notice = { .n_items = 1, .items = &listed };
	struct collections_promise_made promise = { .n_items = 2, .items = two };
	struct collections_hold_set hold = { .item = &item };
	struct collections_block_set account = { .reason = COMMAND_BLOCK_REASON_LEGAL }, block = { .item = &item };
	struct collections_event evs[] = {
		{ .event_case = COLLECTIONS_EVENT_NOTICE_ISSUED, .notice_issued = &notice },
		{ .event_case = COLLECTIONS_EVENT_PROMISE_MADE, .promise_made = &promise },
		{ .event_case = COLLECTIONS_EVENT_HOLD_SET, .hold_set = &hold },
		{ .event_case = COLLECTIONS_EVENT_BLOCK_SET, .block_set = &block },
	};
	struct collections_event whole = { .event_case = COLLECTIONS_EVENT_BLOCK_SET, .block_set = &account };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(evs); i++) {
		assert_true(explain_names_document(&collections_event_msg, &evs[i], TEXT("d1")));
		assert_false(explain_names_document(&collections_event_msg, &evs[i], TEXT("d2")));
		assert_false(explain_names_document(&cash_event_msg, &evs[i], TEXT("d1")));
	}
	assert_false(explain_names_document(&collections_event_msg, &whole, TEXT("d1")));
}

static void an_entry_in_words(void **state)
{
	struct type_journal_line lines[] = { line_of(TYPE_LEDGER_ACCOUNT_REVENUE, -100000),
					     line_of(TYPE_LEDGER_ACCOUNT_TAX_PAYABLE, -19000),
					     line_of(TYPE_LEDGER_ACCOUNT_AR, 119000) };
	struct type_journal_entry e = {
		.kind = TEXT("invoice"), .accounting_date = date_of(2026, 1, 9), .n_lines = 3, .lines = lines
	};

	(void)state;
	lines[1].detail = TEXT("DE-VAT");
	assert_text(explain_entry(&e, a),
		    "journal invoice on 2026-01-09: Dr ar 1190.00 EUR, Cr revenue 1000.00 EUR, Cr tax_payable 190.00 EUR (DE-VAT)");
}

/* Whatever is new in a schema has words at once: at least its name. */
static void every_event_has_words(void **state)
{
	static const struct wire_msg *const msgs[] = { &intake_event_msg, &billing_event_msg, &cash_event_msg,
						       &collections_event_msg };

	(void)state;
	for (size_t m = 0; m < ARRAY_LEN(msgs); m++)
		for (size_t f = 0; f < msgs[m]->n_fields; f++) {
			const struct wire_field *field = &msgs[m]->fields[f];
			struct err err;
			void *ev = wire_new(msgs[m], 1, a);

			if (field->oneof == 0)
				continue;
			assert_true(wire_set(msgs[m], ev, text_of(field->name), TEXT("{}"), a, &err));
			assert_true(explain_words(msgs[m], ev, NULL, a).n > 0 || strcmp(field->name, "applied") == 0);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buckets_of_a_setting),
		cmocka_unit_test(amounts_of_an_array),
		cmocka_unit_test(names_of_periods),
		cmocka_unit_test(L3_3a_answers_say_up_to_where_they_are_complete),
		cmocka_unit_test(bytes_of_the_database),
		cmocka_unit_test(counters_of_document_numbers),
		cmocka_unit_test(entries_that_do_not_balance),
		cmocka_unit_test(an_application_in_words),
		cmocka_unit_test(what_a_decision_took),
		cmocka_unit_test(what_lies_over_a_document),
		cmocka_unit_test(an_entry_in_words),
		cmocka_unit_test(every_event_has_words),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
