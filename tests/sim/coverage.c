/*
 * coverage: which kinds of events and outcomes, and which reasons, have occurred in the worlds so far. Expected is every kind that the
 * protos know, every value of the enumerations below and every reason of the cores, but for those that say why not.
 */
#include "sim.h"

#include "billing/core/refusal.h"
#include "cash/core/names.h"
#include "collections/core/command.h"
#include "ev/all.h"
#include "run/run.h"
#include "run/tables.h"
#include "wire/topics.h"
#include "wire/wire.h"

#define KINDS_MAX      300
#define REASONS_MAX    200
#define COVERAGE_BYTES ((size_t)64 << 20)

struct kind {
	enum sim_service service; /* intake: an event that was let through */
	struct text name;
	uint64_t n;
};

struct coverage {
	struct arena *arena, *scratch;
	struct kind kind[KINDS_MAX];
	size_t n_kinds;
	struct kind reason[REASONS_MAX];
	size_t n_reasons;
	uint64_t worlds;
};

/* The members of the oneof that says what happened. */
static void expect_members(struct coverage *c, enum sim_service s, const struct wire_msg *m)
{
	for (size_t i = 0; i < m->n_fields; i++)
		if (m->fields[i].oneof != 0) {
			CHECK(c->n_kinds < KINDS_MAX);
			c->kind[c->n_kinds++] = (struct kind){ s, text_of(m->fields[i].name), 0 };
		}
}

static const struct {
	enum sim_service service;
	const char *path;
	const struct wire_enum *values;
} enums[] = {
	{ SIM_BILLING, "credit_memo_issued.credit_scope", &command_credit_scope_enum },
	{ SIM_BILLING, "debit_memo_issued.debit_memo_kind", &command_debit_memo_kind_enum },
	{ SIM_BILLING, "item_taken_on.type", &billing_document_type_enum },
	{ SIM_CASH, "transfer_sent.kind", &cash_transfer_kind_enum },
	{ SIM_CASH, "return_posted.place", &cash_return_place_enum },
	{ SIM_COLLECTIONS, "promise_judged.state", &collections_promise_state_enum },
	{ SIM_COLLECTIONS, "hold_set.kind", &command_hold_kind_enum },
	{ SIM_COLLECTIONS, "block_set.reason", &command_block_reason_enum },
};

/* What these small worlds, or no world, can show; the table cases of the services do. */
static const struct {
	enum sim_service service;
	const char *name, *why;
} beyond[] = {
	{ SIM_CASH, "left_unapplied.reason=too_many_items", "256 open items" },
	{ SIM_CASH, "refused.reason=account_unknown", "the gate refuses a holding account as the payer" },
	{ SIM_CASH, "refused.reason=amount_not_positive", "the gate refuses it" },
	{ SIM_CASH, "line_excluded.reason=not_positive", "the gate refuses such a payment" },
	{ SIM_BILLING, "refused.reason=too_many_taxes", "65 taxes on one document" },
	{ SIM_BILLING, "refused.reason=number_prefix_invalid", "the gate refuses it" },
	{ SIM_BILLING, "refused.reason=number_prefix_taken", "the gate refuses it" },
};

static const char *const collections_reasons[] = {
	REFUSE_UNKNOWN_BLOCK,    REFUSE_UNKNOWN_HOLD,  REFUSE_UNKNOWN_PROMISE,   REFUSE_UNKNOWN_ITEM,
	REFUSE_DUPLICATE_ITEM,   REFUSE_OTHER_SUBJECT, REFUSE_CURRENCY_MISMATCH, REFUSE_NOTHING_OPEN,
	REFUSE_AMOUNT_TOO_LARGE, REFUSE_DATE_PASSED,   REFUSE_DAY_UNKNOWN,
};

static void expect(struct coverage *c, enum sim_service s, struct text name)
{
	for (size_t i = 0; i < ARRAY_LEN(beyond); i++)
		if (beyond[i].service == s && text_eq(name, text_of(beyond[i].name)))
			return;
	CHECK(c->n_kinds < KINDS_MAX);
	c->kind[c->n_kinds++] = (struct kind){ s, name, 0 };
}

static void expect_values(struct coverage *c)
{
	for (size_t i = 0; i < ARRAY_LEN(enums); i++)
		for (size_t v = 1; v < enums[i].values->n; v++) /* 0 is UNSPECIFIED */
			expect(c, enums[i].service, text_printf(c->arena, "%s=%s", enums[i].path, enums[i].values->values[v].name));
	for (size_t i = 0; cash_covers[i] != NULL; i++)
		if (strchr(cash_covers[i], '=') != NULL && !text_starts(text_of(cash_covers[i]), TEXT("return_posted.place=")))
			expect(c, SIM_CASH, text_of(cash_covers[i]));
	for (int why = REFUSE_NOTHING + 1; why < REFUSE_N; why++)
		expect(c, SIM_BILLING,
		       text_printf(c->arena, "refused.reason=" TEXT_FMT, TEXT_ARG(bil_refusal_name((enum refusal)why))));
	for (size_t i = 0; i < ARRAY_LEN(collections_reasons); i++)
		expect(c, SIM_COLLECTIONS, text_printf(c->arena, "refused.reason=%s", collections_reasons[i]));
}

struct coverage *coverage_new(void)
{
	struct coverage *c = calloc(1, sizeof(*c));

	CHECK(c != NULL);
	c->arena = arena_new(COVERAGE_BYTES, COVERAGE_BYTES);
	c->scratch = arena_new(COVERAGE_BYTES, COVERAGE_BYTES);
	for (size_t i = 0; i < wire_topics_n; i++)
		if (wire_topics[i].external)
			expect_members(c, SIM_INTAKE, wire_topics[i].msg);
	c->kind[c->n_kinds++] = (struct kind){ SIM_INTAKE, TEXT("dead_letter"), 0 };
	expect_members(c, SIM_BILLING, &billing_event_msg);
	expect_members(c, SIM_CASH, &cash_event_msg);
	expect_members(c, SIM_COLLECTIONS, &collections_event_msg);
	expect_values(c);
	return c;
}

void coverage_free(struct coverage *c)
{
	if (c == NULL)
		return;
	arena_free(c->arena);
	arena_free(c->scratch);
	free(c);
}

/* ---- counting --------------------------------------------------------------------------------------------------------------------------- */

/* A kind that was expected, or a reason that was not. */
static bool count_kind(struct coverage *c, enum sim_service s, struct text name)
{
	for (size_t i = 0; i < c->n_kinds; i++)
		if (c->kind[i].service == s && text_eq(c->kind[i].name, name)) {
			c->kind[i].n++;
			return true;
		}
	return false;
}

static void count_reason(struct coverage *c, enum sim_service s, struct text name)
{
	if (count_kind(c, s, name))
		return;
	for (size_t i = 0; i < c->n_reasons; i++)
		if (c->reason[i].service == s && text_eq(c->reason[i].name, name)) {
			c->reason[i].n++;
			return;
		}
	if (c->n_reasons < REASONS_MAX)
		c->reason[c->n_reasons++] = (struct kind){ s, text_dup(c->arena, name), 1 };
}

/* Where an outcome says why, or of what kind it is. */
static void count_reasons(struct coverage *c, enum sim_service s, const struct outcome_row *row, struct text outcome)
{
	static const char *const fields[] = { "reason", "exception", "place",        "explanation.rule_id",
					      "result", "state",     "credit_scope", "debit_memo_kind",
					      "kind",   "type" };
	const struct wire_msg *m = sim_run_service(s)->core->outcome_msg;
	struct text value;
	struct err err;
	void *event;

	if (!wire_decode(m, (const uint8_t *)row->value.s, row->value.n, c->scratch, &err, &event))
		return;
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		struct text path = text_printf(c->scratch, TEXT_FMT ".%s", TEXT_ARG(outcome), fields[i]);
		if (wire_get(m, event, path, c->scratch, &err, &value) && !text_empty(value))
			count_reason(c, s, text_printf(c->scratch, TEXT_FMT "=" TEXT_FMT, TEXT_ARG(path), TEXT_ARG(value)));
	}
	arena_reset(c->scratch);
}

void coverage_add(struct coverage *c, const struct world *w)
{
	c->worlds++;
	for (int s = SIM_INTAKE; s < SIM_REPORTING; s++) {
		size_t n;
		const void *const *rows = mem_rows(sim_mem(w, (enum sim_service)s), &outcome_table, &n);
		for (size_t i = 0; i < n; i++) {
			const struct outcome_row *row = rows[i];
			size_t skip = strlen("openitem..") + strlen(sim_run_service((enum sim_service)s)->core->name);
			struct text name = { row->type.s + skip, row->type.n - skip - strlen(".v1") };
			count_kind(c, (enum sim_service)s, name);
			if (s != SIM_INTAKE || text_eq(name, TEXT("dead_letter")))
				count_reasons(c, (enum sim_service)s, row, name);
		}
	}
}

/* ---- telling ------------------------------------------------------------------------------------------------------------------------------ */

static int by_name(const void *a, const void *b)
{
	const struct kind *x = a, *y = b;

	return x->service != y->service ? (int)x->service - (int)y->service : text_cmp(x->name, y->name);
}

bool coverage_tell(struct coverage *c, struct buf *out)
{
	size_t never = 0;

	buf_printf(out, "%llu worlds\n", (unsigned long long)c->worlds);
	for (size_t i = 0; i < c->n_kinds; i++) {
		const struct kind *k = &c->kind[i];
		buf_printf(out, "%-12s %-48.*s %8llu%s\n", sim_run_service(k->service)->core->name, TEXT_ARG(k->name),
			   (unsigned long long)k->n, k->n == 0 ? "  NEVER" : "");
		never += k->n == 0;
	}
	qsort(c->reason, c->n_reasons, sizeof(*c->reason), by_name);
	for (size_t i = 0; i < c->n_reasons; i++)
		buf_printf(out, "%-12s %-48.*s %8llu\n", sim_run_service(c->reason[i].service)->core->name,
			   TEXT_ARG(c->reason[i].name), (unsigned long long)c->reason[i].n);
	buf_printf(out, "%zu kinds of events, outcomes and reasons, %zu never occurred; %zu others occurred\n", c->n_kinds, never,
		   c->n_reasons);
	return never == 0;
}
