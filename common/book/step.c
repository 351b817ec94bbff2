/* step: one input through note, decide and apply. */
#include "book/book.h"
#include "id/id.h"

static const struct cause *cause_of(const struct decision *d, const struct outcome *o)
{
	return o->cause != NULL ? o->cause : &d->input->cause;
}

static bool same_cause(const struct cause *a, const struct cause *b)
{
	return a == b || (text_eq(a->event_id, b->event_id) && text_eq(a->source, b->source));
}

static int32_t next_part(const struct decision *d, const struct cause *cause)
{
	for (size_t i = d->n_outcomes; i > 0; i--)
		if (same_cause(cause_of(d, &d->outcomes[i - 1]), cause))
			return d->outcomes[i - 1].part + 1;
	return cause->part + 1;
}

const struct outcome *core_emit(struct decision *d, const struct outcome *outcome)
{
	CHECK(d->n_outcomes < OUTCOMES_PER_STEP_MAX);
	if (d->n_outcomes == d->cap_outcomes) {
		size_t cap = d->cap_outcomes ? d->cap_outcomes * 2 : 4;
		struct outcome *grown = ARENA_ARRAY(d->arena, cap, struct outcome);
		if (d->n_outcomes > 0)
			memcpy(grown, d->outcomes, d->n_outcomes * sizeof(*grown));
		d->outcomes = grown;
		d->cap_outcomes = cap;
	}
	struct outcome *o = &d->outcomes[d->n_outcomes];
	*o = *outcome;
	const struct cause *cause = cause_of(d, o);
	o->part = next_part(d, cause);
	o->final = false;
	struct text parts[] = { cause->source, cause->event_id, text_i64(d->arena, o->part) };
	o->event_id = id_derive(d->arena, text_of(d->core->name), ARRAY_LEN(parts), parts);
	d->n_outcomes++;
	d->core->apply(d->book, d->input, o);
	return o;
}

/* The last outcome of each cause is final, unless the input goes on or was parked. */
static void mark_final(struct decision *d, bool more)
{
	for (size_t i = 0; i < d->n_outcomes; i++) {
		struct outcome *o = &d->outcomes[i];
		const struct cause *cause = cause_of(d, o);
		bool last = true;

		for (size_t k = i + 1; k < d->n_outcomes && last; k++)
			last = !same_cause(cause_of(d, &d->outcomes[k]), cause);
		bool goes_on = more && same_cause(cause, &d->input->cause);
		o->final = last && !o->parked && !goes_on;
		o->follow = (int32_t)(d->n_outcomes - i - 1);
	}
}

enum decided core_step(struct decision *d)
{
	size_t mark = book_mark(d->book);
	enum decided result = DECIDED;

	d->outcomes = NULL;
	d->n_outcomes = d->cap_outcomes = 0;
	d->cursor = TEXT_NONE;
	d->answered = false;
	book_step_begin(d->book);
	if (d->core->note != NULL && d->input->cursor.n == 0)
		d->core->note(d->book, d->input);
	if (d->core->decide != NULL)
		result = d->core->decide(d);
	if (book_step_end(d->book) || result == AGAIN) {
		book_rollback(d->book, mark);
		d->n_outcomes = 0;
		return AGAIN;
	}
	CHECK(result != MORE || (d->cursor.n > 0 && d->cursor.n <= CURSOR_BYTES_MAX));
	mark_final(d, result == MORE && !d->answered);
	if (result == MORE && d->n_outcomes > 0)
		d->outcomes[d->n_outcomes - 1].cursor = d->cursor;
	return result;
}
