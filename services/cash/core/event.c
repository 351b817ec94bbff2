#include "cash/core/event.h"

#include "ev/intake.h"
#include "id/id.h"

#define DETAIL_MAX  400 /* @max of Refused.detail and Explanation.because */
#define SUBJECT_MAX 128
#define NOTE_MAX    200

struct text cash_cut(struct text t, size_t max)
{
	if (t.n <= max)
		return t;
	t.n = max;
	while (t.n > 0 && ((unsigned char)t.s[t.n] & 0xc0) == 0x80)
		t.n--;
	return t;
}

static struct text PRINTF_LIKE(3, 0) format(struct arena *arena, size_t max, const char *fmt, va_list values)
{
	struct buf b = { .arena = arena };

	buf_vprintf(&b, fmt, values);
	return cash_cut(buf_text(&b), max);
}

struct text cash_id(struct arena *arena, const struct input *input, const char *kind, struct text aggregate)
{
	struct text parts[] = { input->cause.source, input->cause.event_id, aggregate };

	return id_derive(arena, text_of(kind), ARRAY_LEN(parts), parts);
}

struct cash_event *cash_event_new(struct decision *d, struct text account)
{
	struct cash_event *event = WIRE_NEW(d->arena, cash_event);

	event->account = account;
	return event;
}

void cash_event_post(struct cash_event *event, struct ledger *journal)
{
	event->entries = ledger_entries(journal, &event->n_entries);
}

const struct outcome *cash_emit(struct decision *d, struct cash_event *event, struct text destination, struct text rule_version)
{
	struct outcome outcome = {
		.key = event->account,
		.event = event,
		.destination = destination,
		.destination_lane = -1,
		.rule_versions = { rule_version },
	};

	return core_emit(d, &outcome);
}

bool cash_refuse(struct decision *d, struct text account, enum cash_refused why, struct text subject, const char *fmt, ...)
{
	const struct intake_event *input = d->input->event;
	struct cash_event *event = cash_event_new(d, account);
	va_list values;

	event->event_case = CASH_EVENT_REFUSED;
	event->refused = WIRE_NEW(d->arena, type_refused);
	event->refused->reason = cash_refused_text(why);
	event->refused->subject = cash_cut(subject, SUBJECT_MAX);
	event->refused->input_type = input->fact_type;
	va_start(values, fmt);
	event->refused->detail = format(d->arena, DETAIL_MAX, fmt, values);
	va_end(values);
	cash_emit(d, event, TEXT_NONE, TEXT_NONE);
	return true;
}

struct type_explanation *cash_explain_with(struct arena *arena, enum cash_rule rule, struct text rule_version, struct text because)
{
	struct type_explanation *why = WIRE_NEW(arena, type_explanation);

	why->rule_id = cash_rule_text(rule);
	why->rule_version = rule_version;
	why->because = because;
	why->candidates = WIRE_ARRAY(arena, CASH_CANDIDATES_MAX, type_candidate);
	return why;
}

struct type_explanation *cash_explain(struct arena *arena, enum cash_rule rule, struct text rule_version, const char *fmt, ...)
{
	va_list values;

	va_start(values, fmt);
	struct text because = format(arena, DETAIL_MAX, fmt, values);
	va_end(values);
	return cash_explain_with(arena, rule, rule_version, because);
}

void cash_candidate(struct arena *arena, struct type_explanation *why, struct text what, enum cash_rule rule, const char *fmt, ...)
{
	va_list values;

	if (why->n_candidates == CASH_CANDIDATES_MAX)
		return;
	struct type_candidate *candidate = &why->candidates[why->n_candidates++];
	candidate->what = what;
	candidate->rule_id = cash_rule_text(rule);
	va_start(values, fmt);
	candidate->note = format(arena, NOTE_MAX, fmt, values);
	va_end(values);
}
