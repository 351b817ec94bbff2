/*
 * The journey of intake: any bytes in, one validated fact out, or a dead letter (DESIGN section 2, AUD-04).
 *
 *	record -> decode (codec.c) -> want: identity, bank account, number prefix
 *	       -> decide: undecodable? duplicate? contradiction? -> one outcome for the account's lane, or one for every lane
 *	       -> apply: the inbox remembers the identity
 */
#include "intake.h"

#include "codec.h"
#include "core/dead_letter.h"
#include "core/dedupe.h"
#include "core/fact.h"
#include "core/route.h"
#include "core/validate.h"
#include "run/gate.h"
#include "tables.h"

/* Their order is the number of thousands in a lane (run/gate.h): it never changes. */
static const struct run_source sources[] = {
	{ .topic = "crm.customer.v1" }, { .topic = "crm.sales-order.v1" }, { .topic = "bank.payment.v1" },
	{ .topic = "ar.command.v1" },   { .topic = "ar.reference.v1" },
};

/* ---- want ---------------------------------------------------------------------------------------------------------------- */

static struct inbox_row inbox_key(const struct input *input)
{
	const struct cause *c = &input->cause;

	return (struct inbox_row){ .bucket = intake_bucket(c->source, c->event_id), .source = c->source, .event_id = c->event_id };
}

/* The entity a fact says a number prefix is for; NULL: it says nothing about prefixes. */
static const struct reference_entity_recorded *entity_of(const struct intake_event *event)
{
	bool is = event->fact_case == INTAKE_EVENT_REFERENCE && event->reference->event_case == REFERENCE_EVENT_ENTITY_RECORDED;

	return is ? event->reference->entity_recorded : NULL;
}

static void want(struct book *book, const struct input *input)
{
	const struct intake_fact *fact = input->event;
	const struct reference_entity_recorded *entity;
	struct intake_bank bank;

	if (fact->refusal != NULL)
		return;
	if (text_empty(input->seen_hash)) {
		struct inbox_row key = inbox_key(input);
		book_want(book, &intake_inbox_table, BOOK_KEY, &key);
	}
	if (intake_bank(&fact->event, &bank))
		book_want(book, &intake_bank_account_table, BOOK_KEY,
			  &(struct bank_account_row){ .bank_account = bank.bank_account });
	entity = entity_of(&fact->event);
	if (entity != NULL)
		book_want(book, &intake_number_prefix_table, BOOK_KEY,
			  &(struct number_prefix_row){ .prefix = entity->number_prefix });
}

/* ---- decide -------------------------------------------------------------------------------------------------------------- */

/* What was committed under this identity: the hint when there is one (proven by the loop), else the inbox. */
static struct text known_hash(const struct decision *d)
{
	if (!text_empty(d->input->seen_hash))
		return d->input->seen_hash;
	struct inbox_row key = inbox_key(d->input);
	const struct inbox_row *row = book_get(d->book, &intake_inbox_table, &key);

	return row != NULL ? row->payload_hash : TEXT_NONE;
}

/* LEDGER section 2: a line is booked even when its bank account is not recorded yet; contradicting it is refused. */
static bool check_bank_account(const struct decision *d, const struct intake_event *event, struct err *err)
{
	struct intake_bank bank;

	if (!intake_bank(event, &bank))
		return true;
	const struct bank_account_row *known =
		book_get(d->book, &intake_bank_account_table, &(struct bank_account_row){ .bank_account = bank.bank_account });
	if (known == NULL)
		return true;
	if (!text_eq(known->entity, bank.entity))
		return err_set(err, ERR_REJECT, "bank_account_conflict",
			       "the bank account belongs to entity " TEXT_FMT ", not " TEXT_FMT, TEXT_ARG(known->entity),
			       TEXT_ARG(bank.entity));
	if (!text_eq(text_of(known->currency), bank.currency))
		return err_set(err, ERR_REJECT, "bank_account_conflict", "the bank account is kept in %s, not " TEXT_FMT,
			       known->currency, TEXT_ARG(bank.currency));
	return true;
}

/* LEDGER section 7: document numbers are unique over entities, so their prefixes are. */
static bool check_number_prefix(const struct decision *d, const struct intake_event *event, struct err *err)
{
	const struct reference_entity_recorded *entity = entity_of(event);

	if (entity == NULL)
		return true;
	const struct number_prefix_row *known =
		book_get(d->book, &intake_number_prefix_table, &(struct number_prefix_row){ .prefix = entity->number_prefix });
	if (known == NULL || text_eq(known->entity, entity->entity))
		return true;
	return err_set(err, ERR_REJECT, "prefix_conflict", "number_prefix " TEXT_FMT " belongs to entity " TEXT_FMT,
		       TEXT_ARG(entity->number_prefix), TEXT_ARG(known->entity));
}

/*
 * The record goes to <topic>-dlt. Its outcome is derived from the record's place and not from its identity, which another record
 * may carry rightfully, or this one when it is re-driven.
 */
static void refuse(struct decision *d, const struct intake_fact *fact, const struct err *why)
{
	const struct input *in = d->input;
	struct cause *cause = arena_dup(d->arena, &in->cause, sizeof(*cause));
	struct intake_event *event = WIRE_NEW(d->arena, intake_event);
	struct intake_dead_letter *dead = WIRE_NEW(d->arena, intake_dead_letter);

	cause->source = text_printf(d->arena, TEXT_FMT "/%d/%lld", TEXT_ARG(in->cause.topic), in->cause.partition,
				    (long long)in->cause.offset);
	dead->reason = text_dup(d->arena, text_of(why->code));
	dead->detail = text_dup(d->arena, text_of(why->msg));
	dead->topic = in->cause.topic;
	dead->event_id = in->cause.event_id;
	dead->source = in->cause.source;
	event->account = fact->event.account;
	event->fact_type = TEXT("dead_letter");
	event->fact_case = INTAKE_EVENT_DEAD_LETTER;
	event->dead_letter = dead;
	core_emit(d, &(struct outcome){ .key = event->account,
					.event = event,
					.destination_lane = -1,
					.cause = cause,
					.dead_letter = intake_dead_letter_record(fact->record, why, d->arena) });
}

/* A copy of the event for one destination: the loop gives each its own provenance. Until then it carries the identity for apply. */
static struct intake_event *addressed(struct decision *d, const struct intake_fact *fact)
{
	struct intake_event *event = arena_dup(d->arena, &fact->event, sizeof(*event));

	event->provenance = WIRE_NEW(d->arena, type_provenance);
	event->provenance->source = d->input->cause.source;
	event->provenance->payload_hash = fact->payload_hash;
	return event;
}

static void let_through(struct decision *d, const struct intake_fact *fact)
{
	struct text account = fact->event.account;

	if (fact->event.fact_case != INTAKE_EVENT_REFERENCE) {
		core_emit(d, &(struct outcome){
				     .key = account, .event = addressed(d, fact), .destination = account, .destination_lane = -1 });
		return;
	}
	/* What concerns everybody: parts 1..lanes, one for each. */
	for (int32_t lane = 0; lane < d->input->lanes; lane++)
		core_emit(d, &(struct outcome){ .event = addressed(d, fact), .destination_lane = lane });
}

static enum decided decide(struct decision *d)
{
	const struct intake_fact *fact = d->input->event;
	const struct intake_event *event = &fact->event;
	struct err why = { .class = ERR_NONE };

	if (fact->refusal != NULL) {
		refuse(d, fact, fact->refusal);
		return DECIDED;
	}
	/* Before any check: what was let through once stays a duplicate, also when the checks have become stricter since. */
	switch (intake_dedupe(fact->payload_hash, known_hash(d))) {
	case INTAKE_DUPLICATE:
		return DECIDED;
	case INTAKE_CONFLICT:
		err_set(&why, ERR_REJECT, "id_conflict", "this source has used this id for an event with another content");
		refuse(d, fact, &why);
		return DECIDED;
	case INTAKE_NEW:
		break;
	}
	if (intake_check_key(event, fact->record->key, &why) && intake_validate(event, d->arena, &why) &&
	    check_bank_account(d, event, &why) && check_number_prefix(d, event, &why))
		let_through(d, fact);
	else
		refuse(d, fact, &why);
	return DECIDED;
}

/* ---- apply --------------------------------------------------------------------------------------------------------------- */

static void remember(struct book *book, const struct input *input, const struct intake_event *event)
{
	struct inbox_row row = inbox_key(input);

	row.payload_hash = event->provenance->payload_hash;
	row.first_topic = input->cause.topic;
	row.first_partition = input->cause.partition;
	row.first_offset = input->cause.offset;
	book_put(book, &intake_inbox_table, &row);
}

static void apply_reference(struct book *book, const struct reference_event *e)
{
	if (e->event_case == REFERENCE_EVENT_BANK_ACCOUNT_RECORDED) {
		const struct reference_bank_account_recorded *b = e->bank_account_recorded;
		struct bank_account_row row = { .bank_account = b->bank_account, .entity = b->entity };
		CHECK(b->currency_code.n == sizeof(row.currency) - 1);
		memcpy(row.currency, b->currency_code.s, b->currency_code.n);
		book_put(book, &intake_bank_account_table, &row);
	}
	if (e->event_case == REFERENCE_EVENT_ENTITY_RECORDED) {
		struct number_prefix_row row = { .prefix = e->entity_recorded->number_prefix,
						 .entity = e->entity_recorded->entity };
		if (book_get(book, &intake_number_prefix_table, &row) == NULL)
			book_put(book, &intake_number_prefix_table, &row);
	}
}

static void apply(struct book *book, const struct input *input, const struct outcome *outcome)
{
	const struct intake_event *event = outcome->event;

	/* A refused record leaves no trace, so that it can be re-driven. The parts of a reference fact are one fact. */
	if (event->fact_case == INTAKE_EVENT_DEAD_LETTER || outcome->part > 1)
		return;
	remember(book, input, event);
	if (event->fact_case == INTAKE_EVENT_REFERENCE)
		apply_reference(book, event->reference);
}

static const struct core core = {
	.name = "intake",
	.tables = intake_tables,
	.n_tables = INTAKE_TABLES_N,
	.outcome_msg = &intake_event_msg,
	.provenance_offset = offsetof(struct intake_event, provenance),
	.want = want,
	.decide = decide,
	.apply = apply,
};

static const struct run_gate gate = { .decode = intake_decode, .identity = intake_identity };

const struct run_service intake_service = {
	.core = &core,
	.sources = sources,
	.n_sources = ARRAY_LEN(sources),
	.fanout_topic = "ar.intake.v1",
	.gate = &gate,
};
