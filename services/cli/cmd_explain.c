/* openitem explain: what became of it, and why. */
#include "cli/answer.h"
#include "cli/explain.h"
#include "cli/explain_words.h"
#include "cli/options.h"
#include "ev/intake.h"
#include "reporting_sql.h"
#include "store/store.h"

/* What an id may stand for, in the order in which one is preferred to the others. */
static const char *const kinds[] = { "order", "document", "bank_line", "notice", "block", "event", "cause" };

struct found {
	size_t kind;
	int32_t lane;
	struct text account, id;
};

static size_t kind_of(struct text what)
{
	size_t k = 0;

	while (k < ARRAY_LEN(kinds) && !text_eq(what, text_of(kinds[k])))
		k++;
	return k;
}

/* The hits of the most preferred kind, each once. */
static bool find(struct explain *x, const char *id, struct err *err, struct found **ret_found, size_t *ret_n)
{
	_cleanup_(store_result_freep) struct store_result *r = NULL;
	struct arena *a = x->cli->arena;
	size_t best = ARRAY_LEN(kinds), n = 0;

	if (!store_query(x->store, sql_explain_find, 1, &id, err, &r))
		return err_wrap(err, "the database of reporting");

	struct found *found = ARENA_ARRAY(a, store_result_rows(r), struct found);

	for (size_t i = 0; i < store_result_rows(r); i++)
		best = MIN(best, kind_of(store_result_text(r, i, "what")));
	for (size_t i = 0; i < store_result_rows(r); i++) {
		struct found f = { kind_of(store_result_text(r, i, "what")), (int32_t)store_result_i64(r, i, "lane"),
				   text_dup(a, store_result_text(r, i, "account")), text_dup(a, store_result_text(r, i, "id")) };
		bool known = f.kind != best;

		for (size_t k = 0; k < n && !known; k++)
			known = text_eq(found[k].id, f.id) && text_eq(found[k].account, f.account);
		if (!known)
			found[n++] = f;
	}
	*ret_found = found;
	*ret_n = n;
	return true;
}

/* A notice or block: the records about it. */
static bool tell_subject(struct explain *x, const struct found *f, struct err *err)
{
	const char *params[] = { f->id.s, f->account.s };
	struct explain_record *records;
	size_t n;

	if (!explain_read(x, sql_explain_by_subject, params, ARRAY_LEN(params), err, &records, &n))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!explain_tell_tree(x, 0, &records[i], err))
			return false;
	return true;
}

static bool tell(struct explain *x, const struct found *f, struct err *err)
{
	if (strcmp(kinds[f->kind], "order") == 0)
		return explain_order(x, f->account, f->id, TEXT_NONE, err);
	if (strcmp(kinds[f->kind], "document") == 0)
		return explain_document(x, f->lane, f->account, f->id, err);
	if (strcmp(kinds[f->kind], "bank_line") == 0)
		return explain_payment(x, 0, f->account, f->id, err);
	if (strcmp(kinds[f->kind], "event") == 0)
		return explain_event(x, f->id.s, err);
	return tell_subject(x, f, err);
}

/* Dead letters never reach reporting: intake's own outcomes say what became of them. */
static bool tell_dead_letters(struct explain *x, const char *id, size_t *ret_n, struct err *err)
{
	struct arena *a = x->cli->arena;
	struct answer *answers;
	size_t n;

	*ret_n = 0;
	if (!answer_find(x->cli, CLI_INTAKE, text_of(id), NULL, err, &answers, &n))
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct intake_event *ev = answers[i].body;

		if (!answers[i].dead)
			continue;
		explain_line(0, a, "event %s, " TEXT_FMT "[%d] offset %lld", id, TEXT_ARG(ev->dead_letter->topic),
			     answers[i].cause_partition, (long long)answers[i].cause_offset);
		explain_line(1, a, "%s", explain_words(&intake_event_msg, ev, NULL, a).s);
		++*ret_n;
	}
	return true;
}

static int explain(struct explain *x, const char *id)
{
	struct found *found = NULL;
	struct known known;
	struct err err;
	size_t n = 0;

	if (!known_begin(x->cli, &err, &known))
		return cli_failed(x->cli, &err);
	x->store = known.store;
	bool ok = find(x, id, &err, &found, &n);

	for (size_t i = 0; i < n && ok; i++) {
		if (strcmp(kinds[found[i].kind], "cause") == 0) { /* whatever it became, told together */
			ok = explain_cause(x, id, &err);
			break;
		}
		if (i > 0)
			printf("\n");
		ok = tell(x, &found[i], &err);
	}
	known_end(&known);
	if (ok && n == 0)
		ok = tell_dead_letters(x, id, &n, &err);
	if (!ok)
		return cli_failed(x->cli, &err);
	if (n == 0)
		return cli_fail(x->cli, EXIT_FOUND, "nothing known by \"%s\" (%s)", id,
				known_words(x->cli->arena, &known, DATE_NONE).s);
	printf("\n%s\n", known_words(x->cli->arena, &known, DATE_NONE).s);
	return EXIT_OK;
}

static int run(struct cli *cli, int argc, char **argv)
{
	static struct explain x;
	const struct option_spec specs[] = {
		{ "records", 'r', OPTION_FLAG, &x.records, NULL, "say of each step which record it is, and what caused it", 0, 0,
		  NULL },
	};

	x = (struct explain){ .cli = cli };
	int code = options_parse(cli, specs, ARRAY_LEN(specs), 1, 1, &argc, &argv);

	return code >= 0 ? code : explain(&x, argv[0]);
}

const struct command cmd_explain = {
	.name = "explain",
	.summary = "the way from an order to its cash, with the reason of each decision",
	.usage =
		"openitem explain [--records] ID\n\n"
		"ID: a document number (ours or external), an order, a customer PO, a bank line (payment reference), a document, transfer,\n"
		"notice or block id, or the id of any event, ours or a stranger's. Prints order -> invoice -> payment -> application, each\n"
		"decision with its rule, candidates and journal, indented under what caused it. Nothing known by that id: exit 1.",
	.example = "openitem explain DEI26-030000042K\nopenitem explain --records SO-000017",
	.run = run,
};
