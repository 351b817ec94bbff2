#include "reporting/core/record.h"
#include "id/id.h"
#include "reporting/tables.h"

struct text reporting_enum_name(const struct wire_enum *of, uint32_t value)
{
	for (size_t i = 0; value != 0 && i < of->n; i++)
		if ((uint32_t)of->values[i].number == value)
			return text_of(of->values[i].name);
	return TEXT_NONE;
}

void reporting_record_want(struct book *book, const struct input *input)
{
	book_want(book, &reporting_counter_table, BOOK_KEY, &(struct reporting_counter){ .lane = input->lane });
}

static int64_t next_ledger_seq(struct book *book, int32_t lane)
{
	const struct reporting_counter *last =
		book_get(book, &reporting_counter_table, &(struct reporting_counter){ .lane = lane });
	struct reporting_counter next = { .lane = lane, .ledger_seq = last == NULL ? 1 : last->ledger_seq + 1 };

	book_put(book, &reporting_counter_table, &next);
	return next.ledger_seq;
}

void reporting_record_note(struct reporting_note *n)
{
	const struct type_provenance *p = n->provenance;
	const struct input *input = n->input;
	struct id_hash hash;

	n->ledger_seq = next_ledger_seq(n->book, input->lane);
	id_sha256(input->value.s, input->value.n, &hash);

	struct reporting_record row = {
		.lane = input->lane,
		.service = p->service,
		.source_lane = p->lane,
		.seq = p->seq,
		.ledger_seq = n->ledger_seq,
		.record_offset = input->cause.offset,
		.event_id = p->event_id,
		.type = n->type,
		.account = n->account,
		.subject = n->subject,
		.part = p->part,
		.final = p->final,
		.correlation_id = p->correlation_id,
		.destination_seq = p->destination_seq,
		.prev_hash = p->prev_hash,
		.hash = text_dup(book_arena(n->book), (struct text){ (const char *)hash.b, sizeof(hash.b) }),
		.value = input->value,
	};
	if (p->cause != NULL) {
		row.cause_topic = p->cause->topic;
		row.cause_partition = p->cause->partition;
		row.cause_offset = p->cause->offset;
		row.cause_event_id = p->cause->event_id;
	}
	book_put(n->book, &reporting_record_table, &row);
}
