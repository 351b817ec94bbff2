#include "reporting/core/exceptions.h"

struct reporting_exception reporting_exception_of(const struct reporting_note *n, struct text kind, struct text ref,
						  struct text reason)
{
	return (struct reporting_exception){
		.lane = n->input->lane,
		.account = n->account,
		.kind = kind,
		.ref = ref,
		.service = n->provenance->service,
		.reason = reason,
		.subject = n->subject,
		.event_id = n->provenance->event_id,
		.cause_event_id = n->provenance->cause == NULL ? TEXT_NONE : n->provenance->cause->event_id,
		.ledger_seq = n->ledger_seq,
	};
}

/* "INV-1 (reference): paid already; INV-2 (exact_amount)" */
static struct text candidates_text(struct arena *arena, const struct type_explanation *x)
{
	struct buf b = { .arena = arena };

	for (size_t i = 0; i < x->n_candidates; i++) {
		const struct type_candidate *c = &x->candidates[i];

		buf_adds(&b, i == 0 ? "" : "; ");
		buf_add(&b, c->what);
		if (c->rule_id.n > 0)
			buf_printf(&b, " (" TEXT_FMT ")", TEXT_ARG(c->rule_id));
		if (c->note.n > 0)
			buf_printf(&b, ": " TEXT_FMT, TEXT_ARG(c->note));
	}
	return buf_text(&b);
}

void reporting_exception_explain(const struct reporting_note *n, struct reporting_exception *row,
				 const struct type_explanation *explanation)
{
	struct arena *arena = book_arena(n->book);

	if (explanation == NULL)
		return;
	row->detail = explanation->because;
	if (explanation->tie_break.n > 0)
		row->detail = text_printf(arena, TEXT_FMT "; tie: " TEXT_FMT, TEXT_ARG(explanation->because),
					  TEXT_ARG(explanation->tie_break));
	row->candidates = candidates_text(arena, explanation);
}

void reporting_refused_note(const struct reporting_note *n, const struct type_refused *refused)
{
	struct reporting_exception row = reporting_exception_of(n, TEXT("refused"), n->provenance->event_id, refused->reason);

	row.detail = refused->detail;
	row.subject = refused->subject;
	row.input_type = refused->input_type;
	book_put(n->book, &reporting_exception_table, &row);
}

/* A final record with parts before it may be the release of a parked input. */
static bool may_release(const struct type_provenance *p)
{
	return p->final && p->part > 1 && p->cause != NULL;
}

static struct reporting_exception parked_key(int32_t lane, struct text account, const struct type_provenance *p)
{
	return (struct reporting_exception){
		.lane = lane,
		.account = account,
		.kind = TEXT("parked"),
		.ref = p->cause->event_id,
	};
}

void reporting_parked_want(struct book *book, const struct input *input, const struct type_provenance *p, struct text account)
{
	if (!may_release(p))
		return;
	struct reporting_exception key = parked_key(input->lane, account, p);
	book_want(book, &reporting_exception_table, BOOK_KEY, &key);
}

void reporting_parked_note(const struct reporting_note *n, const struct type_parked *parked)
{
	CHECK(n->provenance->cause != NULL);
	struct reporting_exception row = reporting_exception_of(n, TEXT("parked"), n->provenance->cause->event_id, parked->reason);

	row.detail = parked->waiting_for;
	row.subject = parked->aggregate;
	row.input_type = parked->input_type;
	book_put(n->book, &reporting_exception_table, &row);
}

void reporting_released_note(const struct reporting_note *n)
{
	if (!may_release(n->provenance))
		return;
	struct reporting_exception key = parked_key(n->input->lane, n->account, n->provenance);
	const struct reporting_exception *parked = book_get(n->book, &reporting_exception_table, &key);

	if (parked == NULL || parked->resolved)
		return;
	struct reporting_exception row = *parked;
	row.resolved = true;
	book_put(n->book, &reporting_exception_table, &row);
}
