/* verify: one check; reporting against itself; what waits. */
#include "cli/verify.h"
#include "cli_sql.h"
#include "reporting_sql.h"
#include "store/store.h"

/* ---- one check ---- */

static void print_row(struct verify *v, const char *result, int64_t count)
{
	out_text(v->out, text_of(v->check));
	out_text(v->out, text_of(v->compared));
	out_int(v->out, count);
	out_text(v->out, text_of(result));
	out_text(v->out, v->place);
	out_text(v->out, v->expected);
	out_text(v->out, v->found);
}

void verify_begin(struct verify *v, const char *check, const char *compared)
{
	arena_reset(v->arena);
	v->check = check;
	v->compared = compared;
	v->differences = 0;
	v->place = v->expected = v->found = TEXT_NONE;
}

void verify_differs(struct verify *v, struct text place, struct text expected, struct text found)
{
	if (v->differences++ > 0)
		return;
	v->place = text_dup(v->cli->arena, place);
	v->expected = text_dup(v->cli->arena, expected);
	v->found = text_dup(v->cli->arena, found);
}

void verify_end(struct verify *v, int64_t count)
{
	v->checks++;
	if (v->differences > 0 && v->failed++ == 0)
		v->first = text_printf(v->cli->arena, "%s: " TEXT_FMT ": expected " TEXT_FMT ", found " TEXT_FMT, v->check,
				       TEXT_ARG(v->place), TEXT_ARG(v->expected), TEXT_ARG(v->found));
	print_row(v, v->differences > 0 ? "DIFFERS" : "ok", count);
}

void verify_waits(struct verify *v, const char *check, const char *compared, int64_t count)
{
	verify_begin(v, check, compared);
	print_row(v, count > 0 ? "waits" : "none", count);
}

/* ---- reporting against itself ---- */

static const struct statement {
	const char *check, *compared;
	const char *sql; /* columns place, expected, found: a row is a difference */
	const char *counted; /* column of verify_summary.sql */
} statements[] = {
	{ "conservation", "open items = AR control, per entity and currency", sql_verify_conservation, "items" },
	{ "money in transit", "zero, and no transfer on its way", sql_verify_transit, "transfers" },
	{ "item amounts", "open amount = sum of the control lines that name it", sql_verify_items, "items" },
	{ "item history", "open amount = what its events say", sql_verify_events, "items" },
	{ "applications", "sum per item = what was applied to it", sql_verify_applications, "applications" },
	{ "balanced entries", "every entry sums to zero", sql_verify_entries, "ledger_lines" },
	{ "control lines", "every control line names an item", sql_verify_control_lines, "ledger_lines" },
	{ "day totals", "totals by day = sums of the lines", sql_verify_totals, "ledger_lines" },
	{ "aging roll-up", "with what is not rolled yet = items and lines", sql_verify_aging, "items" },
	{ "bank clearing", "posted lines and returns = bank clearing", sql_verify_bank, "bank_lines" },
	{ "bank statements", "opening + lines = closing", sql_verify_statements, "statements" },
	{ "document numbers", "a number names one document", sql_verify_numbers, "documents" },
	{ "answers", "every input has one final outcome", sql_verify_answers, "inputs" },
	{ "sequences", "no gap in what reporting read", sql_verify_seqs, "records" },
	{ "copied records", "hash of the bytes, hash of the one before", sql_verify_chain, "records" },
};

static bool take_difference(void *ctx, const struct store_result *row, struct err *err)
{
	(void)err;
	verify_differs(ctx, store_result_text(row, 0, "place"), store_result_text(row, 0, "expected"),
		       store_result_text(row, 0, "found"));
	return true;
}

bool verify_reporting(struct verify *v, struct err *err)
{
	_cleanup_(store_result_freep) struct store_result *counts = NULL;

	if (!store_query(v->reporting, sql_verify_summary, 0, NULL, err, &counts))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(statements); i++) {
		verify_begin(v, statements[i].check, statements[i].compared);
		if (!store_stream(v->reporting, statements[i].sql, 0, NULL, take_difference, v, err))
			return false;
		verify_end(v, store_result_i64(counts, 0, statements[i].counted));
	}
	return true;
}

/* ---- what waits ---- */

static bool count_unpublished(struct verify *v, enum cli_service service, int64_t *sum, struct err *err)
{
	struct store_result *r;
	struct store *store;

	if (!cli_store(v->cli, service, err, &store) || !store_query(store, sql_lanes, 0, NULL, err, &r))
		return false;
	for (size_t i = 0; i < store_result_rows(r); i++)
		*sum += store_result_i64(r, i, "seq") - store_result_i64(r, i, "published_seq");
	store_result_free(r);
	return true;
}

static bool count_rows(void *ctx, const struct store_result *row, struct err *err)
{
	(void)row;
	(void)err;
	++*(int64_t *)ctx;
	return true;
}

bool verify_waiting(struct verify *v, struct err *err)
{
	struct store *billing, *intake;
	struct store_result *r;
	int64_t unpublished = 0, dead_letters = 0;

	for (int s = 0; s < CLI_REPORTING; s++)
		if (!count_unpublished(v, (enum cli_service)s, &unpublished, err))
			return false;
	verify_waits(v, "unpublished", "outcomes that are not in their topic yet", unpublished);
	if (!cli_store(v->cli, CLI_BILLING, err, &billing) || !store_query(billing, sql_billing_parked, 0, NULL, err, &r))
		return false;
	verify_waits(v, "parked", "inputs that wait for a fact (openitem exceptions --kind parked)", store_result_i64(r, 0, "n"));
	store_result_free(r);
	if (!cli_store(v->cli, CLI_INTAKE, err, &intake) ||
	    !store_stream(intake, sql_intake_dead_letters, 0, NULL, count_rows, &dead_letters, err))
		return false;
	verify_waits(v, "dead letters", "what the gate refused (openitem dlq ls)", dead_letters);
	return true;
}
