/* company_promise: what collectors of the made-up company are promised on the phone (COL-04). */
#include "cli/company_impl.h"
#include "ev/command.h"
#include "wire/wire.h"

#define CALL_DAYS     5 /* past due, when somebody calls */
#define PATIENCE_DAYS 21 /* nobody takes a promise for later */

void company_plan_promise(struct company *c, int64_t order, date_t due, date_t pays)
{
	date_t call = company_working_day(due + CALL_DAYS + (date_t)rng_below(&c->rng, 3));
	date_t soon = company_working_day(call + 4);

	/* Who pays has promised it for that day, or for an earlier one. */
	if (pays != DATE_NONE && rng_chance(&c->rng, CHANCE_KEPT))
		soon = company_working_day(pays);
	if (!rng_chance(&c->rng, CHANCE_PROMISE) || call >= soon || soon - call > PATIENCE_DAYS ||
	    (pays != DATE_NONE && soon > company_working_day(pays)))
		return;
	company_later(c, call, (struct action){ .kind = ACT_PROMISE, .order = order, .promised = soon });
}

static bool tell_truth(struct company *c, const struct command_make_promise *p, const struct account *a, int64_t order,
		       struct err *err)
{
	char made[DATE_TEXT_SIZE], promised[DATE_TEXT_SIZE];
	struct text line = text_printf(c->arena,
				       "{\"promiseId\":\"" TEXT_FMT
				       "\",\"account\":\"%s\",\"currency\":\"%s\",\"amountMinor\":\"%lld\",\"order\":\"" TEXT_FMT
				       "\",\"made\":\"%s\",\"promised\":\"%s\"}",
				       TEXT_ARG(p->promise_id), a->code, p->amount.currency, (long long)p->amount.minor,
				       TEXT_ARG(company_order_id(c, order)), date_format(made, c->today),
				       date_format(promised, p->promised_date));

	return c->line(c->ctx, true, line, err);
}

bool company_promise(struct company *c, const struct action *action, struct err *err)
{
	const struct account *a = &c->accounts[c->orders[action->order].account];
	const struct entity *e = &c->entity[a->entity];
	struct command_make_promise *p = WIRE_NEW(c->arena, command_make_promise);

	if (!company_payable(c, action->order))
		return true; /* paid, or cancelled, before anybody called */
	p->promise_id = text_printf(c->arena, "PR-%s-%lld", a->code, (long long)++c->people_events);
	p->entity = text_of(e->code);
	memcpy(p->amount.currency, e->currency, 4);
	p->amount.minor = company_to_pay(c, action->order);
	p->promised_date = action->promised;
	p->channel = TEXT("phone");
	struct command_event ev = { .account = text_of(a->code),
				    .issued_by = TEXT("collector"),
				    .note = TEXT("called the customer"),
				    .command_case = COMMAND_EVENT_MAKE_PROMISE,
				    .make_promise = p };

	return tell_truth(c, p, a, action->order, err) &&
	       company_emit(c, "ar.command.v1", &ev, "/people/demo", c->people_events, err);
}
