/* The gate as the loop drives it, on the in-memory twin: duplicates, conflicts, re-drives, dead letters, lanes. */
#include "intake/intake.h"
#include "intake/tables.h"

#include "ev/all.h"
#include "intake/core/dead_letter.h"
#include "intake/core/dedupe.h"
#include "run/gate.h"

#include <setjmp.h>

#include <cmocka.h>

#include "test_intake_records.h"
#include "wire_gen.h"

#define LANES 4

static struct arena *arena;
static struct mem *mem;
static int64_t next_offset;

static int setup(void **state)
{
	(void)state;
	if (arena == NULL)
		arena = arena_new((size_t)256 << 20, (size_t)1 << 30);
	arena_reset(arena);
	mem = mem_new(intake_tables, INTAKE_TABLES_N);
	next_offset = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	mem_free(mem);
	return 0;
}

/* ---- the loop, in small ---- */

struct got {
	struct outcome *o;
	size_t n;
};

static const struct core *core(void)
{
	return intake_service.core;
}

static struct input input_of(struct sent *s)
{
	struct input in = { .lanes = LANES };

	s->r.offset = next_offset++;
	in.cause = (struct cause){ .topic = s->r.topic, .partition = s->r.partition, .offset = s->r.offset };
	intake_service.gate->decode(&s->r, arena, &in);
	return in;
}

/* One input of a batch whose book is loaded. */
static struct got step(struct book *book, const struct input *in)
{
	struct decision d = { .core = core(), .book = book, .arena = arena, .input = in };

	assert_int_equal(core_step(&d), DECIDED);
	for (size_t i = 0; i < d.n_outcomes; i++) {
		struct err err = { .class = ERR_NONE };
		const struct intake_event *ev = d.outcomes[i].event;
		if (!wire_validate(&intake_event_msg, ev, &err) && strcmp(err.code, "missing_field") != 0)
			fail_msg("an outcome that cannot be written: %s %s", err.code, err.msg);
		assert_true((ev->fact_case == INTAKE_EVENT_DEAD_LETTER) == (d.outcomes[i].dead_letter != NULL));
		assert_int_equal(d.outcomes[i].part, i + 1);
		assert_int_equal(d.outcomes[i].final, i + 1 == d.n_outcomes);
	}
	return (struct got){ d.outcomes, d.n_outcomes };
}

static struct book *load(struct input *in, size_t n)
{
	struct book *book = book_new(arena, intake_tables, INTAKE_TABLES_N);

	for (size_t i = 0; i < n; i++)
		core()->want(book, &in[i]);
	mem_load(mem, book);
	return book;
}

static struct got send_with_hint(struct sent *s, struct text seen_hash)
{
	struct input in = input_of(s);
	struct err err = { .class = ERR_NONE };

	in.seen_hash = seen_hash;
	struct book *book = load(&in, 1);
	struct got got = step(book, &in);
	if (!mem_save(mem, book, &err))
		fail_msg("%s: %s", err.code, err.msg);
	return got;
}

static struct got send(struct sent *s)
{
	return send_with_hint(s, TEXT_NONE);
}

static size_t rows_of(const struct table *table)
{
	size_t n;

	(void)mem_rows(mem, table, &n);
	return n;
}

static void check_dead(struct got got, const char *reason)
{
	assert_int_equal(got.n, 1);
	const struct intake_event *ev = got.o[0].event;

	assert_non_null(got.o[0].dead_letter);
	assert_int_equal(got.o[0].destination.n, 0);
	assert_int_equal(got.o[0].destination_lane, -1);
	assert_string_equal(text_cstr(arena, ev->dead_letter->reason), reason);
	assert_true(ev->dead_letter->detail.n > 0);
}

static void check_passed(struct got got, const char *account)
{
	assert_int_equal(got.n, 1);
	assert_null(got.o[0].dead_letter);
	assert_string_equal(text_cstr(arena, got.o[0].destination), account);
	assert_true(text_eq(got.o[0].key, got.o[0].destination));
}

static struct sent *line(const char *id, const char *line_id, const char *amount)
{
	struct sent *s = sent_event(PAYMENT, arena, a_line(arena, line_id, amount));

	s->h[1].value = text_of(id);
	return s;
}

static struct sent *reference(const char *id, void *ev)
{
	struct sent *s = sent_event(REFERENCE, arena, ev);

	s->h[1].value = text_of(id);
	return s;
}

/* ---- AUD-04 ---- */

static void the_same_again_is_ignored(void **state)
{
	(void)state;
	check_passed(send(line("p1", "L1", "10.00 EUR")), "~DE89");
	assert_int_equal(send(line("p1", "L1", "10.00 EUR")).n, 0);
	/* from another partition, re-encoded, with another key header */
	struct sent *s = line("p1", "L1", "10.00 EUR");
	s->r.partition = 9;
	sent_key(s, TEXT("whatever"));
	assert_int_equal(send(s).n, 0);
	assert_int_equal(rows_of(&intake_inbox_table), 1);
	size_t n;
	const struct inbox_row *row = mem_rows(mem, &intake_inbox_table, &n)[0];
	assert_int_equal(row->first_offset, 0);
	assert_int_equal(row->bucket, intake_bucket(TEXT("/crm"), TEXT("p1")));
	/* another source is another identity */
	s = line("p1", "L2", "10.00 EUR");
	s->h[2].value = TEXT("/other");
	check_passed(send(s), "~DE89");
}

static void the_same_twice_in_one_batch(void **state)
{
	(void)state;
	struct sent *sent[] = { line("p1", "L1", "10.00 EUR"), line("p1", "L1", "10.00 EUR"), line("p1", "L1", "11.00 EUR") };
	struct input in[ARRAY_LEN(sent)];
	struct err err = { .class = ERR_NONE };

	for (size_t i = 0; i < ARRAY_LEN(sent); i++)
		in[i] = input_of(sent[i]);
	struct book *book = load(in, ARRAY_LEN(in));
	check_passed(step(book, &in[0]), "~DE89");
	assert_int_equal(step(book, &in[1]).n, 0);
	check_dead(step(book, &in[2]), "id_conflict");
	assert_true(mem_save(mem, book, &err));
	assert_int_equal(rows_of(&intake_inbox_table), 1);
}

static void another_content_is_a_conflict(void **state)
{
	(void)state;
	struct got first = send(line("p1", "L1", "10.00 EUR"));
	struct got conflict = send(line("p1", "L1", "10.01 EUR"));

	check_dead(conflict, "id_conflict");
	assert_false(text_eq(first.o[0].event_id, conflict.o[0].event_id));
	/* and changes nothing: the first content stays the known one */
	assert_int_equal(send(line("p1", "L1", "10.00 EUR")).n, 0);
	check_dead(send(line("p1", "L1", "10.01 EUR")), "id_conflict");
}

static void a_hint_replaces_the_probe(void **state)
{
	(void)state;
	struct sent *s = line("p1", "L1", "10.00 EUR");
	struct input in = input_of(s);
	struct text key, hash;

	assert_true(intake_service.gate->identity(&in, arena, &key, &hash));
	/* the inbox of this test is empty: only the hint says so, and nothing is asked */
	in.seen_hash = hash;
	struct book *book = book_new(arena, intake_tables, INTAKE_TABLES_N);
	core()->want(book, &in);
	size_t n;
	struct book_question *q = book_questions(book, &n);
	assert_int_equal(n, 1);
	assert_ptr_equal(q[0].table, &intake_bank_account_table);
	assert_int_equal(send_with_hint(s, hash).n, 0);
	check_dead(send_with_hint(line("p1", "L1", "10.01 EUR"), hash), "id_conflict");
	assert_int_equal(rows_of(&intake_inbox_table), 0);
}

/* Two processes: each loads before the other saves. */
static void a_race_ends_in_one_of_them(void **state)
{
	(void)state;
	struct input a = input_of(line("p1", "L1", "10.00 EUR")), b = input_of(line("p1", "L1", "10.00 EUR"));
	struct book *book_a = load(&a, 1), *book_b = load(&b, 1);
	struct err err = { .class = ERR_NONE };

	check_passed(step(book_a, &a), "~DE89");
	check_passed(step(book_b, &b), "~DE89");
	assert_true(mem_save(mem, book_a, &err));
	assert_false(mem_save(mem, book_b, &err));
	assert_true(intake_inbox_table.flags & TABLE_RACE);
	/* the batch is tried again */
	assert_int_equal(step(load(&b, 1), &b).n, 0);
}

static void a_refused_record_leaves_no_trace(void **state)
{
	(void)state;
	void *wrong = EVENT(REFERENCE, arena, "bank_account_recorded.bank_account=DE89", "bank_account_recorded.entity=E2",
			    "bank_account_recorded.currency_code=EUR");
	void *right = EVENT(REFERENCE, arena, "bank_account_recorded.bank_account=DE89", "bank_account_recorded.entity=E1",
			    "bank_account_recorded.currency_code=EUR");

	assert_int_equal(send(reference("r1", wrong)).n, LANES);
	struct got refused = send(line("p1", "L1", "10.00 EUR"));
	check_dead(refused, "bank_account_conflict");
	assert_string_equal(text_cstr(arena, refused.o[0].key), "~DE89");
	assert_int_equal(rows_of(&intake_inbox_table), 1);
	assert_int_equal(send(reference("r2", right)).n, LANES);
	struct got passed = send(line("p1", "L1", "10.00 EUR"));
	check_passed(passed, "~DE89");
	assert_false(text_eq(passed.o[0].event_id, refused.o[0].event_id));
	struct sent *dollars = line("p2", "L2", "10.00 USD");
	check_dead(send(dollars), "bank_account_conflict");
}

/* What was let through stays a duplicate although it would be refused today. */
static void a_duplicate_is_not_judged_again(void **state)
{
	(void)state;
	check_passed(send(line("p1", "L1", "10.00 USD")), "~DE89");
	send(reference("r1", EVENT(REFERENCE, arena, "bank_account_recorded.bank_account=DE89", "bank_account_recorded.entity=E1",
				   "bank_account_recorded.currency_code=EUR")));
	assert_int_equal(send(line("p1", "L1", "10.00 USD")).n, 0);
	check_dead(send(line("p2", "L2", "10.00 USD")), "bank_account_conflict");
}

static void outcomes_of_nameless_records_differ(void **state)
{
	(void)state;
	struct sent *a = sent_new(arena, CUSTOMER), *b = sent_new(arena, CUSTOMER);

	sent_value(a, arena, TEXT("x"));
	sent_value(b, arena, TEXT("x"));
	struct got x = send(a), y = send(b);
	check_dead(x, "missing_header");
	check_dead(y, "missing_header");
	assert_false(text_eq(x.o[0].event_id, y.o[0].event_id));
}

/* ---- lanes ---- */

static void reference_facts_go_to_every_lane(void **state)
{
	(void)state;
	struct got got =
		send(reference("r1", EVENT(REFERENCE, arena, "day_opened.business_date=2026-03-05", "day_opened.entities=E1")));

	assert_int_equal(got.n, LANES);
	for (size_t i = 0; i < got.n; i++) {
		assert_int_equal(got.o[i].destination_lane, i);
		assert_int_equal(got.o[i].destination.n, 0);
		assert_int_equal(got.o[i].key.n, 0);
		/* the loop writes into each of them */
		assert_true(i == 0 || got.o[i].event != got.o[i - 1].event);
	}
	assert_int_equal(rows_of(&intake_inbox_table), 1);
}

static void keys_must_agree(void **state)
{
	(void)state;
	struct sent *s = line("p1", "L1", "10.00 EUR");

	sent_key(s, TEXT("DE90"));
	check_dead(send(s), "key_mismatch");
	s->r.key = TEXT("~DE89");
	check_dead(send(s), "key_mismatch");
	s->r.key = TEXT("DE89");
	check_passed(send(s), "~DE89");
	s = line("p2", "L2", "10.00 EUR");
	sent_key(s, TEXT(""));
	check_passed(send(s), "~DE89");
	s = reference("r1", EVENT(REFERENCE, arena, "day_opened.business_date=2026-03-05", "day_opened.entities=E1"));
	sent_key(s, TEXT("E1"));
	check_dead(send(s), "key_mismatch");
	s->r.key = TEXT("~day");
	assert_int_equal(send(s).n, LANES);
}

/* ---- dead letters ---- */

static struct text header_of(const struct record *r, const char *name)
{
	const struct record_header *found = NULL;

	for (size_t i = 0; i < r->n_headers; i++)
		if (text_eq(r->headers[i].name, text_of(name))) {
			assert_null(found); /* once */
			found = &r->headers[i];
		}
	return found == NULL ? TEXT_NONE : found->value;
}

static void check_header(const struct record *r, const char *name, struct text expected)
{
	struct text got = header_of(r, name);

	if (!text_eq(got, expected))
		fail_msg("%s: expected " TEXT_FMT ", got " TEXT_FMT, name, TEXT_ARG(expected), TEXT_ARG(got));
}

static void a_dead_letter_speaks_both_dialects(void **state)
{
	(void)state;
	struct sent *s = line("p1", "L1", "-10.00 EUR");

	sent_key(s, TEXT("DE89"));
	sent_header(s, TEXT("x-theirs"), TEXT("\xff\0 kept"));
	sent_header(s, TEXT("x-null"), TEXT_NONE);
	next_offset = 0x010203;
	struct got got = send(s);
	check_dead(got, "out_of_range");
	const struct record *r = got.o[0].dead_letter;

	assert_string_equal(text_cstr(arena, r->topic), "bank.payment.v1-dlt");
	assert_int_equal(r->partition, 3);
	assert_true(text_eq(r->key, TEXT("DE89")) && !r->key_null);
	assert_true(text_eq(r->value, s->r.value) && !r->value_null);
	for (size_t i = 0; i < s->r.n_headers; i++) {
		assert_true(text_eq(r->headers[i].name, s->h[i].name) && text_eq(r->headers[i].value, s->h[i].value));
		assert_int_equal(r->headers[i].value_null, s->h[i].value_null);
	}
	assert_int_equal(r->n_headers, s->r.n_headers + DEAD_LETTER_HEADERS_MAX - 1);
	check_header(r, "__connect.errors.topic", TEXT("bank.payment.v1"));
	check_header(r, "__connect.errors.partition", TEXT("3"));
	check_header(r, "__connect.errors.offset", TEXT("66051"));
	check_header(r, "__connect.errors.exception.class.name", TEXT("ar.intake.out_of_range"));
	check_header(r, "kafka_dlt-original-topic", TEXT("bank.payment.v1"));
	check_header(r, "kafka_dlt-original-partition", TEXT("\0\0\0\3"));
	check_header(r, "kafka_dlt-original-offset", TEXT("\0\0\0\0\0\1\2\3"));
	check_header(r, "kafka_dlt-original-timestamp", TEXT("\0\0\1\x9b\x76\xda\xa8\0"));
	check_header(r, "kafka_dlt-original-timestamp-type", TEXT("CreateTime"));
	check_header(r, "kafka_dlt-exception-fqcn", TEXT("ar.intake.out_of_range"));
	check_header(r, "kafka_dlt-exception-message", TEXT("an amount that must be positive is not"));
	check_header(r, "openitem_error_code", TEXT("out_of_range"));
	check_header(r, "openitem_error_retryable", TEXT("false"));
	check_header(r, "openitem_attempts", TEXT("1"));
	check_header(r, "openitem_redrive_count", TEXT("0"));
	check_header(r, "openitem_service", TEXT("intake"));
	assert_int_equal(header_of(r, "openitem_omitted").n, 0);
}

/* Refused, re-driven, refused again: the second set of headers replaces the first, the count goes on. */
static void a_redriven_record_does_not_grow(void **state)
{
	(void)state;
	struct sent *s = line("p1", "L1", "-10.00 EUR");
	const struct record *first = send(s).o[0].dead_letter;
	struct sent *again = sent_new(arena, PAYMENT);

	sent_value(again, arena, first->value);
	for (size_t i = 0; i < first->n_headers; i++)
		sent_header(again, first->headers[i].name,
			    text_eq(first->headers[i].name, TEXT("openitem_redrive_count")) ? TEXT("2") : first->headers[i].value);
	const struct record *second = send(again).o[0].dead_letter;
	assert_int_equal(second->n_headers, first->n_headers);
	check_header(second, "openitem_redrive_count", TEXT("2"));
	check_header(second, "openitem_attempts", TEXT("3"));
	check_header(second, "__connect.errors.offset", TEXT("1"));
}

static void what_is_too_large_is_left_out(void **state)
{
	(void)state;
	struct sent *s = line("p1", "L1", "10.00 EUR");
	char *big = arena_alloc(arena, (size_t)5 << 20);

	s->r.value = (struct text){ big, (size_t)5 << 20 };
	struct got got = send(s);
	check_dead(got, "too_large");
	assert_true(got.o[0].dead_letter->value_null && got.o[0].dead_letter->value.n == 0);
	check_header(got.o[0].dead_letter, "openitem_omitted", TEXT("value"));
	check_header(got.o[0].dead_letter, "ce_id", TEXT("p1"));
	sent_header(s, TEXT("x"), s->r.value);
	got = send(s);
	check_dead(got, "too_large");
	check_header(got.o[0].dead_letter, "openitem_omitted", TEXT("value, key, headers"));
	assert_int_equal(got.o[0].dead_letter->n_headers, DEAD_LETTER_HEADERS_MAX);
	s = line("p1", "L1", "10.00 EUR");
	s->r.value = (struct text){ big, (size_t)1200 << 10 };
	got = send(s);
	assert_int_equal(got.o[0].dead_letter->value.n, (size_t)1200 << 10);
}

/* ---- any event, any order ---- */

/* Whatever comes: one outcome, or LANES, or none when it was there before; and never two rows of one identity. */
static void a_long_run_of_everything(void **state)
{
	(void)state;
	struct wire_gen g = { .seed = 11, .fill = 40, .arena = arena, .text_max = 20 };
	size_t passed = 0, dead = 0, none = 0;

	for (int round = 0; round < 6000; round++) {
		arena_reset(arena);
		const struct wire_topic *topic = &wire_topics[gen_below(&g, 5)];
		struct sent *s = sent_event(topic->topic, arena, gen_msg(&g, topic->msg));
		s->h[1].value = text_printf(arena, "id%d", (int)gen_below(&g, 3000));
		struct got got = send(s);
		if (got.n == 0)
			none++;
		else if (got.o[0].dead_letter != NULL)
			dead++;
		else
			passed++;
		if (got.n == 0 || gen_below(&g, 2) == 0)
			continue;
		struct got again = send(s);
		if (got.o[0].dead_letter == NULL)
			assert_int_equal(again.n, 0);
		else
			check_dead(again, text_cstr(arena, ((const struct intake_event *)got.o[0].event)->dead_letter->reason));
	}
	assert_int_equal(rows_of(&intake_inbox_table), passed);
	assert_true(passed > 500 && dead > 500 && none == 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(the_same_again_is_ignored),          TEST(the_same_twice_in_one_batch),
		TEST(another_content_is_a_conflict),      TEST(a_hint_replaces_the_probe),
		TEST(a_race_ends_in_one_of_them),         TEST(a_refused_record_leaves_no_trace),
		TEST(a_duplicate_is_not_judged_again),    TEST(outcomes_of_nameless_records_differ),
		TEST(reference_facts_go_to_every_lane),   TEST(keys_must_agree),
		TEST(a_dead_letter_speaks_both_dialects), TEST(a_redriven_record_does_not_grow),
		TEST(what_is_too_large_is_left_out),      TEST(a_long_run_of_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
