/*
 * main_intake: the cases of tests/tables/intake on the core of intake. Every row becomes the bytes of a record, with the headers
 * a CRM would send, and goes through the codec first: what a case shows is the gate, not only its decision. Every row comes in every
 * form that the gate accepts, too (forms.h), and must be the same event each time.
 */
#include "intake/codec.h"
#include "intake/core/fact.h"
#include "intake/intake.h"
#include "tables/forms.h"
#include "tables/harness.h"
#include "wire/topics.h"

static const char *const covers[] = {
	"customer_recorded",
	"order_booked",
	"order_amended",
	"order_fulfilled",
	"order_cancelled",
	"opening_item",
	"line_booked",
	"line_returned",
	"statement_closed",
	"assign_payer",
	"send_back",
	"apply",
	"unapply",
	"set_block",
	"lift_block",
	"entity_recorded",
	"bank_account_recorded",
	"terms_recorded",
	"ladder_recorded",
	"cash_rules_recorded",
	"period_recorded",
	"day_opened",
	"day_closed",
	"dead_letter.reason=id_conflict",
	"dead_letter.reason=key_mismatch",
	"dead_letter.reason=bank_account_conflict",
	"dead_letter.reason=prefix_conflict",
	"dead_letter.reason=bad_account",
	"dead_letter.reason=out_of_range",
	"dead_letter.reason=currency_mismatch",
	"dead_letter.reason=duplicate_element",
	"dead_letter.reason=bad_date",
	NULL,
};

/* The harness hands over an event; the gate wants the record it came in. */
static struct input through_the_codec(const struct input *in, struct arena *arena)
{
	const struct record_header headers[] = {
		{ .name = TEXT("ce_id"), .value = in->cause.event_id },
		{ .name = TEXT("ce_source"), .value = in->cause.source },
		{ .name = TEXT("ce_type"), .value = in->type },
	};
	struct record r = { .topic = in->cause.topic,
			    .partition = in->cause.partition,
			    .offset = in->cause.offset,
			    .key = in->key,
			    .key_null = text_empty(in->key),
			    .n_headers = ARRAY_LEN(headers) };
	struct input out = *in;
	struct err err;

	r.headers = arena_dup(arena, headers, sizeof(headers));
	CHECK(wire_encode(wire_topic_find(in->cause.topic)->msg, in->event, arena, &err, &r.value));
	intake_decode(&r, arena, &out);
	forms_all_the_same(&r, &out, arena);
	return out;
}

static void want(struct book *book, const struct input *in)
{
	struct input gated = through_the_codec(in, book_arena(book));

	intake_service.core->want(book, &gated);
}

/* What the loop adds to an outcome before it is written. */
static void complete(const struct outcome *o)
{
	struct type_provenance *p = ((struct intake_event *)o->event)->provenance;

	if (p == NULL)
		return;
	p->service = TEXT("intake");
	p->event_id = o->event_id;
}

static enum decided decide(struct decision *d)
{
	struct input gated = through_the_codec(d->input, d->arena);
	struct decision inner = *d;

	inner.input = &gated;
	enum decided result = intake_service.core->decide(&inner);
	d->outcomes = inner.outcomes;
	d->n_outcomes = inner.n_outcomes;
	d->cap_outcomes = inner.cap_outcomes;
	for (size_t i = 0; i < d->n_outcomes; i++)
		complete(&d->outcomes[i]);
	return result;
}

int main(int argc, char **argv)
{
	struct core core = *intake_service.core;
	struct run_service service = intake_service;

	core.want = want;
	core.decide = decide;
	service.core = &core;
	return harness_main(&(struct harness){ .service = &service, .covers = covers }, argc, argv);
}
