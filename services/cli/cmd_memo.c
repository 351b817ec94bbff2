/* openitem credit-memo, debit-memo: what was billed is taken back; a further charge (BIL-07, BIL-08). */
#include "cli/decide.h"
#include "wire/wire.h"

#define LINES_MAX 1000 /* @max of IssueCreditMemo.lines */

/* ---- credit-memo ---- */

struct credit {
	struct decide d; /* first */
	const char *reason, *net, *tax_code;
	struct option_items lines;
	bool whole, tax_only;
	date_t date;
};

/* "3=2.5 pieces": quantity; "3=10.00": net; "3": nothing is said of it, refused. */
static bool credit_line(const struct credit *g, struct text what, struct text currency, struct err *err,
			struct command_credit_line *ret)
{
	size_t at = text_find(what, TEXT("="));
	struct text no = { what.s, at == TEXT_NOT_FOUND ? what.n : at };
	struct text value = at == TEXT_NOT_FOUND ? TEXT_NONE : (struct text){ what.s + at + 1, what.n - at - 1 };
	struct money net = { 0 };
	int64_t n;

	(void)g;
	if (!text_parse_i64(no, &n) || n < 1 || n > 1000000 || text_empty(value))
		return err_set(err, ERR_REJECT, "bad_line", "\"" TEXT_FMT "\": expected LINE=AMOUNT or LINE=xQUANTITY",
			       TEXT_ARG(what));
	ret->line_no = (int32_t)n;
	if (value.s[0] == 'x') {
		if (!scaled6_parse((struct text){ value.s + 1, value.n - 1 }, &ret->quantity_e6))
			return err_set(err, ERR_REJECT, "bad_line", "\"" TEXT_FMT "\": expected a quantity like x2.5",
				       TEXT_ARG(what));
		return true;
	}
	if (!decide_amount(value, currency, err, &net))
		return false;
	ret->net_minor = net.minor;
	return true;
}

static bool build_credit(struct decide *d, const char *operand, struct err *err)
{
	struct credit *g = (struct credit *)d;
	struct command_issue_credit_memo *c = WIRE_NEW(d->cli->arena, command_issue_credit_memo);
	struct type_item_ref *ref;
	struct text currency;

	if ((g->whole ? 1 : 0) + (g->tax_only ? 1 : 0) + (g->net != NULL ? 1 : 0) + (g->lines.n > 0 ? 1 : 0) != 1)
		return err_set(err, ERR_REJECT, "usage", "say what is credited: --whole, --line, --net or --tax-only, one of them");
	if (!decide_need(g->reason, "reason", err) || !decide_item(d, text_of(operand), err, &ref, &currency))
		return false;
	d->e->command_case = COMMAND_EVENT_ISSUE_CREDIT_MEMO;
	d->e->issue_credit_memo = c;
	c->document_id = ref->document_id;
	c->reason = text_of(g->reason);
	c->accounting_date = g->date;
	c->tax_code = text_of(g->tax_code);
	c->scope = g->whole ? COMMAND_CREDIT_SCOPE_WHOLE : g->tax_only ? COMMAND_CREDIT_SCOPE_TAX_ONLY : COMMAND_CREDIT_SCOPE_LINES;
	if (g->net != NULL) {
		c->scope = COMMAND_CREDIT_SCOPE_NET_AMOUNT;
		return decide_amount(text_of(g->net), currency, err, &c->net);
	}
	if (g->lines.n > LINES_MAX)
		return err_set(err, ERR_REJECT, "usage", "--line: at most %d", LINES_MAX);
	c->lines = WIRE_ARRAY(d->cli->arena, g->lines.n, command_credit_line);
	c->n_lines = g->lines.n;
	for (size_t i = 0; i < g->lines.n; i++)
		if (!credit_line(g, g->lines.item[i], currency, err, &c->lines[i]))
			return false;
	return true;
}

static int run_credit(struct cli *cli, int argc, char **argv)
{
	static struct credit g;

	g = (struct credit){ .d = DECIDE(cli, CLI_BILLING), .date = DATE_NONE };
	const struct option_spec specs[] = {
		OPTION_FORMAT(cli),
		{ "reason", 'r', OPTION_TEXT, &g.reason, "CODE", "adjustment, tax, return, price, duplicate, goodwill ...", 0, 0,
		  NULL },
		{ "whole", 0, OPTION_FLAG, &g.whole, NULL, "all that is left of it", 0, 0, NULL },
		{ "line", 'l', OPTION_ITEMS, &g.lines, "LINE=AMOUNT|LINE=xQUANTITY", "of this line, by net amount or by quantity",
		  0, 0, NULL },
		{ "net", 0, OPTION_TEXT, &g.net, "AMOUNT", "a net amount, spread over what is left of the lines", 0, 0, NULL },
		{ "tax-only", 0, OPTION_FLAG, &g.tax_only, NULL, "the tax that is left, and no net", 0, 0, NULL },
		{ "tax-code", 0, OPTION_TEXT, &g.tax_code, "CODE", "tax-only: this tax only", 0, 0, NULL },
		{ "date", 0, OPTION_DAY, &g.date, "DATE", "accounting date insisted on", 0, 0, NULL },
		DECIDE_OPTIONS(g.d),
	};
	int code = options_parse(cli, specs, ARRAY_LEN(specs), 1, 1, &argc, &argv);

	return code >= 0 ? code : decide_run(&g.d, "credit-memo", build_credit, argv[0]);
}

const struct command cmd_credit_memo = {
	.name = "credit-memo",
	.summary = "take back what was billed: whole, by line, by amount, or the tax",
	.usage =
		"openitem credit-memo INVOICE --reason CODE --whole|--line LINE=AMOUNT...|--net AMOUNT|--tax-only [--tax-code CODE] [--date DATE]\n\n"
		"Tax is reversed at the original rate. The memo is applied to the invoice up to its open amount; the rest is an open credit.\n"
		"Refused: exit 1.",
	.example = "openitem credit-memo DEI26-0300001A --reason price --net 25.00\n"
		   "openitem credit-memo DEI26-0300001A --reason return --line 1=x2",
	.run = run_credit,
};

/* ---- debit-memo ---- */

struct debit {
	struct decide d; /* first */
	const char *entity, *reason, *amount, *text, *tax, *terms, *reference, *refers_to, *credit, *po;
	size_t kind;
	date_t due, date;
};

static const char *const kinds[] = { "charge", "bank-charges", "close-credit", NULL };

/* "VAT=19": code and percent. */
static bool debit_tax(struct text what, struct arena *a, struct err *err, struct crm_order_line *line)
{
	size_t at = text_find(what, TEXT("="));
	int64_t percent_e6;

	if (at == TEXT_NOT_FOUND || at == 0 || !scaled6_parse((struct text){ what.s + at + 1, what.n - at - 1 }, &percent_e6) ||
	    percent_e6 < 0 || percent_e6 > 100000000 || percent_e6 % 100 != 0)
		return err_set(err, ERR_REJECT, "bad_tax", "\"" TEXT_FMT "\": expected CODE=PERCENT like VAT=19", TEXT_ARG(what));
	line->taxes = WIRE_ARRAY(a, 1, type_tax);
	line->n_taxes = 1;
	line->taxes[0] = (struct type_tax){ .code = { what.s, at },
					    .category = TYPE_TAX_CATEGORY_STANDARD,
					    .rate_ppm = (int32_t)(percent_e6 / 100) };
	return true;
}

static bool debit_line(const struct debit *g, struct command_issue_debit_memo *c, struct err *err)
{
	struct arena *a = g->d.cli->arena;
	struct crm_order_line *line = WIRE_ARRAY(a, 1, crm_order_line);
	struct money net;
	char major[MONEY_TEXT_MAX + 1];

	if (!decide_amount(text_of(g->amount), TEXT_NONE, err, &net))
		return false;
	if (net.minor <= 0)
		return err_set(err, ERR_REJECT, "bad_amount", "--amount: a positive amount was expected");
	line->line_no = 1;
	line->item = g->text != NULL ? text_of(g->text) : text_of(g->reason);
	line->quantity_e6 = 1000000;
	money_format(major, net.minor, currency_exponent(text_of(net.currency)));
	if (!scaled6_parse(text_of(major), &line->unit_price_e6))
		return err_set(err, ERR_REJECT, "bad_amount", "--amount: too large");
	c->currency_code = text_dup(a, text_of(net.currency));
	c->lines = line;
	c->n_lines = 1;
	return g->tax == NULL || debit_tax(text_of(g->tax), a, err, line);
}

static bool build_debit(struct decide *d, const char *operand, struct err *err)
{
	struct debit *g = (struct debit *)d;
	struct command_issue_debit_memo *c = WIRE_NEW(d->cli->arena, command_issue_debit_memo);

	if (!decide_need(g->entity, "entity", err) || !decide_need(g->reason, "reason", err) ||
	    !decide_need(g->amount, "amount", err))
		return false;
	d->account = operand;
	d->e->account = text_of(operand);
	d->e->command_case = COMMAND_EVENT_ISSUE_DEBIT_MEMO;
	d->e->issue_debit_memo = c;
	c->kind = (enum command_debit_memo_kind)(COMMAND_DEBIT_MEMO_KIND_CHARGE + (int)g->kind);
	c->reference = g->reference != NULL ? text_of(g->reference) : cli_new_id(d->cli);
	c->entity = text_of(g->entity);
	c->reason = text_of(g->reason);
	c->terms_code = text_of(g->terms);
	c->customer_po = text_of(g->po);
	c->refers_to_document_id = text_of(g->refers_to);
	c->due_date = g->due;
	c->accounting_date = g->date;
	if (g->credit != NULL && !decide_item(d, text_of(g->credit), err, &c->credit, NULL))
		return false;
	return debit_line(g, c, err);
}

static int run_debit(struct cli *cli, int argc, char **argv)
{
	static struct debit g;

	g = (struct debit){ .d = DECIDE(cli, CLI_BILLING), .due = DATE_NONE, .date = DATE_NONE };
	const struct option_spec specs[] = {
		OPTION_FORMAT(cli),
		{ "entity", 'e', OPTION_TEXT, &g.entity, "ENTITY", "legal entity that charges", 0, 0, NULL },
		{ "reason", 'r', OPTION_TEXT, &g.reason, "CODE", "reason code", 0, 0, NULL },
		{ "amount", 0, OPTION_TEXT, &g.amount, "AMOUNT CURRENCY", "net, like \"25.00 EUR\"", 0, 0, NULL },
		{ "kind", 'k', OPTION_WORD, &g.kind, "charge|bank-charges|close-credit", "what it is for (charge)", 0, 0, kinds },
		{ "text", 0, OPTION_TEXT, &g.text, "TEXT", "what the line says (default: the reason)", 0, 0, NULL },
		{ "tax", 0, OPTION_TEXT, &g.tax, "CODE=PERCENT", "a tax on it", 0, 0, NULL },
		{ "terms", 0, OPTION_TEXT, &g.terms, "CODE", "terms (default: the customer's)", 0, 0, NULL },
		{ "due", 0, OPTION_DAY, &g.due, "DATE", "due date; wins over terms", 0, 0, NULL },
		{ "date", 0, OPTION_DAY, &g.date, "DATE", "accounting date insisted on", 0, 0, NULL },
		{ "reference", 0, OPTION_TEXT, &g.reference, "ID", "its identity: a second one is refused (default: a new one)", 0,
		  0, NULL },
		{ "refers-to", 0, OPTION_TEXT, &g.refers_to, "DOCUMENT", "document id it follows from", 0, 0, NULL },
		{ "credit", 0, OPTION_TEXT, &g.credit, "ITEM", "close-credit: the credit that is closed", 0, 0, NULL },
		{ "po", 0, OPTION_TEXT, &g.po, "NUMBER", "customer's purchase order", 0, 0, NULL },
		DECIDE_OPTIONS(g.d),
	};
	int code = options_parse(cli, specs, ARRAY_LEN(specs), 1, 1, &argc, &argv);

	return code >= 0 ? code : decide_run(&g.d, "debit-memo", build_debit, argv[0]);
}

const struct command cmd_debit_memo = {
	.name = "debit-memo",
	.summary = "charge something further, or close an open credit",
	.usage =
		"openitem debit-memo ACCOUNT --entity E --reason CODE --amount \"25.00 EUR\" [--kind K] [--tax CODE=PERCENT] [--terms T|--due DATE]\n\n"
		"charge: revenue. bank-charges: what the bank took is passed on. close-credit: an open credit that nobody claims becomes other income;\n"
		"name it with --credit. Refused: exit 1.",
	.example = "openitem debit-memo C000012 --entity DE01 --reason express --amount \"25.00 EUR\" --tax VAT=19",
	.run = run_debit,
};
