/*
 * bench_cash: the core of cash by itself, on answers that a database gave before (replay.h).
 *
 *	bench_cash speed ITEMS ACCOUNTS SECONDS ROUNDS   payments per second of one core, and how long one takes, on accounts with so many open items
 *	bench_cash same DEBITS                           every account of up to DEBITS invoices and two memos, and every receipt of 1 to 8 cents
 *
 * A payment is the whole way: its bank line is posted and its payer found (holding account), then the money is accepted and applied (customer's
 * account). Counted: want, what the book does with the answers, note, decide, apply, and the changes to be saved; not: SQL, encoding, Kafka.
 * The last line is JSON.
 */
#include "cash/cash.h"
#include "cash/tables.h"
#include "cash_exhaustive.h"
#include "cash_world.h"
#include "program.h"

#include <time.h>

#define ARENA_BYTES   ((size_t)16 << 30)
#define SAMPLES_MAX   200000
#define ROUNDS_MAX    100
#define SMALL_CENTS   3 /* an invoice is worth 1 .. SMALL_CENTS */
#define SMALL_RECEIPT 8

/* ---- speed: what payers do ---- */

enum way_to_pay { BY_NUMBER, BY_ORDER, BY_PO, SEVERAL, EXACT_AMOUNT, PARTIAL, UNREADABLE };

/* Of 20 payments: 35 % name the number, 10 % the order, 10 % the PO, 10 % three numbers, 15 % nothing but pay one invoice exactly, 10 % pay a part of
 * one they name, 10 % nobody can read. */
static const enum way_to_pay mix[20] = {
	BY_NUMBER, BY_ORDER,     BY_NUMBER, EXACT_AMOUNT, BY_PO,   BY_NUMBER, SEVERAL, UNREADABLE,   BY_NUMBER, PARTIAL,
	BY_NUMBER, EXACT_AMOUNT, BY_ORDER,  BY_NUMBER,    SEVERAL, BY_PO,     PARTIAL, EXACT_AMOUNT, BY_NUMBER, UNREADABLE,
};

struct speed {
	struct arena *arena, *batch;
	struct mem *mem;
	size_t n_items, n_accounts;
	struct inputs lines, transfers;
	size_t n_applied, n_left; /* of the payments of one run */
};

static int64_t amount_of(size_t item)
{
	return 10000 + 37 * (int64_t)item;
}

static struct text number_of(const struct speed *s, size_t account, size_t item)
{
	return text_printf(s->arena, "DE26-%06zu%03zuK", account * 10 + item / 1000, item % 1000);
}

static void make_account(struct speed *s, struct inputs *to, size_t a)
{
	struct text account = text_printf(s->arena, "C-%06zu", a);

	world_customer(to, account, text_printf(s->arena, "DE89370400440532%06zu", a), false);
	for (size_t i = 0; i < s->n_items; i++) {
		size_t n = a * s->n_items + i;
		struct world_document d = {
			.account = account,
			.document_id = text_printf(s->arena, "0197c0de-0000-7000-8000-%012zx", n * 7919 % 1000003),
			.number = number_of(s, a, i),
			.external_number = text_printf(s->arena, "CRM-%08zu", n),
			.order_id = text_printf(s->arena, "SO-%08zu", n),
			.customer_po = text_printf(s->arena, "PO-%07zu", n),
			.due_date = WORLD_DAY - 60 + (date_t)(i * 31 % 90),
			.minor = amount_of(i),
		};
		world_document(to, &d);
	}
}

static struct world_payment payment_of(const struct speed *s, size_t a)
{
	size_t i = a * 13 % (s->n_items - 2), n = a * s->n_items + i;
	struct world_payment p = {
		.account = text_printf(s->arena, "C-%06zu", a),
		.bank_account_of_payer = text_printf(s->arena, "DE89370400440532%06zu", a),
		.line_id = text_printf(s->arena, "2026-03-10/%06zu", a),
		.minor = amount_of(i),
	};

	switch (mix[a % ARRAY_LEN(mix)]) {
	case BY_NUMBER:
		p.text = text_printf(s->arena, "Invoice " TEXT_FMT " with thanks", TEXT_ARG(number_of(s, a, i)));
		break;
	case BY_ORDER:
		p.text = text_printf(s->arena, "Your order SO-%08zu", n);
		break;
	case BY_PO:
		p.text = text_printf(s->arena, "PO-%07zu / goods received", n);
		break;
	case SEVERAL:
		p.text = text_printf(s->arena, TEXT_FMT ", " TEXT_FMT ", " TEXT_FMT, TEXT_ARG(number_of(s, a, i)),
				     TEXT_ARG(number_of(s, a, i + 1)), TEXT_ARG(number_of(s, a, i + 2)));
		p.minor = amount_of(i) + amount_of(i + 1) + amount_of(i + 2);
		break;
	case EXACT_AMOUNT:
		p.text = TEXT("payment with thanks");
		break;
	case PARTIAL:
		p.text = text_printf(s->arena, "part of " TEXT_FMT, TEXT_ARG(number_of(s, a, i)));
		p.minor = amount_of(i) / 2;
		break;
	case UNREADABLE:
		p.text = TEXT("SVWZ+ RNG V 11.2 ?/88-1");
		p.minor = 5;
		break;
	}
	return p;
}

static void collect_transfer(void *ctx, size_t input, const struct outcome *o)
{
	struct speed *s = ctx;

	(void)input;
	if (!text_empty(o->destination))
		world_deliver(&s->transfers, o);
}

static void collect_fate(void *ctx, size_t input, const struct outcome *o)
{
	struct speed *s = ctx;
	const struct cash_event *event = o->event;

	(void)input;
	s->n_applied += event->event_case == CASH_EVENT_APPLIED;
	s->n_left += event->event_case == CASH_EVENT_LEFT_UNAPPLIED;
}

static void make_world(struct speed *s)
{
	struct inputs given = { .arena = s->arena };

	s->mem = mem_new(cash_core.tables, cash_core.n_tables);
	s->lines.arena = s->transfers.arena = s->arena;
	for (size_t a = 0; a < s->n_accounts; a++)
		make_account(s, &given, a);
	world_take(s->mem, given.in, given.n);
	for (size_t a = 0; a < s->n_accounts; a++) {
		struct world_payment p = payment_of(s, a);
		world_line(&s->lines, &p);
	}
}

/* ---- speed: measuring ---- */

/* A batch, with the answers it gets. */
struct prepared {
	const struct input *in;
	size_t n;
	struct replay *replay;
};

static struct prepared prepare(struct speed *s, const struct input *in, size_t n, world_outcome_fn *fn)
{
	struct prepared p = { in, n, replay_new(s->mem, cash_core.tables, cash_core.n_tables, s->arena) };

	world_batch(s->batch, p.replay, in, n, fn, s);
	arena_reset(s->batch);
	return p;
}

static __attribute__((noinline)) void run(struct speed *s, struct prepared *p)
{
	replay_again(p->replay);
	world_batch(s->batch, p->replay, p->in, p->n, NULL, NULL);
	arena_reset(s->batch);
}

/* Payments per second of a core: all accounts' in one batch. */
static double measure_rate(struct speed *s, struct prepared *lines, struct prepared *transfers, double seconds)
{
	double begun = program_seconds(CLOCK_THREAD_CPUTIME_ID), now = begun;
	size_t n = 0;

	for (; now - begun < seconds; now = program_seconds(CLOCK_THREAD_CPUTIME_ID)) {
		run(s, lines);
		run(s, transfers);
		n += lines->n;
	}
	return (double)n / (now - begun);
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Each payment alone, as at a low rate: two batches of one input. */
static size_t measure_alone(struct speed *s, double seconds, double *sample, double *cpu_sample)
{
	struct prepared *alone = ARENA_ARRAY(s->arena, 2 * s->n_accounts, struct prepared);
	double begun, before, now;
	size_t n = 0;

	for (size_t a = 0; a < s->n_accounts; a++) {
		alone[2 * a] = prepare(s, &s->lines.in[a], 1, NULL);
		alone[2 * a + 1] = prepare(s, &s->transfers.in[a], 1, NULL);
	}
	begun = now = program_seconds(CLOCK_MONOTONIC);
	for (size_t a = 0; now - begun < seconds && n < SAMPLES_MAX; a = (a + 1) % s->n_accounts) {
		before = program_seconds(CLOCK_MONOTONIC);
		double cpu_before = program_seconds(CLOCK_THREAD_CPUTIME_ID);
		run(s, &alone[2 * a]);
		run(s, &alone[2 * a + 1]);
		cpu_sample[n] = (program_seconds(CLOCK_THREAD_CPUTIME_ID) - cpu_before) * 1e6;
		now = program_seconds(CLOCK_MONOTONIC);
		sample[n++] = (now - before) * 1e6;
	}
	qsort(sample, n, sizeof(*sample), ascending);
	qsort(cpu_sample, n, sizeof(*cpu_sample), ascending);
	return n;
}

static int speed(size_t n_items, size_t n_accounts, double seconds, size_t rounds)
{
	struct speed s = { .arena = arena_new(ARENA_BYTES, ARENA_BYTES), .batch = arena_new(ARENA_BYTES, ARENA_BYTES) };
	double *sample = ARENA_ARRAY(s.arena, SAMPLES_MAX, double), *cpu_sample = ARENA_ARRAY(s.arena, SAMPLES_MAX, double);

	s.n_items = n_items;
	s.n_accounts = n_accounts;
	make_world(&s);
	struct prepared lines = prepare(&s, s.lines.in, s.lines.n, collect_transfer);
	struct prepared transfers = prepare(&s, s.transfers.in, s.transfers.n, collect_fate);
	printf("{\"payments\": %zu, \"sent\": %zu, \"applied\": %zu, \"left\": %zu, \"per_second\": [", lines.n, transfers.n,
	       s.n_applied, s.n_left);
	for (size_t i = 0; i < rounds; i++)
		printf("%s%.0f", i > 0 ? ", " : "", measure_rate(&s, &lines, &transfers, seconds));
	size_t n = measure_alone(&s, seconds, sample, cpu_sample);
	printf("], \"alone\": %zu, \"p50_us\": %.1f, \"p99_us\": %.1f, \"cpu_p99_us\": %.1f}\n", n, sample[n / 2],
	       sample[n * 99 / 100], cpu_sample[n * 99 / 100]);
	mem_free(s.mem);
	arena_free(s.arena);
	arena_free(s.batch);
	return 0;
}

/* ---- same: the exhaustive reference ---- */

struct same {
	struct arena *arena, *batch;
	size_t n, n_different;
	const struct small_account *account;
	struct small_result got;
};

/* "D2", "M1": the item's place. */
static int64_t *open_of(struct same *s, const struct type_item_ref *ref)
{
	size_t at = (size_t)(ref->document_id.s[1] - '0');

	if (ref->document_id.s[0] == 'D')
		return &s->got.debit[at];
	return ref->document_id.s[0] == 'M' ? &s->got.credit[at] : &s->got.receipt;
}

static void take_outcome(void *ctx, size_t input, const struct outcome *o)
{
	const struct cash_event *event = o->event;
	struct same *s = ctx;

	(void)input;
	if (event->event_case == CASH_EVENT_LEFT_UNAPPLIED) {
		CHECK(event->left_unapplied->amount.minor == s->got.receipt);
		s->got.left = text_cstr(s->batch, event->left_unapplied->reason);
	}
	for (size_t i = 0; event->event_case == CASH_EVENT_APPLIED && i < event->applied->n_applications; i++) {
		const struct cash_application *a = &event->applied->applications[i];
		*open_of(s, a->credit) -= a->amount.minor;
		*open_of(s, a->debit) -= a->amount.minor;
	}
}

static bool equal(const struct small_result *a, const struct small_result *b)
{
	return memcmp(a->debit, b->debit, sizeof(a->debit)) == 0 && memcmp(a->credit, b->credit, sizeof(a->credit)) == 0 &&
	       a->receipt == b->receipt && strcmp(a->left, b->left) == 0;
}

static void tell(const struct small_account *a, const char *who, const struct small_result *r)
{
	printf("%s: receipt %lld of %lld %s,", who, (long long)r->receipt, (long long)a->receipt_minor, r->left);
	for (size_t i = 0; i < a->n_debits; i++)
		printf(" D%zu %lld of %lld due %+d%s", i, (long long)r->debit[i], (long long)a->debit[i].minor,
		       a->debit[i].due - a->received, a->named >> i & 1 ? " named" : "");
	for (size_t i = 0; i < a->n_credits; i++)
		printf(" M%zu %lld of %lld", i, (long long)r->credit[i], (long long)a->credit[i].minor);
	printf("\n");
}

/* One receipt, judged twice. */
static void compare(struct same *s, struct mem *mem, const struct small_account *a)
{
	struct inputs in = { .arena = s->batch };
	struct buf text = { .arena = s->batch };
	struct small_result expected = cash_exhaustive(a);

	for (size_t i = 0; i < a->n_debits; i++)
		if (a->named >> i & 1)
			buf_printf(&text, "N-100%zu ", i);
	world_transfer(&in,
		       &(struct world_payment){
			       .account = TEXT("C"), .line_id = TEXT("L"), .text = buf_text(&text), .minor = a->receipt_minor });
	s->account = a;
	s->got = cash_exhaustive(&(struct small_account){ .n_debits = 0 }); /* all zero */
	s->got.receipt = a->receipt_minor;
	s->got.left = "";
	for (size_t i = 0; i < a->n_debits; i++)
		s->got.debit[i] = a->debit[i].minor;
	for (size_t i = 0; i < a->n_credits; i++)
		s->got.credit[i] = a->credit[i].minor;
	world_batch(s->batch, replay_new(mem, cash_core.tables, cash_core.n_tables, s->batch), in.in, in.n, take_outcome, s);
	s->n++;
	if (!equal(&s->got, &expected) && s->n_different++ < 5) {
		tell(a, "cash     ", &s->got);
		tell(a, "reference", &expected);
	}
	arena_reset(s->batch);
}

static void judge_account(struct same *s, struct small_account *a)
{
	struct mem *mem = mem_new(cash_core.tables, cash_core.n_tables);
	struct inputs given = { .arena = s->arena };

	world_customer(&given, TEXT("C"), TEXT("DE1"), a->oldest_first);
	for (size_t i = 0; i < a->n_debits; i++)
		world_document(&given, &(struct world_document){ .account = TEXT("C"),
								 .document_id = text_printf(s->arena, "D%zu", i),
								 .number = text_printf(s->arena, "N-100%zu", i),
								 .due_date = a->debit[i].due,
								 .minor = a->debit[i].minor });
	for (size_t i = 0; i < a->n_credits; i++)
		world_document(&given, &(struct world_document){ .account = TEXT("C"),
								 .document_id = text_printf(s->arena, "M%zu", i),
								 .due_date = a->credit[i].due,
								 .minor = -a->credit[i].minor });
	world_take(mem, given.in, given.n);
	for (a->receipt_minor = 1; a->receipt_minor <= SMALL_RECEIPT; a->receipt_minor++)
		for (a->named = 0; a->named < 1u << a->n_debits; a->named++)
			compare(s, mem, a);
	mem_free(mem);
	arena_reset(s->arena);
}

/* Number `n` as an account: digits of amount, due date (5 days before the receipt or after it), memos, policy. False: there are no more. */
static bool account_of(size_t n, size_t n_debits, struct small_account *ret)
{
	static const int64_t memos[][SMALL_CREDITS_MAX] = { { 0, 0 }, { 1, 0 }, { 2, 0 }, { 1, 1 }, { 2, 1 } };
	struct small_account a = { .received = WORLD_DAY, .n_debits = n_debits };

	for (size_t i = 0; i < n_debits; i++) {
		a.debit[i].minor = (int64_t)(n % SMALL_CENTS) + 1;
		n /= SMALL_CENTS;
		a.debit[i].due = WORLD_DAY + (n % 2 ? 5 : -5);
		n /= 2;
	}
	a.oldest_first = n % 2;
	n /= 2;
	for (; n < ARRAY_LEN(memos) && a.n_credits < SMALL_CREDITS_MAX && memos[n][a.n_credits] > 0; a.n_credits++)
		a.credit[a.n_credits] = (struct small_item){ memos[n][a.n_credits], WORLD_DAY - 20 };
	*ret = a;
	return n < ARRAY_LEN(memos);
}

static int same(size_t n_debits_max)
{
	struct same s = { .arena = arena_new(ARENA_BYTES, ARENA_BYTES), .batch = arena_new(ARENA_BYTES, ARENA_BYTES) };
	struct small_account a;

	for (size_t n_debits = 0; n_debits <= n_debits_max; n_debits++)
		for (size_t n = 0; account_of(n, n_debits, &a); n++)
			judge_account(&s, &a);
	printf("{\"receipts\": %zu, \"different\": %zu}\n", s.n, s.n_different);
	arena_free(s.arena);
	arena_free(s.batch);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 6 && strcmp(argv[1], "speed") == 0) {
		size_t n_items = strtoul(argv[2], NULL, 10), n_accounts = strtoul(argv[3], NULL, 10),
		       rounds = strtoul(argv[5], NULL, 10);
		if (n_items >= 3 && n_accounts > 0 && rounds > 0 && rounds <= ROUNDS_MAX)
			return speed(n_items, n_accounts, strtod(argv[4], NULL), rounds);
	}
	if (argc == 3 && strcmp(argv[1], "same") == 0 && strtoul(argv[2], NULL, 10) <= SMALL_DEBITS_MAX)
		return same(strtoul(argv[2], NULL, 10));
	fprintf(stderr, "usage: bench_cash speed ITEMS ACCOUNTS SECONDS ROUNDS | bench_cash same DEBITS\n");
	return 2;
}
