/* decide: see decide.h. */
#include "cli/decide.h"
#include "base/fault.h"
#include "cli/answer.h"
#include "cli/event.h"
#include "cli/kafka.h"
#include "cli/out.h"
#include "cli/settle.h"
#include "store/store.h"
#include "wire/wire.h"

#include <unistd.h>

#define TOPIC       "ar.command.v1"
#define SOURCE      TEXT("/openitem/cli")
#define POLL_MS     5
#define CHAIN_DEPTH 4 /* transfer sent, accepted, applied; and back */

/* ---- what an operand means ---- */

/* An item as reporting knows it. */
struct known {
	struct text account, document_id, currency;
};

/* By document id, number, external number or bank line, on customers' accounts; within the account when one is given. */
static const char item_sql[] =
	"SELECT DISTINCT i.account, i.document_id, i.currency FROM item i WHERE i.account NOT LIKE '~%' AND "
	"($2 = '' OR i.account = $2) AND (i.document_id = $1 "
	"OR i.reference = $1 OR EXISTS (SELECT FROM document d WHERE d.lane = i.lane AND d.account = i.account AND "
	"d.document_id = i.document_id AND (d.number = $1 OR d.external_number = $1)))";
static const char line_sql[] =
	"SELECT DISTINCT account, line_id, currency FROM bank_line WHERE ($2 = '' OR account = $2) AND line_id = $1";

/* Exactly one answer, or none where the account was given: then the operand is taken as it is. */
static bool look_up(struct decide *g, const char *sql, const char *what, struct err *err, struct known *ret)
{
	_cleanup_(store_result_freep) struct store_result *r = NULL;
	const char *params[] = { what, g->account == NULL ? "" : g->account };
	struct arena *a = g->cli->arena;
	struct store *store;
	size_t n;

	if (!cli_store(g->cli, CLI_REPORTING, err, &store) || !store_query(store, sql, 2, params, err, &r))
		return false;
	n = store_result_rows(r);
	if (n > 1)
		return err_set(err, ERR_STOP, "ambiguous", "%s: %zu accounts have one; say which with --account", what, n);
	if (n == 0 && g->account == NULL)
		return err_set(err, ERR_STOP, "not_found", "%s: reporting knows no such item; say its account with --account",
			       what);
	*ret = (struct known){ n == 0 ? text_of(g->account) : text_dup(a, store_result_cell(r, 0, 0)),
			       n == 0 ? text_of(what) : text_dup(a, store_result_cell(r, 0, 1)),
			       n == 0 ? TEXT_NONE : text_dup(a, store_result_cell(r, 0, 2)) };
	return true;
}

/* "DOCUMENT" or "DOCUMENT:2". Sets the account of the command when it has none. */
bool decide_item(struct decide *g, struct text what, struct err *err, struct type_item_ref **ret_ref, struct text *ret_currency)
{
	struct type_item_ref *ref = WIRE_NEW(g->cli->arena, type_item_ref);
	const char *colon = what.n == 0 ? NULL : memrchr(what.s, ':', what.n);
	struct known known;
	int64_t sequence = 1;

	if (colon != NULL) {
		struct text number = { colon + 1, what.n - (size_t)(colon - what.s) - 1 };

		if (text_parse_i64(number, &sequence) && sequence >= 1 && sequence <= 999)
			what.n = (size_t)(colon - what.s);
		else
			sequence = 1;
	}
	if (!look_up(g, item_sql, text_cstr(g->cli->arena, what), err, &known))
		return false;
	if (text_empty(g->e->account))
		g->e->account = known.account;
	if (g->account == NULL)
		g->account = text_cstr(g->cli->arena, known.account); /* everything else in this command is on it too */
	ref->document_id = known.document_id;
	ref->sequence = (int32_t)sequence;
	*ret_ref = ref;
	if (ret_currency != NULL)
		*ret_currency = known.currency;
	return true;
}

/* "100.00", "100.00 EUR". */
bool decide_amount(struct text what, struct text currency, struct err *err, struct money *ret)
{
	size_t space = text_find(what, TEXT(" "));
	struct text number = what;

	if (space != TEXT_NOT_FOUND) {
		number = (struct text){ what.s, space };
		currency = text_trim((struct text){ what.s + space, what.n - space });
	}
	if (currency_find(currency) == NULL || !money_parse(number, currency_exponent(currency), &ret->minor))
		return err_set(err, ERR_REJECT, "bad_amount",
			       "\"" TEXT_FMT "\": expected an amount such as 100.00 or \"100.00 EUR\"", TEXT_ARG(what));
	memcpy(ret->currency, currency.s, 3);
	ret->currency[3] = '\0';
	return true;
}

bool decide_line(struct decide *g, const char *what, struct err *err, struct text *ret_line_id)
{
	struct known known;

	if (!look_up(g, line_sql, what, err, &known))
		return false;
	g->e->account = known.account;
	*ret_line_id = known.document_id;
	return true;
}

bool decide_need(const char *value, const char *option, struct err *err)
{
	return value != NULL || err_set(err, ERR_REJECT, "usage", "--%s is missing", option);
}

bool decide_need_version(const struct decide *g, struct err *err)
{
	return g->version > 0 ||
	       err_set(err, ERR_REJECT, "usage", "--version is missing: the one that unidentified, unapplied or items shows");
}

/* ---- sending and waiting ---- */

struct sent {
	struct text id;
	int32_t partition;
	int64_t offset;
	int64_t deadline_ms;
};

static bool send_command(struct decide *g, struct err *err, struct sent *ret)
{
	char time[INSTANT_TEXT_SIZE];
	struct event ev;
	struct kafka *k = NULL;

	ret->id = g->id == NULL ? cli_new_id(g->cli) : text_of(g->id);
	bool ok = event_make(wire_topic_find(TEXT(TOPIC)), g->e, ret->id, SOURCE, text_of(instant_format(time, cli_now_us())),
			     g->cli->arena, err, &ev);
	if (!ok)
		err->class = ERR_REJECT; /* here it is what the user typed */
	ok = ok && kafka_open(g->cli, 0, err, &k) && kafka_publish(k, &ev, err) && kafka_flush(k, err);
	if (ok)
		kafka_last(k, &ret->partition, &ret->offset);
	kafka_close(k);
	ret->deadline_ms = cli_now_ms() + g->timeout_s * 1000;
	return ok;
}

static bool too_late(const struct sent *sent, const char *service, struct err *err)
{
	if (cli_now_ms() < sent->deadline_ms) {
		cli_sleep_ms(POLL_MS);
		return false;
	}
	err_set(err, ERR_RETRY, "no_answer",
		"%s has not answered yet; the command is on " TOPIC " and will be done. See `openitem status`, "
		"or ask again with --id " TEXT_FMT,
		service, TEXT_ARG(sent->id));
	return true;
}

/* Our record has been looked at. */
static bool intake_is_past(struct cli *cli, const struct sent *sent, struct err *err, bool *ret_past)
{
	_cleanup_(store_result_freep) struct store_result *r = NULL;
	struct store *store;
	char partition[16], offset[32];
	const char *params[] = { TOPIC, partition, offset };

	snprintf(partition, sizeof(partition), "%d", sent->partition);
	snprintf(offset, sizeof(offset), "%lld", (long long)sent->offset);
	if (!cli_store(cli, CLI_INTAKE, err, &store) ||
	    !store_query(store, "SELECT 1 FROM position WHERE topic = $1 AND partition = $2::int AND next_offset > $3::bigint", 3,
			 params, err, &r))
		return false;
	*ret_past = store_result_rows(r) > 0;
	return true;
}

/* The gate's answer: of this record, or, when it was a repetition, of the first one. */
static bool gate_answer(struct cli *cli, const struct sent *sent, struct err *err, struct answer *ret, bool *ret_repeated)
{
	for (;;) {
		struct answer *list;
		bool past;
		size_t n;

		if (!intake_is_past(cli, sent, err, &past))
			return false;
		if (!past) {
			if (too_late(sent, "intake", err))
				return false;
			continue;
		}
		if (!answer_find(cli, CLI_INTAKE, sent->id, TOPIC, err, &list, &n))
			return false;
		*ret_repeated = true;
		for (size_t i = 0; i < n; i++)
			if (list[i].cause_partition == sent->partition && list[i].cause_offset == sent->offset) {
				*ret = list[i];
				*ret_repeated = false;
				return true;
			}
		for (size_t i = 0; i < n; i++)
			if (!list[i].dead) {
				*ret = list[i];
				return true;
			}
		return err_set(err, ERR_FATAL, "no_answer", "intake has passed the command without an answer");
	}
}

static bool final_answer(struct cli *cli, const struct sent *sent, enum cli_service service, struct text cause, struct err *err,
			 struct answer **ret_list, size_t *ret_n)
{
	for (;;) {
		if (!answer_find(cli, service, cause, NULL, err, ret_list, ret_n))
			return false;
		for (size_t i = 0; i < *ret_n; i++)
			if ((*ret_list)[i].final)
				return true;
		if (too_late(sent, cli_service_names[service], err))
			return false;
	}
}

/* ---- the answer ---- */

static const struct out_column columns[] = {
	{ "service", OUT_TEXT }, { "outcome", OUT_TEXT }, { "account", OUT_TEXT },
	{ "reason", OUT_TEXT },  { "what", OUT_TEXT },    { "event_id", OUT_TEXT },
};

static void print_outcome(struct out *out, const struct answer *o, struct arena *a)
{
	out_text(out, text_of(cli_service_names[o->service]));
	out_text(out, o->name);
	out_text(out, o->key);
	out_text(out, answer_reason(o, a));
	out_text(out, answer_words(o, a));
	out_text(out, o->event_id);
}

/* What followed elsewhere: the transfer that was accepted (or refused, which then is the answer), and what was applied there. */
static bool print_chain(struct cli *cli, struct out *out, const struct answer *list, size_t n, int depth, bool *refused,
			struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		struct answer *next;
		size_t next_n;

		print_outcome(out, &list[i], cli->arena);
		*refused = *refused || text_eq(list[i].name, TEXT("transfer_refused"));
		if (list[i].service != CLI_CASH || depth == 0)
			continue;
		if (!answer_find(cli, CLI_CASH, list[i].event_id, NULL, err, &next, &next_n) ||
		    !print_chain(cli, out, next, next_n, depth - 1, refused, err))
			return false;
	}
	return true;
}

static bool settle(struct cli *cli, const struct sent *sent, struct err *err)
{
	struct settle *s;

	if (!settle_open(cli, err, &s))
		return false;
	bool ok = settle_run(s, SETTLE_BARRIER, MAX((int64_t)1, sent->deadline_ms - cli_now_ms()), NULL, err);
	settle_close(s);
	return ok;
}

static int answer(struct decide *g, const struct sent *sent)
{
	struct cli *cli = g->cli;
	struct answer gate, *list = &gate;
	bool repeated, refused;
	size_t n = 1;
	struct err err;

	if (!gate_answer(cli, sent, &err, &gate, &repeated))
		return cli_failed(cli, &err);
	if (!gate.dead && !final_answer(cli, sent, g->decides, gate.event_id, &err, &list, &n))
		return cli_failed(cli, &err);
	refused = answer_is_refusal(&list[n - 1]);
	if (!refused && !settle(cli, sent, &err))
		cli_say(cli, "what follows from it is still on its way: %s", err.msg);

	struct out *out = out_open(cli, columns, ARRAY_LEN(columns));

	bool ok = print_chain(cli, out, list, n, CHAIN_DEPTH, &refused, &err);
	out_note(out, "command " TEXT_FMT "%s%s", TEXT_ARG(sent->id), refused ? ": refused" : "",
		 repeated ? ": it was sent before, nothing new happened" : "");
	out_close(out);
	if (!ok)
		return cli_failed(cli, &err);
	return refused ? EXIT_FOUND : EXIT_OK;
}

int decide_run(struct decide *g, const char *name, decide_build *build, const char *operand)
{
	struct sent sent;
	struct err err;

	g->e = WIRE_NEW(g->cli->arena, command_event);
	if (g->by == NULL)
		g->by = cli_user();
	if (!decide_need(g->by, "by", &err) || !build(g, operand, &err))
		return strcmp(err.code, "usage") == 0 ? options_usage(g->cli, "%s: %s", name, err.msg) : cli_failed(g->cli, &err);
	g->e->issued_by = text_of(g->by);
	g->e->note = text_of(g->note);
	if (!send_command(g, &err, &sent))
		return cli_failed(g->cli, &err);
	FAILPOINT("command.sent");
	return answer(g, &sent);
}
