/* What is decided about a log that is not the one we knew: the verdict at assignment, from where a refill publishes again, where a lane
 * goes on reading. All of it pure; tests/flow/lost_log.py does it to a real broker. */
#include "run/log_verdict.h"
#include "run/refill.h"
#include "run/reposition.h"

#include <setjmp.h>

#include <cmocka.h>

/* ---- the verdict ------------------------------------------------------------------------------------------------------- */

/* Position 100 of a log that holds 10 to 200, and the record before it as it was: each case changes something. */
#define SEEN(...)                                                                                                                  \
	(struct log_seen)                                                                                                          \
	{                                                                                                                          \
		.low = 10, .high = 200, .position = 100, .known = true, .found = true, .equal = true, .complete = true,            \
		__VA_ARGS__                                                                                                        \
	}

static void verdicts(void **state)
{
	(void)state;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
	static const struct {
		struct log_seen seen;
		enum log_verdict verdict;
	} cases[] = {
		{ SEEN(), LOG_SAME },
		{ SEEN(.position = -1), LOG_SAME }, /* never read */
		{ SEEN(.high = 100), LOG_SAME }, /* read to its end */
		{ SEEN(.known = false, .equal = false), LOG_SAME }, /* nothing to compare with */
		{ SEEN(.equal = false), LOG_REPLACED },
		{ SEEN(.high = 99, .found = false), LOG_LOST_END },
		{ SEEN(.high = 0, .low = 0, .found = false), LOG_LOST_END },
		{ SEEN(.high = 0, .low = 0, .position = 0, .found = false, .known = false), LOG_SAME }, /* empty, nothing read */
		{ SEEN(.low = 100, .found = false), LOG_EXPIRED }, /* exactly what was read is gone */
		{ SEEN(.low = 101, .found = false), LOG_LOST_UNREAD },
		{ SEEN(.low = 200, .found = false), LOG_LOST_UNREAD },
		{ SEEN(.found = false), LOG_HOLE },
		{ SEEN(.found = false, .complete = false), LOG_COMPACTED },
		{ SEEN(.equal = false, .complete = false), LOG_REPLACED },
		{ SEEN(.high = 99, .found = false, .complete = false), LOG_LOST_END },
		{ SEEN(.low = 0, .position = 0, .found = false, .equal = false), LOG_SAME },
	};
#pragma GCC diagnostic pop
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (log_judge(&cases[i].seen) != cases[i].verdict)
			fail_msg("case %zu: %d, expected %d", i, (int)log_judge(&cases[i].seen), (int)cases[i].verdict);
	assert_false(log_is_stop(LOG_SAME) || log_is_stop(LOG_EXPIRED) || log_is_stop(LOG_COMPACTED));
	assert_true(log_is_stop(LOG_LOST_END) && log_is_stop(LOG_REPLACED) && log_is_stop(LOG_LOST_UNREAD) &&
		    log_is_stop(LOG_HOLE));
}

/* The reason names the command that helps: refill first where the writer is one of us. */
static void explanations(void **state)
{
	struct log_seen seen = { .high = 90, .position = 100 };
	struct err err;

	(void)state;
	assert_false(log_explain(&seen, LOG_LOST_END, "cash", "ar.billing.v1", 3, &err));
	assert_int_equal(err.class, ERR_STOP);
	assert_string_equal(err.code, "log_lost_its_end");
	assert_non_null(strstr(err.msg, "`openitem refill ar.billing.v1`"));
	assert_non_null(strstr(err.msg, "`openitem reposition cash 'ar.billing.v1[3]'`"));
	log_explain(&seen, LOG_REPLACED, "intake", "bank.payment.v1", 0, &err);
	assert_null(strstr(err.msg, "refill"));
	assert_non_null(strstr(err.msg, "`openitem reposition intake 'bank.payment.v1[0]'`"));
	log_explain(&seen, LOG_LOST_UNREAD, "reporting", "ar.cash.v1", 0, &err);
	assert_string_equal(err.code, "position_outside_log");
	assert_non_null(strstr(err.msg, "refill ar.cash.v1 --everything"));
}

/* Key and value count, null is not empty, and nothing moves from the one into the other. */
static void record_hashes(void **state)
{
	const struct bus_record records[] = {
		{ .key = TEXT("a"), .value = TEXT("bc") },
		{ .key = TEXT("ab"), .value = TEXT("c") },
		{ .key = TEXT("a"), .value = TEXT("bd") },
		{ .key_null = true, .value = TEXT("bc") },
		{ .value = TEXT("bc") },
		{ .key = TEXT("a"), .value_null = true },
		{ .key = TEXT("a") },
	};
	struct id_hash hash[ARRAY_LEN(records)], again;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(records); i++) {
		stream_record_hash(&records[i], &hash[i]);
		for (size_t k = 0; k < i; k++)
			assert_false(id_hash_eq(&hash[i], &hash[k]));
	}
	stream_record_hash(&records[0], &again);
	assert_true(id_hash_eq(&again, &hash[0]));
}

/* ---- refill ------------------------------------------------------------------------------------------------------------- */

static struct arena *arena;

static int up(void **state)
{
	(void)state;
	arena = arena_new((size_t)8 << 20, (size_t)1 << 30);
	return 0;
}

static int down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static void see(struct refill *r, int32_t partition, int64_t offset, int64_t low, int32_t lane, int64_t seq, int64_t number)
{
	struct type_provenance p = { .lane = lane, .seq = seq, .destination_seq = number };
	struct err err;

	assert_true(refill_see(r, partition, offset, low, &p, &err));
}

static const struct refill_place *place(struct refill *r, int32_t lane, int32_t partition, int64_t *ret_missing, size_t *ret_moves)
{
	size_t n;
	const struct refill_place *p = refill_plan(r, &n, ret_missing, ret_moves);

	for (size_t i = 0; i < n; i++)
		if (p[i].lane == lane && p[i].partition == partition)
			return &p[i];
	fail_msg("no place %d/%d", lane, partition);
	return NULL;
}

/* ar.billing: lane 1 has published 5, the log holds 1 2 3, then 5 of a producer that went on, and a repetition. */
static void refill_aligned(void **state)
{
	const struct refill_lane lanes[] = { { 0, 2, 2 }, { 1, 6, 5 } };
	struct refill *r = refill_new(arena, "billing", "ar.billing.v1", 2, lanes, 2);
	int64_t missing;
	size_t moves;

	(void)state;
	for (int64_t seq = 1; seq <= 3; seq++)
		see(r, 1, seq - 1, 0, 1, seq, 0);
	see(r, 1, 3, 0, 1, 5, 0);
	see(r, 1, 4, 0, 1, 2, 0);
	see(r, 0, 0, 0, 0, 1, 0);
	see(r, 0, 1, 0, 0, 2, 0);
	for (int64_t seq = 1; seq <= 6; seq++)
		refill_row(r, 1, 1, seq);
	for (int64_t seq = 1; seq <= 2; seq++)
		refill_row(r, 0, 0, seq);
	const struct refill_place *p = place(r, 1, 1, &missing, &moves);
	assert_int_equal(p->has_seq, 3);
	assert_int_equal(p->has_offset, 2);
	assert_int_equal(p->early, 1);
	assert_int_equal(p->missing, 2); /* 4 and 5; 6 was never published */
	assert_int_equal(missing, 2);
	assert_true(p->move);
	assert_false(place(r, 0, 0, &missing, &moves)->move);
}

/* ar.transfer: two lanes write one partition; counted by destination, told by the lane's seq. Lane 0 lost its second, lane 1 nothing. */
static void refill_fanned(void **state)
{
	const struct refill_lane lanes[] = { { 0, 50, 50 }, { 1, 70, 70 } };
	struct refill *r = refill_new(arena, "cash", "ar.transfer.v1", 2, lanes, 2);
	int64_t missing;
	size_t moves;

	(void)state;
	see(r, 1, 0, 0, 0, 10, 1);
	see(r, 1, 1, 0, 1, 33, 1);
	see(r, 1, 2, 0, 1, 60, 2);
	refill_row(r, 0, 1, 10);
	refill_row(r, 0, 1, 40);
	refill_row(r, 1, 1, 33);
	refill_row(r, 1, 1, 60);
	assert_int_equal(place(r, 0, 1, &missing, &moves)->missing, 1);
	assert_int_equal(place(r, 0, 1, &missing, &moves)->has_seq, 10);
	assert_int_equal(place(r, 1, 1, &missing, &moves)->missing, 0);
	assert_int_equal(missing, 1);
	assert_int_equal(moves, 1);
}

/* A log whose beginning was removed lacks nothing at its end. */
static void refill_expired_head(void **state)
{
	const struct refill_lane lanes[] = { { 0, 9, 9 } };
	struct refill *r = refill_new(arena, "billing", "ar.billing.v1", 1, lanes, 1);
	int64_t missing;
	size_t moves;

	(void)state;
	see(r, 0, 7, 7, 0, 8, 0);
	see(r, 0, 8, 7, 0, 9, 0);
	for (int64_t seq = 1; seq <= 9; seq++)
		refill_row(r, 0, 0, seq);
	assert_int_equal(place(r, 0, 0, &missing, &moves)->missing, 0);
	assert_int_equal(missing, 0);
}

/* Of dead letters only the end can be told to be missing: their numbers grow, but not by one. */
static void refill_dead_letters(void **state)
{
	const struct refill_lane lanes[] = { { 2000, 90, 90 } };
	struct refill *r = refill_new(arena, "intake", "bank.payment.v1-dlt", 1, lanes, 1);
	int64_t missing;
	size_t moves;

	(void)state;
	see(r, 0, 0, 0, 2000, 5, 0);
	see(r, 0, 1, 0, 2000, 30, 0);
	refill_row(r, 2000, 0, 5);
	refill_row(r, 2000, 0, 30);
	refill_row(r, 2000, 0, 88);
	assert_int_equal(place(r, 2000, 0, &missing, &moves)->missing, 1);
	assert_int_equal(place(r, 2000, 0, &missing, &moves)->has_seq, 30);
}

/* The log holds more than the database ever decided: nothing is published, a restored database has another command. */
static void refill_refuses_old_database(void **state)
{
	const struct refill_lane lanes[] = { { 0, 3, 3 } };
	struct refill *r = refill_new(arena, "billing", "ar.billing.v1", 1, lanes, 1);
	struct type_provenance p = { .lane = 0, .seq = 4 };
	struct err err;

	(void)state;
	assert_false(refill_see(r, 0, 0, 0, &p, &err));
	assert_string_equal(err.code, "database_older_than_stream");
}

/* ---- reposition ---------------------------------------------------------------------------------------------------------- */

static struct reposition make(int64_t low, int64_t high, int64_t position)
{
	return (struct reposition){ .arena = arena,
				    .service = "cash",
				    .topic = "ar.transfer.v1",
				    .inner = true,
				    .extent = { low, high },
				    .verdict = LOG_LOST_END,
				    .position = position,
				    .want = REPOSITION_AUTO,
				    .prev_offset = -1,
				    .to = -1 };
}

/* Last number read of a sender. */
static void sender(struct reposition *x, int32_t lane, int64_t last)
{
	if (x->senders == NULL)
		x->senders = ARENA_ARRAY(arena, REPOSITION_SENDERS_N, struct reposition_sender);
	x->senders[x->n_senders++] = (struct reposition_sender){ .lane = lane, .last = last, .was = last };
}

static void record(struct reposition *x, int64_t offset, int32_t lane, int64_t number)
{
	struct id_hash hash = { { (uint8_t)offset } };

	reposition_see(x, offset, &hash, text_printf(arena, "id-%d-%lld", lane, (long long)number), lane, number);
}

static void moves_to(struct reposition *x, int64_t to)
{
	struct err err = { 0 };

	if (!reposition_finish(x, &err))
		fail_msg("%s: %s", err.code, err.msg);
	assert_int_equal(x->to, to);
	assert_int_equal(x->to_hash_known, to > x->extent.low);
	if (x->to_hash_known)
		assert_int_equal(x->to_hash.b[0], to - 1);
}

static void refused(struct reposition *x, const char *code)
{
	struct err err = { 0 };

	assert_false(reposition_finish(x, &err));
	assert_string_equal(err.code, code);
}

/* Read to 6 = everything; the end was refilled in another order. Nothing is unread: on at the end. */
static void all_was_read(void **state)
{
	struct reposition x = make(0, 4, 6);

	(void)state;
	sender(&x, 1, 2);
	sender(&x, 2, 2);
	record(&x, 0, 1, 1);
	record(&x, 1, 2, 1);
	record(&x, 2, 2, 2);
	record(&x, 3, 1, 2);
	moves_to(&x, 4);
}

static void first_unread(void **state)
{
	struct reposition x = make(0, 5, 9);

	(void)state;
	sender(&x, 1, 2);
	record(&x, 0, 1, 1);
	record(&x, 1, 2, 1); /* of a sender never met */
	record(&x, 2, 1, 2);
	record(&x, 3, 1, 3);
	moves_to(&x, 1);
}

/* Sender 1 went on with 4 and 5 before 3 came back: both are passed over, up to where they stand; sender 2 is not concerned. */
static void early_records(void **state)
{
	struct reposition x = make(0, 7, 2);

	(void)state;
	sender(&x, 1, 2);
	sender(&x, 2, 1);
	record(&x, 0, 1, 2);
	record(&x, 1, 1, 4);
	record(&x, 2, 2, 2);
	record(&x, 3, 1, 5);
	record(&x, 4, 1, 3);
	record(&x, 5, 1, 4);
	record(&x, 6, 1, 5);
	moves_to(&x, 2);
	assert_int_equal(x.senders[0].pass_below, 4);
	assert_int_equal(x.senders[1].pass_below, 0);
	assert_int_equal(x.passed_over, 0);
}

static void missing_for_good(void **state)
{
	struct reposition x = make(0, 3, 2);

	(void)state;
	sender(&x, 1, 2);
	record(&x, 0, 1, 2);
	record(&x, 1, 1, 4);
	record(&x, 2, 1, 5);
	refused(&x, "records_missing");
}

static void explicit_offset(void **state)
{
	struct reposition back = make(0, 4, 4), ahead = make(0, 4, 1), forced = make(0, 4, 1), start = make(0, 4, 4);
	struct reposition *all[] = { &back, &ahead, &forced, &start };

	(void)state;
	back.want = 1;
	ahead.want = forced.want = 3;
	forced.force = true;
	start.want = BUS_BEGINNING;
	sender(&back, 1, 4);
	sender(&ahead, 1, 1);
	sender(&forced, 1, 1);
	sender(&start, 1, 4);
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		for (int64_t n = 0; n < 4; n++)
			record(all[i], n, 1, n + 1);
	moves_to(&back, 1);
	refused(&ahead, "unread_records");
	moves_to(&forced, 3);
	assert_int_equal(forced.passed_over, 2);
	assert_int_equal(forced.senders[0].below, 3);
	moves_to(&start, 0);
}

/* Behind an offset nothing comes again: also at the very end of the log. */
static void explicit_end(void **state)
{
	struct reposition x = make(0, 2, 0);

	(void)state;
	x.want = 2;
	record(&x, 0, 1, 1);
	record(&x, 1, 1, 2);
	refused(&x, "unread_records");
}

/* An input that takes several transactions: on at its record, wherever that is now, although its number was read. */
static void cursor(void **state)
{
	struct reposition x = make(0, 4, 9), lost = make(0, 1, 9);

	(void)state;
	x.cursor_here = lost.cursor_here = true;
	x.cursor_id = lost.cursor_id = TEXT("id-1-2");
	sender(&x, 1, 2);
	sender(&lost, 1, 2);
	record(&x, 0, 1, 1);
	record(&x, 1, 2, 1);
	record(&x, 2, 1, 2);
	record(&x, 3, 1, 3);
	moves_to(&x, 2);
	record(&lost, 0, 1, 1);
	refused(&lost, "cursor_missing");
}

/* External: behind the last record that is still the one we decided on at that offset. */
static void external(void **state)
{
	struct reposition_cause causes[] = { reposition_cause(3, TEXT("a")), reposition_cause(4, TEXT("b")),
					     reposition_cause(6, TEXT("d")) };
	struct reposition same = make(2, 8, 8), other = make(2, 8, 8), gone = make(20, 25, 8);
	const char *ids[] = { "x", "a", "b", "c", "e", "d" };

	(void)state;
	same.inner = other.inner = gone.inner = false;
	same.causes = other.causes = gone.causes = causes;
	same.n_causes = other.n_causes = gone.n_causes = ARRAY_LEN(causes);
	gone.verdict = LOG_LOST_UNREAD;
	for (int64_t n = 0; n < 6; n++) {
		struct id_hash hash = { { (uint8_t)(n + 2) } };
		reposition_see(&same, n + 2, &hash, text_of(ids[n]), 0, 0);
		reposition_see(&other, n + 2, &hash, TEXT("d"), 0, 0);
	}
	moves_to(&same, 5); /* "d" stands at 7 now */
	moves_to(&other, 7); /* the same event at the same place */
	moves_to(&gone, 20);
	assert_int_equal(gone.passed_over, 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts),
		cmocka_unit_test(explanations),
		cmocka_unit_test(record_hashes),
		cmocka_unit_test(refill_aligned),
		cmocka_unit_test(refill_fanned),
		cmocka_unit_test(refill_expired_head),
		cmocka_unit_test(refill_dead_letters),
		cmocka_unit_test(refill_refuses_old_database),
		cmocka_unit_test(all_was_read),
		cmocka_unit_test(first_unread),
		cmocka_unit_test(early_records),
		cmocka_unit_test(missing_for_good),
		cmocka_unit_test(explicit_offset),
		cmocka_unit_test(explicit_end),
		cmocka_unit_test(cursor),
		cmocka_unit_test(external),
	};

	return cmocka_run_group_tests(tests, up, down);
}
