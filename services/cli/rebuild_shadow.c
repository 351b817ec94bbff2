/* rebuild_shadow: see rebuild_shadow.h. */
#include "cli/rebuild_shadow.h"
#include "cli/stored.h"
#include "cli_sql.h"
#include "run/tables.h"

/* Names of schemas are ours (a service's name and a suffix), so they need no quoting. */
static bool exec(struct store *store, struct arena *arena, struct err *err, const char *fmt, ...) PRINTF_LIKE(4, 5);

static bool exec(struct store *store, struct arena *arena, struct err *err, const char *fmt, ...)
{
	struct buf b = { .arena = arena };
	va_list values;

	va_start(values, fmt);
	buf_vprintf(&b, fmt, values);
	va_end(values);
	return store_exec(store, text_cstr(arena, buf_text(&b)), 0, NULL, err);
}

/* ---- opening ------------------------------------------------------------------------------------------------------------ */

bool shadow_open(struct shadow *s, const char *conninfo, struct err *err)
{
	_cleanup_(store_result_freep) struct store_result *mine = NULL, *there = NULL;

	s->live = s->service->core->name;
	s->name = text_printf(s->cli->arena, "%s_rebuild", s->live).s;
	s->old = text_printf(s->cli->arena, "%s_before_rebuild", s->live).s;
	const char *params[] = { s->live, s->name, s->old };
	if (!store_open(conninfo, err, &s->store) || !store_open(conninfo, err, &s->filling) ||
	    !exec(s->store, s->cli->arena, err, "SET search_path = %s", s->live) ||
	    !exec(s->filling, s->cli->arena, err, "SET search_path = %s", s->name) ||
	    !store_query(s->store, sql_rebuild_lock, 1, params, err, &mine) ||
	    !store_query(s->store, sql_rebuild_schemas, 3, params, err, &there))
		return false;
	if (!store_result_bool(mine, 0, "mine"))
		return err_set(err, ERR_RETRY, "rebuild_busy", "somebody else is rebuilding %s", s->live);
	if (!store_result_bool(there, 0, "live"))
		return err_set(err, ERR_FATAL, "store_schema", "there is no schema %s: run `openitem migrate %s` first", s->live,
			       s->live);
	s->has_shadow = store_result_bool(there, 0, "shadow");
	s->has_old = store_result_bool(there, 0, "old");
	return store_check_migrated(s->store, s->migrations, s->n_migrations, err);
}

void shadow_close(struct shadow *s)
{
	store_close(s->filling);
	store_close(s->store);
}

/* ---- making it ------------------------------------------------------------------------------------------------------------ */

bool shadow_drop(struct shadow *s, const char *schema, struct err *err)
{
	return exec(s->store, s->cli->arena, err,
		    "SET statement_timeout = 0; SET client_min_messages = warning; DROP SCHEMA IF EXISTS %s CASCADE", schema);
}

static bool grant(struct shadow *s, struct err *err)
{
	_cleanup_(store_result_freep) struct store_result *r = NULL;
	const char *params[] = { s->live, s->name };

	if (!store_query(s->store, sql_rebuild_grants, 2, params, err, &r))
		return false;
	for (size_t i = 0; i < store_result_rows(r); i++)
		if (!store_exec(s->store, store_result_text(r, i, "statement").s, 0, NULL, err))
			return false;
	return true;
}

static bool migrate(struct shadow *s, struct err *err)
{
	struct arena *a = s->cli->arena;

	if (!exec(s->store, a, err, "ALTER SCHEMA %1$s RENAME TO %1$s_meanwhile; CREATE SCHEMA %1$s; SET LOCAL search_path = %1$s",
		  s->live))
		return false;
	for (size_t i = 0; i < s->n_migrations; i++)
		if (!store_exec(s->store, s->migrations[i].sql, 0, NULL, err))
			return err_wrap(err, "%04d_%s", s->migrations[i].number, s->migrations[i].name);
	return exec(s->store, a, err,
		    "ALTER SCHEMA %1$s RENAME TO %2$s; ALTER SCHEMA %1$s_meanwhile RENAME TO %1$s;"
		    " SET LOCAL search_path = %1$s; CREATE TABLE %2$s.schema_migration (LIKE %1$s.schema_migration INCLUDING ALL);"
		    " INSERT INTO %2$s.schema_migration SELECT * FROM %1$s.schema_migration",
		    s->live, s->name);
}

bool shadow_make(struct shadow *s, struct err *err)
{
	struct err worse;

	if (exec(s->store, s->cli->arena, err, "BEGIN; SET LOCAL client_min_messages = warning") && migrate(s, err) &&
	    grant(s, err) && store_exec(s->store, "COMMIT", 0, NULL, err))
		return true;
	if (!store_exec(s->store, "ROLLBACK", 0, NULL, &worse))
		*err = worse;
	return err_wrap(err, "making %s", s->name);
}

bool shadow_check(struct shadow *s, struct err *err)
{
	_cleanup_(store_result_freep) struct store_result *r = NULL;
	struct text sql = text_printf(
		s->cli->arena,
		"SELECT version, checksum FROM %s.schema_migration EXCEPT SELECT version, checksum FROM %s.schema_migration",
		s->live, s->name);

	if (!store_query(s->store, sql.s, 0, NULL, err, &r))
		return false;
	if (store_result_rows(r) > 0)
		return err_set(err, ERR_STOP, "rebuild_other_build", "%s was made before %s was migrated: --restart begins anew",
			       s->name, s->live);
	return true;
}

/* ---- the fence ------------------------------------------------------------------------------------------------------------ */

bool shadow_fence(struct shadow *s, struct err *err)
{
	/* Every transaction of a service takes its lanes first, so nothing but this table needs a lock: one that a batch which has begun
	 * holds up (its fence locks rows, ROW SHARE), and that lets readers pass. */
	s->fenced = true;
	return exec(s->store, s->cli->arena, err,
		    "BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0; LOCK TABLE %s.lane IN EXCLUSIVE MODE;"
		    " SET LOCAL statement_timeout = 0",
		    s->live);
}

bool shadow_unfence(struct shadow *s, struct err *err)
{
	s->fenced = false;
	return store_exec(s->store, "ROLLBACK", 0, NULL, err);
}

/* ---- where live stands ---------------------------------------------------------------------------------------------------- */

static int source_of(const struct run_service *service, struct text topic)
{
	for (size_t i = 0; i < service->n_sources; i++)
		if (text_eq(topic, text_of(service->sources[i].topic)))
			return (int)i;
	return -1;
}

static bool read_state(struct shadow *s, struct err *err, struct shadow_state *ret)
{
	_cleanup_(store_result_freep) struct store_result *r = NULL;
	struct arena *a = s->cli->arena;
	struct rebuild_target *t = NULL;

	if (!store_query(s->store, sql_rebuild_lanes, 0, NULL, err, &r))
		return false;
	*ret = (struct shadow_state){ .lane = ARENA_ARRAY(a, store_result_rows(r), struct rebuild_target) };
	for (size_t i = 0; i < store_result_rows(r); i++) {
		int32_t lane = (int32_t)store_result_i64(r, i, "lane");
		if (t == NULL || t->lane != lane) {
			t = &ret->lane[ret->n++];
			*t = (struct rebuild_target){ .lane = lane, .seq = store_result_i64(r, i, "seq") };
			for (size_t k = 0; k < REBUILD_SOURCES_MAX; k++)
				t->next_offset[k] = -1;
			ret->unpublished += store_result_i64(r, i, "unpublished");
			ret->busy += store_result_bool(r, i, "busy");
		}
		int source = source_of(s->service, store_result_text(r, i, "topic"));
		if (source < 0)
			continue;
		t->next_offset[source] = store_result_i64(r, i, "next_offset");
		if (!stored_bytes(store_result_text(r, i, "record_hash"), a, &t->record_hash[source]))
			t->record_hash[source] = TEXT_NONE;
	}
	return true;
}

bool shadow_state(struct shadow *s, struct err *err, struct shadow_state *ret)
{
	struct err ignored;

	if (!shadow_is_projection(s))
		return read_state(s, err, ret);
	/* No answer is on its way while this is read: a checkpoint that is not there yet will lie behind where live stands now. */
	bool ok = exec(s->store, s->cli->arena, err, "%s; LOCK TABLE %s.checkpoint IN ACCESS EXCLUSIVE MODE",
		       s->fenced ? "SAVEPOINT state" : "BEGIN", s->live) &&
		  read_state(s, err, ret) && shadow_stops(s, ret, err);
	return store_exec(s->store, s->fenced ? "ROLLBACK TO state" : "ROLLBACK", 0, NULL, ok ? err : &ignored) && ok;
}

bool shadow_gap(struct shadow *s, struct err *err, struct shadow_gap *ret)
{
	_cleanup_(store_result_freep) struct store_result *r = NULL;
	struct text sql = text_printf(s->cli->arena,
				      "SELECT lane, coalesce(b.seq, 0) - coalesce(a.seq, 0) AS more FROM %s.lane AS a"
				      " FULL JOIN %s.lane AS b USING (lane) ORDER BY lane",
				      s->live, s->name);

	if (!store_query(s->store, sql.s, 0, NULL, err, &r))
		return false;
	*ret = (struct shadow_gap){ 0 };
	for (size_t i = 0; i < store_result_rows(r); i++) {
		int64_t more = store_result_i64(r, i, "more");
		ret->added += MAX(more, (int64_t)0);
		ret->added_lanes += more > 0;
		ret->lost += MAX(-more, (int64_t)0);
		if (more < 0 && ret->lost == -more)
			ret->lost_lane = (int32_t)store_result_i64(r, i, "lane");
	}
	return true;
}

/* ---- the swap ------------------------------------------------------------------------------------------------------------- */

bool shadow_is_described(const struct shadow *s, struct text table)
{
	for (size_t i = 0; i < RUN_TABLES_N; i++)
		if (text_eq(table, text_of(run_tables[i]->name)))
			return true;
	for (size_t i = 0; i < s->service->core->n_tables; i++)
		if (text_eq(table, text_of(s->service->core->tables[i]->name)))
			return true;
	return false;
}

/* Sums of reporting's lines under their numbers of before: empty, they are rolled again. */
static bool is_roll_up(struct text table)
{
	return text_starts(table, TEXT("aging_"));
}

/* What no topic tells, and no rebuild can make: what was migrated, what people did, which database this is. */
static bool keep_others(struct shadow *s, bool same, struct err *err)
{
	_cleanup_(store_result_freep) struct store_result *r = NULL;
	const char *params[] = { s->live };
	struct text last = TEXT_NONE;

	if (!store_query(s->store, sql_rebuild_columns, 1, params, err, &r))
		return false;
	for (size_t i = 0; i < store_result_rows(r); i++) {
		struct text table = store_result_text(r, i, "table_name");
		const char *name = text_cstr(s->cli->arena, table);
		bool done = text_eq(table, last);
		last = table;
		if (done || shadow_is_described(s, table) || text_eq(table, TEXT("checkpoint")) || is_roll_up(table) ||
		    (text_eq(table, TEXT("birth")) && !same))
			continue;
		if (!exec(s->store, s->cli->arena, err, "DELETE FROM %s.%s; INSERT INTO %s.%s SELECT * FROM %s.%s", s->name, name,
			  s->name, name, s->live, name))
			return false;
	}
	return true;
}

bool shadow_swap(struct shadow *s, bool same, struct err *err)
{
	/*
	 * Owners of lanes meet another epoch in either schema: a session that waited for our lock looks the names up again and is fenced
	 * in the new one; one that should still mean the old one is fenced there.
	 */
	return keep_others(s, same, err) && (!shadow_is_projection(s) || shadow_keep_checkpoints(s, err)) &&
	       exec(s->store, s->cli->arena, err,
		    "UPDATE %2$s.lane AS n SET epoch = greatest(n.epoch, o.epoch) + 1, owner = 'openitem rebuild', taken_at = now()"
		    " FROM %1$s.lane AS o WHERE o.lane = n.lane;"
		    "UPDATE %1$s.lane SET epoch = epoch + 1000000;"
		    "UPDATE %2$s.input_seq AS n SET pass_below = o.pass_below FROM %1$s.input_seq AS o WHERE o.pass_below > 0"
		    " AND (o.lane, o.topic, o.partition, o.source_lane) = (n.lane, n.topic, n.partition, n.source_lane);"
		    "ALTER SCHEMA %1$s RENAME TO %3$s; ALTER SCHEMA %2$s RENAME TO %1$s;"
		    "COMMIT",
		    s->live, s->name, s->old);
}
