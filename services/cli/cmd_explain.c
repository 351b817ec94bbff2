/* openitem explain: what became of it, and why. */
#include "cli/answer.h"
#include "cli/dlq.h"
#include "cli/explain.h"
#include "cli/explain_words.h"
#include "cli/options.h"
#include "ev/intake.h"
#include "reporting_sql.h"
#include "store/store.h"

/* What an id may stand for, in the order in which one is preferred to the others. */
static const char *const kinds[] = { "order", "document", "bank_line", "notice",      "block", "promise",
				     "hold",  "advice",   "statement", "application", "event", "cause" };

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

static bool tell(struct explain *x, const struct found *f, struct err *err)
{
	const char *kind = kinds[f->kind];

	if (strcmp(kind, "order") == 0)
		return explain_order(x, f->account, f->id, TEXT_NONE, err);
	if (strcmp(kind, "document") == 0) {
		x->document_id = f->id;
		return explain_document(x, f->lane, f->account, f->id, err) &&
		       explain_overlays(x, 0, f->lane, f->account, f->id, err);
	}
	if (strcmp(kind, "bank_line") == 0)
		return explain_payment(x, 0, f->account, f->id, err);
	if (strcmp(kind, "application") == 0 || strcmp(kind, "event") == 0)
		return explain_event(x, f->id.s, err);
	return explain_subject(x, f->account, f->id, err);
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
		explain_say(x, 0, "origin", "event %s of " TEXT_FMT ", " TEXT_FMT "[%d] offset %lld", id,
			    TEXT_ARG(ev->dead_letter->source), TEXT_ARG(ev->dead_letter->topic), answers[i].cause_partition,
			    (long long)answers[i].cause_offset);
		explain_say(x, 1, "dead_letter", "%s", explain_words(&intake_event_msg, ev, NULL, a).s);
		explain_member(x, "reason", ev->dead_letter->reason);
		explain_member(x, "detail", ev->dead_letter->detail);
		++*ret_n;
	}
	return true;
}

/* A dead letter by its place on the dead-letter topic: its headers say where it came from and what was wrong with it. */
struct letter {
	struct explain *x;
	int64_t offset;
	int32_t partition;
	size_t n;
};

static bool tell_letter(void *ctx, struct bus_record *r, struct arena *a, struct err *err)
{
	struct letter *l = ctx;
	struct record_view v;

	(void)err;
	if (r->partition != l->partition || r->offset != l->offset)
		return true;
	record_view(r, a, &v);
	l->n++;
	explain_say(l->x, 0, "origin", "event " TEXT_FMT " of " TEXT_FMT ", " TEXT_FMT "[" TEXT_FMT "] offset " TEXT_FMT,
		    TEXT_ARG(text_empty(v.ce.id) ? TEXT("without id") : v.ce.id),
		    TEXT_ARG(text_empty(v.ce.source) ? TEXT("nobody") : v.ce.source),
		    TEXT_ARG(record_header(r, "__connect.errors.topic")), TEXT_ARG(record_header(r, "__connect.errors.partition")),
		    TEXT_ARG(record_header(r, "__connect.errors.offset")));
	explain_say(l->x, 1, "dead_letter", "dead letter %s[%d] offset %lld: " TEXT_FMT ": " TEXT_FMT, r->topic, r->partition,
		    (long long)r->offset, TEXT_ARG(record_header(r, "openitem_error_code")),
		    TEXT_ARG(record_header(r, "__connect.errors.exception.message")));
	explain_member(l->x, "reason", record_header(r, "openitem_error_code"));
	return true;
}

static bool tell_letter_at(struct explain *x, const char *id, size_t *ret_n, struct err *err)
{
	static struct dlq dlq;
	struct letter l = { .x = x };

	*ret_n = 0;
	dlq = (struct dlq){ .cli = x->cli };
	if (!dlq_place(&dlq, id, &l.partition, &l.offset))
		return true;
	if (!dlq_find(&dlq, err) || !dlq_read(&dlq, tell_letter, NULL, &l, err))
		return false;
	*ret_n = l.n;
	return true;
}

/* ---- any id ---- */

static bool tell_found(struct explain *x, const char *id, const struct found *found, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(kinds[found[i].kind], "cause") == 0) /* whatever it became, told together */
			return explain_cause(x, id, err);
		if (i > 0 && !x->json)
			printf("\n");
		if (!tell(x, &found[i], err))
			return false;
	}
	return true;
}

/* Leaves the documents that have the item. */
static bool keep_with_item(struct explain *x, struct found *found, size_t *n, struct err *err)
{
	struct arena *a = x->cli->arena;
	size_t kept = 0;

	for (size_t i = 0; i < *n; i++) {
		_cleanup_(store_result_freep) struct store_result *r = NULL;
		const char *params[] = { explain_number(x, found[i].lane), text_cstr(a, found[i].account),
					 text_cstr(a, found[i].id) };
		bool has = false;

		if (strcmp(kinds[found[i].kind], "document") != 0)
			continue; /* only documents have items */
		if (!store_query(x->store, sql_explain_items, ARRAY_LEN(params), params, err, &r))
			return false;
		for (size_t k = 0; k < store_result_rows(r) && !has; k++)
			has = store_result_i64(r, k, "sequence") == x->sequence;
		if (has)
			found[kept++] = found[i];
	}
	*n = kept;
	return true;
}

/* "DOCUMENT/2", as the items of a document are called; "DOCUMENT:2" as the commands take it. */
static bool find_item(struct explain *x, const char *id, struct err *err, struct found **ret_found, size_t *ret_n)
{
	size_t n = strlen(id), at = n;

	while (at > 0 && id[at - 1] >= '0' && id[at - 1] <= '9')
		at--;
	if (at < 2 || at == n || (id[at - 1] != '/' && id[at - 1] != ':') || !text_parse_i64(text_of(id + at), &x->sequence))
		return true;
	if (!find(x, text_dup(x->cli->arena, (struct text){ id, at - 1 }).s, err, ret_found, ret_n))
		return false;
	return keep_with_item(x, *ret_found, ret_n, err);
}

static int nothing_known(struct explain *x, const char *id, const struct known *known)
{
	return cli_fail(
		x->cli, EXIT_FOUND,
		"nothing known by \"%s\": no order, document, item, bank line, transfer, notice, block, promise, hold, advice, "
		"statement, application or event of reporting, no dead letter of intake (%s)",
		id, known_words(x->cli->arena, known, DATE_NONE).s);
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
	bool ok = find(x, id, &err, &found, &n) && (n > 0 || find_item(x, id, &err, &found, &n));

	explain_begin(x, id);
	ok = ok && tell_found(x, id, found, n, &err);
	known_end(&known);
	if (ok && n == 0)
		ok = tell_dead_letters(x, id, &n, &err) && (n > 0 || tell_letter_at(x, id, &n, &err));
	if (ok && n == 0)
		return nothing_known(x, id, &known);
	explain_end(x, known_words(x->cli->arena, &known, DATE_NONE));
	return ok ? EXIT_OK : cli_failed(x->cli, &err);
}

static int run(struct cli *cli, int argc, char **argv)
{
	static struct explain x;
	const struct option_spec specs[] = {
		{ "records", 'r', OPTION_FLAG, &x.records, NULL, "say of each step which record it is, and what caused it", 0, 0,
		  NULL },
		{ "json", 0, OPTION_FLAG, &x.json, NULL, "the same as JSON: {id, found: [{kind, says, ..., under: [...]}], known}",
		  0, 0, NULL },
	};

	x = (struct explain){ .cli = cli };
	int code = options_parse(cli, specs, ARRAY_LEN(specs), 1, 1, &argc, &argv);

	return code >= 0 ? code : explain(&x, argv[0]);
}

const struct command cmd_explain = {
	.name = "explain",
	.summary = "the way from an order to its cash, with the reason of each decision",
	.usage =
		"openitem explain [--records] [--json] ID\n\n"
		"ID: a document number (ours or external), an item (DOCUMENT/2), an order, a customer PO, a bank line (payment reference), the id of a\n"
		"document, receipt, transfer, notice, block, promise, hold, advice, statement or application, the id of any event, ours (a refusal, too)\n"
		"or a stranger's, a dead letter (its event, or TOPIC:PARTITION:OFFSET). Prints what led to it, back to the stranger's record with its\n"
		"topic, partition and offset; order -> invoice -> payment -> application, each decision with its rule, what it took and what it did\n"
		"not take, and its journal, indented under what caused it; then the notices, promises and holds that name it. Nothing known: exit 1.",
	.example =
		"openitem explain DEI26-030000042K\nopenitem explain --records SO-000017\nopenitem explain --json DEI26-030000042K/2",
	.run = run,
};
