/* rebuild_compare: the shadow against live, table by table, row by row. */
#include "cli/rebuild_shadow.h"
#include "cli_sql.h"

#define PLACES_SHOWN 5 /* of one table */

/*
 * What may differ between two databases that hold the same: everything else must be equal. A table of NULL: every table.
 */
static const struct {
	const char *table, *column, *why;
} may_differ[] = {
	{ "lane", "epoch", "each owner raises it" },
	{ "lane", "owner", "who has it" },
	{ "lane", "taken_at", "when it was taken" },
	{ "lane", "stopped", "of the service that runs" },
	{ "position", "record_hash", "the gate's is taken over" },
	{ "position", "event_us", "a rebuild of the gate reads no input" },
	{ "input_seq", "pass_below", "of one reposition" },
	{ "output_seq", "known_offset", "how far somebody has looked" },
	{ "output_seq", "last_offset", "of several copies in the log the last one known" },
	{ "output_seq", "published_seq", "the same" },
	{ NULL, "ledger_seq", "the order in which records of several topics were met" },
	{ NULL, "undone_ledger_seq", "the same" },
	{ NULL, "ended_ledger_seq", "the same" },
};
/* Rows that may be missing: a lane that has given no number there has only been looked for. */
static const struct {
	const char *table, *where;
} rows_that_count[] = {
	{ "output_seq", "last_seq > 0" },
};

struct compare {
	struct shadow *s;
	struct text table;
	struct text column[64];
	bool is_key[64];
	bool key_counts; /* the whole primary key is compared: one row finds the other by it */
	size_t n;
};

static bool counts(struct text table, struct text column)
{
	for (size_t i = 0; i < ARRAY_LEN(may_differ); i++)
		if (text_eq(column, text_of(may_differ[i].column)) &&
		    (may_differ[i].table == NULL || text_eq(table, text_of(may_differ[i].table))))
			return text_eq(table, TEXT("ledger_counter")); /* how many records there are is not a matter of order */
	return true;
}

static void names(struct buf *b, const struct compare *c, bool keys)
{
	const char *between = "";

	for (size_t i = 0; i < c->n; i++) {
		if (keys && !c->is_key[i])
			continue;
		buf_printf(b, "%s\"" TEXT_FMT "\"", between, TEXT_ARG(c->column[i]));
		between = ", ";
	}
}

static const char *where_of(const struct compare *c)
{
	for (size_t i = 0; i < ARRAY_LEN(rows_that_count); i++)
		if (text_eq(c->table, text_of(rows_that_count[i].table)))
			return rows_that_count[i].where;
	return "true";
}

/*
 * As many rows on both sides, and none that the other does not have: same, live_n (rows of live). That is all there is to see when nothing
 * differs, and takes a quarter of the time of `statement`, which says what does.
 */
static const char *first_look(const struct compare *c)
{
	struct buf b = { .arena = c->s->cli->arena };
	const char *between = "", *live = c->s->live, *shadow = c->s->name, *where = where_of(c);

	buf_printf(
		&b,
		"WITH a AS NOT MATERIALIZED (SELECT * FROM %s." TEXT_FMT
		" WHERE %s), b AS NOT MATERIALIZED (SELECT * FROM %s." TEXT_FMT
		" WHERE %s), n AS (SELECT (SELECT count(*) FROM a) AS a, (SELECT count(*) FROM b) AS b) SELECT n.a AS live_n, n.a = n.b AND ",
		live, TEXT_ARG(c->table), where, shadow, TEXT_ARG(c->table), where);
	if (!c->key_counts) {
		buf_adds(&b, "NOT EXISTS (SELECT ");
		names(&b, c, false);
		buf_adds(&b, " FROM a EXCEPT ALL SELECT ");
		names(&b, c, false);
		buf_adds(&b, " FROM b) AS same FROM n");
		return text_cstr(c->s->cli->arena, buf_text(&b));
	}
	buf_adds(&b, "n.a = (SELECT count(*) FROM a JOIN b USING (");
	names(&b, c, true);
	buf_adds(&b, ") WHERE ");
	for (size_t i = 0; i < c->n; i++) {
		if (c->is_key[i])
			continue;
		buf_printf(&b, "%sa.\"" TEXT_FMT "\" IS NOT DISTINCT FROM b.\"" TEXT_FMT "\"", between, TEXT_ARG(c->column[i]),
			   TEXT_ARG(c->column[i]));
		between = " AND ";
	}
	buf_printf(&b, "%s) AS same FROM n", text_empty(text_of(between)) ? "true" : "");
	return text_cstr(c->s->cli->arena, buf_text(&b));
}

static void side(struct buf *b, const struct compare *c, const char *name, const char *from, const char *less)
{
	const char *where = where_of(c);

	buf_printf(b, "%s AS (SELECT ", name);
	names(b, c, false);
	buf_printf(b, ", true AS here FROM %s." TEXT_FMT " WHERE %s EXCEPT ALL SELECT ", from, TEXT_ARG(c->table), where);
	names(b, c, false);
	buf_printf(b, ", true FROM %s." TEXT_FMT " WHERE %s)", less, TEXT_ARG(c->table), where);
}

/*
 * Rows of one side that the other does not have, both ways, joined by their keys:
 *	place, what ("only in live", "only rebuilt", or the columns that differ), n (of all such rows)
 */
static const char *statement(const struct compare *c)
{
	struct buf b = { .arena = c->s->cli->arena };
	const char *between = "";

	buf_printf(&b, "WITH ");
	side(&b, c, "a", c->s->live, c->s->name);
	buf_printf(&b, ", ");
	side(&b, c, "b", c->s->name, c->s->live);
	buf_printf(&b, " SELECT concat_ws(' '");
	for (size_t i = 0; i < c->n; i++)
		if (c->is_key[i])
			buf_printf(&b, ", '" TEXT_FMT "=' || \"" TEXT_FMT "\"::text", TEXT_ARG(c->column[i]),
				   TEXT_ARG(c->column[i]));
	buf_printf(
		&b,
		") AS place, CASE WHEN b.here IS NULL THEN 'only in live' WHEN a.here IS NULL THEN 'only rebuilt' ELSE concat_ws(', '");
	for (size_t i = 0; i < c->n; i++)
		if (!c->is_key[i])
			buf_printf(&b, ", CASE WHEN a.\"" TEXT_FMT "\" IS DISTINCT FROM b.\"" TEXT_FMT "\" THEN '" TEXT_FMT "' END",
				   TEXT_ARG(c->column[i]), TEXT_ARG(c->column[i]), TEXT_ARG(c->column[i]));
	buf_printf(&b, ") END AS what, count(*) OVER () AS n FROM a FULL JOIN b USING (");
	names(&b, c, true);
	buf_printf(&b, ") ORDER BY ");
	for (size_t i = 0; i < c->n; i++)
		if (c->is_key[i]) {
			buf_printf(&b, "%s\"" TEXT_FMT "\"", between, TEXT_ARG(c->column[i]));
			between = ", ";
		}
	buf_printf(&b, " LIMIT %d", PLACES_SHOWN);
	return text_cstr(c->s->cli->arena, buf_text(&b));
}

static bool compare_table(struct compare *c, struct out *out, struct err *err, int64_t *ret_differs, int64_t *ret_rows)
{
	_cleanup_(store_result_freep) struct store_result *r = NULL, *look = NULL;
	bool keyed = false;

	for (size_t i = 0; i < c->n; i++)
		keyed = keyed || c->is_key[i];
	for (size_t i = 0; i < c->n && !keyed; i++)
		c->is_key[i] = true; /* no key: the row itself */
	c->key_counts = c->key_counts && keyed;
	if (!store_query(c->s->store, first_look(c), 0, NULL, err, &look) ||
	    (!store_result_bool(look, 0, "same") && !store_query(c->s->store, statement(c), 0, NULL, err, &r)))
		return err_wrap(err, "comparing " TEXT_FMT, TEXT_ARG(c->table));
	size_t found = r == NULL ? 0 : store_result_rows(r);
	int64_t rows = store_result_i64(look, 0, "live_n"), n = found == 0 ? 0 : store_result_i64(r, 0, "n");
	*ret_rows += rows;
	*ret_differs += n;
	for (size_t i = 0; i < MAX(found, (size_t)1); i++) {
		out_text(out, c->table);
		out_int(out, rows);
		out_text(out, n == 0 ? TEXT("same") : TEXT("DIFFERS"));
		out_int(out, n);
		out_text(out, n == 0 ? TEXT_NONE : store_result_text(r, i, "place"));
		out_text(out, n == 0 ? TEXT_NONE : store_result_text(r, i, "what"));
	}
	return true;
}

/* ledger_seq is left out of the rows; what may not change of it. */
static bool compare_checkpoints(struct shadow *s, struct out *out, struct err *err, int64_t *ret_differs, int64_t *ret_rows)
{
	int64_t rows, n;
	struct text place;

	if (!shadow_compare_checkpoints(s, err, &rows, &n, &place))
		return false;
	*ret_rows += rows;
	*ret_differs += n;
	out_text(out, TEXT("checkpoint"));
	out_int(out, rows);
	out_text(out, n == 0 ? TEXT("same") : TEXT("DIFFERS"));
	out_int(out, n);
	out_text(out, place);
	out_text(out, n == 0 ? TEXT_NONE : TEXT("not known at the same checkpoints"));
	return true;
}

bool shadow_compare(struct shadow *s, struct out *out, struct err *err, int64_t *ret_differs, int64_t *ret_rows)
{
	_cleanup_(store_result_freep) struct store_result *r = NULL;
	const char *params[] = { s->name };
	size_t i = 0;

	*ret_differs = *ret_rows = 0;
	if (!store_exec(s->store, "SET LOCAL work_mem = '64MB'", 0, NULL, err) ||
	    !store_query(s->store, sql_rebuild_columns, 1, params, err, &r))
		return false;
	while (i < store_result_rows(r)) {
		struct compare c = { .s = s, .table = store_result_text(r, i, "table_name"), .key_counts = true };
		for (; i < store_result_rows(r) && text_eq(c.table, store_result_text(r, i, "table_name")); i++) {
			struct text column = store_result_text(r, i, "column_name");
			CHECK(c.n < ARRAY_LEN(c.column));
			if (!counts(c.table, column)) {
				c.key_counts = c.key_counts && !store_result_bool(r, i, "is_key");
				continue;
			}
			c.is_key[c.n] = store_result_bool(r, i, "is_key");
			c.column[c.n++] = column;
		}
		if (shadow_is_described(s, c.table) && !compare_table(&c, out, err, ret_differs, ret_rows))
			return false;
	}
	return !shadow_is_projection(s) || compare_checkpoints(s, out, err, ret_differs, ret_rows);
}
