/* numbers: see numbers.h. */
#include "cli/numbers.h"
#include "ev/billing.h"
#include "wire/wire.h"

#define TOPIC     "ar.billing.v1"
#define OPENING   TEXT("{{number:")
#define CLOSING   TEXT("}}")
#define WAIT_MS   30000
#define HASH_SEED 0x6f70656eu

struct pair {
	struct text order_id, number;
};

struct numbers {
	struct cli *cli;
	struct bus_reader *reader;
	struct arena *arena; /* of one record */
	struct pair *pairs; /* open addressing, cap a power of two */
	size_t n, cap;
	int64_t *read; /* per partition: next offset */
	int32_t partitions;
};

/* ---- the table ---- */

static size_t slot_of(const struct numbers *n, struct text order_id)
{
	size_t at = (size_t)text_hash(order_id, HASH_SEED) & (n->cap - 1);

	while (n->pairs[at].order_id.s != NULL && !text_eq(n->pairs[at].order_id, order_id))
		at = (at + 1) & (n->cap - 1);
	return at;
}

static void resize(struct numbers *n, size_t cap)
{
	struct numbers old = *n;

	n->cap = cap;
	n->pairs = calloc(cap, sizeof(*n->pairs));
	CHECK(n->pairs != NULL);
	for (size_t i = 0; i < old.cap; i++)
		if (old.pairs[i].order_id.s != NULL)
			n->pairs[slot_of(n, old.pairs[i].order_id)] = old.pairs[i];
	free(old.pairs);
}

static void keep(struct numbers *n, struct text order_id, struct text number)
{
	if ((n->n + 1) * 2 > n->cap)
		resize(n, n->cap == 0 ? 1024 : n->cap * 2);

	size_t at = slot_of(n, order_id);

	if (n->pairs[at].order_id.s != NULL)
		return;
	n->pairs[at] = (struct pair){ text_dup(n->cli->arena, order_id), text_dup(n->cli->arena, number) };
	n->n++;
}

struct text numbers_find(const struct numbers *n, struct text order_id)
{
	return n == NULL || n->cap == 0 ? TEXT_NONE : n->pairs[slot_of(n, order_id)].number;
}

/* ---- the topic ---- */

bool numbers_open(struct cli *cli, const struct settle *settle, struct err *err, struct numbers **ret_numbers)
{
	struct numbers *n = ARENA_NEW(cli->arena, struct numbers);
	struct bus_conf conf;

	n->cli = cli;
	CHECK(settle_ends(settle, TOPIC, &n->partitions) != NULL);
	n->read = ARENA_ARRAY(cli->arena, (size_t)n->partitions, int64_t);

	struct bus_range *ranges = ARENA_ARRAY(cli->arena, (size_t)n->partitions, struct bus_range);

	for (int32_t p = 0; p < n->partitions; p++)
		ranges[p] = (struct bus_range){ TOPIC, p, BUS_BEGINNING, BUS_FOLLOW };
	if (!cli_bus(cli, err, &conf) || !bus_reader_open(&conf, ranges, (size_t)n->partitions, err, &n->reader))
		return false;
	n->arena = arena_new(1u << 20, (size_t)1 << 30);
	*ret_numbers = n;
	return true;
}

void numbers_close(struct numbers *n)
{
	if (n == NULL)
		return;
	bus_reader_close(n->reader);
	arena_free(n->arena);
	free(n->pairs);
	*n = (struct numbers){ 0 };
}

static bool take(struct numbers *n, const struct bus_record *r, struct err *err)
{
	const struct billing_event *e;
	void *event;

	n->read[r->partition] = r->offset + 1;
	arena_reset(n->arena);
	if (!wire_decode(&billing_event_msg, (const uint8_t *)r->value.s, r->value.n, n->arena, err, &event))
		return err_wrap(err, "%s[%d]@%lld", r->topic, r->partition, (long long)r->offset);
	e = event;
	if (e->event_case == BILLING_EVENT_INVOICE_ISSUED && !text_empty(e->invoice_issued->order_id))
		keep(n, e->invoice_issued->order_id, e->invoice_issued->number);
	return true;
}

static bool reached(const struct numbers *n, const int64_t *ends)
{
	for (int32_t p = 0; p < n->partitions; p++)
		if (n->read[p] < ends[p])
			return false;
	return true;
}

bool numbers_follow(struct numbers *n, const struct settle *settle, struct err *err)
{
	int32_t partitions;
	const int64_t *ends = settle_ends(settle, TOPIC, &partitions);
	int64_t deadline_ms = cli_now_ms() + WAIT_MS;

	while (!reached(n, ends)) {
		struct bus_record r;
		enum bus_read what = bus_reader_poll(n->reader, 100, &r, err);

		if (what == BUS_READ_RECORD) {
			bool ok = take(n, &r, err);

			bus_record_release(&r);
			if (!ok)
				return false;
			deadline_ms = cli_now_ms() + WAIT_MS;
		} else if (what == BUS_READ_FAILED) {
			return err_wrap(err, "reading %s", TOPIC);
		} else if (cli_now_ms() > deadline_ms) {
			return err_set(err, ERR_RETRY, "brokers_unreachable", "%s: nothing came for %d s", TOPIC, WAIT_MS / 1000);
		}
	}
	return true;
}

/* ---- placeholders ---- */

bool numbers_has_placeholder(struct text line)
{
	return text_find(line, OPENING) != TEXT_NOT_FOUND;
}

struct text numbers_fill(const struct numbers *n, struct text line, struct arena *a, int64_t *missing)
{
	struct buf b = { .arena = a };

	for (;;) {
		size_t at = text_find(line, OPENING), end;
		struct text rest, order_id, number;

		if (at == TEXT_NOT_FOUND)
			break;
		rest = (struct text){ line.s + at + OPENING.n, line.n - at - OPENING.n };
		end = text_find(rest, CLOSING);
		if (end == TEXT_NOT_FOUND)
			break;
		order_id = (struct text){ rest.s, end };
		number = numbers_find(n, order_id);
		*missing += text_empty(number);
		buf_add(&b, (struct text){ line.s, at });
		buf_add(&b, text_empty(number) ? order_id : number);
		line = (struct text){ rest.s + end + CLOSING.n, rest.n - end - CLOSING.n };
	}
	buf_add(&b, line);
	return buf_text(&b);
}
