/* coverage: which kinds of events and outcomes, and which reasons, have occurred in the worlds so far. For `sim --coverage`. */
#include "sim.h"

#include "ev/all.h"
#include "run/run.h"
#include "run/tables.h"
#include "wire/topics.h"
#include "wire/wire.h"

#define KINDS_MAX      120
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

static void count_reason(struct coverage *c, enum sim_service s, struct text outcome, struct text reason)
{
	char buf[200];
	struct text name;

	if (text_empty(reason))
		return;
	snprintf(buf, sizeof(buf), TEXT_FMT ": " TEXT_FMT, TEXT_ARG(outcome), TEXT_ARG(reason));
	name = text_of(buf);
	for (size_t i = 0; i < c->n_reasons; i++)
		if (c->reason[i].service == s && text_eq(c->reason[i].name, name)) {
			c->reason[i].n++;
			return;
		}
	if (c->n_reasons < REASONS_MAX)
		c->reason[c->n_reasons++] = (struct kind){ s, text_dup(c->arena, name), 1 };
}

/* Where an outcome says why. */
static void count_reasons(struct coverage *c, enum sim_service s, const struct outcome_row *row, struct text outcome)
{
	static const char *const fields[] = { "reason", "exception", "place", "explanation.rule_id" };
	const struct wire_msg *m = sim_run_service(s)->core->outcome_msg;
	struct text value;
	struct err err;
	void *event;

	if (!wire_decode(m, (const uint8_t *)row->value.s, row->value.n, c->scratch, &err, &event))
		return;
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		struct text path = text_printf(c->scratch, TEXT_FMT ".%s", TEXT_ARG(outcome), fields[i]);
		if (wire_get(m, event, path, c->scratch, &err, &value))
			count_reason(c, s, outcome, value);
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
			for (size_t k = 0; k < c->n_kinds; k++)
				if (c->kind[k].service == (enum sim_service)s && text_eq(c->kind[k].name, name))
					c->kind[k].n++;
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
		buf_printf(out, "%-12s %-24.*s %8llu%s\n", sim_run_service(k->service)->core->name, TEXT_ARG(k->name),
			   (unsigned long long)k->n, k->n == 0 ? "  NEVER" : "");
		never += k->n == 0;
	}
	qsort(c->reason, c->n_reasons, sizeof(*c->reason), by_name);
	for (size_t i = 0; i < c->n_reasons; i++)
		buf_printf(out, "%-12s %-48.*s %8llu\n", sim_run_service(c->reason[i].service)->core->name,
			   TEXT_ARG(c->reason[i].name), (unsigned long long)c->reason[i].n);
	buf_printf(out, "%zu kinds of events and outcomes, %zu never occurred; %zu reasons occurred\n", c->n_kinds, never,
		   c->n_reasons);
	return never == 0;
}
