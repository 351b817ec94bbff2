/* explain_record: one record told: what it says, where it came from, why it was decided so, what was considered, its journal. */
#include "cli/explain.h"
#include "cli/explain_facts.h"
#include "cli/explain_words.h"
#include "ev/all.h"
#include "reporting_sql.h"
#include "store/store.h"

struct namer {
	struct explain *x;
	const struct explain_record *r;
};

static struct text name_of(void *ctx, struct text document_id)
{
	const struct namer *n = ctx;

	return explain_name_of(n->x, n->r->lane, n->r->account, document_id);
}

bool explain_is_told(const struct explain *x, const struct explain_record *r)
{
	for (size_t i = 0; i < x->n_told; i++)
		if (x->told[i]->lane == r->lane && x->told[i]->ledger_seq == r->ledger_seq)
			return true;
	return false;
}

/* ---- where it stands, where it came from ---- */

/* "ladder 3, terms N30/1" */
static struct text versions_of(struct explain *x, const struct type_provenance *p)
{
	struct buf b = { .arena = x->cli->arena };

	for (size_t i = 0; p != NULL && i < p->n_rule_versions; i++)
		buf_printf(&b, "%s" TEXT_FMT, i > 0 ? ", " : "", TEXT_ARG(p->rule_versions[i]));
	return buf_text(&b);
}

static void add_members(struct explain *x, const struct explain_record *r)
{
	const struct type_provenance *p = explain_provenance(r->msg, r->body);

	explain_member(x, "service", text_of(cli_service_names[r->service]));
	explain_member(x, "type", r->type);
	explain_member(x, "account", r->account);
	explain_member_int(x, "lane", r->source_lane);
	explain_member_int(x, "seq", r->seq);
	explain_member(x, "topic", r->topic);
	explain_member_int(x, "partition", r->lane);
	explain_member_int(x, "offset", r->offset);
	explain_member(x, "event_id", r->event_id);
	explain_member(x, "cause_topic", r->cause_topic);
	explain_member_int(x, "cause_partition", r->cause_partition);
	explain_member_int(x, "cause_offset", r->cause_offset);
	explain_member(x, "cause_event_id", r->cause_event_id);
	explain_member(x, "cause_source", p == NULL ? TEXT_NONE : p->source);
	explain_member(x, "rule_versions", versions_of(x, p));
}

/* A fact that passed the gate: the record of the stranger it was. Of others only with --records. */
static void tell_place(struct explain *x, int depth, const struct explain_record *r)
{
	const struct type_provenance *p = explain_provenance(r->msg, r->body);

	if (r->service == CLI_INTAKE)
		explain_say(x, depth, "origin", "from event " TEXT_FMT " of " TEXT_FMT ", " TEXT_FMT "[%d] offset %lld",
			    TEXT_ARG(r->cause_event_id), TEXT_ARG(p == NULL ? TEXT("?") : p->source), TEXT_ARG(r->cause_topic),
			    r->cause_partition, (long long)r->cause_offset);
	if (x->records)
		explain_say(x, depth, "place", "[%s lane %d seq %lld; " TEXT_FMT "[%d] offset %lld; event " TEXT_FMT "]",
			    cli_service_names[r->service], r->source_lane, (long long)r->seq, TEXT_ARG(r->topic), r->lane,
			    (long long)r->offset, TEXT_ARG(r->event_id));
	if (x->records && r->service != CLI_INTAKE)
		explain_say(x, depth, "place", "[caused by event " TEXT_FMT ", " TEXT_FMT "[%d] offset %lld]",
			    TEXT_ARG(r->cause_event_id), TEXT_ARG(r->cause_topic), r->cause_partition, (long long)r->cause_offset);
}

/* ---- why ---- */

/* What people call a document, as the rules do: number, external number, bank line. */
static struct text reference_of(struct explain *x, const struct explain_record *r, struct text document_id)
{
	_cleanup_(store_result_freep) struct store_result *rows = NULL;
	struct arena *a = x->cli->arena;
	const char *params[] = { explain_number(x, r->lane), text_cstr(a, r->account), text_cstr(a, document_id) };

	if (!store_query(x->store, sql_explain_items, ARRAY_LEN(params), params, NULL, &rows) || store_result_rows(rows) == 0)
		return document_id;
	return text_dup(a, store_result_text(rows, 0, "reference"));
}

/* What the decision took, by the names that its candidates have: accounts, or documents. */
static struct explain_ids chosen_by(struct explain *x, const struct explain_record *r)
{
	struct explain_ids ids = explain_chosen(r->msg, r->body, x->cli->arena);

	for (size_t i = 0; i < ids.n && ids.documents; i++)
		ids.id[i] = reference_of(x, r, ids.id[i]);
	return ids;
}

static void tell_candidates(struct explain *x, int depth, const struct explain_record *r, const struct type_explanation *why)
{
	struct explain_ids chosen = chosen_by(x, r);
	size_t n = chosen.n, taken = 0;

	for (size_t i = 0; i < why->n_candidates; i++) {
		const struct type_candidate *c = &why->candidates[i];
		bool won = explain_take(&chosen, c->what);

		taken += won;
		explain_say(x, depth, "candidate", "%s " TEXT_FMT "%s" TEXT_FMT "%s" TEXT_FMT,
			    won ? "taken:" : "not taken:", TEXT_ARG(c->what), text_empty(c->rule_id) ? "" : ", rule ",
			    TEXT_ARG(c->rule_id), text_empty(c->note) ? "" : ": ", TEXT_ARG(c->note));
		explain_member(x, "candidate", c->what);
		explain_member(x, "taken", won ? TEXT("yes") : TEXT("no"));
		explain_member(x, "rule", c->rule_id);
		explain_member(x, "note", c->note);
	}
	if (why->n_candidates == 0 && n == 0)
		explain_say(x, depth, "candidates", "nothing came into question: the outcome records no candidates");
	else if (why->n_candidates == 0)
		explain_say(x, depth, "candidates", "the rule compares nothing: the outcome records no candidates");
	else if (taken == why->n_candidates)
		explain_say(x, depth, "candidates", "the outcome records no other candidate");
	else if (why->n_candidates == EXPLAIN_CANDIDATES_MAX)
		explain_say(x, depth, "candidates", "the outcome records %d candidates; there may have been more",
			    EXPLAIN_CANDIDATES_MAX);
}

static void tell_decision(struct explain *x, int depth, const struct explain_record *r)
{
	const struct type_explanation *why = explain_decision(r->msg, r->body);
	struct text rule = versions_of(x, explain_provenance(r->msg, r->body));

	if (why == NULL && !text_empty(rule))
		explain_say(x, depth, "versions", "decided by " TEXT_FMT, TEXT_ARG(rule));
	if (why == NULL)
		return;
	rule = explain_rule(why, x->cli->arena);
	if (!text_empty(rule)) {
		explain_say(x, depth, "rule", TEXT_FMT, TEXT_ARG(rule));
		explain_member(x, "rule", why->rule_id);
		explain_member(x, "version", why->rule_version);
		explain_member(x, "because", why->because);
		explain_member(x, "tie_break", why->tie_break);
	}
	if (explain_is_automatic(why))
		tell_candidates(x, depth, r, why);
}

bool explain_tell(struct explain *x, int depth, const struct explain_record *r)
{
	struct arena *a = x->cli->arena;
	struct namer namer = { x, r };
	struct explain_names names = { name_of, &namer };
	const struct type_journal_entry *entries;
	struct text words;
	size_t n;

	if (explain_is_told(x, r))
		return false;
	if (x->n_told < ARRAY_LEN(x->told))
		x->told[x->n_told++] = r;
	words = explain_words(r->msg, r->body, &names, a);
	explain_say(x, depth, "record", TEXT_FMT, TEXT_ARG(words));
	add_members(x, r);
	tell_place(x, depth + 1, r);
	for (size_t i = 0; !text_empty(words = explain_part(r->msg, r->body, i, &names, a)); i++)
		explain_say(x, depth + 1, "part", TEXT_FMT, TEXT_ARG(words));
	tell_decision(x, depth + 1, r);
	entries = explain_entries(r->msg, r->body, &n);
	for (size_t i = 0; i < n; i++)
		explain_say(x, depth + 1, "entry", TEXT_FMT, TEXT_ARG(explain_entry(&entries[i], a)));
	return true;
}
