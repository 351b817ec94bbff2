/* openitem command: what people decide about cash and dunning, sent and answered. */
#include "cli/decide.h"
#include "wire/wire.h"

#define TARGETS_MAX 200 /* @max of Apply.targets */

struct args {
	struct decide d; /* first */
	const char *payer, *block_id, *from_item, *item;
	struct option_items to;
	size_t reason;
	date_t date, until;
};

static const char *const reasons[] = { "dispute", "insolvency", "legal", "manual", NULL };

static bool assign_payer(struct decide *d, const char *operand, struct err *err)
{
	struct args *g = (struct args *)d;
	struct command_assign_payer *c = WIRE_NEW(g->d.cli->arena, command_assign_payer);

	if (!decide_need(g->payer, "payer", err) || !decide_need_version(&g->d, err) ||
	    !decide_line(&g->d, operand, err, &c->line_id))
		return false;
	g->d.e->command_case = COMMAND_EVENT_ASSIGN_PAYER;
	g->d.e->assign_payer = c;
	c->payer_account = text_of(g->payer);
	c->expected_version = (int32_t)g->d.version;
	return true;
}

static bool send_back(struct decide *d, const char *operand, struct err *err)
{
	struct args *g = (struct args *)d;
	struct command_send_back *c = WIRE_NEW(g->d.cli->arena, command_send_back);
	struct type_item_ref *ref;
	struct text currency;

	if (!decide_need_version(&g->d, err) || !decide_item(&g->d, text_of(operand), err, &ref, &currency))
		return false;
	g->d.e->command_case = COMMAND_EVENT_SEND_BACK;
	g->d.e->send_back = c;
	c->document_id = ref->document_id;
	c->expected_version = (int32_t)g->d.version;
	return true;
}

/* "ITEM" or "ITEM=AMOUNT". */
static bool target(struct args *g, struct text what, struct err *err, struct command_apply_target *ret)
{
	size_t at = text_find(what, TEXT("="));
	struct text item = { what.s, at == TEXT_NOT_FOUND ? what.n : at }, currency;

	if (!decide_item(&g->d, item, err, &ret->item, &currency))
		return false;
	return at == TEXT_NOT_FOUND ||
	       decide_amount(text_trim((struct text){ what.s + at + 1, what.n - at - 1 }), currency, err, &ret->amount);
}

static bool apply(struct decide *d, const char *operand, struct err *err)
{
	struct args *g = (struct args *)d;
	struct command_apply *c = WIRE_NEW(g->d.cli->arena, command_apply);
	struct text currency;

	if (g->to.n == 0 || g->to.n > TARGETS_MAX)
		return err_set(err, ERR_REJECT, "usage", "--to: expected 1 to %d items", TARGETS_MAX);
	if (!decide_need_version(&g->d, err) || !decide_item(&g->d, text_of(operand), err, &c->credit, &currency))
		return false;
	g->d.e->command_case = COMMAND_EVENT_APPLY;
	g->d.e->apply = c;
	c->expected_version = (int32_t)g->d.version;
	c->accounting_date = g->date;
	c->targets = WIRE_ARRAY(g->d.cli->arena, g->to.n, command_apply_target);
	c->n_targets = g->to.n;
	for (size_t i = 0; i < g->to.n; i++)
		if (!target(g, g->to.item[i], err, &c->targets[i]))
			return false;
	return true;
}

static bool unapply(struct decide *d, const char *operand, struct err *err)
{
	struct args *g = (struct args *)d;
	struct command_unapply *c = WIRE_NEW(g->d.cli->arena, command_unapply);
	struct text currency;

	if (!decide_need_version(&g->d, err) || !decide_item(&g->d, text_of(operand), err, &c->credit, &currency))
		return false;
	g->d.e->command_case = COMMAND_EVENT_UNAPPLY;
	g->d.e->unapply = c;
	c->expected_version = (int32_t)g->d.version;
	return g->from_item == NULL || decide_item(&g->d, text_of(g->from_item), err, &c->debit, &currency);
}

static bool block(struct decide *d, const char *operand, struct err *err)
{
	struct args *g = (struct args *)d;
	struct command_set_block *c = WIRE_NEW(g->d.cli->arena, command_set_block);
	struct text currency;

	if (g->reason == SIZE_MAX)
		return err_set(err, ERR_REJECT, "usage", "--reason is missing: dispute, insolvency, legal or manual");
	g->d.account = operand;
	g->d.e->account = text_of(operand);
	g->d.e->command_case = COMMAND_EVENT_SET_BLOCK;
	g->d.e->set_block = c;
	c->block_id = g->block_id == NULL ? cli_new_id(g->d.cli) : text_of(g->block_id);
	c->reason = (enum command_block_reason)(COMMAND_BLOCK_REASON_DISPUTE + (int)g->reason);
	c->until = g->until;
	return g->item == NULL || decide_item(&g->d, text_of(g->item), err, &c->item, &currency);
}

static bool unblock(struct decide *d, const char *operand, struct err *err)
{
	struct args *g = (struct args *)d;
	if (!decide_need(g->block_id, "block-id", err))
		return false;
	g->d.e->account = text_of(operand);
	g->d.e->command_case = COMMAND_EVENT_LIFT_BLOCK;
	g->d.e->lift_block = WIRE_NEW(g->d.cli->arena, command_lift_block);
	g->d.e->lift_block->block_id = text_of(g->block_id);
	return true;
}

static bool identify_again(struct decide *d, const char *operand, struct err *err)
{
	struct command_identify_again *c = WIRE_NEW(d->cli->arena, command_identify_again);

	if (!decide_need_version(d, err) || !decide_line(d, operand, err, &c->line_id))
		return false;
	d->e->command_case = COMMAND_EVENT_IDENTIFY_AGAIN;
	d->e->identify_again = c;
	c->expected_version = (int32_t)d->version;
	return true;
}

static const struct action {
	const char *name;
	enum cli_service decides;
	decide_build *build;
} actions[] = {
	{ "assign-payer", CLI_CASH, assign_payer }, { "identify-again", CLI_CASH, identify_again },
	{ "send-back", CLI_CASH, send_back },       { "apply", CLI_CASH, apply },
	{ "unapply", CLI_CASH, unapply },           { "block", CLI_COLLECTIONS, block },
	{ "unblock", CLI_COLLECTIONS, unblock },
};

static int run(struct cli *cli, int argc, char **argv)
{
	static struct args g;

	g = (struct args){ .d = DECIDE(cli, CLI_CASH), .reason = SIZE_MAX, .date = DATE_NONE, .until = DATE_NONE };
	const struct option_spec specs[] = {
		OPTION_FORMAT(cli),
		DECIDE_VERSION(g.d),
		{ "payer", 'p', OPTION_TEXT, &g.payer, "ACCOUNT", "assign-payer: who paid", 0, 0, NULL },
		{ "to", 't', OPTION_ITEMS, &g.to, "ITEM[=AMOUNT]", "apply: to these items; no amount = as much as fits", 0, 0,
		  NULL },
		{ "from", 0, OPTION_TEXT, &g.from_item, "ITEM", "unapply: only from this item", 0, 0, NULL },
		{ "date", 0, OPTION_DAY, &g.date, "DATE", "apply: accounting date insisted on", 0, 0, NULL },
		{ "reason", 0, OPTION_WORD, &g.reason, "dispute|insolvency|legal|manual", "block: why", 0, 0, reasons },
		{ "item", 0, OPTION_TEXT, &g.item, "ITEM", "block: only this item", 0, 0, NULL },
		{ "until", 0, OPTION_DAY, &g.until, "DATE", "block: last day it holds", 0, 0, NULL },
		{ "block-id", 0, OPTION_TEXT, &g.block_id, "ID", "block: its name; unblock: which one", 0, 0, NULL },
		DECIDE_OPTIONS(g.d),
	};
	int code = options_parse(cli, specs, ARRAY_LEN(specs), 2, 2, &argc, &argv);

	if (code >= 0)
		return code;
	for (size_t i = 0; i < ARRAY_LEN(actions); i++)
		if (strcmp(actions[i].name, argv[0]) == 0) {
			g.d.decides = actions[i].decides;
			return decide_run(&g.d, actions[i].name, actions[i].build, argv[1]);
		}
	return options_usage(cli, "\"%s\": expected assign-payer, identify-again, send-back, apply, unapply, block or unblock",
			     argv[0]);
}

const struct command cmd_command = {
	.name = "command",
	.summary = "decide: assign-payer, identify-again, send-back, apply, unapply, block, unblock",
	.usage = "openitem command assign-payer LINE --payer ACCOUNT --version N\n"
		 "       openitem command identify-again LINE --version N\n"
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
