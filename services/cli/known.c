/* known: see known.h. */
#include "cli/known.h"
#include "id/id.h"
#include "reporting_sql.h"
#include "store/store.h"

/* A list may take longer than a statement of a service does. */
#define BEGIN_SNAPSHOT                                                                                                                                                             \
	"BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE;" /* of the checkpoint; the role may write nothing else */                                                               \
	" SET LOCAL statement_timeout = 0; SET LOCAL work_mem = '64MB';"                                                                                                           \
	" SET LOCAL idle_in_transaction_session_timeout = 0;" /* Before the snapshot: a rebuild that puts other tables in the place of these has then not begun to, or is done. */ \
	" LOCK TABLE checkpoint IN ACCESS SHARE MODE"

void known_add_lane(struct known *k, struct buf *seen, int64_t lane, int64_t ledger_seq)
{
	buf_printf(seen, "%lld:%lld\n", (long long)lane, (long long)ledger_seq);
	k->lanes++;
	k->ledger_seq += ledger_seq;
}

void known_close_lanes(struct known *k, const struct buf *seen)
{
	struct text t = buf_text(seen);
	char hex[ID_HEX_SIZE];
	struct id_hash hash;

	id_sha256(t.s, t.n, &hash);
	snprintf(k->digest, sizeof(k->digest), "%.12s", id_hex(hex, &hash));
}

/* "{0,1,2}": next number, or false at the end. */
static bool next_number(struct text *array, int64_t *ret)
{
	size_t n = 0;

	while (array->n > 0 && (array->s[0] == '{' || array->s[0] == ',' || array->s[0] == '}'))
		*array = (struct text){ array->s + 1, array->n - 1 };
	while (n < array->n && array->s[n] != ',' && array->s[n] != '}')
		n++;
	if (n == 0)
		return false;
	CHECK(text_parse_i64((struct text){ array->s, n }, ret));
	*array = (struct text){ array->s + n, array->n - n };
	return true;
}

/* {"DE01": "2026-03-31", ...} */
static void read_days(struct known *k, struct text days)
{
	for (size_t at; (at = text_find(days, TEXT(": \""))) != TEXT_NOT_FOUND;) {
		date_t day;

		days = (struct text){ days.s + at + 3, days.n - at - 3 };
		if (days.n < 10 || !date_parse((struct text){ days.s, 10 }, &day))
			continue;
		k->first_day = k->first_day == DATE_NONE ? day : MIN(k->first_day, day);
		k->last_day = MAX(k->last_day, day);
	}
}

/* One row of checkpoint.sql. */
static void read_checkpoint(struct known *k, const struct store_result *r, struct arena *a, bool then)
{
	struct text lanes = store_result_text(r, 0, "lanes"), seqs = store_result_text(r, 0, "ledger_seqs");
	struct buf seen = { .arena = a };
	int64_t lane, seq;

	k->checkpoint = store_result_i64(r, 0, "id");
	snprintf(k->taken_at, sizeof(k->taken_at), TEXT_FMT, TEXT_ARG(store_result_text(r, 0, "taken_at")));
	k->lanes_then = then ? text_cstr(a, lanes) : "";
	k->seqs_then = then ? text_cstr(a, seqs) : "";
	k->days_then = then ? text_cstr(a, store_result_text(r, 0, "days")) : "";
	while (next_number(&lanes, &lane) && next_number(&seqs, &seq))
		known_add_lane(k, &seen, lane, seq);
	known_close_lanes(k, &seen);
	read_days(k, store_result_text(r, 0, "days"));
}

static bool ask(struct known *k, const char *at, struct arena *a, struct err *err)
{
	struct store_result *r;

	if (!store_query(k->store, at == NULL ? sql_checkpoint : sql_checkpoint_at, at == NULL ? 0 : 1, &at, err, &r))
		return false;
	bool found = store_result_rows(r) == 1;
	if (found)
		read_checkpoint(k, r, a, at != NULL);
	store_result_free(r);
	return found || err_set(err, ERR_FATAL, "checkpoint_unknown", "no checkpoint %s: `openitem checkpoints` lists them",
				at == NULL ? "was taken" : at);
}

/* "17", or an instant in a form that both we and PostgreSQL read. */
static bool check_at(const char *at, struct err *err)
{
	int64_t id;
	instant_t instant;

	return at == NULL || text_parse_i64(text_of(at), &id) || instant_parse(text_of(at), &instant) ||
	       err_set(err, ERR_REJECT, "bad_checkpoint",
		       "--known-at %s: expected the number of a checkpoint, or an instant like 2026-03-31T18:00:00Z", at);
}

bool known_begin_at(struct cli *cli, const char *at, struct err *err, struct known *ret_known)
{
	struct known k = { .first_day = DATE_NONE, .last_day = DATE_NONE };

	if (!check_at(at, err) || !cli_store(cli, CLI_REPORTING, err, &k.store))
		return false;
	if (!store_exec(k.store, BEGIN_SNAPSHOT, 0, NULL, err) || !ask(&k, at, cli->arena, err)) {
		known_end(&k);
		return err_wrap(err, "the database of reporting");
	}
	*ret_known = k;
	return true;
}

bool known_begin(struct cli *cli, struct err *err, struct known *ret_known)
{
	return known_begin_at(cli, NULL, err, ret_known);
}

void known_end(struct known *k)
{
	if (k->store != NULL && !store_is_broken(k->store))
		(void)!store_exec(k->store, "COMMIT", 0, NULL, NULL);
	k->store = NULL;
}

struct text known_words(struct arena *a, const struct known *k, date_t as_of)
{
	char first[DATE_TEXT_SIZE], last[DATE_TEXT_SIZE];
	struct text day;

	if (as_of != DATE_NONE)
		day = text_printf(a, "as of %s", date_format(first, as_of));
	else if (k->last_day == DATE_NONE)
		day = TEXT("no business day was opened yet");
	else if (k->first_day == k->last_day)
		day = text_printf(a, "as of the business day %s", date_format(first, k->last_day));
	else
		day = text_printf(a, "as of each entity's business day, %s to %s", date_format(first, k->first_day),
				  date_format(last, k->last_day));
	return text_printf(a, TEXT_FMT ", known at checkpoint %lld, ledger seq %lld over %zu lanes (%s)", TEXT_ARG(day),
			   (long long)k->checkpoint, (long long)k->ledger_seq, k->lanes, k->digest);
}
