/* openitem changes: what moved each cell of the aging since a checkpoint, event by event. */
#include "cli/aging.h"
#include "cli/list.h"
#include "cli/options.h"
#include "reporting_sql.h"
#include "store/store.h"

static const struct out_column columns[] = {
	{ "entity", OUT_TEXT }, { "account", OUT_TEXT }, { "currency", OUT_TEXT }, { "cell", OUT_TEXT },     { "what", OUT_TEXT },
	{ "date", OUT_DAY },    { "number", OUT_TEXT },  { "amount", OUT_MONEY },  { "event_id", OUT_TEXT },
};

struct changes {
	struct cli *cli;
	struct list_filter filter;
	const char *since, *to;
	struct aging_buckets buckets;
	struct out *out;
	int64_t differences;
};

/* A cell of the aging and by how much it changed. */
struct cell {
	struct text entity, account, currency;
	int64_t bucket, minor;
};

struct cells {
	struct changes *c;
	struct cell *cell;
	size_t n, cap;
	int64_t sign; /* of what is added */
};

static const char *cell_name(const struct changes *c, int64_t bucket)
{
	if (bucket < 0)
		return bucket == -1 ? "unapplied" : "credits";
	return c->buckets.names[MIN((size_t)bucket, c->buckets.n - 1)];
}

static int by_cell(const void *a, const void *b)
{
	const struct cell *x = a, *y = b;
	int r = text_cmp(x->entity, y->entity);

	r = r != 0 ? r : text_cmp(x->account, y->account);
	r = r != 0 ? r : text_cmp(x->currency, y->currency);
	return r != 0 ? r : (x->bucket > y->bucket) - (x->bucket < y->bucket);
}

static void add(struct cells *all, struct text entity, struct text account, struct text currency, int64_t bucket, int64_t minor)
{
	struct arena *a = all->c->cli->arena;

	if (minor == 0)
		return;
	if (all->n == all->cap) {
		size_t cap = all->cap == 0 ? 256 : all->cap * 2;
		struct cell *grown = ARENA_ARRAY(a, cap, struct cell);
		if (all->n > 0)
			memcpy(grown, all->cell, all->n * sizeof(*grown));
		all->cell = grown;
		all->cap = cap;
	}
	all->cell[all->n++] = (struct cell){ text_dup(a, entity), text_dup(a, account), text_dup(a, currency), bucket, minor };
}

static bool take_aging(void *ctx, const struct store_result *row, struct err *err)
{
	struct cells *all = ctx;
	struct text entity = store_result_text(row, 0, "entity"), account = store_result_text(row, 0, "account");
	struct text currency = store_result_text(row, 0, "currency");
	int64_t amounts[AGING_BUCKETS_MAX + 1];

	if (!aging_amounts(store_result_text(row, 0, "buckets"), amounts, all->c->buckets.n))
		return err_set(err, ERR_STOP, "bad_answer", "reporting gave other buckets than were asked for");
	for (size_t i = 0; i < all->c->buckets.n; i++)
		add(all, entity, account, currency, (int64_t)i, all->sign * amounts[i]);
	add(all, entity, account, currency, -1, all->sign * store_result_i64(row, 0, "unapplied"));
	add(all, entity, account, currency, -2, all->sign * store_result_i64(row, 0, "credits"));
	return true;
}

static bool take_change(void *ctx, const struct store_result *row, struct err *err)
{
	struct cells *all = ctx;
	struct out *out = all->c->out;
	struct text currency = store_result_text(row, 0, "currency");
	int64_t bucket = store_result_i64(row, 0, "bucket"), minor = store_result_i64(row, 0, "amount");
	date_t day = DATE_NONE;

	if (!date_parse(store_result_text(row, 0, "on_date"), &day))
		return err_set(err, ERR_STOP, "bad_answer", "reporting gave a change without a date");
	out_text(out, store_result_text(row, 0, "entity"));
	out_text(out, store_result_text(row, 0, "account"));
	out_text(out, currency);
	out_text(out, text_of(cell_name(all->c, bucket)));
	out_text(out, store_result_text(row, 0, "what"));
	out_day(out, day);
	out_text(out, store_result_text(row, 0, "reference"));
	out_money(out, minor, currency);
	out_text(out, store_result_text(row, 0, "event_id"));
	add(all, store_result_text(row, 0, "entity"), store_result_text(row, 0, "account"), currency, bucket, -minor);
	return true;
}

/* Aging then, taken off; aging now; less every change: what is left of a cell was not explained. */
static void compare(struct cells *all)
{
	qsort(all->cell, all->n, sizeof(*all->cell), by_cell);
	for (size_t i = 0, next; i < all->n; i = next) {
		int64_t left = 0;
		for (next = i; next < all->n && by_cell(&all->cell[i], &all->cell[next]) == 0; next++)
			left += all->cell[next].minor;
		if (left == 0)
			continue;
		all->c->differences++;
		out_note(all->c->out, "not explained: %s of " TEXT_FMT " in " TEXT_FMT ", " TEXT_FMT " " TEXT_FMT,
			 cell_name(all->c, all->cell[i].bucket), TEXT_ARG(all->cell[i].account), TEXT_ARG(all->cell[i].entity),
			 TEXT_ARG(out_amount(all->c->cli->arena, left, all->cell[i].currency)), TEXT_ARG(all->cell[i].currency));
	}
}

static bool aging(struct changes *c, struct store *store, struct cells *all, const struct known *k, int64_t sign, struct err *err)
{
	const char *params[] = { "",        c->filter.entity, c->filter.account, c->buckets.edges, "due",
				 "account", k->lanes_then,    k->seqs_then,      k->days_then };

	all->sign = sign;
	return store_stream(store, sql_aging, ARRAY_LEN(params), params, take_aging, all, err);
}

static int print_changes(struct changes *c)
{
	struct cells all = { .c = c };
	struct known then, now;
	struct err err;

	if (!known_begin_at(c->cli, c->since, &err, &then))
		return cli_failed(c->cli, &err);
	known_end(&then);
	if (!known_begin_at(c->cli, c->to, &err, &now))
		return cli_failed(c->cli, &err);
	const char *params[] = { c->buckets.edges, c->filter.entity, c->filter.account, then.lanes_then, then.seqs_then,
				 then.days_then,   now.lanes_then,   now.seqs_then,     now.days_then };
	c->out = out_open(c->cli, columns, ARRAY_LEN(columns));
	out_nothing(c->out, "nothing moved");
	bool ok = aging(c, now.store, &all, &then, -1, &err) && aging(c, now.store, &all, &now, 1, &err) &&
		  store_stream(now.store, sql_changes, ARRAY_LEN(params), params, take_change, &all, &err);
	if (ok) {
		compare(&all);
		out_note(c->out, "from checkpoint %lld, taken %s, to %s", (long long)then.checkpoint, then.taken_at,
			 known_words(c->cli->arena, &now, DATE_NONE).s);
	}
	out_close(c->out);
	known_end(&now);
	if (!ok)
		return cli_failed(c->cli, &err);
	return c->differences > 0 ? cli_fail(c->cli, EXIT_FOUND, "%lld cells are not explained", (long long)c->differences)
				  : EXIT_OK;
}

static int run(struct cli *cli, int argc, char **argv)
{
	static struct changes c;
	const char *setting = env_get("OPENITEM_AGING_BUCKETS");
	struct err err;

	c = (struct changes){ .cli = cli, .filter = LIST_FILTER_ALL };
	const struct option_spec specs[] = {
		OPTION_FORMAT(cli),
		{ "since", 0, OPTION_TEXT, &c.since, "CHECKPOINT|INSTANT", "from this one (openitem checkpoints)", 0, 0, NULL },
		{ "to", 0, OPTION_TEXT, &c.to, "CHECKPOINT|INSTANT", "to this one (default: now)", 0, 0, NULL },
		OPTION_ENTITY(c.filter),
		OPTION_ACCOUNT(c.filter),
	};
	int code = options_parse(cli, specs, ARRAY_LEN(specs), 0, 0, &argc, &argv);

	if (code >= 0)
		return code;
	if (c.since == NULL)
		return options_usage(cli, "--since is missing: a checkpoint, as every answer prints one");
	if (!aging_buckets(setting == NULL ? AGING_DEFAULT : setting, cli->arena, &err, &c.buckets))
		return cli_failed(cli, &err);
	return print_changes(&c);
}

const struct command cmd_changes = {
	.name = "changes",
	.summary = "what moved the aging since a checkpoint, event by event",
	.usage =
		"openitem changes --since CHECKPOINT [--to CHECKPOINT] [--entity E] [--account A] [--format F]\n\n"
		"One row per event and cell of the aging that it moved; `aged` is what the passing of days moved from one cell to the next. The rows of a\n"
		"cell sum to the difference of the two agings; what is not explained is said, and ends with exit 1. `openitem explain EVENT_ID` goes on.",
	.example = "openitem changes --since 17\nopenitem changes --since 2026-03-31T18:00:00Z --account C000012",
	.run = run,
};
