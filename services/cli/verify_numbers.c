/* verify_numbers: document numbers (LEDGER section 7): check digits right, every series 1, 2, 3 ... up to where billing's counter stands. */
#include "cli/verify.h"
#include "cli_sql.h"
#include "id/id.h"
#include "reporting_sql.h"
#include "store/store.h"

#define NUMBER_CHARS  16
#define COUNTER_AT    8
#define COUNTER_CHARS 7
#define DECIMALS_MAX  INT64_C(9999999)
#define FIRST_LETTER  (INT64_C(10) * 36 * 36 * 36 * 36 * 36 * 36) /* A000000 in base 36 */

bool verify_counter(struct text number, int64_t *ret_counter)
{
	int64_t decimal = 0, base36 = 0;

	if (number.n != NUMBER_CHARS)
		return false;
	for (size_t i = COUNTER_AT; i < COUNTER_AT + COUNTER_CHARS; i++) {
		char c = number.s[i];
		int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'Z' ? c - 'A' + 10 : -1;

		if (digit < 0 || (base36 == 0 && i > COUNTER_AT && digit > 9 && decimal < 0))
			return false;
		decimal = decimal < 0 || digit > 9 ? -1 : decimal * 10 + digit;
		base36 = base36 * 36 + digit;
	}
	if (decimal < 0 && base36 < FIRST_LETTER)
		return false;
	*ret_counter = decimal >= 0 ? decimal : base36 - FIRST_LETTER + DECIMALS_MAX + 1;
	return true;
}

struct series {
	int64_t lane;
	struct text entity, type, year;
	int64_t last;
};

struct numbers {
	struct verify *v;
	struct series now;
	struct series *ended; /* in the arena of the check */
	size_t n, cap;
	int64_t rows;
};

static struct text series_name(struct verify *v, const struct series *s)
{
	return text_printf(v->arena, "series of " TEXT_FMT " " TEXT_FMT " " TEXT_FMT " lane %lld", TEXT_ARG(s->entity),
			   TEXT_ARG(s->type), TEXT_ARG(s->year), (long long)s->lane);
}

static bool same_series(const struct series *a, const struct series *b)
{
	return a->lane == b->lane && text_eq(a->entity, b->entity) && text_eq(a->type, b->type) && text_eq(a->year, b->year);
}

static struct series read_series(struct arena *a, const struct store_result *r, size_t i)
{
	return (struct series){ .lane = store_result_i64(r, i, "lane"),
				.entity = text_dup(a, store_result_text(r, i, "entity")),
				.type = text_dup(a, store_result_text(r, i, "type")),
				.year = text_dup(a, store_result_text(r, i, "year")) };
}

static void end_series(struct numbers *n)
{
	if (n->now.last == 0)
		return;
	if (n->n == n->cap) {
		size_t cap = n->cap == 0 ? 64 : n->cap * 2;
		struct series *ended = ARENA_ARRAY(n->v->arena, cap, struct series);

		if (n->n > 0)
			memcpy(ended, n->ended, n->n * sizeof(*ended));
		n->ended = ended;
		n->cap = cap;
	}
	n->ended[n->n++] = n->now;
}

static bool take_number(void *ctx, const struct store_result *row, struct err *err)
{
	struct numbers *n = ctx;
	struct text number = store_result_text(row, 0, "number");
	size_t mark = arena_mark(n->v->arena);
	struct series s = read_series(n->v->arena, row, 0);
	int64_t counter;

	(void)err;
	n->rows++;
	if (!same_series(&s, &n->now)) {
		end_series(n);
		n->now = s;
	} else {
		arena_rewind(n->v->arena, mark);
	}
	if (!id_check_verify(number) || !verify_counter(number, &counter)) {
		verify_differs(n->v, number, TEXT("16 characters with their check digit"), number);
		return true;
	}
	if (counter != n->now.last + 1)
		verify_differs(n->v, series_name(n->v, &n->now), text_printf(n->v->arena, "%lld", (long long)n->now.last + 1),
			       number);
	n->now.last = counter;
	return true;
}

static void compare_series(struct numbers *n, struct series *s, int64_t last)
{
	int64_t found = 0;

	for (size_t i = 0; i < n->n; i++)
		if (same_series(&n->ended[i], s)) {
			found = n->ended[i].last;
			n->ended[i].last = -1; /* compared */
		}
	if (found != last)
		verify_differs(n->v, series_name(n->v, s),
			       text_printf(n->v->arena, "%lld numbers given by billing", (long long)last),
			       text_printf(n->v->arena, "%lld", (long long)found));
}

static bool compare_counters(struct numbers *n, struct err *err)
{
	_cleanup_(store_result_freep) struct store_result *r = NULL;
	struct store *billing;

	if (!cli_store(n->v->cli, CLI_BILLING, err, &billing) || !store_query(billing, sql_billing_series, 0, NULL, err, &r))
		return false;
	for (size_t i = 0; i < store_result_rows(r); i++) {
		struct series s = read_series(n->v->arena, r, i);

		compare_series(n, &s, store_result_i64(r, i, "last_number"));
	}
	for (size_t i = 0; i < n->n; i++)
		if (n->ended[i].last > 0)
			verify_differs(n->v, series_name(n->v, &n->ended[i]), TEXT("no such series in billing"),
				       text_printf(n->v->arena, "%lld", (long long)n->ended[i].last));
	return true;
}

bool verify_numbers(struct verify *v, struct err *err)
{
	struct numbers n = { .v = v };

	verify_begin(v, "number series", "check digits; 1, 2, 3 ... without a gap up to billing's counter");
	if (!store_stream(v->reporting, sql_verify_number_list, 0, NULL, take_number, &n, err))
		return false;
	end_series(&n);
	if (!compare_counters(&n, err))
		return false;
	verify_end(v, n.rows);
	return true;
}
