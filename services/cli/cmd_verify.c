/* openitem verify: the books recomputed at settled positions. */
#include "cli/known.h"
#include "cli/options.h"
#include "cli/out.h"
#include "cli/progress.h"
#include "cli/settle.h"
#include "cli/verify.h"
#include "cli_sql.h"
#include "reporting_sql.h"
#include "store/store.h"

#define SETTLE_DEFAULT_S 15

static const struct out_column columns[] = {
	{ "check", OUT_TEXT }, { "compared", OUT_TEXT }, { "count", OUT_INT }, { "result", OUT_TEXT }, { "place", OUT_TEXT },
	{ "expected", OUT_TEXT }, { "found", OUT_TEXT },
}, section_columns[] = {
	{ "section", OUT_TEXT }, { "rows", OUT_INT }, { "digest", OUT_TEXT },
};

/* ---- settled? ---- */

static bool settle(struct cli *cli, int64_t timeout_s, struct err *err)
{
	struct progress progress;
	struct settle *s;

	if (!settle_open(cli, err, &s))
		return false;
	progress_open(&progress, "settle", 0);
	bool ok = settle_run(s, SETTLE_ALL, timeout_s * 1000, &progress, err);

	progress_close(&progress);
	settle_close(s);
	return ok || err_wrap(err, "not settled");
}

/* Outcomes so far of all services: equal before and after = nothing moved while we looked. */
static bool outcomes_so_far(struct cli *cli, int64_t *ret_sum, struct err *err)
{
	int64_t sum = 0;

	for (int s = 0; s < CLI_REPORTING; s++) {
		struct store_result *r;
		struct store *store;

		if (!cli_store(cli, (enum cli_service)s, err, &store) || !store_query(store, sql_lanes, 0, NULL, err, &r))
			return false;
		for (size_t i = 0; i < store_result_rows(r); i++)
			sum += store_result_i64(r, i, "seq");
		store_result_free(r);
	}
	*ret_sum = sum;
	return true;
}

/* ---- the checks ---- */

static const struct {
	const char *what;
	bool (*run)(struct verify *v, struct err *err);
} parts[] = {
	{ "the books", verify_reporting }, { "document numbers", verify_numbers }, { "the chains", verify_chains },
	{ "the copies", verify_copies },   { "what waits", verify_waiting },
};

static bool run_checks(struct verify *v, struct err *err)
{
	struct progress progress;
	bool ok = cli_store(v->cli, CLI_REPORTING, err, &v->reporting) &&
		  store_exec(v->reporting, "SET work_mem = '64MB'", 0, NULL, err);

	progress_open(&progress, "verify", ARRAY_LEN(parts));
	for (size_t i = 0; i < ARRAY_LEN(parts) && ok; i++) {
		progress_set(&progress, (int64_t)i, parts[i].what);
		ok = parts[i].run(v, err);
	}
	progress_close(&progress);
	return ok;
}

static int judge(struct verify *v, int64_t before)
{
	struct err err;
	int64_t after;

	if (v->failed == 0)
		return EXIT_OK;
	if (!outcomes_so_far(v->cli, &after, &err))
		return cli_failed(v->cli, &err);
	if (after != before)
		return cli_fail(v->cli, EXIT_MISSING,
				"%lld outcomes came while it was looking, so differences say nothing: settle, and try again",
				(long long)(after - before));
	return cli_fail(v->cli, EXIT_FOUND, "%lld of %lld checks found a difference; the first: " TEXT_FMT, (long long)v->failed,
			(long long)v->checks, TEXT_ARG(v->first));
}

static int verify(struct cli *cli)
{
	struct verify v = { .cli = cli, .arena = arena_new((size_t)64 << 20, (size_t)64 << 30) };
	struct known known;
	int64_t before;
	struct err err;
	bool ok = outcomes_so_far(cli, &before, &err) && known_begin(cli, &err, &known);

	if (ok) {
		known_end(&known);
		v.out = out_open(cli, columns, ARRAY_LEN(columns));
		ok = run_checks(&v, &err);
		if (ok)
			out_note(v.out, "%lld checks, %lld found a difference; %s", (long long)v.checks, (long long)v.failed,
				 known_words(cli->arena, &known, DATE_NONE).s);
		out_close(v.out);
	}
	arena_free(v.arena);
	return ok ? judge(&v, before) : cli_failed(cli, &err);
}

/* ---- the digest ---- */

static int print_sections(struct cli *cli, const struct store_result *r)
{
	struct out *out = out_open(cli, section_columns, ARRAY_LEN(section_columns));

	for (size_t i = 0; i < store_result_rows(r); i++) {
		out_text(out, store_result_text(r, i, "section"));
		out_int(out, store_result_i64(r, i, "n"));
		out_text(out, store_result_text(r, i, "digest"));
	}
	out_close(out);
	return EXIT_OK;
}

static int print_digest(struct cli *cli, bool sections)
{
	_cleanup_(store_result_freep) struct store_result *r = NULL;
	struct known known;
	struct err err;

	if (!known_begin(cli, &err, &known))
		return cli_failed(cli, &err);
	bool ok = store_query(known.store, sql_digest, 0, NULL, &err, &r);

	known_end(&known);
	if (!ok)
		return cli_failed(cli, &err);
	if (sections)
		return print_sections(cli, r);
	for (size_t i = 0; i < store_result_rows(r); i++)
		if (text_eq(store_result_text(r, i, "section"), TEXT("all")))
			printf(TEXT_FMT "\n", TEXT_ARG(store_result_text(r, i, "digest")));
	return EXIT_OK;
}

static int run(struct cli *cli, int argc, char **argv)
{
	int64_t timeout_s = SETTLE_DEFAULT_S;
	bool digest = false, sections = false;
	struct err err;
	const struct option_spec specs[] = {
		OPTION_FORMAT(cli),
		{ "digest", 0, OPTION_FLAG, &digest, NULL, "print the digest of the business state, and nothing else", 0, 0, NULL },
		{ "sections", 0, OPTION_FLAG, &sections, NULL, "the digest of each kind of state", 0, 0, NULL },
		{ "timeout", 0, OPTION_INT, &timeout_s, "SECONDS", "wait so long for everything to settle (default 15)", 1, 86400,
		  NULL },
	};
	int code = options_parse(cli, specs, ARRAY_LEN(specs), 0, 0, &argc, &argv);

	if (code >= 0)
		return code;
	if (!settle(cli, timeout_s, &err))
		return cli_fail(cli, EXIT_MISSING, "%s", err.msg);
	return digest || sections ? print_digest(cli, sections) : verify(cli);
}

const struct command cmd_verify = {
	.name = "verify",
	.summary = "recompute everything and compare",
	.usage =
		"openitem verify [--timeout SECONDS] [--format F]\n"
		"       openitem verify --digest | --sections\n\n"
		"Waits until everything has settled (not in time: exit 3), then recomputes the books, every hash chain, every sequence and number,\n"
		"and compares each service with the others. A table of checks; a difference ends with exit 1 and its first place. What waits is\n"
		"shown and is no failure.\n"
		"--digest: one SHA-256 over the business state by source ids (no offsets, times, hashes, sequence or document numbers, lanes): two\n"
		"runs of the same events have the same.",
	.example = "openitem verify\nopenitem verify --digest",
	.run = run,
};
