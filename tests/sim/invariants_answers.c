/*
 * invariants_answers: what became of every record, when all is quiet: an external one was let through once, was the repetition of one
 * that was, or stands in its dead-letter topic; what was let through has one final answer, or waits; what was published is what was decided.
 */
#include "invariants_impl.h"

#include "billing/tables.h"
#include "book/record.h"
#include "intake/core/dedupe.h"
#include "intake/core/fact.h"
#include "intake/tables.h"
#include "run/gate.h"

/* ---- external records --------------------------------------------------------------------------------------------------------------- */

static struct text place(char *buf, size_t size, struct text topic, int32_t partition, int64_t offset)
{
	return tally_key(buf, size, TEXT_FMT "|%d|%lld", TEXT_ARG(topic), partition, (long long)offset);
}

/* place -> a: dead letters, b: outcomes that were let through */
static void count_fates(struct invariants *inv, struct tally *fates)
{
	char buf[KEY_SIZE];
	size_t n;
	const void *const *rows = mem_rows(sim_mem(inv->w, SIM_INTAKE), &outcome_table, &n);

	for (size_t i = 0; i < n; i++) {
		const struct outcome_row *row = rows[i];
		struct tally_entry *e =
			tally_at(fates, place(buf, sizeof(buf), row->cause_topic, row->cause_partition, row->cause_offset));
		if (text_empty(row->dead_record))
			e->b++;
		else
			e->a++;
	}
}

static void decode(struct invariants *inv, const char *topic, int32_t partition, const struct sim_record *r, struct input *ret)
{
	struct record_header *h = ARENA_ARRAY(inv->scratch, r->n_headers, struct record_header);
	struct record *view = ARENA_NEW(inv->scratch, struct record);

	for (size_t i = 0; i < r->n_headers; i++)
		h[i] = (struct record_header){ r->headers[i].name, r->headers[i].value, r->headers[i].value.s == NULL };
	*view = (struct record){ .topic = text_of(topic),
				 .partition = partition,
				 .offset = r->offset,
				 .timestamp_ms = r->timestamp_ms,
				 .key = r->key,
				 .value = r->value,
				 .key_null = r->key_null,
				 .value_null = r->value_null,
				 .headers = h,
				 .n_headers = r->n_headers };
	*ret = (struct input){ .cause = { .topic = view->topic, .partition = partition, .offset = r->offset }, .key = r->key };
	sim_run_service(SIM_INTAKE)->gate->decode(view, inv->scratch, ret);
}

static bool fate_of(struct invariants *inv, const char *topic, int32_t partition, const struct sim_record *r, struct tally *fates,
		    size_t *through, struct err *err)
{
	char buf[KEY_SIZE];
	struct text at = place(buf, sizeof(buf), text_of(topic), partition, r->offset);
	const struct tally_entry *fate = tally_find(fates, at);
	int64_t dead = fate != NULL ? fate->a : 0, passed = fate != NULL ? fate->b : 0;
	struct input in;

	decode(inv, topic, partition, r, &in);
	const struct intake_fact *fact = in.event;
	if (dead > 1 || (dead == 1 && passed > 0))
		return inv_broken(err, "two_fates", TEXT_FMT " has %lld dead letters and was let through %lld times", TEXT_ARG(at),
				  (long long)dead, (long long)passed);
	if (fact->refusal != NULL)
		return dead == 1 || inv_broken(err, "not_refused", TEXT_FMT " is no event (%s), and is not among the dead letters",
					       TEXT_ARG(at), fact->refusal->code);
	struct inbox_row key = { .bucket = intake_bucket(in.cause.source, in.cause.event_id),
				 .source = in.cause.source,
				 .event_id = in.cause.event_id };
	const struct inbox_row *row = inv_row(sim_mem(inv->w, SIM_INTAKE), &intake_inbox_table, &key);
	bool first = row != NULL && text_eq(row->first_topic, text_of(topic)) && row->first_partition == partition &&
		     row->first_offset == r->offset;
	int64_t expected = !first ? 0 : text_empty(fact->event.account) ? sim_lanes(inv->w) : 1;

	*through += first;
	if (passed != expected || (first && dead > 0))
		return inv_broken(err, "let_through",
				  TEXT_FMT " (" TEXT_FMT " of " TEXT_FMT ") was let through %lld times, expected %lld",
				  TEXT_ARG(at), TEXT_ARG(in.cause.event_id), TEXT_ARG(in.cause.source), (long long)passed,
				  (long long)expected);
	if (dead == 0 && (row == NULL || !text_eq(row->payload_hash, fact->payload_hash)))
		return inv_broken(err, "event_lost", TEXT_FMT " (" TEXT_FMT " of " TEXT_FMT ") was neither let through nor refused",
				  TEXT_ARG(at), TEXT_ARG(in.cause.event_id), TEXT_ARG(in.cause.source));
	return true;
}

static bool external_records(struct invariants *inv, struct err *err)
{
	const struct run_service *intake = sim_run_service(SIM_INTAKE);
	struct tally fates = { .arena = inv->scratch };
	size_t through = 0, n;

	count_fates(inv, &fates);
	for (size_t s = 0; s < intake->n_sources; s++) {
		const char *topic = intake->sources[s].topic;
		for (int32_t p = 0; p < sim_partitions(inv->w, topic); p++)
			for (size_t i = 0; i < sim_log_n(inv->w, topic, p); i++)
				if (!fate_of(inv, topic, p, sim_log_at(inv->w, topic, p, i), &fates, &through, err))
					return false;
	}
	mem_rows(sim_mem(inv->w, SIM_INTAKE), &intake_inbox_table, &n);
	return n == through || inv_broken(err, "inbox", "the inbox remembers %zu events, %zu stand in the topics", n, through);
}

/* ---- answers inside -------------------------------------------------------------------------------------------------------------------- */

/* Who answers what was let through (sql/verify_answers.sql); SIM_SERVICES: nobody must. */
static enum sim_service answers(struct text type)
{
	static const struct {
		const char *type;
		enum sim_service service;
	} who[] = {
		{ "order_booked", SIM_BILLING },
		{ "order_amended", SIM_BILLING },
		{ "order_fulfilled", SIM_BILLING },
		{ "order_cancelled", SIM_BILLING },
		{ "opening_item", SIM_BILLING },
		{ "issue_credit_memo", SIM_BILLING },
		{ "issue_debit_memo", SIM_BILLING },
		{ "line_booked", SIM_CASH },
		{ "line_returned", SIM_CASH },
		{ "statement_closed", SIM_CASH },
		{ "remittance_advised", SIM_CASH },
		{ "assign_payer", SIM_CASH },
		{ "send_back", SIM_CASH },
		{ "apply", SIM_CASH },
		{ "unapply", SIM_CASH },
		{ "place_on_account", SIM_CASH },
		{ "take_off_account", SIM_CASH },
		{ "identify_again", SIM_CASH },
		{ "set_block", SIM_COLLECTIONS },
		{ "lift_block", SIM_COLLECTIONS },
		{ "set_hold", SIM_COLLECTIONS },
		{ "lift_hold", SIM_COLLECTIONS },
		{ "make_promise", SIM_COLLECTIONS },
		{ "cancel_promise", SIM_COLLECTIONS },
		{ "day_closed", SIM_COLLECTIONS },
	};

	for (size_t i = 0; i < ARRAY_LEN(who); i++) {
		size_t n = strlen(who[i].type); /* openitem.intake.<type>.v1 */
		if (type.n == 16 + n + 3 && memcmp(type.s + 16, who[i].type, n) == 0)
			return who[i].service;
	}
	return SIM_SERVICES;
}

/* service|lane|cause -> a: final answers, b: waits */
static void count_answers(struct invariants *inv, struct tally *t)
{
	char buf[KEY_SIZE];
	size_t n;
	const void *const *rows;

	for (int s = SIM_BILLING; s < SIM_REPORTING; s++) {
		rows = mem_rows(sim_mem(inv->w, (enum sim_service)s), &outcome_table, &n);
		for (size_t i = 0; i < n; i++) {
			const struct outcome_row *row = rows[i];
			tally_at(t, tally_key(buf, sizeof(buf), "%d|%d|" TEXT_FMT, s, row->lane, TEXT_ARG(row->cause_event_id)))
				->a += row->final;
		}
	}
	rows = mem_rows(sim_mem(inv->w, SIM_BILLING), &bil_parked_table, &n);
	for (size_t i = 0; i < n; i++) {
		const struct parked_row *row = rows[i];
		tally_at(t, tally_key(buf, sizeof(buf), "%d|%d|" TEXT_FMT, SIM_BILLING, row->lane, TEXT_ARG(row->cause_event_id)))
			->b++;
	}
}

static bool answered(const struct outcome_row *row, enum sim_service by, int32_t lane, struct tally *t, struct err *err)
{
	char buf[KEY_SIZE];
	const struct tally_entry *e =
		tally_find(t, tally_key(buf, sizeof(buf), "%d|%d|" TEXT_FMT, by, lane, TEXT_ARG(row->event_id)));
	int64_t finals = e != NULL ? e->a : 0, waits = e != NULL ? e->b : 0;

	return finals + waits == 1 ||
	       inv_broken(err, "answers", TEXT_FMT " " TEXT_FMT " has %lld final answers of %s lane %d, and waits %lld times",
			  TEXT_ARG(row->type), TEXT_ARG(row->event_id), (long long)finals, inv_service_name[by], lane,
			  (long long)waits);
}

bool inv_answers(struct invariants *inv, struct err *err)
{
	struct tally t = { .arena = inv->scratch };
	size_t n;
	const void *const *rows = mem_rows(sim_mem(inv->w, SIM_INTAKE), &outcome_table, &n);

	if (!external_records(inv, err))
		return false;
	count_answers(inv, &t);
	for (size_t i = 0; i < n; i++) {
		const struct outcome_row *row = rows[i];
		enum sim_service by = answers(row->type);
		if (text_empty(row->dead_record) && by != SIM_SERVICES && !answered(row, by, row->out_partition, &t, err))
			return false;
	}
	rows = mem_rows(sim_mem(inv->w, SIM_CASH), &outcome_table, &n);
	for (size_t i = 0; i < n; i++) { /* what travels arrives */
		const struct outcome_row *row = rows[i];
		if (!text_empty(row->out_topic) && !answered(row, SIM_CASH, row->out_partition, &t, err))
			return false;
	}
	return true;
}
