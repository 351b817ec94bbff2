/* feed: rows of a case become inputs and go through the core, one by one or as one batch, as the loop does it. */
#include "bus/murmur2.h"
#include "ev/type.h"
#include "inner.h"
#include "wire/topics.h"

#define BATCH_ARENA        ((size_t)512 << 20)
#define LOADS_PER_STEP_MAX 8
#define PARTS_MAX          10000

/* ---- rows to inputs -------------------------------------------------------------------------------------------------- */

struct inputs {
	struct input *in;
	size_t n, cap;
};

static const struct wire_msg *source_msg(const struct run *r, size_t source)
{
	const struct wire_topic *t = wire_topic_find(text_of(r->h->service->sources[source].topic));

	CHECK(t != NULL);
	return t->msg;
}

/* ar.transfer.v1 -> transfer */
static struct text topic_word(const char *topic)
{
	struct text t = text_of(topic);
	size_t dot = text_find(t, TEXT("."));

	t = (struct text){ t.s + dot + 1, t.n - dot - 1 };
	t.n = text_find(t, TEXT("."));
	return t;
}

/* "billing.invoice_issued" or a bare fact of ar.intake: which source, and the member's name. */
static bool find_source(const struct run *r, struct text name, int *ret_source, struct text *ret_member)
{
	const struct run_service *sv = r->h->service;
	size_t dot = text_find(name, TEXT("."));
	struct text ctx = dot == TEXT_NOT_FOUND ? TEXT("intake") : (struct text){ name.s, dot };

	*ret_member = dot == TEXT_NOT_FOUND ? name : (struct text){ name.s + dot + 1, name.n - dot - 1 };
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < sv->n_sources; i++) {
			struct text word = pass == 0 ? topic_word(sv->sources[i].topic) : text_of(source_msg(r, i)->context);
			if (text_eq(word, ctx)) {
				*ret_source = (int)i;
				return true;
			}
		}
	return false;
}

static const struct grid *defaults_of(const struct run *r, struct text name)
{
	for (size_t i = r->c->n_defaults; i > 0; i--)
		if (text_eq(r->c->defaults[i - 1].name, name) && r->c->defaults[i - 1].n_rows > 0)
			return &r->c->defaults[i - 1];
	return NULL;
}

struct making {
	struct run *r;
	int line;
	const struct wire_msg *msg;
	struct text member;
	void *ev;
	struct text account, key, ce_id, bank_account;
};

static bool has_column(const struct grid *g, struct text name)
{
	for (size_t i = 0; i < g->n_cols; i++)
		if (text_eq(g->col[i], name))
			return true;
	return false;
}

static void set_cell(struct making *mk, struct text column, size_t index, struct text cell)
{
	struct run *r = mk->r;
	struct err err = { 0 };

	if (text_empty(cell) || text_eq(cell, TEXT("-")))
		return;
	cell = run_resolve(r, mk->line, cell);
	if (text_eq(column, TEXT("key"))) {
		mk->key = cell;
		return;
	}
	if (text_eq(column, TEXT("ce_id"))) {
		mk->ce_id = cell;
		return;
	}
	if (text_eq(column, TEXT("account")))
		mk->account = cell;
	if (text_eq(column, TEXT("bank_account")))
		mk->bank_account = cell;
	struct text path = path_of_column(mk->msg, mk->member, column, r->arena);
	if (text_empty(path))
		run_fail(r, mk->line, "no field " TEXT_FMT, TEXT_ARG(column));
	else if (!wire_set(mk->msg, mk->ev, path_index(path, index, r->arena), cell, r->arena, &err))
		run_fail(r, mk->line, "%s: %s", err.code, err.msg);
}

/* Rows of an array count only rows in which they have a cell. */
static void set_rows(struct making *mk, const struct grid *g, size_t first, size_t n, const struct grid *unless)
{
	for (size_t i = 0; i < g->n_cols; i++) {
		if (unless != NULL && has_column(unless, g->col[i]))
			continue;
		size_t index = 0;
		for (size_t k = first; k < first + n; k++) {
			if (path_is_list(g->col[i]) && text_empty(g->row[k].cell[i]))
				continue;
			if (k == first || path_is_list(g->col[i]))
				set_cell(mk, g->col[i], index, g->row[k].cell[i]);
			index++;
		}
	}
}

static void set_if_field(struct making *mk, const char *name, struct text value)
{
	struct err err;
	struct text old = TEXT_NONE;

	if (path_field(mk->msg, text_of(name)) == NULL || text_empty(value))
		return;
	if (wire_get(mk->msg, mk->ev, text_of(name), mk->r->arena, &err, &old) && text_empty(old))
		CHECK(wire_set(mk->msg, mk->ev, text_of(name), value, mk->r->arena, &err));
}

static void finish_event(struct making *mk)
{
	struct err err = { 0 };

	if (text_empty(mk->account) && !text_empty(mk->bank_account) && text_starts(mk->member, TEXT("payment.")))
		mk->account = text_printf(mk->r->arena, "~" TEXT_FMT, TEXT_ARG(mk->bank_account));
	set_if_field(mk, "account", mk->account);
	set_if_field(mk, "fact_type", wire_event_name(mk->msg, mk->ev));
	if (text_starts(mk->member, TEXT("command.")))
		set_if_field(mk, "command.issued_by", TEXT("tester"));
	if (text_empty(mk->key))
		mk->key = mk->account;
	if (!mk->r->failed && !wire_validate(mk->msg, mk->ev, &err))
		run_fail(mk->r, mk->line, "this input is not valid: %s %s", err.code, err.msg);
}

static int32_t lane_of(const struct run *r, struct text key)
{
	return (int32_t)((murmur2(key.s, key.n) & 0x7fffffff) % (uint32_t)r->c->lanes);
}

/* Every input names where it comes from, as real ones do. */
static void set_provenance(struct run *r, struct input *in, const struct wire_msg *msg)
{
	const struct wire_field *f = path_field(msg, TEXT("provenance"));
	struct type_provenance *p = WIRE_NEW(r->arena, type_provenance);

	if (f == NULL)
		return;
	p->service = text_of(msg->context);
	p->lane = in->lane;
	p->seq = in->cause.offset + 1;
	p->event_id = in->cause.event_id;
	p->part = 1;
	p->final = true;
	p->correlation_id = in->cause.correlation_id;
	memcpy((char *)(uintptr_t)in->event + f->at, &p, sizeof(p));
}

static void add_input(struct run *r, struct inputs *list, int source, const struct wire_msg *msg, const void *event,
		      struct text key, struct text id, int32_t lane)
{
	const struct run_source *from = &r->h->service->sources[source];

	if (from->concerns != NULL && !from->concerns(event))
		return; /* the loop only moves the position */
	GROW(r->arena, list->in, list->n, list->cap);
	struct input *in = &list->in[list->n++];
	*in = (struct input){ .source = source, .lane = lane, .lanes = r->c->lanes, .key = key };
	in->event = wire_copy(msg, event, r->arena);
	in->type = wire_event_type(msg, event, r->arena);
	in->cause = (struct cause){
		.topic = text_of(r->h->service->sources[source].topic),
		.partition = lane,
		.offset = r->next_offset[source * r->c->lanes + lane]++,
		.event_id = id,
		.source = TEXT("test"),
	};
	set_provenance(r, in, msg);
}

static void add_row(struct run *r, struct inputs *list, const struct grid *g, size_t first, size_t n)
{
	struct making mk = { .r = r, .line = g->n_rows > 0 ? g->row[first].line : g->line };
	const struct grid *defaults = defaults_of(r, g->name);
	struct text name;
	struct err err = { 0 };
	int source;

	if (!find_source(r, g->name, &source, &name)) {
		run_fail(r, mk.line, "this service reads no topic with " TEXT_FMT, TEXT_ARG(g->name));
		return;
	}
	mk.msg = source_msg(r, (size_t)source);
	mk.member = path_of_event(mk.msg, name, r->arena);
	if (text_empty(mk.member)) {
		run_fail(r, mk.line, "no event " TEXT_FMT " in %s", TEXT_ARG(name), mk.msg->name);
		return;
	}
	mk.ev = wire_new(mk.msg, 1, r->arena);
	CHECK(wire_set(mk.msg, mk.ev, mk.member, TEXT("{}"), r->arena, &err));
	if (defaults != NULL)
		set_rows(&mk, defaults, 0, defaults->n_rows, g->n_rows > 0 ? g : NULL);
	if (g->n_rows > 0)
		set_rows(&mk, g, first, n, NULL);
	finish_event(&mk);
	if (r->failed)
		return;
	r->n_inputs++;
	struct text id = !text_empty(mk.ce_id) ? mk.ce_id : text_printf(r->arena, "e%d", r->n_inputs);
	if (!text_starts(mk.member, TEXT("reference."))) {
		add_input(r, list, source, mk.msg, mk.ev, mk.key, id, lane_of(r, mk.key));
		return;
	}
	for (int32_t lane = 0; lane < r->c->lanes; lane++)
		add_input(r, list, source, mk.msg, mk.ev, TEXT_NONE,
			  lane == 0 ? id : text_printf(r->arena, TEXT_FMT ".%d", TEXT_ARG(id), lane), lane);
}

/* ---- batches --------------------------------------------------------------------------------------------------------- */

static void keep_outcome(struct run *r, const struct input *in, const struct outcome *o)
{
	const struct core *core = r->core;
	struct err err = { 0 };

	if (!wire_validate(core->outcome_msg, o->event, &err)) {
		struct buf b = { .arena = r->arena };
		wire_print(core->outcome_msg, o->event, &b);
		run_fail(r, r->c->line, "outcome is not valid: %s %s\n  %s", err.code, err.msg, b.s);
	}
	GROW(r->arena, r->seen, r->n_seen, r->cap_seen);
	struct seen *s = &r->seen[r->n_seen++];
	s->o = *o;
	s->o.event = wire_copy(core->outcome_msg, o->event, r->arena);
	s->o.key = text_dup(r->arena, o->key);
	s->o.destination = text_dup(r->arena, o->destination);
	s->o.event_id = text_dup(r->arena, o->event_id);
	for (size_t i = 0; i < ARRAY_LEN(o->rule_versions); i++)
		s->o.rule_versions[i] = text_dup(r->arena, o->rule_versions[i]);
	s->cause = o->cause != NULL ? *o->cause : in->cause;
	s->cause.event_id = text_dup(r->arena, s->cause.event_id);
	s->o.cause = NULL;
	if (r->h->service->fanout_topic == NULL || text_empty(o->destination))
		return;
	/* A copy on its way to another account. */
	for (size_t i = 0; i < r->h->service->n_sources; i++) {
		if (strcmp(r->h->service->sources[i].topic, r->h->service->fanout_topic) != 0)
			continue;
		struct inputs queue = { r->queue, r->n_queue, r->cap_queue };
		add_input(r, &queue, (int)i, core->outcome_msg, s->o.event, s->o.destination, s->o.event_id,
			  lane_of(r, s->o.destination));
		r->queue = queue.in;
		r->n_queue = queue.n;
		r->cap_queue = queue.cap;
	}
}

static struct text questions_text(struct run *r, struct book *book)
{
	struct buf b = { .arena = r->arena };
	size_t n;
	struct book_question *qs = book_questions(book, &n);

	for (size_t i = 0; i < n; i++)
		buf_printf(&b, "%s%s %s", i > 0 ? ", " : "", qs[i].table->name,
			   qs[i].probe == BOOK_KEY ? "by key" : qs[i].table->probes[qs[i].probe].name);
	return buf_text(&b);
}

/* One step, further loads included. AGAIN: the batch ends before this input. */
static enum decided step_input(struct run *r, struct book *book, struct decision *d, bool head)
{
	for (int loads = 0; loads < LOADS_PER_STEP_MAX; loads++) {
		enum decided result = core_step(d);
		if (result != AGAIN)
			return result;
		if (!book_has_questions(book)) {
			if (head)
				run_fail(r, r->c->line, "AGAIN at the head of a batch, with nothing to load (input " TEXT_FMT ")",
					 TEXT_ARG(d->input->cause.event_id));
			return AGAIN;
		}
		if (head) {
			struct text missed = questions_text(r, book);
			run_fail(r, r->c->line, "want misses: " TEXT_FMT " (input " TEXT_FMT " " TEXT_FMT "%s)", TEXT_ARG(missed),
				 TEXT_ARG(d->input->cause.event_id), TEXT_ARG(d->input->type),
				 d->input->cursor.n > 0 ? ", part 2 or later" : "");
			return AGAIN;
		}
		mem_load(r->mem, book);
	}
	run_fail(r, r->c->line, "more than %d further loads for one input", LOADS_PER_STEP_MAX);
	return AGAIN;
}

/* One transaction over inputs[0..n): returns how many are done. *cursor belongs to inputs[0] and is set when the last one goes on. */
static size_t run_batch(struct run *r, struct input *inputs, size_t n)
{
	struct arena *arena = arena_new(BATCH_ARENA, BATCH_ARENA);
	const struct core *core = r->core;
	struct book *book = book_new(arena, core->tables, core->n_tables);
	size_t done = 0;
	struct err err = { 0 };

	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < n; i++)
			core->want(book, &inputs[i]);
		mem_load(r->mem, book);
	}
	for (size_t i = 0; i < n && !r->failed; i++) {
		struct decision d = { .core = core, .book = book, .arena = arena, .input = &inputs[i] };
		enum decided result = step_input(r, book, &d, i == 0);
		if (result == AGAIN)
			break;
		for (size_t k = 0; k < d.n_outcomes; k++) {
			keep_outcome(r, &inputs[i], &d.outcomes[k]);
			/* keep_outcome follows the cause's own count */
			if (d.outcomes[k].cause == NULL)
				inputs[i].cause.part = d.outcomes[k].part;
		}
		if (result == MORE) {
			inputs[i].cursor = text_dup(r->arena, d.cursor);
			break;
		}
		done++;
	}
	if (!r->failed && !mem_save(r->mem, book, &err))
		run_fail(r, r->c->line, "save: %s %s", err.code, err.msg);
	arena_free(arena);
	return done;
}

static void run_inputs(struct run *r, struct input *inputs, size_t n)
{
	size_t at = 0;

	for (int turn = 0; at < n && !r->failed; turn++) {
		/* An input that goes on is alone: its lane waits. */
		bool alone = !r->batched || inputs[at].cursor.n > 0;
		at += run_batch(r, &inputs[at], alone ? 1 : n - at);
		if (turn > PARTS_MAX)
			run_fail(r, r->c->line, "an input that never ends");
	}
}

void run_feed(struct run *r, const struct step *step)
{
	struct inputs list = { 0 };

	for (size_t g = 0; g < step->n_grids; g++) {
		const struct grid *grid = &step->grid[g];
		if (grid->n_rows == 0)
			add_row(r, &list, grid, 0, 0);
		for (size_t row = 0; row < grid->n_rows;) {
			size_t k = row + 1;
			while (k < grid->n_rows && row_continues(grid, k))
				k++;
			add_row(r, &list, grid, row, k - row);
			row = k;
		}
	}
	run_inputs(r, list.in, list.n);
}

void run_deliver(struct run *r, int line)
{
	for (int round = 0; r->n_queue > 0 && !r->failed; round++) {
		struct input *inputs = r->queue;
		size_t n = r->n_queue;

		r->queue = NULL;
		r->n_queue = r->cap_queue = 0;
		run_inputs(r, inputs, n);
		if (round > 100)
			run_fail(r, line, "copies go round for ever");
	}
}
