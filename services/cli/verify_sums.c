/* verify_sums: the journal added up per entity, ledger account and currency, and compared with reporting's ledger. */
#include "cli/explain_facts.h"
#include "cli/verify.h"
#include "ev/type.h"
#include "reporting_sql.h"
#include "store/store.h"

struct sum {
	struct text entity, ledger_account;
	char currency[4], functional_currency[4];
	int64_t minor, functional_minor;
	bool compared;
};

struct verify_sums {
	struct arena *arena;
	struct sum *sums; /* a few per entity */
	size_t n, cap;
};

struct verify_sums *verify_sums_new(struct arena *a)
{
	struct verify_sums *s = ARENA_NEW(a, struct verify_sums);

	s->arena = a;
	return s;
}

static bool is_sum(const struct sum *s, struct text entity, struct text account, const char *currency, const char *functional)
{
	return strcmp(s->currency, currency) == 0 && strcmp(s->functional_currency, functional) == 0 &&
	       text_eq(s->ledger_account, account) && text_eq(s->entity, entity);
}

static struct sum *find_sum(struct verify_sums *s, struct text entity, struct text account, const char *currency,
			    const char *functional)
{
	for (size_t i = 0; i < s->n; i++)
		if (is_sum(&s->sums[i], entity, account, currency, functional))
			return &s->sums[i];
	return NULL;
}

static struct sum *add_sum(struct verify_sums *s, struct text entity, struct text account, const char *currency,
			   const char *functional)
{
	if (s->n == s->cap) {
		size_t cap = s->cap == 0 ? 64 : s->cap * 2;
		struct sum *sums = ARENA_ARRAY(s->arena, cap, struct sum);

		if (s->n > 0)
			memcpy(sums, s->sums, s->n * sizeof(*sums));
		s->sums = sums;
		s->cap = cap;
	}

	struct sum *sum = &s->sums[s->n++];

	sum->entity = text_dup(s->arena, entity);
	sum->ledger_account = text_dup(s->arena, account);
	snprintf(sum->currency, sizeof(sum->currency), "%s", currency);
	snprintf(sum->functional_currency, sizeof(sum->functional_currency), "%s", functional);
	return sum;
}

/* LEDGER section 2. */
static bool is_control(enum type_ledger_account account)
{
	return account == TYPE_LEDGER_ACCOUNT_AR || account == TYPE_LEDGER_ACCOUNT_AR_UNAPPLIED ||
	       account == TYPE_LEDGER_ACCOUNT_AR_ON_ACCOUNT;
}

static bool is_application(struct text kind)
{
	return text_eq(kind, TEXT("apply")) || text_eq(kind, TEXT("unapply"));
}

bool verify_sums_add(struct verify_sums *s, const struct type_journal_entry *e, int64_t *ret_off)
{
	int64_t functional = 0, control = 0;

	for (size_t i = 0; i < e->n_lines; i++) {
		const struct type_journal_line *l = &e->lines[i];
		struct text account = text_of(explain_enum(&type_ledger_account_enum, l->ledger_account));
		struct sum *sum = find_sum(s, e->entity, account, l->amount.currency, l->functional.currency);

		if (sum == NULL)
			sum = add_sum(s, e->entity, account, l->amount.currency, l->functional.currency);
		sum->minor += l->amount.minor;
		sum->functional_minor += l->functional.minor;
		functional += l->functional.minor;
		if (is_application(e->kind) && is_control(l->ledger_account))
			control += l->amount.minor;
	}
	*ret_off = functional != 0 ? functional : control;
	return *ret_off == 0;
}

/* ---- against reporting ---- */

static void compare_sum(struct verify *v, const struct sum *s, int64_t minor, int64_t functional_minor)
{
	if (s->minor == minor && s->functional_minor == functional_minor)
		return;
	verify_differs(
		v,
		text_printf(v->arena, TEXT_FMT " " TEXT_FMT " %s", TEXT_ARG(s->entity), TEXT_ARG(s->ledger_account), s->currency),
		text_printf(v->arena, "%lld, functional %lld", (long long)s->minor, (long long)s->functional_minor),
		text_printf(v->arena, "%lld, functional %lld", (long long)minor, (long long)functional_minor));
}

static void take_balance(struct verify *v, struct verify_sums *sums, const struct store_result *r, size_t i)
{
	struct text entity = store_result_text(r, i, "entity"), account = store_result_text(r, i, "ledger_account");
	const char *currency = store_result_text(r, i, "currency").s,
		   *functional = store_result_text(r, i, "functional_currency").s;
	struct sum *sum = find_sum(sums, entity, account, currency, functional);

	if (sum == NULL)
		sum = add_sum(sums, entity, account, currency, functional);
	sum->compared = true;
	compare_sum(v, sum, store_result_i64(r, i, "balance"), store_result_i64(r, i, "functional_balance"));
}

bool verify_sums_compare(struct verify *v, struct verify_sums *sums, struct err *err)
{
	_cleanup_(store_result_freep) struct store_result *r = NULL;

	verify_begin(v, "ledger", "balances of reporting = journal of billing and cash, per entity, ledger account and currency");
	if (!store_query(v->reporting, sql_trial_balance, 2, (const char *const[]){ "", "" }, err, &r))
		return false;
	for (size_t i = 0; i < store_result_rows(r); i++)
		take_balance(v, sums, r, i);
	for (size_t i = 0; i < sums->n; i++)
		if (!sums->sums[i].compared)
			compare_sum(v, &sums->sums[i], 0, 0);
	verify_end(v, (int64_t)sums->n);
	return true;
}
