/*
 * verify_copies: what one service has, and the copy of it that reporting keeps. Both sides are read in the order of a key; a digest of each is all that is
 * kept while they are equal. Only when they are not is one side held to find the first place.
 */
#include "cli/verify.h"
#include "cli_sql.h"
#include "id/id.h"
#include "reporting_sql.h"
#include "store/store.h"

struct side {
	enum cli_service service;
	const char *sql; /* columns key, value; in order of key, bytewise */
	const char *param; /* NULL: takes none */
};

static const struct copy {
	const char *check, *compared;
	struct side owner, reporting;
} copies[] = {
	{ "records of intake",
	  "outcomes = what reporting read",
	  { CLI_INTAKE, sql_copy_outcomes, NULL },
	  { CLI_REPORTING, sql_copy_records, "intake" } },
	{ "records of billing",
	  "outcomes = what reporting read",
	  { CLI_BILLING, sql_copy_outcomes, NULL },
	  { CLI_REPORTING, sql_copy_records, "billing" } },
	{ "records of cash",
	  "outcomes = what reporting read",
	  { CLI_CASH, sql_copy_outcomes, NULL },
	  { CLI_REPORTING, sql_copy_records, "cash" } },
	{ "records of collections",
	  "outcomes = what reporting read",
	  { CLI_COLLECTIONS, sql_copy_outcomes, NULL },
	  { CLI_REPORTING, sql_copy_records, "collections" } },
	{ "items of cash",
	  "open items of cash = those of reporting",
	  { CLI_CASH, sql_copy_cash_items, NULL },
	  { CLI_REPORTING, sql_copy_items, "all" } },
	{ "applications of cash",
	  "applications in force of cash = those of reporting",
	  { CLI_CASH, sql_copy_cash_applications, NULL },
	  { CLI_REPORTING, sql_copy_applications, NULL } },
	{ "items of collections",
	  "open items of collections = those of reporting",
	  { CLI_COLLECTIONS, sql_copy_collections_items, NULL },
	  { CLI_REPORTING, sql_copy_items, "customers" } },
};

/* ---- equal? ---- */

struct digest {
	int64_t rows;
	struct id_hash hash; /* of the hash before and the row */
};

static bool add_to_digest(void *ctx, const struct store_result *row, struct err *err)
{
	struct digest *d = ctx;
	struct text key = store_result_cell(row, 0, 0), value = store_result_cell(row, 0, 1);
	struct id_hash of_row;
	char lengths[48];

	(void)err;
	snprintf(lengths, sizeof(lengths), "%zu %zu ", key.n, value.n);
	id_sha256_2(lengths, strlen(lengths), key.s, key.n, &of_row);
	id_sha256_2(of_row.b, sizeof(of_row.b), value.s, value.n, &of_row);
	id_sha256_2(d->hash.b, sizeof(d->hash.b), of_row.b, sizeof(of_row.b), &d->hash);
	d->rows++;
	return true;
}

static bool read_side(struct verify *v, const struct side *s, store_row_fn *fn, void *ctx, struct err *err)
{
	struct store *store;

	if (!cli_store(v->cli, s->service, err, &store))
		return false;
	return store_stream(store, s->sql, s->param == NULL ? 0 : 1, &s->param, fn, ctx, err) ||
	       err_wrap(err, "the database of %s", cli_service_names[s->service]);
}

/* ---- where not? ---- */

struct pair {
	struct text key, value;
};

struct held {
	struct verify *v;
	struct pair *pairs;
	size_t n, cap, at;
};

static bool hold(void *ctx, const struct store_result *row, struct err *err)
{
	struct held *h = ctx;

	(void)err;
	if (h->n == h->cap) {
		h->cap = h->cap == 0 ? 1024 : h->cap * 2;
		h->pairs = realloc(h->pairs, h->cap * sizeof(*h->pairs));
		CHECK(h->pairs != NULL);
	}
	h->pairs[h->n++] = (struct pair){ text_dup(h->v->arena, store_result_cell(row, 0, 0)),
					  text_dup(h->v->arena, store_result_cell(row, 0, 1)) };
	return true;
}

/* Reporting's row against what is held, both in order. */
static bool meet(void *ctx, const struct store_result *row, struct err *err)
{
	struct held *h = ctx;
	struct text key = store_result_cell(row, 0, 0), value = store_result_cell(row, 0, 1);

	(void)err;
	for (; h->at < h->n && text_cmp(h->pairs[h->at].key, key) < 0; h->at++)
		verify_differs(h->v, h->pairs[h->at].key, h->pairs[h->at].value, TEXT("nothing in reporting"));
	if (h->at < h->n && text_eq(h->pairs[h->at].key, key)) {
		if (!text_eq(h->pairs[h->at].value, value))
			verify_differs(h->v, key, h->pairs[h->at].value, value);
		h->at++;
	} else {
		verify_differs(h->v, key, TEXT("nothing"), value);
	}
	return true;
}

static bool find_differences(struct verify *v, const struct copy *c, struct err *err)
{
	struct held h = { .v = v };
	bool ok = read_side(v, &c->owner, hold, &h, err) && read_side(v, &c->reporting, meet, &h, err);

	for (; ok && h.at < h.n; h.at++)
		verify_differs(v, h.pairs[h.at].key, h.pairs[h.at].value, TEXT("nothing in reporting"));
	free(h.pairs);
	return ok;
}

bool verify_copies(struct verify *v, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(copies); i++) {
		struct digest owner = { 0 }, copy = { 0 };

		verify_begin(v, copies[i].check, copies[i].compared);
		if (!read_side(v, &copies[i].owner, add_to_digest, &owner, err) ||
		    !read_side(v, &copies[i].reporting, add_to_digest, &copy, err))
			return false;
		if ((owner.rows != copy.rows || !id_hash_eq(&owner.hash, &copy.hash)) && !find_differences(v, &copies[i], err))
			return false;
		verify_end(v, owner.rows);
	}
	return true;
}
