/*
 * invariants: what must hold after every commit: each service's chain of outcomes (numbers, hashes, answers), and what
 * invariants_journal.c says of each new outcome; and at the end. Looks at new rows only.
 */
#include "invariants_impl.h"

#include "book/col.h"
#include "cash/tables.h"

#define INV_BYTES ((size_t)1 << 30)

const char *const inv_service_name[SIM_SERVICES] = { "intake", "billing", "cash", "collections", "reporting" };

bool inv_broken(struct err *err, const char *code, const char *fmt, ...)
{
	char sentence[ERR_MSG_MAX + 1];
	va_list values;

	va_start(values, fmt);
	vsnprintf(sentence, sizeof(sentence), fmt, values);
	va_end(values);
	return err_set(err, ERR_STOP, code, "%s", sentence);
}

const struct type_provenance *inv_provenance(enum sim_service s, const void *event)
{
	const struct type_provenance *p;

	memcpy(&p, (const char *)event + sim_run_service(s)->core->provenance_offset, sizeof(p));
	return p;
}

static size_t first_not_below(const void *const *rows, size_t n, const struct table *table, const void *key)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (row_key_compare(table, rows[mid], key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

const void *inv_row(struct mem *mem, const struct table *table, const void *key)
{
	size_t n;
	const void *const *rows = mem_rows(mem, table, &n);
	size_t at = first_not_below(rows, n, table, key);

	return at < n && row_key_compare(table, rows[at], key) == 0 ? rows[at] : NULL;
}

void *inv_decode(const struct wire_msg *msg, struct text value, struct arena *arena)
{
	struct err err;
	void *event;

	/* Not the strict one: the world shares what that gives by the address of the bytes, and rows move when a database goes back. */
	return wire_decode(msg, (const uint8_t *)value.s, value.n, arena, &err, &event) ? event : NULL;
}

struct text inv_header(const struct sim_record *r, const char *name)
{
	for (size_t i = r->n_headers; i > 0; i--)
		if (text_eq(r->headers[i - 1].name, text_of(name)))
			return r->headers[i - 1].value;
	return TEXT_NONE;
}

/* ---- life ----------------------------------------------------------------------------------------------------------------------- */

static void forget(struct invariants *inv, enum sim_service s)
{
	struct inv_service *k = &inv->service[s];
	struct tally *all[] = { &k->ids,     &k->causes,  &k->ledger, &k->items,   &k->transit, &k->lines,
				&k->numbers, &k->notices, &k->days,   &k->credits, &k->advices };

	*k = (struct inv_service){ 0 };
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		all[i]->arena = inv->arena;
}

struct invariants *invariants_new(struct world *w)
{
	struct invariants *inv = calloc(1, sizeof(*inv));

	CHECK(inv != NULL);
	inv->w = w;
	inv->arena = arena_new(INV_BYTES, INV_BYTES);
	inv->scratch = arena_new(INV_BYTES, INV_BYTES);
	for (int s = 0; s < SIM_SERVICES; s++)
		forget(inv, (enum sim_service)s);
	return inv;
}

void invariants_free(struct invariants *inv)
{
	if (inv == NULL)
		return;
	arena_free(inv->scratch);
	arena_free(inv->arena);
	free(inv);
}

void invariants_restored(struct invariants *inv, enum sim_service s)
{
	forget(inv, s);
}

/* ---- the chain of a lane (DESIGN section 2) ------------------------------------------------------------------------------------------ */

static struct inv_lane *lane_of(struct inv_service *k, int32_t lane)
{
	for (size_t i = 0; i < k->n_lanes; i++)
		if (k->lane[i].lane == lane)
			return &k->lane[i];
	CHECK(k->n_lanes < INV_LANES_MAX);
	k->lane[k->n_lanes] = (struct inv_lane){ .lane = lane };
	return &k->lane[k->n_lanes++];
}

static bool link_of(const struct outcome_row *row, const struct type_provenance *p, struct inv_lane *l, enum sim_service s,
		    struct err *err)
{
	const char *name = inv_service_name[s];
	long long seq = (long long)row->seq;
	struct id_hash hash;

	id_sha256(row->value.s, row->value.n, &hash);
	if (row->seq != l->seq + 1 || p->seq != row->seq || p->lane != row->lane)
		return inv_broken(err, "outcome_gap", "%s lane %d: outcome %lld (%lld in the record) follows %lld", name, row->lane,
				  seq, (long long)p->seq, (long long)l->seq);
	if (p->prev_hash.n != sizeof(l->hash.b) || memcmp(p->prev_hash.s, l->hash.b, sizeof(l->hash.b)) != 0)
		return inv_broken(err, "chain_broken", "%s lane %d outcome %lld does not name the hash of the one before", name,
				  row->lane, seq);
	if (row->hash.n != sizeof(hash.b) || memcmp(row->hash.s, hash.b, sizeof(hash.b)) != 0)
		return inv_broken(err, "hash_wrong", "%s lane %d outcome %lld: the hash kept is not that of its bytes", name,
				  row->lane, seq);
	l->seq = row->seq;
	l->hash = hash;
	return true;
}

/* Positions never go back. */
static bool positions_of(const struct world *w, const struct type_provenance *p, struct inv_lane *l, enum sim_service s,
			 struct err *err)
{
	const struct run_service *run = sim_run_service(s);

	for (size_t i = 0; i < p->n_positions; i++)
		for (size_t k = 0; k < run->n_sources; k++) {
			if (!text_eq(p->positions[i].topic, text_of(run->sources[k].topic)))
				continue;
			if (p->positions[i].next_offset < l->position[k] && !sim_log_was_cut(w))
				return inv_broken(err, "position_back",
						  "%s lane %d outcome %lld stands at %s %lld, the one before at %lld",
						  inv_service_name[s], p->lane, (long long)p->seq, run->sources[k].topic,
						  (long long)p->positions[i].next_offset, (long long)l->position[k]);
			l->position[k] = p->positions[i].next_offset;
		}
	return true;
}

/* 1..n outcomes per input, numbered, one final, the last. */
static bool answer_of(struct inv_service *k, const struct outcome_row *row, const struct type_provenance *p, enum sim_service s,
		      struct err *err)
{
	char buf[KEY_SIZE];
	bool dead = !text_empty(row->dead_record);
	struct tally_entry *id = tally_at(&k->ids, row->event_id);
	struct text key =
		tally_key(buf, sizeof(buf), "%s" TEXT_FMT "|%d|%lld|" TEXT_FMT, dead ? "dead|" : "", TEXT_ARG(row->cause_topic),
			  row->cause_partition, (long long)row->cause_offset, TEXT_ARG(row->cause_event_id));
	struct tally_entry *cause = tally_at(&k->causes, key);

	if (id->a++ > 0)
		return inv_broken(err, "outcome_twice", "%s lane %d outcome %lld has the id " TEXT_FMT " of an earlier one",
				  inv_service_name[s], row->lane, (long long)row->seq, TEXT_ARG(row->event_id));
	if (p->part != cause->a + 1 || row->part != p->part)
		return inv_broken(err, "parts", "%s lane %d outcome %lld is part %d of " TEXT_FMT ", which had %lld before",
				  inv_service_name[s], row->lane, (long long)row->seq, p->part, TEXT_ARG(key), (long long)cause->a);
	if (cause->b > 0)
		return inv_broken(err, "answered_twice",
				  "%s lane %d outcome %lld (" TEXT_FMT ") answers " TEXT_FMT ", which had its final answer",
				  inv_service_name[s], row->lane, (long long)row->seq, TEXT_ARG(row->type), TEXT_ARG(key));
	cause->a++;
	cause->b += p->final;
	return true;
}

/* ---- after a commit ----------------------------------------------------------------------------------------------------------------------- */

static bool take_row(struct invariants *inv, enum sim_service s, const struct outcome_row *row, struct err *err)
{
	struct inv_service *k = &inv->service[s];
	const void *event = inv_decode(sim_run_service(s)->core->outcome_msg, row->value, inv->scratch);

	if (event == NULL)
		return inv_broken(err, "undecodable", "%s lane %d outcome %lld cannot be read", inv_service_name[s], row->lane,
				  (long long)row->seq);
	const struct type_provenance *p = inv_provenance(s, event);
	struct inv_lane *l = lane_of(k, row->lane);
	if (p == NULL)
		return inv_broken(err, "no_provenance", "%s lane %d outcome %lld", inv_service_name[s], row->lane,
				  (long long)row->seq);
	return link_of(row, p, l, s, err) && positions_of(inv->w, p, l, s, err) && answer_of(k, row, p, s, err) &&
	       inv_outcome(inv, s, row, event, err);
}

/* What the lane says of itself is where its chain ends. */
static bool lane_row(struct invariants *inv, enum sim_service s, const struct lane_row *row, struct err *err)
{
	const struct inv_lane *l = lane_of(&inv->service[s], row->lane);

	if (row->seq != l->seq || (row->seq > 0 && memcmp(row->hash.s, l->hash.b, sizeof(l->hash.b)) != 0))
		return inv_broken(err, "lane_row", "%s lane %d says its last outcome is %lld, the table ends at %lld",
				  inv_service_name[s], row->lane, (long long)row->seq, (long long)l->seq);
	if (row->published_seq > row->seq)
		return inv_broken(err, "published_ahead", "%s lane %d has published %lld of %lld outcomes", inv_service_name[s],
				  row->lane, (long long)row->published_seq, (long long)row->seq);
	return true;
}

static bool new_rows_of_lane(struct invariants *inv, enum sim_service s, int32_t lane, struct err *err)
{
	size_t n;
	const void *const *rows = mem_rows(sim_mem(inv->w, s), &outcome_table, &n);
	struct outcome_row key = { .lane = lane, .seq = lane_of(&inv->service[s], lane)->seq + 1 };

	for (size_t i = first_not_below(rows, n, &outcome_table, &key); i < n; i++) {
		const struct outcome_row *row = rows[i];
		if (row->lane != lane)
			break;
		if (!take_row(inv, s, row, err))
			return false;
	}
	return true;
}

bool invariants_after_commit(struct invariants *inv, enum sim_service s, struct err *err)
{
	size_t n;
	const void *const *lanes = mem_rows(sim_mem(inv->w, s), &lane_table, &n);
	bool ok = true;

	for (size_t i = 0; i < n && ok && s != SIM_REPORTING; i++) {
		const struct lane_row *row = lanes[i];
		if (row->seq != lane_of(&inv->service[s], row->lane)->seq)
			ok = new_rows_of_lane(inv, s, row->lane, err);
		ok = ok && lane_row(inv, s, row, err);
	}
	if (ok && s == SIM_CASH)
		ok = inv_cash_rows(inv, err);
	if (ok && s == SIM_REPORTING)
		ok = inv_reporting_rows(inv, false, err);
	arena_reset(inv->scratch);
	return ok;
}

static bool fold(struct invariants *inv, struct err *err)
{
	size_t n;

	mem_rows(sim_mem(inv->w, SIM_INTAKE), &outcome_table, &n);
	return sim_fold(inv->w, n, n % 16 == 0 ? 20 : 1, err);
}

bool invariants_at_end(struct invariants *inv, struct err *err)
{
	bool ok = true;

	for (int s = 0; s < SIM_SERVICES && ok; s++)
		ok = invariants_after_commit(inv, (enum sim_service)s, err);
	ok = ok && inv_reporting_rows(inv, true, err) && inv_cash_totals(inv, err) && inv_overlay_copies(inv, err) &&
	     inv_copies(inv, err) && inv_books(inv, err) && inv_answers(inv, err) && inv_streams(inv, err);
	/* Where a topic lost its end, records have other offsets than their readers' outcomes say: the topics cannot be folded again. */
	if (ok && !sim_log_was_cut(inv->w))
		ok = fold(inv, err);
	arena_reset(inv->scratch);
	return ok;
}
