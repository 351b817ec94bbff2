/* openitem why-not: why money is not applied, or its payer not known: rule by rule, by cash's own functions on cash's own rows (CSH-03, CSH-04). */
#include "cli/known.h"
#include "cli/options.h"
#include "cli/out.h"
#include "cli/why_not.h"
#include "cli_sql.h"
#include "store/store.h"

#include "cash/core/item.h"

#define ROUNDS_MAX 8 /* loads for one receipt; no chain of cash's questions is longer than two */

static const struct out_column columns[] = {
	{ "step", OUT_TEXT }, { "rule", OUT_TEXT }, { "result", OUT_TEXT }, { "missing", OUT_TEXT }, { "candidates", OUT_TEXT },
};

struct job {
	struct cli *cli;
	struct store *store; /* of cash */
	struct book *book;
	const char *account;
	/* what was found */
	int32_t lane, line_lane, sequence;
	struct text at, document_id, line_account, line_id;
	bool holding;
	/* what cash reads */
	const struct cash_item_row *item;
	const struct cash_line_row *line;
	struct cash_match match;
	struct cash_identity identity;
};

/* ---- which money ---- */

static bool find(struct job *j, const char *what, struct err *err)
{
	_cleanup_(store_result_freep) struct store_result *r = NULL;
	const char *params[] = { what, j->account };
	struct arena *a = j->cli->arena;

	if (!cli_store(j->cli, CLI_CASH, err, &j->store) || !store_query(j->store, sql_cash_money, 2, params, err, &r))
		return err_wrap(err, "the database of cash");
	if (store_result_rows(r) == 0)
		return err_set(err, ERR_STOP, "not_found", "cash knows no receipt and no bank line \"%.100s\"%s%.40s", what,
			       j->account[0] == '\0' ? "" : " of account ", j->account);
	if (store_result_i64(r, 0, "open") == 0)
		return err_set(err, ERR_STOP, "nothing_open",
			       "nothing of %.100s is open: `openitem explain %.100s` shows where it went", what, what);
	if (store_result_rows(r) > 1 && store_result_i64(r, 1, "open") != 0)
		return err_set(err, ERR_STOP, "ambiguous", "%.100s: several accounts have one; say which with --account", what);
	j->lane = (int32_t)store_result_i64(r, 0, "lane");
	j->line_lane = (int32_t)store_result_i64(r, 0, "line_lane");
	j->sequence = (int32_t)store_result_i64(r, 0, "sequence");
	j->holding = store_result_bool(r, 0, "holding");
	j->at = text_dup(a, store_result_text(r, 0, "account"));
	j->document_id = text_dup(a, store_result_text(r, 0, "document_id"));
	j->line_account = text_dup(a, store_result_text(r, 0, "line_account"));
	j->line_id = text_dup(a, store_result_text(r, 0, "line_id"));
	return true;
}

/* ---- what cash would read: the same functions, first as questions ---- */

/* The receipt as if it arrived now, with what its payer says: as an advice does it (cash/core/advice.c). */
static void read_match(struct job *j)
{
	struct cash_transfer_sent *again = WIRE_NEW(j->cli->arena, cash_transfer_sent);
	struct input input = { .lane = j->lane };

	again->entity = j->item->entity;
	again->amount = cash_money(j->item->currency, cash_item_free(j->item));
	again->booking_date = again->accounting_date = j->item->document_date;
	again->remittance = j->line == NULL ? NULL : j->line->remittance;
	j->match = cash_match_read(j->book, &input, again, j->at, j->document_id);
	j->match.receipt = j->item;
}

static void read_all(struct job *j)
{
	j->item = cash_item(j->book, j->lane, j->at, j->document_id, j->sequence);
	if (j->line_lane >= 0)
		j->line = cash_line(j->book, j->line_lane, j->line_account, j->line_id);
	if (j->item == NULL || (j->line_lane >= 0 && j->line == NULL))
		return;
	if (j->holding)
		j->identity = cash_identify_explained(j->book, j->line->remittance, j->line->refused_by);
	else
		read_match(j);
}

static bool load(struct job *j, struct err *err)
{
	j->book = book_new(j->cli->arena, cash_tables, CASH_TABLES_N);
	for (int round = 0; round < ROUNDS_MAX; round++) {
		read_all(j);
		if (!book_has_questions(j->book))
			return j->item != NULL && (!j->holding || j->line != NULL)
				       ? true
				       : err_set(err, ERR_RETRY, "moved", "cash has just changed it; try again");
		if (!store_begin(j->store, NULL, NULL, 0, err) || !store_load(j->store, j->book, err))
			return err_wrap(err, "the database of cash");
		store_abort(j->store);
	}
	return err_set(err, ERR_STOP, "bad_answer", "cash asks without end");
}

/* ---- saying it ---- */

static void print_rules(struct out *out, const char *step, const struct why_not *rules, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		out_text(out, text_of(step));
		out_text(out, text_of(rules[i].rule));
		out_text(out, text_of(why_not_results[rules[i].result]));
		out_text(out, rules[i].missing);
		out_text(out, rules[i].candidates);
	}
}

static void say_receipt(struct job *j, struct out *out)
{
	struct arena *a = j->cli->arena;
	struct why_not rules[WHY_NOT_RULES_MAX];
	size_t n = why_not_applied(&j->match, rules);
	struct cash_plan plan = cash_match_plan(&j->match);

	print_rules(out, "apply", rules, n);
	out_note(out,
		 "receipt " TEXT_FMT " of account " TEXT_FMT ": " TEXT_FMT " may be applied; when cash looked at it: " TEXT_FMT,
		 TEXT_ARG(j->line != NULL ? j->line_id : j->document_id), TEXT_ARG(j->at),
		 TEXT_ARG(cash_amount_text(a, cash_money(j->item->currency, cash_item_free(j->item)))),
		 TEXT_ARG(text_empty(j->item->left_reason) ? TEXT("a person decided") : j->item->left_reason));
	out_note(out, "rule set " TEXT_FMT ", as cash's books are now; today it says: " TEXT_FMT, TEXT_ARG(j->match.rules.version),
		 TEXT_ARG(plan.pairs.n > 0 ? plan.explanation->rule_id : cash_left_text(plan.left)));
	if (j->item->on_account_minor > 0)
		out_note(out, "%s is left on the account: no rule takes it",
			 cash_amount_text(a, cash_money(j->item->currency, j->item->on_account_minor)).s);
	if (plan.pairs.n > 0)
		out_note(out, "rules look when money or an advice comes; now `openitem command apply` does it, or an advice");
}

static void say_line(struct job *j, struct out *out)
{
	struct why_not rules[WHY_NOT_RULES_MAX];
	size_t n = why_not_identified(j->cli->arena, j->line->remittance, &j->identity, rules);

	print_rules(out, "identify", rules, n);
	out_note(out, "bank line " TEXT_FMT " on " TEXT_FMT ": " TEXT_FMT "; when cash looked at it: " TEXT_FMT,
		 TEXT_ARG(j->line_id), TEXT_ARG(j->at),
		 TEXT_ARG(cash_amount_text(j->cli->arena, cash_money(j->line->currency, j->line->amount_minor))),
		 TEXT_ARG(text_empty(j->line->left_reason) ? TEXT("a person decided") : j->line->left_reason));
	out_note(out, "as cash's books are now: %s" TEXT_FMT, j->identity.found ? "its payer would be " : "",
		 TEXT_ARG(j->identity.found ? j->identity.account : cash_unidentified_text(j->identity.why_not)));
	if (!text_empty(j->line->refused_by))
		out_note(out, "never again by itself to: " TEXT_FMT, TEXT_ARG(j->line->refused_by));
	if (j->line->touched)
		out_note(out,
			 "a person has touched it: only a command moves it (`openitem command identify-again`, `assign-payer`)");
	else if (!text_empty(j->line->returned_by))
		out_note(out, "it came back with line " TEXT_FMT, TEXT_ARG(j->line->returned_by));
	else if (j->identity.found)
		out_note(out, "cash looks again when the next business day opens, or with `openitem command identify-again`");
	else
		out_note(out, "the rules of the account it belongs to are tried once its payer is known");
}

static int run(struct cli *cli, int argc, char **argv)
{
	static struct job j;
	struct err err;

	j = (struct job){ .cli = cli, .account = "" };
	const struct option_spec specs[] = {
		OPTION_FORMAT(cli),
		{ "account", 'a', OPTION_TEXT, &j.account, "ACCOUNT", "account of the receipt, where its name alone is not enough",
		  0, 0, NULL },
	};
	int code = options_parse(cli, specs, ARRAY_LEN(specs), 1, 1, &argc, &argv);

	if (code >= 0)
		return code;
	if (!find(&j, argv[0], &err) || !load(&j, &err))
		return cli_failed(cli, &err);
	struct out *out = out_open(cli, columns, ARRAY_LEN(columns));

	if (j.holding)
		say_line(&j, out);
	else
		say_receipt(&j, out);
	out_close(out);
	return EXIT_OK;
}

const struct command cmd_why_not = {
	.name = "why-not",
	.summary = "why money is not applied, or its payer not known: rule by rule",
	.usage =
		"openitem why-not RECEIPT [--account A] [--format F]\n\n"
		"RECEIPT: a bank line, or the id of a receipt, with an open amount. Its payer is known: the rules of the rule set in their order, which\n"
		"of them fits or ends the others, what was missing (the nearest amount, what the payer names), and their candidates. Not known: the\n"
		"evidence in the order in which it counts, and who answers to it. Asked of cash's own functions, on its books as they are now. Nothing\n"
		"open, or no such money: exit 1.",
	.example = "openitem why-not DE01-000004",
	.run = run,
};
