/* openitem promise, hold, onaccount: what collectors and clerks note about items (COL-04, LEDGER section 1, CSH-06). */
#include "cli/decide.h"
#include "wire/wire.h"

#define ITEMS_MAX 100 /* @max of MakePromise.items */

struct args {
	struct decide d; /* first */
	const char *entity, *amount, *channel, *name, *item;
	struct option_items items;
	size_t kind;
	int64_t grace;
	date_t date, until;
};

static const char *const hold_kinds[] = { "dispute", "legal", "withheld-tax", "manual", NULL };

static void on_account_of(struct decide *d, const char *account)
{
	d->account = account;
	d->e->account = text_of(account);
}

/* ---- promise ---- */

static bool make_promise(struct decide *d, const char *operand, struct err *err)
{
	struct args *g = (struct args *)d;
	struct command_make_promise *c = WIRE_NEW(d->cli->arena, command_make_promise);
	struct text currency = TEXT_NONE;

	if (!decide_need(g->entity, "entity", err))
		return false;
	if (g->date == DATE_NONE)
		return err_set(err, ERR_REJECT, "usage", "--date is missing: the day the money will have been paid");
	if ((g->items.n == 0 && g->amount == NULL) || g->items.n > ITEMS_MAX)
		return err_set(err, ERR_REJECT, "usage", "say what is promised: --item, up to %d times, or --amount", ITEMS_MAX);
	on_account_of(d, operand);
	d->e->command_case = COMMAND_EVENT_MAKE_PROMISE;
	d->e->make_promise = c;
	c->promise_id = g->name != NULL ? text_of(g->name) : cli_new_id(d->cli);
	c->entity = text_of(g->entity);
	c->promised_date = g->date;
	c->grace_days = (int32_t)g->grace;
	c->channel = text_of(g->channel);
	c->items = WIRE_ARRAY(d->cli->arena, g->items.n, type_item_ref);
	for (size_t i = 0; i < g->items.n; i++) {
		struct type_item_ref *ref;
		if (!decide_item(d, g->items.item[i], err, &ref, &currency))
			return false;
		c->items[c->n_items++] = *ref;
	}
	return g->amount == NULL || decide_amount(text_of(g->amount), currency, err, &c->amount);
}

static bool cancel_promise(struct decide *d, const char *operand, struct err *err)
{
	struct args *g = (struct args *)d;

	if (!decide_need(g->name, "name", err))
		return false;
	on_account_of(d, operand);
	d->e->command_case = COMMAND_EVENT_CANCEL_PROMISE;
	d->e->cancel_promise = WIRE_NEW(d->cli->arena, command_cancel_promise);
	d->e->cancel_promise->promise_id = text_of(g->name);
	return true;
}

/* ---- hold ---- */

static bool set_hold(struct decide *d, const char *operand, struct err *err)
{
	struct args *g = (struct args *)d;
	struct command_set_hold *c = WIRE_NEW(d->cli->arena, command_set_hold);
	struct text currency;

	if (g->kind == SIZE_MAX)
		return err_set(err, ERR_REJECT, "usage", "--kind is missing: dispute, legal, withheld-tax or manual");
	if (!decide_need(g->item, "item", err))
		return false;
	on_account_of(d, operand);
	d->e->command_case = COMMAND_EVENT_SET_HOLD;
	d->e->set_hold = c;
	c->hold_id = g->name != NULL ? text_of(g->name) : cli_new_id(d->cli);
	c->kind = (enum command_hold_kind)(COMMAND_HOLD_KIND_DISPUTE + (int)g->kind);
	c->until = g->until;
	return decide_item(d, text_of(g->item), err, &c->item, &currency) &&
	       (g->amount == NULL || decide_amount(text_of(g->amount), currency, err, &c->amount));
}

static bool lift_hold(struct decide *d, const char *operand, struct err *err)
{
	struct args *g = (struct args *)d;

	if (!decide_need(g->name, "name", err))
		return false;
	on_account_of(d, operand);
	d->e->command_case = COMMAND_EVENT_LIFT_HOLD;
	d->e->lift_hold = WIRE_NEW(d->cli->arena, command_lift_hold);
	d->e->lift_hold->hold_id = text_of(g->name);
	return true;
}

/* ---- onaccount ---- */

static bool place(struct decide *d, const char *operand, struct err *err)
{
	struct args *g = (struct args *)d;
	struct command_place_on_account *c = WIRE_NEW(d->cli->arena, command_place_on_account);
	struct text currency;

	if (!decide_need_version(d, err) || !decide_item(d, text_of(operand), err, &c->credit, &currency))
		return false;
	d->e->command_case = COMMAND_EVENT_PLACE_ON_ACCOUNT;
	d->e->place_on_account = c;
	c->expected_version = (int32_t)d->version;
	return g->amount == NULL || decide_amount(text_of(g->amount), currency, err, &c->amount);
}

static bool take(struct decide *d, const char *operand, struct err *err)
{
	struct args *g = (struct args *)d;
	struct command_take_off_account *c = WIRE_NEW(d->cli->arena, command_take_off_account);
	struct text currency;

	if (!decide_need_version(d, err) || !decide_item(d, text_of(operand), err, &c->credit, &currency))
		return false;
	d->e->command_case = COMMAND_EVENT_TAKE_OFF_ACCOUNT;
	d->e->take_off_account = c;
	c->expected_version = (int32_t)d->version;
	return g->amount == NULL || decide_amount(text_of(g->amount), currency, err, &c->amount);
}

/* ---- which ---- */

struct action {
	const char *name;
	decide_build *build;
};

static int act(struct args *g, const struct action *actions, size_t n, char **argv)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(actions[i].name, argv[0]) == 0)
			return decide_run(&g->d, actions[i].name, actions[i].build, argv[1]);
	return options_usage(g->d.cli, "\"%s\": expected %s or %s", argv[0], actions[0].name, actions[1].name);
}

static int run_promise(struct cli *cli, int argc, char **argv)
{
	static const struct action actions[] = { { "make", make_promise }, { "cancel", cancel_promise } };
	static struct args g;

	g = (struct args){ .d = DECIDE(cli, CLI_COLLECTIONS), .date = DATE_NONE };
	const struct option_spec specs[] = {
		OPTION_FORMAT(cli),
		{ "entity", 'e', OPTION_TEXT, &g.entity, "ENTITY", "legal entity that is owed", 0, 0, NULL },
		{ "item", 'i', OPTION_ITEMS, &g.items, "ITEM", "item that will be paid", 0, 0, NULL },
		{ "amount", 0, OPTION_TEXT, &g.amount, "AMOUNT", "how much (default: all that is open of the items)", 0, 0, NULL },
		{ "date", 'd', OPTION_DAY, &g.date, "DATE", "day the money will have been paid", 0, 0, NULL },
		{ "grace", 0, OPTION_INT, &g.grace, "DAYS", "days after it before the promise breaks (0)", 0, 30, NULL },
		{ "channel", 0, OPTION_TEXT, &g.channel, "CHANNEL", "phone, mail, letter, visit", 0, 0, NULL },
		{ "name", 'n', OPTION_TEXT, &g.name, "ID", "its name; a second one with it supersedes the first", 0, 0, NULL },
		DECIDE_OPTIONS(g.d),
	};
	int code = options_parse(cli, specs, ARRAY_LEN(specs), 2, 2, &argc, &argv);

	return code >= 0 ? code : act(&g, actions, ARRAY_LEN(actions), argv);
}

const struct command cmd_promise = {
	.name = "promise",
	.summary = "a promise to pay, made or cancelled",
	.usage =
		"openitem promise make ACCOUNT --entity E --date DATE --item ITEM... [--amount AMOUNT] [--grace DAYS] [--name ID]\n"
		"       openitem promise cancel ACCOUNT --name ID\n\n"
		"What is promised is not dunned. Kept as soon as it is paid; broken, or partly kept, at the first close after date + grace.",
	.example = "openitem promise make C000012 --entity DE01 --item DEI26-0300001A --date 2026-04-10 --channel phone",
	.run = run_promise,
};

static int run_hold(struct cli *cli, int argc, char **argv)
{
	static const struct action actions[] = { { "set", set_hold }, { "lift", lift_hold } };
	static struct args g;

	g = (struct args){ .d = DECIDE(cli, CLI_COLLECTIONS), .kind = SIZE_MAX, .until = DATE_NONE };
	const struct option_spec specs[] = {
		OPTION_FORMAT(cli),
		{ "kind", 'k', OPTION_WORD, &g.kind, "dispute|legal|withheld-tax|manual", "why", 0, 0, hold_kinds },
		{ "item", 'i', OPTION_TEXT, &g.item, "ITEM", "the item", 0, 0, NULL },
		{ "amount", 0, OPTION_TEXT, &g.amount, "AMOUNT", "how much of it (default: all)", 0, 0, NULL },
		{ "until", 0, OPTION_DAY, &g.until, "DATE", "last day it holds", 0, 0, NULL },
		{ "name", 'n', OPTION_TEXT, &g.name, "ID", "its name", 0, 0, NULL },
		DECIDE_OPTIONS(g.d),
	};
	int code = options_parse(cli, specs, ARRAY_LEN(specs), 2, 2, &argc, &argv);

	return code >= 0 ? code : act(&g, actions, ARRAY_LEN(actions), argv);
}

const struct command cmd_hold = {
	.name = "hold",
	.summary = "keep an amount of an item out of dunning",
	.usage = "openitem hold set ACCOUNT --kind K --item ITEM [--amount AMOUNT] [--until DATE] [--name ID]\n"
		 "       openitem hold lift ACCOUNT --name ID",
	.example = "openitem hold set C000012 --kind dispute --item DEI26-0300001A --amount 40.00 --until 2026-05-31",
	.run = run_hold,
};

static int run_onaccount(struct cli *cli, int argc, char **argv)
{
	static const struct action actions[] = { { "place", place }, { "take", take } };
	static struct args g;

	g = (struct args){ .d = DECIDE(cli, CLI_CASH) };
	const struct option_spec specs[] = {
		OPTION_FORMAT(cli),
		{ "amount", 0, OPTION_TEXT, &g.amount, "AMOUNT", "how much (default: all of it)", 0, 0, NULL },
		DECIDE_VERSION(g.d),
		DECIDE_OPTIONS(g.d),
	};
	int code = options_parse(cli, specs, ARRAY_LEN(specs), 2, 2, &argc, &argv);

	return code >= 0 ? code : act(&g, actions, ARRAY_LEN(actions), argv);
}

const struct command cmd_onaccount = {
	.name = "onaccount",
	.summary = "leave money on the account deliberately, or make it available again",
	.usage = "openitem onaccount place CREDIT --version N [--amount AMOUNT]\n"
		 "       openitem onaccount take CREDIT --version N [--amount AMOUNT]\n\n"
		 "What is on account is left alone by the rules and by `command apply`, until it is taken off.",
	.example = "openitem onaccount place L-17 --version 2 --amount 70.00",
	.run = run_onaccount,
};
