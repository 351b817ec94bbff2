/* openitem command: what people decide, sent and answered. */
#include "base/fault.h"
#include "cli/event.h"
#include "cli/kafka.h"
#include "cli/options.h"
#include "cli/out.h"
#include "cli/answer.h"
#include "cli/settle.h"
#include "ev/command.h"
#include "store/store.h"
#include "wire/wire.h"

#include <unistd.h>

#define TOPIC       "ar.command.v1"
#define SOURCE      TEXT("/openitem/cli")
#define WAIT_S      30
#define POLL_MS     5
#define TARGETS_MAX 200 /* @max of Apply.targets */
#define CHAIN_DEPTH 4 /* transfer sent, accepted, applied; and back */

struct args {
	struct cli *cli;
	const char *account, *payer, *by, *note, *id, *block_id, *from_item, *item;
	struct option_items to;
	int64_t version, timeout_s;
	size_t reason;
	date_t date, until;
	struct command_event *e;
};

static const char *const reasons[] = { "dispute", "insolvency", "legal", "manual", NULL };

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
static bool look_up(struct args *g, const char *sql, const char *what, struct err *err, struct known *ret)
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
static bool item_ref(struct args *g, struct text what, struct err *err, struct type_item_ref **ret_ref, struct text *ret_currency)
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
	*ret_currency = known.currency;
	return true;
}

/* "100.00", "100.00 EUR". */
static bool amount(struct text what, struct text currency, struct err *err, struct money *ret)
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

/* ---- the actions ---- */

static bool need(const char *value, const char *option, struct err *err)
{
	return value != NULL || err_set(err, ERR_REJECT, "usage", "--%s is missing", option);
}

static bool need_version(const struct args *g, struct err *err)
{
	return g->version > 0 ||
	       err_set(err, ERR_REJECT, "usage", "--version is missing: the one that unidentified, unapplied or items shows");
}

static bool assign_payer(struct args *g, const char *operand, struct err *err)
{
	struct command_assign_payer *c = WIRE_NEW(g->cli->arena, command_assign_payer);
	struct known known;

	if (!need(g->payer, "payer", err) || !need_version(g, err) || !look_up(g, line_sql, operand, err, &known))
		return false;
	g->e->account = known.account;
	g->e->command_case = COMMAND_EVENT_ASSIGN_PAYER;
	g->e->assign_payer = c;
	c->line_id = known.document_id;
	c->payer_account = text_of(g->payer);
	c->expected_version = (int32_t)g->version;
	return true;
}

static bool send_back(struct args *g, const char *operand, struct err *err)
{
	struct command_send_back *c = WIRE_NEW(g->cli->arena, command_send_back);
	struct type_item_ref *ref;
	struct text currency;

	if (!need_version(g, err) || !item_ref(g, text_of(operand), err, &ref, &currency))
		return false;
	g->e->command_case = COMMAND_EVENT_SEND_BACK;
	g->e->send_back = c;
	c->document_id = ref->document_id;
	c->expected_version = (int32_t)g->version;
	return true;
}

/* "ITEM" or "ITEM=AMOUNT". */
static bool target(struct args *g, struct text what, struct err *err, struct command_apply_target *ret)
{
	size_t at = text_find(what, TEXT("="));
	struct text item = { what.s, at == TEXT_NOT_FOUND ? what.n : at }, currency;

	if (!item_ref(g, item, err, &ret->item, &currency))
		return false;
	return at == TEXT_NOT_FOUND ||
	       amount(text_trim((struct text){ what.s + at + 1, what.n - at - 1 }), currency, err, &ret->amount);
}

static bool apply(struct args *g, const char *operand, struct err *err)
{
	struct command_apply *c = WIRE_NEW(g->cli->arena, command_apply);
	struct text currency;

	if (g->to.n == 0 || g->to.n > TARGETS_MAX)
		return err_set(err, ERR_REJECT, "usage", "--to: expected 1 to %d items", TARGETS_MAX);
	if (!need_version(g, err) || !item_ref(g, text_of(operand), err, &c->credit, &currency))
		return false;
	g->e->command_case = COMMAND_EVENT_APPLY;
	g->e->apply = c;
	c->expected_version = (int32_t)g->version;
	c->accounting_date = g->date;
	c->targets = WIRE_ARRAY(g->cli->arena, g->to.n, command_apply_target);
	c->n_targets = g->to.n;
	for (size_t i = 0; i < g->to.n; i++)
		if (!target(g, g->to.item[i], err, &c->targets[i]))
			return false;
	return true;
}

static bool unapply(struct args *g, const char *operand, struct err *err)
{
	struct command_unapply *c = WIRE_NEW(g->cli->arena, command_unapply);
	struct text currency;

	if (!need_version(g, err) || !item_ref(g, text_of(operand), err, &c->credit, &currency))
		return false;
	g->e->command_case = COMMAND_EVENT_UNAPPLY;
	g->e->unapply = c;
	c->expected_version = (int32_t)g->version;
	return g->from_item == NULL || item_ref(g, text_of(g->from_item), err, &c->debit, &currency);
}

static bool block(struct args *g, const char *operand, struct err *err)
{
	struct command_set_block *c = WIRE_NEW(g->cli->arena, command_set_block);
	struct text currency;

	if (g->reason == SIZE_MAX)
		return err_set(err, ERR_REJECT, "usage", "--reason is missing: dispute, insolvency, legal or manual");
	g->account = operand;
	g->e->account = text_of(operand);
	g->e->command_case = COMMAND_EVENT_SET_BLOCK;
	g->e->set_block = c;
	c->block_id = g->block_id == NULL ? cli_new_id(g->cli) : text_of(g->block_id);
	c->reason = (enum command_block_reason)(COMMAND_BLOCK_REASON_DISPUTE + (int)g->reason);
	c->until = g->until;
	return g->item == NULL || item_ref(g, text_of(g->item), err, &c->item, &currency);
}

static bool unblock(struct args *g, const char *operand, struct err *err)
{
	if (!need(g->block_id, "block-id", err))
		return false;
	g->e->account = text_of(operand);
	g->e->command_case = COMMAND_EVENT_LIFT_BLOCK;
	g->e->lift_block = WIRE_NEW(g->cli->arena, command_lift_block);
	g->e->lift_block->block_id = text_of(g->block_id);
	return true;
}

static const struct action {
	const char *name;
	enum cli_service decides;
	bool (*build)(struct args *g, const char *operand, struct err *err);
} actions[] = {
	{ "assign-payer", CLI_CASH, assign_payer }, { "send-back", CLI_CASH, send_back }, { "apply", CLI_CASH, apply },
	{ "unapply", CLI_CASH, unapply },           { "block", CLI_COLLECTIONS, block },  { "unblock", CLI_COLLECTIONS, unblock },
};

/* ---- sending and waiting ---- */

struct sent {
	struct text id;
	int32_t partition;
	int64_t offset;
	int64_t deadline_ms;
};

static bool send_command(struct args *g, struct err *err, struct sent *ret)
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

static int answer(struct args *g, const struct action *action, const struct sent *sent)
{
	struct cli *cli = g->cli;
	struct answer gate, *list = &gate;
	bool repeated, refused;
	size_t n = 1;
	struct err err;

	if (!gate_answer(cli, sent, &err, &gate, &repeated))
		return cli_failed(cli, &err);
	if (!gate.dead && !final_answer(cli, sent, action->decides, gate.event_id, &err, &list, &n))
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

static int decide(struct args *g, const struct action *action, const char *operand)
{
	struct sent sent;
	struct err err;

	g->e = WIRE_NEW(g->cli->arena, command_event);
	if (g->by == NULL)
		g->by = cli_user();
	if (!need(g->by, "by", &err) || !action->build(g, operand, &err))
		return strcmp(err.code, "usage") == 0 ? options_usage(g->cli, "%s: %s", action->name, err.msg)
						      : cli_failed(g->cli, &err);
	g->e->issued_by = text_of(g->by);
	g->e->note = text_of(g->note);
	if (!send_command(g, &err, &sent))
		return cli_failed(g->cli, &err);
	FAILPOINT("command.sent");
	return answer(g, action, &sent);
}

static int run(struct cli *cli, int argc, char **argv)
{
	static struct args g;

	g = (struct args){ .cli = cli, .timeout_s = WAIT_S, .reason = SIZE_MAX, .date = DATE_NONE, .until = DATE_NONE };
	const struct option_spec specs[] = {
		OPTION_FORMAT(cli),
		{ "version", 'v', OPTION_INT, &g.version, "N", "version of the item or line, as the lists show it", 1, INT32_MAX,
		  NULL },
		{ "payer", 'p', OPTION_TEXT, &g.payer, "ACCOUNT", "assign-payer: who paid", 0, 0, NULL },
		{ "to", 't', OPTION_ITEMS, &g.to, "ITEM[=AMOUNT]", "apply: to these items; no amount = as much as fits", 0, 0,
		  NULL },
		{ "from", 0, OPTION_TEXT, &g.from_item, "ITEM", "unapply: only from this item", 0, 0, NULL },
		{ "date", 0, OPTION_DAY, &g.date, "DATE", "apply: accounting date insisted on", 0, 0, NULL },
		{ "reason", 0, OPTION_WORD, &g.reason, "dispute|insolvency|legal|manual", "block: why", 0, 0, reasons },
		{ "item", 0, OPTION_TEXT, &g.item, "ITEM", "block: only this item", 0, 0, NULL },
		{ "until", 0, OPTION_DAY, &g.until, "DATE", "block: last day it holds", 0, 0, NULL },
		{ "block-id", 0, OPTION_TEXT, &g.block_id, "ID", "block: its name; unblock: which one", 0, 0, NULL },
		{ "account", 'a', OPTION_TEXT, &g.account, "ACCOUNT", "account of the item, where its name alone is not enough", 0,
		  0, NULL },
		{ "by", 0, OPTION_TEXT, &g.by, "USER", "who decides (default: your login name)", 0, 0, NULL },
		{ "note", 0, OPTION_TEXT, &g.note, "TEXT", "why, in words", 0, 0, NULL },
		{ "id", 0, OPTION_TEXT, &g.id, "ID", "idempotency key: the same id is decided once", 0, 0, NULL },
		{ "timeout", 0, OPTION_INT, &g.timeout_s, "SECONDS", "how long to wait for the answer (30)", 1, 3600, NULL },
	};
	int code = options_parse(cli, specs, ARRAY_LEN(specs), 2, 2, &argc, &argv);

	if (code >= 0)
		return code;
	for (size_t i = 0; i < ARRAY_LEN(actions); i++)
		if (strcmp(actions[i].name, argv[0]) == 0)
			return decide(&g, &actions[i], argv[1]);
	return options_usage(cli, "\"%s\": expected assign-payer, send-back, apply, unapply, block or unblock", argv[0]);
}

const struct command cmd_command = {
	.name = "command",
	.summary = "decide: assign-payer, send-back, apply, unapply, block, unblock",
	.usage = "openitem command assign-payer LINE --payer ACCOUNT --version N\n"
		 "       openitem command send-back RECEIPT --version N\n"
		 "       openitem command apply CREDIT --to ITEM[=AMOUNT]... --version N [--date DATE]\n"
		 "       openitem command unapply CREDIT --version N [--from ITEM]\n"
		 "       openitem command block ACCOUNT --reason WHY [--item ITEM] [--until DATE] [--block-id ID]\n"
		 "       openitem command unblock ACCOUNT --block-id ID\n\n"
		 "Sends the command, waits for its final outcome and prints it with what followed. Refused (also as a\n"
		 "dead letter): exit 1. An ITEM is a document number, an external number, a bank line or a document\n"
		 "id, with :N for the N-th instalment.",
	.example = "openitem command assign-payer L-17 --payer C-1001 --version 1 --note \"called them\"\n"
		   "openitem command apply L-17 --to DE26000017K=100.00 --to DE26000018H --version 2",
	.run = run,
};
