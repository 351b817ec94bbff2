/* workload_noise: what the gate must refuse, or let through once: bad bytes, tombstones, duplicates, one id for two events. */
#include "workload_impl.h"

/* An earlier record whose bytes are known, or NULL. */
static const struct wl_action *some_record(struct workload *wl)
{
	for (int tries = 0; tries < 20 && wl->n > 0; tries++) {
		const struct wl_action *a = &wl->actions[wl_any(wl, (uint32_t)wl->n)];
		if (wl->steps[a->index].kind == SIM_SEND && a->make == NULL && a->send.n_headers == 4 && !a->send.value_null)
			return a; /* protobuf in binary mode */
	}
	return NULL;
}

/* The same record as a new step, with headers of its own and an id of its own. */
static struct wl_action *copy_of(struct workload *wl, const struct wl_action *of, bool new_id)
{
	struct wl_action *a = wl_again(wl, of);
	struct bus_header *h = arena_dup(wl->arena, a->send.headers, a->send.n_headers * sizeof(*h));

	if (new_id)
		for (size_t i = 0; i < a->send.n_headers; i++)
			if (text_eq(h[i].name, TEXT("ce_id")))
				h[i].value = text_printf(wl->arena, "s%llu-%d", (unsigned long long)wl->seed, ++wl->ids);
	a->send.headers = h;
	return a;
}

static struct bus_header *header_of(struct sim_send *s, const char *name)
{
	for (size_t i = 0; i < s->n_headers; i++)
		if (text_eq(s->headers[i].name, text_of(name)))
			return (struct bus_header *)(uintptr_t)&s->headers[i];
	NOT_REACHED("a header of a record");
	return NULL;
}

/* The value with `from` replaced by `to`, which is as long; false where it does not occur. */
static bool patch(struct workload *wl, struct sim_send *s, struct text from, struct text to)
{
	size_t at = text_find(s->value, from);
	char *bytes;

	CHECK(from.n == to.n);
	if (at == TEXT_NOT_FOUND)
		return false;
	bytes = arena_dup(wl->arena, s->value.s, s->value.n);
	memcpy(bytes + at, to.s, to.n);
	s->value = (struct text){ bytes, s->value.n };
	return true;
}

static const char *spoil_bytes(struct workload *wl, struct sim_send *s)
{
	char *bytes = arena_dup(wl->arena, s->value.s, s->value.n);
	size_t at = wl_any(wl, (uint32_t)s->value.n);

	switch (wl_any(wl, 4)) {
	case 0:
		s->value.n = at;
		return "a record that was cut";
	case 1:
		bytes[at] = (char)(bytes[at] ^ (1 << wl_any(wl, 8)));
		s->value.s = bytes;
		return "a record with a flipped bit";
	case 2:
		for (size_t i = 0; i < s->value.n; i++)
			bytes[i] = (char)wl_any(wl, 256);
		s->value.s = bytes;
		return "random bytes";
	default:
		s->value = TEXT_NONE;
		s->value_null = true;
		return "a tombstone";
	}
}

static const char *spoil_fields(struct workload *wl, struct sim_send *s)
{
	struct text currency = text_of(wl->entity[0].currency);

	switch (wl_any(wl, 6)) {
	case 0:
		return patch(wl, s, currency, TEXT("QQQ")) ? "a currency nobody has" : NULL;
	case 1:
		return patch(wl, s, TEXT("2026-0"), TEXT("2026-9")) ? "a day that is none" : NULL;
	case 2:
		return patch(wl, s, text_of(wl->customer[0].account), TEXT("~123")) ? "a holding account as a customer" : NULL;
	case 3:
		return patch(wl, s, TEXT("01"), TEXT("\x01\x02")) ? "control characters" : NULL;
	case 4:
		return patch(wl, s, TEXT("01"), TEXT("\xff\xfe")) ? "text that is not UTF-8" : NULL;
	default:
		s->key = TEXT("another");
		return "a key that says something else";
	}
}

static const char *spoil_headers(struct workload *wl, struct sim_send *s)
{
	switch (wl_any(wl, 5)) {
	case 0:
		header_of(s, "ce_id")->value = TEXT_NONE;
		return "no id";
	case 1:
		header_of(s, "ce_source")->name = TEXT("ce_sauce");
		return "no source";
	case 2:
		header_of(s, "ce_type")->value = TEXT("com.acme.earthquake.v1");
		return "a type nobody knows";
	case 3:
		header_of(s, "ce_type")->value = text_printf(wl->arena, "openitem.bank.line_booked.v1");
		return "a type of something else";
	default:
		header_of(s, "ce_specversion")->name = TEXT("content-type");
		header_of(s, "content-type")->value = TEXT("image/png");
		return "a picture";
	}
}

/* ---- facts that contradict each other --------------------------------------------------------------------------------------------- */

static const char *say_prefix(struct workload *wl)
{
	struct reference_event *e = WIRE_NEW(wl->arena, reference_event);

	e->event_case = REFERENCE_EVENT_ENTITY_RECORDED;
	e->entity_recorded = WIRE_NEW(wl->arena, reference_entity_recorded);
	e->entity_recorded->entity = TEXT("XX01");
	e->entity_recorded->name = TEXT("Intruder");
	e->entity_recorded->functional_currency = TEXT("EUR");
	e->entity_recorded->fiscal_year_start_month = 1;
	e->entity_recorded->number_prefix = wl_chance(wl, 700) ? text_of(wl->entity[0].prefix) : TEXT("a!");
	wl_event(wl, "ar.reference.v1", TEXT("/reference"), TEXT("XX01"), e, "an entity with somebody else's prefix");
	return NULL;
}

static void say_line(struct workload *wl, struct text entity, const char *currency, int64_t minor, const char *what)
{
	struct bank_payment_event *e = WIRE_NEW(wl->arena, bank_payment_event);
	struct bank_line_booked *l = e->line_booked = WIRE_NEW(wl->arena, bank_line_booked);

	e->event_case = BANK_PAYMENT_EVENT_LINE_BOOKED;
	l->bank_account = text_of(wl->bank[0].account);
	l->line_id = text_printf(wl->arena, "ODD-%d", wl->ids);
	l->entity = entity;
	l->kind = BANK_LINE_KIND_PAYMENT;
	memcpy(l->amount.currency, currency, 4);
	l->amount.minor = minor;
	l->booking_date = wl->today;
	wl_event(wl, "bank.payment.v1", TEXT("/bank"), l->bank_account, e, what);
}

void wl_noise(struct workload *wl)
{
	const struct wl_action *of = some_record(wl);
	const char *what = NULL;

	wl_apart(wl);
	switch (wl_any(wl, 6)) {
	case 0:
		say_prefix(wl);
		break;
	case 1:
		say_line(wl, TEXT("XX01"), wl->entity[0].currency, 100, "a line of another entity on our bank account");
		break;
	case 2:
		say_line(wl, text_of(wl->entity[0].code), wl_chance(wl, 500) ? "CHF" : wl->entity[0].currency,
			 wl_chance(wl, 500) ? -100 : 100, "an odd line");
		break;
	default:
		if (of == NULL)
			break;
		struct wl_action *a = copy_of(wl, of, true);
		switch (wl_any(wl, 3)) {
		case 0:
			what = spoil_bytes(wl, &a->send);
			break;
		case 1:
			what = spoil_fields(wl, &a->send);
			break;
		default:
			what = spoil_headers(wl, &a->send);
			break;
		}
		if (what == NULL)
			what = "an old event with a new id";
		a->send.what = text_printf(wl->arena, "%s: %s", a->send.topic, what).s;
		break;
	}
	wl_apart(wl);
}

/* The sender repeats itself: ignored. Where order matters on the same partition, or when all is quiet. */
void wl_duplicate(struct workload *wl)
{
	const struct wl_action *of = some_record(wl);

	if (of == NULL)
		return;
	wl_apart(wl);
	struct wl_action *a = copy_of(wl, of, false);
	if (wl_has(wl, WL_FOREIGN_PARTITIONER) && wl_chance(wl, 500))
		a->send.partition = WL_FOREIGN;
}

/* One id, two events: the second is refused. */
void wl_conflict(struct workload *wl)
{
	const struct wl_action *of = some_record(wl);
	bool changed = false;

	if (of == NULL)
		return;
	wl_apart(wl);
	struct wl_action *a = copy_of(wl, of, false);
	for (char digit = '0'; digit < '9' && !changed; digit++) {
		char from[] = { '-', digit, 0 }, to[] = { '-', (char)(digit + 1), 0 };
		changed = patch(wl, &a->send, text_of(from), text_of(to));
	}
	a->send.what = text_printf(wl->arena, "another event with the id of \"%s\"", of->send.what).s;
	wl_apart(wl);
}
