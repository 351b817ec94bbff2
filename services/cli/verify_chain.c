/* verify_chain: the outcome tables recomputed (AUD-01), and the journal in them against reporting's ledger. */
#include "cli/answer.h"
#include "cli/explain_words.h"
#include "cli/stored.h"
#include "cli/verify.h"
#include "cli_sql.h"
#include "id/id.h"
#include "store/store.h"

/* Where a lane's chain is. */
struct link {
	int64_t seq;
	struct id_hash hash;
};

struct chain {
	struct verify *v;
	enum cli_service service;
	struct arena *arena; /* of a row */
	int64_t lane; /* -1: none yet */
	struct link link;
	int64_t rows;
	struct verify_sums *sums;
	int64_t entries, unbalanced;
	struct text unbalanced_at, unbalanced_by;
	struct store_result *lanes;
};

static struct text place(struct chain *c, const char *what)
{
	return text_printf(c->arena, "%s lane %lld seq %lld%s%s", cli_service_names[c->service], (long long)c->lane,
			   (long long)c->link.seq, what[0] == '\0' ? "" : " ", what);
}

static void differs(struct chain *c, const char *what, struct text expected, struct text found)
{
	verify_differs(c->v, place(c, what), expected, found);
}

static void compare(struct chain *c, const char *what, struct text expected, struct text found)
{
	if (!text_eq(expected, found))
		differs(c, what, expected, found);
}

static void compare_number(struct chain *c, const char *what, int64_t expected, int64_t found)
{
	if (expected != found)
		differs(c, what, text_printf(c->arena, "%lld", (long long)expected),
			text_printf(c->arena, "%lld", (long long)found));
}

static struct text hex(struct arena *a, const struct id_hash *h)
{
	char s[ID_HEX_SIZE];

	return text_dup(a, text_of(id_hex(s, h)));
}

/* ---- the end of a lane ---- */

static void end_lane(struct chain *c)
{
	for (size_t i = 0; i < store_result_rows(c->lanes); i++) {
		if (store_result_i64(c->lanes, i, "lane") != c->lane)
			continue;
		compare_number(c, "last of the lane", store_result_i64(c->lanes, i, "seq"), c->link.seq);
		compare(c, "hash of the last", store_result_text(c->lanes, i, "hash"), hex(c->arena, &c->link.hash));
	}
}

/* Lanes that say they have outcomes and have none. */
static void find_empty_lanes(struct chain *c, const bool *seen, size_t n)
{
	for (size_t i = 0; i < store_result_rows(c->lanes) && i < n; i++) {
		int64_t seq = store_result_i64(c->lanes, i, "seq");

		c->lane = store_result_i64(c->lanes, i, "lane");
		c->link.seq = 0;
		if (seq > 0 && !seen[i])
			differs(c, "outcomes", text_printf(c->arena, "%lld", (long long)seq), TEXT("none"));
	}
}

/* ---- a row ---- */

static void compare_cause(struct chain *c, const struct type_provenance *p, const struct store_result *row)
{
	if (p->cause == NULL) {
		differs(c, "cause", store_result_text(row, 0, "cause_event_id"), TEXT("none"));
		return;
	}
	compare(c, "cause topic", store_result_text(row, 0, "cause_topic"), p->cause->topic);
	compare(c, "cause event", store_result_text(row, 0, "cause_event_id"), p->cause->event_id);
	compare_number(c, "cause partition", store_result_i64(row, 0, "cause_partition"), p->cause->partition);
	compare_number(c, "cause offset", store_result_i64(row, 0, "cause_offset"), p->cause->offset);
}

static void compare_provenance(struct chain *c, const struct type_provenance *p, const struct store_result *row,
			       const struct id_hash *before)
{
	if (p == NULL) {
		differs(c, "provenance", TEXT("one"), TEXT("none"));
		return;
	}
	compare(c, "service", text_of(cli_service_names[c->service]), p->service);
	compare_number(c, "lane", c->lane, p->lane);
	compare_number(c, "seq", c->link.seq, p->seq);
	if (p->prev_hash.n != sizeof(before->b) || memcmp(p->prev_hash.s, before->b, sizeof(before->b)) != 0)
		differs(c, "previous hash", hex(c->arena, before),
			p->prev_hash.n == sizeof(before->b) ? hex(c->arena, (const struct id_hash *)(const void *)p->prev_hash.s)
							    : TEXT("not a hash"));
	compare(c, "event id", store_result_text(row, 0, "event_id"), p->event_id);
	compare_number(c, "part", store_result_i64(row, 0, "part"), p->part);
	compare_number(c, "final", store_result_bool(row, 0, "final"), p->final);
	compare_cause(c, p, row);
}

static void add_journal(struct chain *c, const struct wire_msg *msg, const void *body)
{
	const struct type_journal_entry *entries;
	size_t n;
	int64_t off;

	entries = explain_entries(msg, body, &n);
	c->entries += (int64_t)n;
	for (size_t i = 0; i < n; i++)
		if (!verify_sums_add(c->sums, &entries[i], &off) && c->unbalanced++ == 0) {
			struct arena *kept = c->v->cli->arena;

			c->unbalanced_at = text_printf(kept, "%s lane %lld seq %lld entry %zu", cli_service_names[c->service],
						       (long long)c->lane, (long long)c->link.seq, i + 1);
			c->unbalanced_by = text_printf(kept, "%lld", (long long)off);
		}
}

static bool take_row(void *ctx, const struct store_result *row, struct err *err)
{
	struct chain *c = ctx;
	const struct wire_msg *msg = answer_message(c->service);
	int64_t lane = store_result_i64(row, 0, "lane"), seq = store_result_i64(row, 0, "seq");
	struct id_hash before, hash;
	struct text value, stored;
	struct err bad;
	void *body;

	(void)err;
	arena_reset(c->arena);
	if (lane != c->lane) {
		if (c->lane >= 0)
			end_lane(c);
		c->lane = lane;
		c->link = (struct link){ 0 };
	}
	before = c->link.hash;
	c->link.seq++;
	compare_number(c, "sequence", c->link.seq, seq);
	c->link.seq = seq;
	c->rows++;
	if (!stored_bytes(store_result_text(row, 0, "value"), c->arena, &value) ||
	    !stored_bytes(store_result_text(row, 0, "hash"), c->arena, &stored)) {
		differs(c, "record", TEXT("bytes"), TEXT("none"));
		return true;
	}
	id_sha256(value.s, value.n, &hash);
	if (stored.n != sizeof(hash.b) || memcmp(stored.s, hash.b, sizeof(hash.b)) != 0)
		differs(c, "hash", hex(c->arena, &hash),
			stored.n == sizeof(hash.b) ? hex(c->arena, (const struct id_hash *)(const void *)stored.s)
						   : TEXT("not a hash"));
	c->link.hash = hash;
	if (!wire_decode_strict(msg, (const uint8_t *)value.s, value.n, c->arena, &bad, &body)) {
		differs(c, "record", TEXT("an event"), text_of(bad.msg));
		return true;
	}
	compare_provenance(c, explain_provenance(msg, body), row, &before);
	add_journal(c, msg, body);
	return true;
}

/* ---- a service ---- */

struct seen_lanes {
	struct chain *c;
	bool *seen;
	size_t n;
};

static bool take_and_see(void *ctx, const struct store_result *row, struct err *err)
{
	struct seen_lanes *s = ctx;
	int64_t lane = store_result_i64(row, 0, "lane");

	if (lane != s->c->lane)
		for (size_t i = 0; i < s->n; i++)
			s->seen[i] = s->seen[i] || store_result_i64(s->c->lanes, i, "lane") == lane;
	return take_row(s->c, row, err);
}

static bool verify_chain(struct verify *v, enum cli_service service, const char *check, struct chain *c, struct err *err)
{
	struct seen_lanes s = { .c = c };
	struct store *store;

	verify_begin(v, check, "SHA-256 of every record, hash of the one before, no gap, cause");
	if (!cli_store(v->cli, service, err, &store) || !store_query(store, sql_lanes, 0, NULL, err, &c->lanes))
		return false;
	c->service = service;
	c->lane = -1;
	c->rows = 0;
	s.n = store_result_rows(c->lanes);
	s.seen = ARENA_ARRAY(v->arena, s.n, bool);
	bool ok = store_stream(store, sql_outcomes, 0, NULL, take_and_see, &s, err);

	if (ok && c->lane >= 0)
		end_lane(c);
	if (ok)
		find_empty_lanes(c, s.seen, s.n);
	store_result_free(c->lanes);
	if (ok)
		verify_end(v, c->rows);
	return ok;
}

/* ---- the journal ---- */

static void end_journal(struct chain *c)
{
	verify_begin(c->v, "journal of the outcomes", "every entry as billing and cash decided it sums to zero");
	if (c->unbalanced > 0)
		verify_differs(c->v, c->unbalanced_at, TEXT("0"), c->unbalanced_by);
	verify_end(c->v, c->entries);
}

bool verify_chains(struct verify *v, struct err *err)
{
	static const char *const checks[CLI_REPORTING] = { "chain of intake", "chain of billing", "chain of cash",
							   "chain of collections" };
	struct chain c = { .v = v, .arena = arena_new((size_t)8 << 20, (size_t)1 << 32), .sums = verify_sums_new(v->cli->arena) };
	bool ok = true;

	for (int s = 0; s < CLI_REPORTING && ok; s++)
		ok = verify_chain(v, (enum cli_service)s, checks[s], &c, err);
	if (ok)
		end_journal(&c);
	arena_free(c.arena);
	return ok && verify_sums_compare(v, c.sums, err);
}
