/*
 * digest: business state by source ids (DESIGN section 3, "What is deterministic"): what services/reporting/sql/digest.sql says, from the rows
 * of the simulated reporting. One line per row of a section; the digest is the hash of the sorted lines.
 */
#include "sim.h"

#include "id/id.h"
#include "reporting/tables.h"

#define DIGEST_BYTES ((size_t)256 << 20)

struct digest {
	struct mem *mem;
	struct arena *arena;
	struct text *line;
	size_t n, cap;
	/* sums of what is the same line but for an amount */
	struct text *key;
	int64_t *sum, *functional;
	size_t n_sums, cap_sums;
};

static void add(struct digest *d, struct text line)
{
	if (d->n == d->cap) {
		size_t cap = d->cap == 0 ? 256 : d->cap * 2;
		struct text *grown = ARENA_ARRAY(d->arena, cap, struct text);
		if (d->n > 0)
			memcpy(grown, d->line, d->n * sizeof(*grown));
		d->line = grown;
		d->cap = cap;
	}
	d->line[d->n++] = line;
}

static void say(struct digest *d, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void say(struct digest *d, const char *fmt, ...)
{
	struct buf b = { .arena = d->arena };
	va_list values;

	va_start(values, fmt);
	buf_vprintf(&b, fmt, values);
	va_end(values);
	add(d, buf_text(&b));
}

/* Two sums that belong to one line. */
static void add_sum(struct digest *d, struct text key, int64_t minor, int64_t functional)
{
	size_t i = 0;

	while (i < d->n_sums && !text_eq(d->key[i], key))
		i++;
	if (i == d->cap_sums) {
		size_t cap = d->cap_sums == 0 ? 256 : d->cap_sums * 2;
		struct text *keys = ARENA_ARRAY(d->arena, cap, struct text);
		int64_t *sums = ARENA_ARRAY(d->arena, cap, int64_t), *functionals = ARENA_ARRAY(d->arena, cap, int64_t);
		if (i > 0) {
			memcpy(keys, d->key, i * sizeof(*keys));
			memcpy(sums, d->sum, i * sizeof(*sums));
			memcpy(functionals, d->functional, i * sizeof(*functionals));
		}
		d->key = keys;
		d->sum = sums;
		d->functional = functionals;
		d->cap_sums = cap;
	}
	if (i == d->n_sums) {
		d->key[d->n_sums++] = key;
		d->sum[i] = d->functional[i] = 0;
	}
	d->sum[i] += minor;
	d->functional[i] += functional;
}

/* One line per sum; zero_too: also those that came to nothing. */
static void say_sums(struct digest *d, bool zero_too)
{
	for (size_t i = 0; i < d->n_sums; i++)
		if (zero_too || d->sum[i] != 0 || d->functional[i] != 0)
			say(d, TEXT_FMT " %lld %lld", TEXT_ARG(d->key[i]), (long long)d->sum[i], (long long)d->functional[i]);
	d->n_sums = 0;
}

static const void *const *rows(struct digest *d, const struct table *table, size_t *ret_n)
{
	return mem_rows(d->mem, table, ret_n);
}

static const char *day(struct digest *d, date_t date)
{
	char s[DATE_TEXT_SIZE];

	return text_dup(d->arena, text_of(date_format(s, date))).s;
}

/* ---- names by source ------------------------------------------------------------------------------------------------------------------ */

static const struct reporting_document *document(struct digest *d, int32_t lane, struct text account, struct text document_id)
{
	size_t n;
	const void *const *all = rows(d, &reporting_document_table, &n);

	for (size_t i = 0; i < n; i++) {
		const struct reporting_document *doc = all[i];
		if (doc->lane == lane && text_eq(doc->document_id, document_id) && text_eq(doc->account, account))
			return doc;
	}
	return NULL;
}

/* What a document is called by those who caused it. */
static struct text document_name(struct digest *d, const struct reporting_document *doc)
{
	const struct reporting_document *refers =
		text_empty(doc->refers_to_document_id) ? NULL : document(d, doc->lane, doc->account, doc->refers_to_document_id);
	struct text tail = TEXT_NONE;

	if (refers != NULL)
		tail = text_printf(d->arena, TEXT_FMT "/%d/" TEXT_FMT, TEXT_ARG(refers->order_id), refers->order_version,
				   TEXT_ARG(refers->external_number));
	if (doc->taken_on)
		return text_printf(d->arena, TEXT_FMT "/taken on/" TEXT_FMT "/" TEXT_FMT, TEXT_ARG(doc->type),
				   TEXT_ARG(doc->external_number), TEXT_ARG(tail));
	return text_printf(d->arena, TEXT_FMT "/" TEXT_FMT "/%d/" TEXT_FMT, TEXT_ARG(doc->type), TEXT_ARG(doc->order_id),
			   doc->order_version, TEXT_ARG(tail));
}

static struct text item_name(struct digest *d, const struct reporting_item *item)
{
	const struct reporting_document *doc = document(d, item->lane, item->account, item->document_id);

	if (doc != NULL)
		return document_name(d, doc);
	return text_printf(d->arena, TEXT_FMT "/" TEXT_FMT, TEXT_ARG(item->kind), TEXT_ARG(item->line_id));
}

static struct text name_of(struct digest *d, const struct reporting_application *a, struct text document_id, int32_t sequence)
{
	size_t n;
	const void *const *all = rows(d, &reporting_item_table, &n);

	for (size_t i = 0; i < n; i++) {
		const struct reporting_item *item = all[i];
		if (item->lane == a->lane && item->sequence == sequence && text_eq(item->document_id, document_id) &&
		    text_eq(item->account, a->account))
			return item_name(d, item);
	}
	return TEXT("?");
}

/* ---- sections -------------------------------------------------------------------------------------------------------------------------- */

static void items(struct digest *d)
{
	size_t n;
	const void *const *all = rows(d, &reporting_item_table, &n);

	/* A line that came twice to one account is one source: its open amounts are summed. */
	for (size_t i = 0; i < n; i++) {
		const struct reporting_item *r = all[i];
		add_sum(d,
			text_printf(d->arena, "item " TEXT_FMT " " TEXT_FMT " %s " TEXT_FMT " %d %s %s %s of %lld",
				    TEXT_ARG(r->account), TEXT_ARG(r->entity), r->currency, TEXT_ARG(item_name(d, r)), r->sequence,
				    day(d, r->document_date), day(d, r->due_date), day(d, r->accounting_date),
				    (long long)r->original_minor),
			r->open_minor, r->on_account_minor);
	}
	say_sums(d, true);
}

static void documents(struct digest *d)
{
	size_t n;
	const void *const *all = rows(d, &reporting_document_table, &n);

	for (size_t i = 0; i < n; i++) {
		const struct reporting_document *r = all[i];
		say(d, "document " TEXT_FMT " " TEXT_FMT " %s " TEXT_FMT " %s %s " TEXT_FMT " " TEXT_FMT " %lld %lld %lld",
		    TEXT_ARG(r->account), TEXT_ARG(r->entity), r->currency, TEXT_ARG(document_name(d, r)), day(d, r->issue_date),
		    day(d, r->accounting_date), TEXT_ARG(r->customer_po), TEXT_ARG(r->reason), (long long)r->net_minor,
		    (long long)r->tax_minor, (long long)r->gross_minor);
	}
}

static void applications(struct digest *d)
{
	size_t n;
	const void *const *all = rows(d, &reporting_application_table, &n);

	for (size_t i = 0; i < n; i++) {
		const struct reporting_application *r = all[i];
		if (r->undone_on != DATE_NONE)
			continue;
		struct text credit = name_of(d, r, r->credit_document_id, r->credit_sequence);
		struct text debit = name_of(d, r, r->debit_document_id, r->debit_sequence);
		add_sum(d,
			text_printf(d->arena, "application " TEXT_FMT " " TEXT_FMT " %s " TEXT_FMT " %d " TEXT_FMT " %d %s",
				    TEXT_ARG(r->account), TEXT_ARG(r->entity), r->currency, TEXT_ARG(credit), r->credit_sequence,
				    TEXT_ARG(debit), r->debit_sequence, day(d, r->applied_on)),
			r->amount_minor, 0);
	}
	say_sums(d, true);
}

static void balances(struct digest *d)
{
	size_t n;
	const void *const *all = rows(d, &reporting_day_total_table, &n);

	for (size_t i = 0; i < n; i++) {
		const struct reporting_day_total *r = all[i];
		add_sum(d,
			text_printf(d->arena, "balance " TEXT_FMT " " TEXT_FMT " %s %s %s", TEXT_ARG(r->entity),
				    TEXT_ARG(r->ledger_account), r->currency, day(d, r->accounting_date), r->functional_currency),
			r->debit_minor - r->credit_minor, r->functional_minor);
	}
	say_sums(d, false);
}

static void bank(struct digest *d)
{
	size_t n;
	const void *const *all = rows(d, &reporting_bank_line_table, &n);

	for (size_t i = 0; i < n; i++) {
		const struct reporting_bank_line *r = all[i];
		say(d,
		    "bank_line " TEXT_FMT " " TEXT_FMT " " TEXT_FMT " " TEXT_FMT " %s %lld %lld %s " TEXT_FMT " at " TEXT_FMT
		    " " TEXT_FMT " " TEXT_FMT " " TEXT_FMT " %s",
		    TEXT_ARG(r->account), TEXT_ARG(r->line_id), TEXT_ARG(r->state), TEXT_ARG(r->entity), r->currency,
		    (long long)r->amount_minor, (long long)r->fee_minor, day(d, r->booking_date), TEXT_ARG(r->statement_id),
		    TEXT_ARG(r->at_account), TEXT_ARG(r->reason), TEXT_ARG(r->returned_line_id), TEXT_ARG(r->place),
		    day(d, r->returned_on));
	}
	all = rows(d, &reporting_statement_table, &n);
	for (size_t i = 0; i < n; i++) {
		const struct reporting_statement *r = all[i];
		say(d, "bank_statement " TEXT_FMT " " TEXT_FMT " " TEXT_FMT " %s %lld %lld ties out: %d %s", TEXT_ARG(r->account),
		    TEXT_ARG(r->statement_id), TEXT_ARG(r->entity), r->currency, (long long)r->opening_minor,
		    (long long)r->closing_minor, r->ties_out, day(d, r->booking_date));
	}
}

static void masters(struct digest *d)
{
	size_t n;
	const void *const *all = rows(d, &reporting_order_table, &n);

	for (size_t i = 0; i < n; i++) {
		const struct reporting_order *r = all[i];
		say(d, "order " TEXT_FMT " " TEXT_FMT " version %d " TEXT_FMT " " TEXT_FMT " %s %lld " TEXT_FMT,
		    TEXT_ARG(r->account), TEXT_ARG(r->order_id), r->order_version, TEXT_ARG(r->entity), TEXT_ARG(r->state),
		    r->currency, (long long)r->net_minor, TEXT_ARG(r->customer_po));
	}
	all = rows(d, &reporting_customer_table, &n);
	for (size_t i = 0; i < n; i++) {
		const struct reporting_customer *r = all[i];
		say(d, "customer " TEXT_FMT " from %s: " TEXT_FMT " " TEXT_FMT " parent " TEXT_FMT " %d", TEXT_ARG(r->account),
		    day(d, r->effective_from), TEXT_ARG(r->legal_name), TEXT_ARG(r->terms_code), TEXT_ARG(r->parent_account),
		    r->apply_oldest_first);
	}
	all = rows(d, &reporting_entity_table, &n);
	for (size_t i = 0; i < n; i++) {
		const struct reporting_entity *r = all[i];
		if (r->lane == 0) /* the same on every lane: invariants */
			say(d, "entity " TEXT_FMT " " TEXT_FMT " %s %d " TEXT_FMT, TEXT_ARG(r->entity), TEXT_ARG(r->name),
			    r->functional_currency, r->fiscal_year_start_month, TEXT_ARG(r->number_prefix));
	}
	all = rows(d, &reporting_day_table, &n);
	for (size_t i = 0; i < n; i++) {
		const struct reporting_day *r = all[i];
		if (r->lane == 0)
			say(d, "day " TEXT_FMT " opened %s closed %s", TEXT_ARG(r->entity), day(d, r->opened_on),
			    day(d, r->closed_on));
	}
}

static void reminders(struct digest *d)
{
	size_t n;
	const void *const *all = rows(d, &reporting_notice_table, &n);

	for (size_t i = 0; i < n; i++) {
		const struct reporting_notice *r = all[i];
		say(d, "notice " TEXT_FMT " " TEXT_FMT " %s level %d episode %d %s %s %lld %lld %lld %lld %lld %d %d",
		    TEXT_ARG(r->account), TEXT_ARG(r->entity), r->currency, r->level, r->episode, day(d, r->notice_date),
		    day(d, r->judged_date), (long long)r->amount_minor, (long long)r->overdue_minor, (long long)r->credits_minor,
		    (long long)r->held_minor, (long long)r->promised_minor, r->oldest_days, r->item_count);
	}
	all = rows(d, &reporting_block_table, &n);
	for (size_t i = 0; i < n; i++) {
		const struct reporting_block *r = all[i];
		say(d, "block " TEXT_FMT " " TEXT_FMT " " TEXT_FMT " %s lifted %d item %d", TEXT_ARG(r->account),
		    TEXT_ARG(r->block_id), TEXT_ARG(r->reason), day(d, r->held_until), r->lifted, !text_empty(r->document_id));
	}
}

static void promises(struct digest *d)
{
	size_t n;
	const void *const *all = rows(d, &reporting_promise_table, &n);

	for (size_t i = 0; i < n; i++) {
		const struct reporting_promise *r = all[i];
		say(d, "promise " TEXT_FMT " " TEXT_FMT " " TEXT_FMT " %s %lld %s %s %d " TEXT_FMT " %lld %s", TEXT_ARG(r->account),
		    TEXT_ARG(r->promise_id), TEXT_ARG(r->entity), r->currency, (long long)r->amount_minor, day(d, r->made_on),
		    day(d, r->promised_date), r->grace_days, TEXT_ARG(r->state), (long long)r->paid_minor, day(d, r->ended_on));
	}
	all = rows(d, &reporting_hold_table, &n);
	for (size_t i = 0; i < n; i++) {
		const struct reporting_hold *r = all[i];
		say(d, "hold " TEXT_FMT " " TEXT_FMT " " TEXT_FMT " %lld %s lifted %d", TEXT_ARG(r->account), TEXT_ARG(r->hold_id),
		    TEXT_ARG(r->kind), (long long)r->amount_minor, day(d, r->held_until), r->lifted);
	}
	all = rows(d, &reporting_advice_table, &n);
	for (size_t i = 0; i < n; i++) {
		const struct reporting_advice *r = all[i];
		say(d, "advice " TEXT_FMT " " TEXT_FMT " " TEXT_FMT " %s %lld %s " TEXT_FMT, TEXT_ARG(r->account),
		    TEXT_ARG(r->advice_id), TEXT_ARG(r->entity), r->currency, (long long)r->amount_minor, day(d, r->payment_date),
		    TEXT_ARG(r->line_id));
	}
}

static void exceptions(struct digest *d)
{
	size_t n;
	const void *const *all = rows(d, &reporting_exception_table, &n);

	for (size_t i = 0; i < n; i++) {
		const struct reporting_exception *r = all[i];
		if (text_eq(r->kind, TEXT("refused")))
			add_sum(d,
				text_printf(d->arena, "refusal " TEXT_FMT " " TEXT_FMT " " TEXT_FMT " " TEXT_FMT,
					    TEXT_ARG(r->account), TEXT_ARG(r->service), TEXT_ARG(r->reason),
					    TEXT_ARG(r->input_type)),
				1, 0);
		if (text_eq(r->kind, TEXT("parked")) && !r->resolved)
			add_sum(d,
				text_printf(d->arena, "parked " TEXT_FMT " " TEXT_FMT, TEXT_ARG(r->account),
					    TEXT_ARG(r->input_type)),
				1, 0);
	}
	say_sums(d, true);
}

/* ---- all ---------------------------------------------------------------------------------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
	return text_cmp(*(const struct text *)a, *(const struct text *)b);
}

void sim_digest_text(const struct world *w, struct buf *out)
{
	struct digest d = { .mem = sim_mem(w, SIM_REPORTING), .arena = arena_new(DIGEST_BYTES, DIGEST_BYTES) };

	items(&d);
	documents(&d);
	applications(&d);
	balances(&d);
	bank(&d);
	masters(&d);
	reminders(&d);
	promises(&d);
	exceptions(&d);
	if (d.n > 1)
		qsort(d.line, d.n, sizeof(*d.line), by_text);
	for (size_t i = 0; i < d.n; i++) {
		buf_add(out, d.line[i]);
		buf_addc(out, '\n');
	}
	arena_free(d.arena);
}

void sim_digest(const struct world *w, struct id_hash *ret_hash)
{
	_cleanup_(buf_free) struct buf text = { 0 };

	sim_digest_text(w, &text);
	id_sha256(text.s, text.n, ret_hash);
}
