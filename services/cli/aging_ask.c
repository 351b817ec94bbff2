/* aging_ask: see aging_ask.h. */
#include "cli/aging_ask.h"
#include "reporting_sql.h"

#define ROLLED_EDGES "{0,30,60,90}" /* of aging_account */

static bool is(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* What the roll-up could say of it, were it rolled. */
static bool could_say(const struct aging_asked *q, const struct known *known)
{
	if (!is(q->base, "") && !is(q->base, "due"))
		return false;
	if (is(q->by, "entity"))
		return is(q->account, "");
	return is(q->edges, ROLLED_EDGES) && is(known->lanes_then, "");
}

static bool can_say(const struct aging_asked *q, const struct known *known, struct err *err, bool *ret_can)
{
	_cleanup_(store_result_freep) struct store_result *r = NULL;
	const char *params[] = { q->as_of, q->entity, known->lanes_then, known->seqs_then };

	if (!store_query(known->store, sql_aging_rolled, ARRAY_LEN(params), params, err, &r))
		return false;
	*ret_can = store_result_bool(r, 0, is(q->by, "entity") ? "totals" : "accounts");
	return true;
}

bool aging_ask(const struct known *known, const struct aging_asked *q, store_row_fn *row_fn, void *ctx, struct err *err)
{
	const char *items[] = { q->as_of, q->entity,         q->account,       q->edges,        q->base,
				q->by,    known->lanes_then, known->seqs_then, known->days_then };
	const char *totals[] = { q->as_of, q->entity, q->edges, known->lanes_then, known->seqs_then, known->days_then };
	const char *accounts[] = { q->entity, q->account };
	bool rolled = false;

	if (could_say(q, known) && !can_say(q, known, err, &rolled))
		return false;
	if (!rolled)
		return store_stream(known->store, sql_aging, ARRAY_LEN(items), items, row_fn, ctx, err);
	if (is(q->by, "entity"))
		return store_stream(known->store, sql_aging_totals, ARRAY_LEN(totals), totals, row_fn, ctx, err);
	return store_stream(known->store, sql_aging_accounts, ARRAY_LEN(accounts), accounts, row_fn, ctx, err);
}
