#include "record_rows.h"

#include "reporting/reporting.h"
#include "reporting/tables.h"
#include "run/stream.h"

const struct table *const *record_rows_tables(size_t *ret_n)
{
	static const struct table *tables[REPORTING_TABLES_N + 1];

	memcpy(tables, reporting_tables, sizeof(reporting_tables));
	tables[REPORTING_TABLES_N] = &position_table;
	*ret_n = ARRAY_LEN(tables);
	return tables;
}

static bool input_of(const struct bench_record *record, struct arena *arena, struct err *err, struct input *ret_input)
{
	const struct run_service *service = &reporting_service;
	struct stream stream;
	void *event;

	for (size_t s = 0; s < service->n_sources; s++) {
		if (strcmp(service->sources[s].topic, record->topic) != 0 || !stream_find(text_of(record->topic), &stream))
			continue;
		if (!wire_decode_strict(stream.msg, (const uint8_t *)record->value.s, record->value.n, arena, err, &event))
			return err_wrap(err, "%s[%d]@%lld", record->topic, record->lane, (long long)record->offset);
		*ret_input = (struct input){
			.source = (int)s,
			.lane = record->lane,
			.cause = { .topic = text_of(record->topic), .partition = record->lane, .offset = record->offset },
			.event = event,
			.value = record->value,
		};
		return true;
	}
	return err_set(err, ERR_STOP, "bench_topic", "reporting does not read %s", record->topic);
}

static bool load(struct book *book, record_rows_answer_fn *answer, void *ctx, struct err *err)
{
	size_t n;
	struct book_question *questions = book_questions(book, &n);

	for (size_t i = 0; i < n; i++) {
		CHECK(questions[i].probe == BOOK_KEY);
		if (!answer(ctx, book, &questions[i], err))
			return false;
		book_answer_done(book, &questions[i]);
	}
	return true;
}

bool record_rows(const struct bench_record *record, struct arena *arena, record_rows_answer_fn *answer, void *ctx, struct err *err,
		 struct book **ret_book)
{
	const struct core *core = reporting_service.core;
	size_t n_tables;
	const struct table *const *tables = record_rows_tables(&n_tables);
	struct book *book = book_new(arena, tables, n_tables);
	struct input input;

	if (!input_of(record, arena, err, &input))
		return false;
	core->want(book, &input);
	if (!load(book, answer, ctx, err))
		return false;

	struct decision d = { .core = core, .book = book, .arena = arena, .input = &input };

	while (core_step(&d) == AGAIN) {
		CHECK(book_has_questions(book));
		if (!load(book, answer, ctx, err))
			return false;
	}
	book_put(book, &position_table,
		 &(struct position_row){ .lane = record->lane,
					 .topic = text_of(record->topic),
					 .partition = record->lane,
					 .next_offset = record->offset + 1 });
	*ret_book = book;
	return true;
}
