/*
 * What bench_instructions puts in place of store, bus and metrics' time: tables in memory (mem_*), topics in memory. Included there and nowhere else: these
 * are the names of store/store.h and bus/bus.h, so whoever links this has no database and no broker.
 *
 * Not ours to count, and so switched off by name (p12_instructions.py): standin_*, bus_*. What a book does with the answers, and the changes to be
 * saved, are ours: book_answer_*, book_questions and book_changes count.
 */
#ifndef BENCH_INSTRUCTIONS_IO_H
#define BENCH_INSTRUCTIONS_IO_H

#include "bus/bus.h"
#include "bus/murmur2.h"
#include "run/loop.h"

#define TOPICS_MAX     24
#define PARTITIONS_MAX 4
#define FLIGHT_MAX     100000

volatile int run_stop; /* run.c has the signals, and everything else with them */

/* ---- topics ---- */

struct topic_record {
	struct text key, value;
	bool key_null;
	struct bus_header *headers;
	size_t n_headers;
};

struct topic_log {
	char name[64];
	struct topic_record *record[PARTITIONS_MAX];
	size_t n[PARTITIONS_MAX], cap[PARTITIONS_MAX];
};

static struct io {
	struct arena *arena; /* of all records */
	struct topic_log topic[TOPICS_MAX];
	size_t n_topics;
	struct {
		uint64_t cookie;
		int32_t partition;
		int64_t offset;
	} flight[FLIGHT_MAX];
	size_t n_flight;
} io;

static struct topic_log *io_topic(const char *name)
{
	for (size_t i = 0; i < io.n_topics; i++)
		if (strcmp(io.topic[i].name, name) == 0)
			return &io.topic[i];
	CHECK(io.n_topics < TOPICS_MAX);
	struct topic_log *t = &io.topic[io.n_topics++];
	snprintf(t->name, sizeof(t->name), "%s", name);
	return t;
}

static int64_t io_append(const struct bus_out *out, int32_t partition)
{
	struct topic_log *t = io_topic(out->topic);
	size_t n = t->n[partition];

	CHECK(partition >= 0 && partition < PARTITIONS_MAX);
	if (n == t->cap[partition]) {
		size_t cap = n > 0 ? 2 * n : 256;
		struct topic_record *grown = ARENA_ARRAY(io.arena, cap, struct topic_record);
		if (n > 0)
			memcpy(grown, t->record[partition], n * sizeof(*grown));
		t->record[partition] = grown;
		t->cap[partition] = cap;
	}
	struct topic_record *r = &t->record[partition][t->n[partition]++];
	*r = (struct topic_record){ text_dup(io.arena, out->key), text_dup(io.arena, out->value), out->key_null,
				    ARENA_ARRAY(io.arena, out->headers_n, struct bus_header), out->headers_n };
	for (size_t i = 0; i < out->headers_n; i++) {
		r->headers[i].name = text_dup(io.arena, out->headers[i].name);
		r->headers[i].value = text_dup(io.arena, out->headers[i].value);
	}
	return (int64_t)n;
}

/* ---- bus/bus.h ---- */

int32_t bus_partition_of(struct text key, int32_t partitions)
{
	return (int32_t)((murmur2(key.s, key.n) & 0x7fffffffu) % (uint32_t)partitions);
}

bool bus_header_at(const struct bus_record *r, size_t i, struct text *ret_name, struct text *ret_value)
{
	const struct topic_record *record = r->handle;

	if (i >= record->n_headers)
		return false;
	*ret_name = record->headers[i].name;
	*ret_value = record->headers[i].value;
	return true;
}

bool bus_header(const struct bus_record *r, const char *name, struct text *ret_value)
{
	struct text is;

	for (size_t i = 0; bus_header_at(r, i, &is, ret_value); i++)
		if (text_eq(is, text_of(name)))
			return true;
	return false;
}

void bus_record_release(struct bus_record *r)
{
	r->handle = NULL;
}

bool bus_produce(struct bus_producer *p, const struct bus_out *out, struct err *err)
{
	(void)p, (void)err;
	CHECK(io.n_flight < FLIGHT_MAX);
	io.flight[io.n_flight].cookie = out->cookie;
	io.flight[io.n_flight].partition = out->partition;
	io.flight[io.n_flight++].offset = io_append(out, out->partition);
	return true;
}

bool bus_drain(struct bus_producer *p, int timeout_ms, bus_delivered_fn *fn, void *ctx, struct err *err)
{
	(void)p, (void)timeout_ms, (void)err;
	for (size_t i = 0; i < io.n_flight; i++)
		fn(ctx, io.flight[i].cookie, io.flight[i].partition, io.flight[i].offset, NULL);
	io.n_flight = 0;
	return true;
}

/* ---- store/store.h ---- */

struct store {
	struct mem *mem;
};

bool store_begin(struct store *s, const int32_t *lanes, const int64_t *epochs, size_t n, struct err *err)
{
	(void)s, (void)lanes, (void)epochs, (void)n, (void)err;
	return true;
}

void standin_load(struct store *s, struct book *book);
__attribute__((noinline)) void standin_load(struct store *s, struct book *book)
{
	mem_load(s->mem, book);
}

bool store_load(struct store *s, struct book *book, struct err *err)
{
	(void)err;
	standin_load(s, book);
	return true;
}

bool standin_save(struct store *s, const struct table *const *tables, size_t n, struct book *book, struct err *err);
__attribute__((noinline)) bool standin_save(struct store *s, const struct table *const *tables, size_t n, struct book *book,
					    struct err *err)
{
	return mem_save_tables(s->mem, tables, n, book, err);
}

bool store_save_commit(struct store *s, const struct table *const *tables, size_t n, struct book *book, struct err *err)
{
	size_t n_changes;

	for (size_t i = 0; i < n; i++)
		book_changes(book, tables[i], &n_changes);
	return standin_save(s, tables, n, book, err);
}

/* None of these happens here: no lane is taken, nothing fails. */

void store_abort(struct store *s)
{
	(void)s;
	NOT_REACHED("a batch that fails");
}

bool store_is_broken(const struct store *s)
{
	(void)s;
	return false;
}

bool store_take_lanes(struct store *s, const int32_t *lanes, size_t n, const char *owner, struct err *err, int64_t *ret_epochs)
{
	(void)s, (void)lanes, (void)n, (void)owner, (void)err, (void)ret_epochs;
	NOT_REACHED("lanes that are taken");
	return false;
}

bool store_lane_epochs(struct store *s, const int32_t *lanes, size_t n, struct err *err, int64_t *ret_epochs)
{
	(void)s, (void)lanes, (void)n, (void)err, (void)ret_epochs;
	NOT_REACHED("epochs that are read");
	return false;
}

#endif
