/* rebuild_checkpoints: what was printed at a checkpoint is printed again by what is rebuilt; see rebuild_shadow.h. */
#include "cli/rebuild_shadow.h"
#include "cli_sql.h"

static int source_of(const struct run_service *service, struct text topic)
{
	for (size_t i = 0; i < service->n_sources; i++)
		if (text_eq(topic, text_of(service->sources[i].topic)))
			return (int)i;
	return -1;
}

/* The rows [from, to) are those of one lane. */
static void stops_of(struct shadow *s, const struct store_result *r, size_t from, size_t to, struct rebuild_target *t)
{
	struct rebuild_stop *stop = ARENA_ARRAY(s->cli->arena, to - from, struct rebuild_stop);
	struct rebuild_stop at;
	size_t n = 0;

	for (size_t k = 0; k < REBUILD_SOURCES_MAX; k++)
		at.next_offset[k] = -1;
	for (size_t i = from; i < to; i++) {
		int source = source_of(s->service, store_result_text(r, i, "topic"));
		bool last = i + 1 == to || store_result_i64(r, i, "place") != store_result_i64(r, i + 1, "place");
		if (source >= 0)
			at.next_offset[source] = store_result_i64(r, i, "next_offset");
		if (last)
			stop[n++] = at;
	}
	t->stop = stop;
	t->n_stops = n;
}

bool shadow_stops(struct shadow *s, struct shadow_state *state, struct err *err)
{
	_cleanup_(store_result_freep) struct store_result *r = NULL;
	size_t to;

	if (!store_query(s->store, sql_rebuild_stops, 0, NULL, err, &r))
		return false;
	for (size_t from = 0; from < store_result_rows(r); from = to) {
		int64_t lane = store_result_i64(r, from, "lane");
		for (to = from; to < store_result_rows(r) && store_result_i64(r, to, "lane") == lane; to++)
			;
		for (size_t i = 0; i < state->n; i++)
			if (state->lane[i].lane == lane)
				stops_of(s, r, from, to, &state->lane[i]);
	}
	return true;
}

bool shadow_compare_checkpoints(struct shadow *s, struct err *err, int64_t *ret_n, int64_t *ret_differs, struct text *ret_place)
{
	_cleanup_(store_result_freep) struct store_result *r = NULL;
	struct text sql = text_printf(
		s->cli->arena,
		"WITH c AS (SELECT x.lane, array_agg(DISTINCT x.seq ORDER BY x.seq) AS seqs"
		" FROM %1$s.checkpoint, unnest(lanes, ledger_seqs) AS x(lane, seq) GROUP BY 1), d AS ("
		"SELECT a.lane, a.ledger_seq FROM %1$s.audit_record AS a JOIN %2$s.audit_record AS b USING (lane, service, source_lane, seq)"
		" JOIN c USING (lane) WHERE width_bucket(a.ledger_seq - 1, c.seqs) <> width_bucket(b.ledger_seq - 1, c.seqs))"
		" SELECT (SELECT count(*) FROM %1$s.checkpoint) AS n, count(*) AS differs,"
		" coalesce((SELECT concat('lane=', lane, ' ledger_seq=', ledger_seq) FROM d ORDER BY lane, ledger_seq LIMIT 1), '') AS place"
		" FROM d",
		s->live, s->name);

	if (!store_query(s->store, sql.s, 0, NULL, err, &r))
		return err_wrap(err, "comparing checkpoints");
	*ret_n = store_result_i64(r, 0, "n");
	*ret_differs = store_result_i64(r, 0, "differs");
	*ret_place = text_dup(s->cli->arena, store_result_text(r, 0, "place"));
	return true;
}

bool shadow_keep_checkpoints(struct shadow *s, struct err *err)
{
	struct text sql =
		text_printf(s->cli->arena,
			    "SET LOCAL lock_timeout = '%2$ds'; LOCK TABLE %1$s.checkpoint IN ACCESS EXCLUSIVE MODE;"
			    " INSERT INTO %3$s.checkpoint OVERRIDING SYSTEM VALUE SELECT * FROM %1$s.checkpoint;"
			    " SELECT setval(pg_get_serial_sequence('%3$s.checkpoint', 'id'), max(id)) FROM %1$s.checkpoint",
			    s->live, STORE_STATEMENT_MS / 1000, s->name);

	if (!store_exec(s->store, sql.s, 0, NULL, err))
		return err_wrap(err, "taking over the checkpoints: does somebody still read a long answer?");
	return true;
}
