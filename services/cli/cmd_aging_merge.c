/* openitem aging --merge: legal entities and imported files in one, with the proof that nothing is lost between them (RPT-01). */
#include "cli/aging_merge.h"
#include "cli/aging_ask.h"
#include "cli/cmd_aging.h"
#include "cli/known.h"
#include "cli/list.h"
#include "cli/out.h"
#include "reporting_sql.h"
#include "store/store.h"

struct merging {
	const struct aging_question *q;
	struct known known;
	struct merge m;
	struct merge_part *part;
	struct out *out;
	struct out_column columns[AGING_BUCKETS_MAX + 10];
};

static bool is_file(struct text name)
{
	return text_find(name, TEXT("/")) != TEXT_NOT_FOUND || (name.n > 4 && memcmp(name.s + name.n - 4, ".csv", 4) == 0);
}

/* ---- legal entities ---- */

static bool read_row(const struct merging *g, const struct store_result *r, struct merge_row *ret, struct err *err)
{
	*ret = (struct merge_row){
		.currency = text_dup(g->q->cli->arena, store_result_text(r, 0, "currency")),
		.unapplied = store_result_i64(r, 0, "unapplied"),
		.credits = store_result_i64(r, 0, "credits"),
		.total = store_result_i64(r, 0, "total"),
		.oldest_days = store_result_i64(r, 0, "oldest_days"),
	};
	if (!date_parse(store_result_text(r, 0, "as_of"), &ret->as_of) ||
	    !aging_amounts(store_result_text(r, 0, "buckets"), ret->bucket, g->q->buckets->n))
		return err_set(err, ERR_STOP, "bad_answer", "reporting gave other buckets than were asked for");
	return true;
}

static bool take_total(void *ctx, const struct store_result *r, struct err *err)
{
	struct merging *g = ctx;
	struct merge_row row;

	return read_row(g, r, &row, err) && merge_add(g->part, &row, err);
}

static bool take_account(void *ctx, const struct store_result *r, struct err *err)
{
	struct merging *g = ctx;
	struct merge_row row;

	if (!read_row(g, r, &row, err))
		return false;
	merge_is_new(&g->m, store_result_text(r, 0, "entity"), store_result_text(r, 0, "account"), TEXT_NONE, TEXT_NONE,
		     row.currency);
	return merge_add_merged(&g->m, &row, err);
}

/* So that a file cannot bring an item in again. */
static bool note_item(void *ctx, const struct store_result *r, struct err *err)
{
	struct merging *g = ctx;

	(void)err;
	merge_is_new(&g->m, store_result_text(r, 0, "entity"), store_result_text(r, 0, "account"),
		     store_result_text(r, 0, "reference"), store_result_text(r, 0, "sequence"),
		     store_result_text(r, 0, "currency"));
	return true;
}

/* The part from the rows per entity, the merged one from those per account. */
static bool take_entity(struct merging *g, const char *entity, struct err *err)
{
	_cleanup_(store_result_freep) struct store_result *r = NULL;
	const struct aging_question *q = g->q;
	struct store *store = g->known.store;
	const char *as_of = list_day(q->cli, q->as_of);
	struct aging_asked asked = { as_of, entity, "", q->buckets->edges, q->base, "entity" };
	const char *items[] = { as_of, entity, "", "open", g->known.lanes_then, g->known.seqs_then, g->known.days_then };

	if (!store_query(store, "SELECT 1 FROM entity WHERE entity = $1 LIMIT 1", 1, &entity, err, &r))
		return false;
	if (store_result_rows(r) == 0)
		return err_set(err, ERR_REJECT, "unknown_part",
			       "there is no legal entity \"%.40s\"; a file ends with .csv or has a / in it", entity);
	if (!merge_part_new(&g->m, entity, "entity", err, &g->part) || !aging_ask(&g->known, &asked, take_total, g, err))
		return false;
	asked.by = "account";
	return aging_ask(&g->known, &asked, take_account, g, err) &&
	       store_stream(store, sql_items, ARRAY_LEN(items), items, note_item, g, err);
}

static bool take_part(struct merging *g, struct text name, bool files, struct err *err)
{
	const char *what = text_cstr(g->q->cli->arena, name);
	struct text bytes;

	if (is_file(name) != files)
		return true;
	for (size_t p = 0; p < g->m.n; p++)
		if (strcmp(g->m.part[p].name, what) == 0)
			return err_set(err, ERR_REJECT, "usage", "%s is named twice", what);
	if (!files)
		return take_entity(g, what, err);
	return cli_read_file(g->q->cli, what, err, &bytes) && merge_file(&g->m, what, bytes, err);
}

/* ---- the list ---- */

static void open_list(struct merging *g)
{
	static const struct out_column before[] = {
		{ "part", OUT_TEXT }, { "kind", OUT_TEXT }, { "as_of", OUT_DAY }, { "currency", OUT_TEXT }
	};
	static const struct out_column after[] = {
		{ "unapplied", OUT_MONEY },
		{ "credits", OUT_MONEY },
		{ "total", OUT_MONEY },
		{ "oldest_days", OUT_INT },
	};
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(before); i++)
		g->columns[n++] = before[i];
	for (size_t i = 0; i < g->q->buckets->n; i++)
		g->columns[n++] = (struct out_column){ g->q->buckets->names[i], OUT_MONEY };
	for (size_t i = 0; i < ARRAY_LEN(after); i++)
		g->columns[n++] = after[i];
	g->out = out_open(g->q->cli, g->columns, n);
	out_nothing(g->out, "nothing is open");
}

static void print_part(struct merging *g, const struct merge_part *part)
{
	for (size_t i = 0; i < part->n; i++) {
		const struct merge_sum *s = &part->sum[i];
		struct text currency = s->row.currency;

		out_text(g->out, text_of(part->name));
		out_text(g->out, text_of(part->kind));
		out_day(g->out, s->as_of_differs ? DATE_NONE : s->row.as_of);
		out_text(g->out, currency);
		for (size_t k = 0; k < g->q->buckets->n; k++)
			out_money(g->out, s->row.bucket[k], currency);
		out_money(g->out, s->row.unapplied, currency);
		out_money(g->out, s->row.credits, currency);
		out_money(g->out, s->row.total, currency);
		out_int(g->out, s->row.oldest_days);
	}
}

/* "EUR: merged 120.00 = DE01 100.00 + old.csv 20.00". Returns the difference. */
static int64_t say_proof(struct merging *g, const struct merge_sum *merged)
{
	struct arena *a = g->q->cli->arena;
	struct text currency = merged->row.currency;
	int64_t sum = merge_parts_total(&g->m, currency);
	struct buf b = { .arena = a };

	buf_printf(&b, TEXT_FMT ": merged " TEXT_FMT " %s", TEXT_ARG(currency),
		   TEXT_ARG(out_amount(a, merged->row.total, currency)), sum == merged->row.total ? "=" : "is not");
	for (size_t p = 0, said = 0; p < g->m.n; p++)
		for (size_t i = 0; i < g->m.part[p].n; i++)
			if (text_eq(g->m.part[p].sum[i].row.currency, currency))
				buf_printf(&b, "%s %s " TEXT_FMT, said++ > 0 ? " +" : "", g->m.part[p].name,
					   TEXT_ARG(out_amount(a, g->m.part[p].sum[i].row.total, currency)));
	out_note(g->out, "%s", b.s);
	if (sum != merged->row.total)
		out_note(g->out, TEXT_FMT ": the parts differ by " TEXT_FMT, TEXT_ARG(currency),
			 TEXT_ARG(out_amount(a, merged->row.total - sum, currency)));
	return merged->row.total - sum;
}

static int print_all(struct merging *g)
{
	bool differs = false;

	open_list(g);
	for (size_t p = 0; p < g->m.n; p++)
		print_part(g, &g->m.part[p]);
	print_part(g, &g->m.merged);
	for (size_t i = 0; i < g->m.merged.n; i++) {
		differs = say_proof(g, &g->m.merged.sum[i]) != 0 || differs;
		if (g->m.merged.sum[i].as_of_differs)
			out_note(g->out, TEXT_FMT ": the parts are not of the same day", TEXT_ARG(g->m.merged.sum[i].row.currency));
	}
	if (g->m.twice > 0)
		out_note(g->out, "%lld rows of files stand in an earlier part, too: counted once", (long long)g->m.twice);
	out_note(g->out, "entities: %s", known_words(g->q->cli->arena, &g->known, g->q->as_of).s);
	out_close(g->out);
	return differs ? cli_fail(g->q->cli, EXIT_FOUND, "merged is not the sum of its parts") : EXIT_OK;
}

int aging_merge(const struct aging_question *q, const struct option_items *parts)
{
	static struct merging g;
	struct err err;
	bool ok = true;

	g = (struct merging){ .q = q };
	merge_begin(&g.m, q->cli->arena, q->buckets,
		    strcmp(q->base, "due") == 0        ? MERGE_DUE
		    : strcmp(q->base, "document") == 0 ? MERGE_DOCUMENT
						       : MERGE_ACCOUNTING);
	if (!known_begin_at(q->cli, q->known_at, &err, &g.known))
		return cli_failed(q->cli, &err);
	for (int files = 0; files < 2; files++) /* entities first: what a file repeats counts there */
		for (size_t i = 0; i < parts->n && ok; i++)
			ok = take_part(&g, parts->item[i], files == 1, &err);
	int code = ok ? print_all(&g) : cli_failed(q->cli, &err);

	known_end(&g.known);
	return code;
}
