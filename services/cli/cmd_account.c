/* openitem account: one customer at a glance. */
#include "cli/list.h"
#include "cli/options.h"
#include "cli/xlsx.h"
#include "reporting_sql.h"
#include "store/store.h"

static const struct list_column summary_columns[] = {
	{ "account", OUT_TEXT, NULL }, { "name", OUT_TEXT, NULL }, { "terms", OUT_TEXT, "terms_code" }, { "parent", OUT_TEXT, "parent_account" },
	{ "entity", OUT_TEXT, NULL }, { "currency", OUT_TEXT, NULL }, { "open_items", OUT_INT, NULL }, { "not_due", OUT_MONEY, NULL },
	{ "overdue", OUT_MONEY, NULL }, { "unapplied", OUT_MONEY, NULL }, { "credits", OUT_MONEY, NULL }, { "total", OUT_MONEY, NULL },
	{ "oldest_days", OUT_INT, NULL }, { "last_receipt_on", OUT_DAY, NULL }, { "last_notice_on", OUT_DAY, NULL },
	{ "last_notice_level", OUT_INT, NULL }, { "blocks", OUT_INT, NULL },
}, items_columns[] = {
	{ "entity", OUT_TEXT, NULL }, { "kind", OUT_TEXT, NULL }, { "reference", OUT_TEXT, NULL }, { "order", OUT_TEXT, "order_id" },
	{ "po", OUT_TEXT, "customer_po" }, { "document_date", OUT_DAY, NULL }, { "due_date", OUT_DAY, NULL },
	{ "days_past_due", OUT_INT, NULL }, { "currency", OUT_TEXT, NULL }, { "original", OUT_MONEY, NULL }, { "open", OUT_MONEY, NULL },
	{ "blocked", OUT_BOOL, NULL }, { "document_id", OUT_TEXT, NULL }, { "sequence", OUT_INT, NULL }, { "version", OUT_INT, LIST_VERSION },
}, unapplied_columns[] = {
	{ "entity", OUT_TEXT, NULL }, { "reference", OUT_TEXT, NULL }, { "document_date", OUT_DAY, NULL }, { "days", OUT_INT, NULL },
	{ "currency", OUT_TEXT, NULL }, { "original", OUT_MONEY, NULL }, { "open", OUT_MONEY, NULL }, { "reason", OUT_TEXT, NULL },
	{ "because", OUT_TEXT, NULL }, { "document_id", OUT_TEXT, NULL }, { "sequence", OUT_INT, NULL }, { "version", OUT_INT, LIST_VERSION },
}, applications_columns[] = {
	{ "entity", OUT_TEXT, NULL }, { "applied_on", OUT_DAY, NULL }, { "credit", OUT_TEXT, "credit_reference" },
	{ "kind", OUT_TEXT, "credit_kind" }, { "debit", OUT_TEXT, "debit_reference" }, { "currency", OUT_TEXT, NULL },
	{ "amount", OUT_MONEY, NULL }, { "rule", OUT_TEXT, "rule_id" }, { "because", OUT_TEXT, NULL }, { "undone_on", OUT_DAY, NULL },
	{ "undone_reason", OUT_TEXT, NULL },
}, notices_columns[] = {
	{ "notice_date", OUT_DAY, NULL }, { "entity", OUT_TEXT, NULL }, { "currency", OUT_TEXT, NULL }, { "level", OUT_INT, NULL },
	{ "episode", OUT_INT, NULL }, { "amount", OUT_MONEY, NULL }, { "overdue", OUT_MONEY, NULL }, { "credits", OUT_MONEY, NULL },
	{ "held", OUT_MONEY, NULL }, { "oldest_days", OUT_INT, NULL }, { "items", OUT_INT, "item_count" },
	{ "episode_ended_on", OUT_DAY, NULL }, { "notice_id", OUT_TEXT, NULL },
}, blocks_columns[] = {
	{ "block_id", OUT_TEXT, NULL }, { "reason", OUT_TEXT, NULL }, { "document_id", OUT_TEXT, NULL }, { "sequence", OUT_INT, NULL },
	{ "held_until", OUT_DAY, NULL }, { "lifted", OUT_BOOL, NULL },
};

#define COLUMNS(c) c, ARRAY_LEN(c)
enum part { SUMMARY, ITEMS, UNAPPLIED, APPLICATIONS, NOTICES, BLOCKS, PARTS };
static const char *const part_names[] = { "summary", "items", "unapplied", "applications", "notices", "blocks", NULL };

struct account {
	struct cli *cli;
	const char *account;
	struct list_filter filter; /* its entity */
	struct list parts[PARTS];
};

static void make_parts(struct account *c, bool all)
{
	const char *entity = c->filter.entity, *account = c->account;

	c->parts[SUMMARY] = (struct list){ COLUMNS(summary_columns), "", sql_account, { account, "", entity }, 3, DATE_NONE };
	c->parts[ITEMS] = (struct list){ COLUMNS(items_columns),
					 "nothing is open",
					 sql_items,
					 { "", entity, account, all ? "all" : "open", "", "", "" },
					 7,
					 DATE_NONE };
	c->parts[UNAPPLIED] = (struct list){
		COLUMNS(unapplied_columns), "every receipt is applied", sql_unapplied, { entity, account, "" }, 3, DATE_NONE
	};
	c->parts[APPLICATIONS] = (struct list){ COLUMNS(applications_columns),
						"nothing was applied",
						sql_applications,
						{ entity, account, all ? "all" : "in_force" },
						3,
						DATE_NONE };
	c->parts[NOTICES] =
		(struct list){ COLUMNS(notices_columns), "no notices", sql_notices, { entity, account, "", "" }, 4, DATE_NONE };
	c->parts[BLOCKS] =
		(struct list){ COLUMNS(blocks_columns), "no blocks", sql_blocks, { account, all ? "all" : "open" }, 2, DATE_NONE };
}

/* What stands between two lists: a title; an empty line; a member of the JSON object; a worksheet's name. */
static void print_title(const struct account *c, enum part p, bool only)
{
	if (c->cli->format == OUT_TABLE)
		printf("%s%s\n", p == SUMMARY || only ? "" : "\n", part_names[p]);
	else if (c->cli->format == OUT_CSV)
		printf("%s", p == SUMMARY || only ? "" : "\n");
	else if (c->cli->format == OUT_XLSX)
		xlsx_name(c->cli->xlsx, part_names[p]);
	else if (!only)
		printf("%c\"%s\":", p == SUMMARY ? '{' : ',', part_names[p]);
}

static bool print_part(struct account *c, enum part p, struct store *store, size_t *ret_rows, struct err *err)
{
	struct out *out = list_open(c->cli, &c->parts[p]);
	bool ok = list_rows(c->cli, &c->parts[p], out, store, false, err);

	*ret_rows = out_rows(out);
	out_close(out);
	return ok;
}

static bool is_known(const struct account *c, struct store *store, bool *ret_known, struct err *err)
{
	struct store_result *r;

	if (!store_query(store, sql_account, c->parts[SUMMARY].n_params, c->parts[SUMMARY].params, err, &r))
		return err_wrap(err, "the database of reporting");
	*ret_known = store_result_rows(r) > 0;
	store_result_free(r);
	return true;
}

static int print_account(struct account *c, size_t only)
{
	struct known known;
	bool is_here = false, ok;
	struct err err;
	size_t rows;

	if (!known_begin(c->cli, &err, &known))
		return cli_failed(c->cli, &err);

	const char *words = known_words(c->cli->arena, &known, DATE_NONE).s;

	ok = is_known(c, known.store, &is_here, &err);
	for (size_t p = 0; p < PARTS && ok && is_here; p++) {
		if (only != PARTS && p != only)
			continue;
		print_title(c, (enum part)p, only != PARTS);
		ok = print_part(c, (enum part)p, known.store, &rows, &err);
	}
	known_end(&known);
	if (!ok)
		return cli_failed(c->cli, &err);
	if (!is_here)
		return cli_fail(c->cli, EXIT_FOUND, "there is no account \"%s\" (%s)", c->account, words);
	if (c->cli->format == OUT_JSON && only == PARTS)
		printf("}\n");
	if (c->cli->format == OUT_XLSX)
		xlsx_note(c->cli->xlsx, text_of(words));
	fflush(stdout);
	fprintf(c->cli->format == OUT_TABLE ? stdout : stderr, "%s%s\n", c->cli->format == OUT_TABLE ? "\n" : "", words);
	return EXIT_OK;
}

static int run(struct cli *cli, int argc, char **argv)
{
	static struct account c;
	size_t only = PARTS;
	bool all = false;

	c = (struct account){ .cli = cli, .filter = LIST_FILTER_ALL };
	const struct option_spec specs[] = {
		OPTION_FORMAT(cli),
		{ "part", 0, OPTION_WORD, &only, "PART", "only summary, items, unapplied, applications, notices or blocks", 0, 0,
		  part_names },
		{ "all", 0, OPTION_FLAG, &all, NULL, "closed items, undone applications and lifted blocks too", 0, 0, NULL },
		OPTION_ENTITY(c.filter),
	};
	int code = options_parse(cli, specs, ARRAY_LEN(specs), 1, 1, &argc, &argv);

	if (code >= 0)
		return code;
	c.account = argv[0];
	make_parts(&c, all);
	return print_account(&c, only);
}

const struct command cmd_account = {
	.name = "account",
	.summary = "one customer at a glance: balances, items, receipts, applications, notices",
	.usage =
		"openitem account [--part PART] [--all] [--entity E] [--format F] ACCOUNT\n\n"
		"summary (a row per entity and currency), open items, unapplied receipts, applications in force, notices, blocks. With --format\n"
		"json one object with these members; with csv the lists one after the other, an empty line between them (--part for one alone).\n"
		"An unknown account ends with exit 1.",
	.example = "openitem account C00042\nopenitem account --part items --format csv C00042",
	.run = run,
};
