/* harness: cases one after another, twice each; coverage; the verdict. */
#include <stdio.h>

#include "inner.h"

#define RUN_ARENA ((size_t)1 << 30)

struct coverage {
	const char *const *covers;
	bool *reached;
	size_t n;
};

struct options {
	bool part;
	const char *words;
	int first_file;
};

void run_fail(struct run *r, int line, const char *fmt, ...)
{
	va_list values;

	if (r->failed)
		return;
	r->failed = true;
	buf_printf(r->say, "%s:%d: FAILED %s: case " TEXT_FMT " (%s)\n  ", r->c->file, line, r->h->service->core->name,
		   TEXT_ARG(r->c->title), r->batched ? "as one batch" : "one by one");
	va_start(values, fmt);
	buf_vprintf(r->say, fmt, values);
	va_end(values);
	buf_addc(r->say, '\n');
}

static void run_step(struct run *r, const struct step *step)
{
	switch (step->kind) {
	case STEP_WHEN:
		if (!step->continues)
			r->since = r->n_seen;
		run_feed(r, step);
		break;
	case STEP_GIVEN:
		run_feed(r, step);
		break;
	case STEP_DELIVER:
		run_deliver(r, step->line);
		break;
	case STEP_THEN:
		check_then(r, step);
		break;
	case STEP_JOURNAL:
		check_journal(r, step);
		break;
	case STEP_ROWS:
		check_rows(r, step);
		break;
	}
}

static void run_case(struct run *r)
{
	size_t slots = r->h->service->n_sources * (size_t)r->c->lanes;

	r->mem = mem_new(r->core->tables, r->core->n_tables);
	r->next_offset = ARENA_ARRAY(r->arena, slots, int64_t);
	for (size_t i = 0; i < r->c->n_steps && !r->failed; i++)
		run_step(r, &r->c->step[i]);
	if (!r->failed)
		check_books(r);
	mem_free(r->mem);
	r->mem = NULL;
}

static struct text seen_text(const struct run *r, const struct seen *s)
{
	struct buf b = { .arena = r->arena };

	buf_printf(&b, "key=" TEXT_FMT " to=" TEXT_FMT " cause=" TEXT_FMT " part=%d%s ", TEXT_ARG(s->o.key),
		   TEXT_ARG(s->o.destination), TEXT_ARG(s->cause.event_id), s->o.part, s->o.final ? " final" : "");
	wire_print(r->core->outcome_msg, s->o.event, &b);
	return buf_text(&b);
}

/* The same outcomes, however the inputs were cut into batches. */
static void compare_runs(const struct run *one, struct run *batch)
{
	for (size_t i = 0; i < MAX(one->n_seen, batch->n_seen); i++) {
		struct text a = i < one->n_seen ? seen_text(one, &one->seen[i]) : TEXT("nothing");
		struct text b = i < batch->n_seen ? seen_text(batch, &batch->seen[i]) : TEXT("nothing");
		if (text_eq(a, b))
			continue;
		run_fail(batch, batch->c->line,
			 "outcome %zu depends on how inputs are batched\n  alone    " TEXT_FMT "\n  batch    " TEXT_FMT, i + 1,
			 TEXT_ARG(a), TEXT_ARG(b));
		return;
	}
}

/* "refused.reason=order_closed": event, field, value. */
static bool reaches(struct run *r, const struct seen *s, struct text cover)
{
	size_t dot = text_find(cover, TEXT(".")), equals = text_find(cover, TEXT("="));
	struct text name = { cover.s, dot == TEXT_NOT_FOUND ? cover.n : dot };
	struct text got;

	if (!text_eq(wire_event_name(r->core->outcome_msg, s->o.event), name))
		return false;
	if (dot == TEXT_NOT_FOUND || equals == TEXT_NOT_FOUND)
		return true;
	struct text field = { cover.s + dot + 1, equals - dot - 1 };
	struct text value = { cover.s + equals + 1, cover.n - equals - 1 };
	return outcome_get(r, s, field, &got) && text_eq(got, value);
}

static void note_coverage(struct run *r, struct coverage *cov)
{
	for (size_t k = 0; k < cov->n; k++)
		for (size_t i = 0; i < r->n_seen && !cov->reached[k]; i++)
			cov->reached[k] = reaches(r, &r->seen[i], text_of(cov->covers[k]));
}

/* Both ways. True: passed. */
static bool judge(const struct harness *h, const struct hcase *c, struct arena *arena, struct coverage *cov)
{
	struct buf say = { .arena = arena };
	struct run one = { .h = h, .core = h->service->core, .c = c, .arena = arena, .say = &say };
	struct run batch = one;

	batch.batched = true;
	run_case(&one);
	if (!one.failed)
		run_case(&batch);
	if (!one.failed && !batch.failed)
		compare_runs(&one, &batch);
	note_coverage(&one, cov);
	if (say.n > 0)
		printf("%s", say.s);
	return !one.failed && !batch.failed;
}

static size_t report_coverage(const struct harness *h, const struct coverage *cov)
{
	size_t missing = 0;

	for (size_t k = 0; k < cov->n; k++)
		if (!cov->reached[k]) {
			printf("FAILED %s: no case reaches %s\n", h->service->core->name, cov->covers[k]);
			missing++;
		}
	return missing;
}

static bool parse_options(int argc, char **argv, struct options *o)
{
	int i = 1;

	for (; i < argc && argv[i][0] == '-'; i++) {
		if (strcmp(argv[i], "--part") == 0)
			o->part = true;
		else if (strcmp(argv[i], "--case") == 0 && i + 1 < argc) {
			o->part = true;
			o->words = argv[++i];
		} else
			return false;
	}
	o->first_file = i;
	return i < argc;
}

int harness_main(const struct harness *h, int argc, char **argv)
{
	_cleanup_(arena_freep) struct arena *texts = arena_new(RUN_ARENA, RUN_ARENA);
	_cleanup_(arena_freep) struct arena *arena = arena_new(RUN_ARENA, RUN_ARENA);
	struct coverage cov = { .covers = h->covers };
	struct cases cases = { 0 };
	struct options o = { 0 };
	struct err err = { 0 };
	size_t passed = 0, failed = 0;

	if (!parse_options(argc, argv, &o)) {
		fprintf(stderr, "usage: %s [--part] [--case WORDS] FILE...\n", argv[0]);
		return 2;
	}
	while (h->covers != NULL && h->covers[cov.n] != NULL)
		cov.n++;
	cov.reached = ARENA_ARRAY(texts, cov.n, bool);
	for (int i = o.first_file; i < argc; i++)
		if (!cases_read(argv[i], texts, &cases, &err)) {
			printf("FAILED %s\n", err.msg);
			failed++;
		}
	if (h->vectors != NULL && o.words == NULL)
		h->vectors(&passed, &failed);
	for (size_t i = 0; i < cases.n; i++) {
		if (o.words != NULL && text_find(cases.c[i].title, text_of(o.words)) == TEXT_NOT_FOUND)
			continue;
		*(judge(h, &cases.c[i], arena, &cov) ? &passed : &failed) += 1;
		arena_reset(arena);
	}
	if (!o.part && failed == 0)
		failed += report_coverage(h, &cov);
	printf("%zu passed, %zu failed\n", passed, failed);
	return failed > 0;
}
