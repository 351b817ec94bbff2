/* known: see known.h. */
#include "cli/known.h"
#include "id/id.h"
#include "reporting_sql.h"
#include "store/store.h"

/* A list may take longer than a statement of a service does. */
#define BEGIN_SNAPSHOT                                                                                                             \
	"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"                                                                         \
	" SET LOCAL statement_timeout = 0; SET LOCAL work_mem = '64MB';"                                                           \
	" SET LOCAL idle_in_transaction_session_timeout = 0"

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

static bool read_lanes(struct known *k, struct arena *a, struct err *err)
{
	struct buf seen = { .arena = a };
	struct store_result *r;

	if (!store_query(k->store, sql_checkpoint, 0, NULL, err, &r))
		return false;
	for (size_t i = 0; i < store_result_rows(r); i++)
		known_add_lane(k, &seen, store_result_i64(r, i, "lane"), store_result_i64(r, i, "ledger_seq"));
	known_close_lanes(k, &seen);
	store_result_free(r);
	return true;
}

static bool read_days(struct known *k, struct err *err)
{
	const char *all_entities = "";
	struct store_result *r;
	date_t day;

	if (!store_query(k->store, sql_days, 1, &all_entities, err, &r))
		return false;
	for (size_t i = 0; i < store_result_rows(r); i++) {
		if (!date_parse(store_result_text(r, i, "opened_on"), &day))
			continue;
		k->first_day = k->first_day == DATE_NONE ? day : MIN(k->first_day, day);
		k->last_day = MAX(k->last_day, day);
	}
	store_result_free(r);
	return true;
}

bool known_begin(struct cli *cli, struct err *err, struct known *ret_known)
{
	struct known k = { .first_day = DATE_NONE, .last_day = DATE_NONE };

	if (!cli_store(cli, CLI_REPORTING, err, &k.store))
		return false;
	if (!store_exec(k.store, BEGIN_SNAPSHOT, 0, NULL, err) || !read_lanes(&k, cli->arena, err) || !read_days(&k, err)) {
		known_end(&k);
		return err_wrap(err, "the database of reporting");
	}
	*ret_known = k;
	return true;
}

void known_end(struct known *k)
{
	if (k->store != NULL && !store_is_broken(k->store))
		(void)!store_exec(k->store, "ROLLBACK", 0, NULL, NULL);
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
	return text_printf(a, TEXT_FMT ", complete to ledger seq %lld over %zu lanes (%s)", TEXT_ARG(day), (long long)k->ledger_seq,
			   k->lanes, k->digest);
}
