/* aging_merge: see aging_merge.h. */
#include "cli/aging_merge.h"
#include "cli/csv.h"
#include "money/money.h"

/* ---- items seen ---- */

struct merge_seen {
	struct text *key; /* open addressing; .s NULL: free */
	size_t cap, n;
};

static uint64_t hash(struct text t)
{
	uint64_t h = 14695981039346656037u; /* FNV-1a */

	for (size_t i = 0; i < t.n; i++)
		h = (h ^ (unsigned char)t.s[i]) * 1099511628211u;
	return h;
}

static struct text *slot(struct merge_seen *seen, struct text key)
{
	size_t at = hash(key) % seen->cap;

	while (seen->key[at].s != NULL && !text_eq(seen->key[at], key))
		at = (at + 1) % seen->cap;
	return &seen->key[at];
}

static void grow(struct merge_seen *seen, struct arena *a)
{
	struct merge_seen old = *seen;

	seen->cap = old.cap == 0 ? 1024 : old.cap * 2;
	seen->key = ARENA_ARRAY(a, seen->cap, struct text);
	for (size_t i = 0; i < old.cap; i++)
		if (old.key[i].s != NULL)
			*slot(seen, old.key[i]) = old.key[i];
}

bool merge_is_new(struct merge *m, struct text entity, struct text account, struct text reference, struct text sequence,
		  struct text currency)
{
	struct text key = text_printf(m->arena, TEXT_FMT "\n" TEXT_FMT "\n" TEXT_FMT "\n" TEXT_FMT "\n" TEXT_FMT, TEXT_ARG(entity),
				      TEXT_ARG(account), TEXT_ARG(reference), TEXT_ARG(sequence), TEXT_ARG(currency));
	struct text *at;

	if (m->seen->n * 2 >= m->seen->cap)
		grow(m->seen, m->arena);
	at = slot(m->seen, key);
	if (at->s != NULL)
		return false;
	*at = key;
	m->seen->n++;
	return true;
}

/* ---- sums ---- */

void merge_begin(struct merge *m, struct arena *a, const struct aging_buckets *buckets, enum merge_base base)
{
	*m = (struct merge){ .arena = a, .buckets = buckets, .base = base, .merged = { .name = "merged", .kind = "all parts" } };
	m->seen = ARENA_NEW(a, struct merge_seen);
}

bool merge_part_new(struct merge *m, const char *name, const char *kind, struct err *err, struct merge_part **ret)
{
	if (m->n == MERGE_PARTS_MAX)
		return err_set(err, ERR_REJECT, "too_many", "more than %d parts", MERGE_PARTS_MAX);
	*ret = &m->part[m->n++];
	**ret = (struct merge_part){ .name = name, .kind = kind };
	return true;
}

static struct merge_sum *sum_of(struct merge_part *part, struct text currency)
{
	for (size_t i = 0; i < part->n; i++)
		if (text_eq(part->sum[i].row.currency, currency))
			return &part->sum[i];
	if (part->n == MERGE_CURRENCIES_MAX)
		return NULL;
	part->sum[part->n] = (struct merge_sum){ .row = { .currency = currency, .as_of = DATE_NONE } };
	return &part->sum[part->n++];
}

static bool plus(int64_t *to, int64_t minor)
{
	return !__builtin_add_overflow(*to, minor, to);
}

bool merge_add(struct merge_part *part, const struct merge_row *row, struct err *err)
{
	struct merge_sum *s = sum_of(part, row->currency);

	if (s == NULL)
		return err_set(err, ERR_REJECT, "too_many", "%s: more than %d currencies", part->name, MERGE_CURRENCIES_MAX);
	bool ok = plus(&s->row.unapplied, row->unapplied) && plus(&s->row.credits, row->credits) && plus(&s->row.total, row->total);

	for (size_t i = 0; i < ARRAY_LEN(row->bucket); i++)
		ok = ok && plus(&s->row.bucket[i], row->bucket[i]);
	s->row.oldest_days = MAX(s->row.oldest_days, row->oldest_days);
	s->as_of_differs = s->as_of_differs || (s->rows > 0 && s->row.as_of != row->as_of);
	s->row.as_of = row->as_of;
	s->rows++;
	return ok || err_set(err, ERR_REJECT, "out_of_range", "%s: the sum in " TEXT_FMT " is too large", part->name,
			     TEXT_ARG(row->currency));
}

bool merge_add_merged(struct merge *m, const struct merge_row *row, struct err *err)
{
	struct merge_row copy = *row;
	bool ok = true;

	copy.total = 0;
	for (size_t i = 0; i < m->buckets->n && ok; i++)
		ok = plus(&copy.total, row->bucket[i]);
	ok = ok && plus(&copy.total, row->unapplied) && plus(&copy.total, row->credits);
	return ok ? merge_add(&m->merged, &copy, err)
		  : err_set(err, ERR_REJECT, "out_of_range", "a row in " TEXT_FMT " is too large", TEXT_ARG(row->currency));
}

int64_t merge_parts_total(const struct merge *m, struct text currency)
{
	int64_t total = 0;

	for (size_t p = 0; p < m->n; p++)
		for (size_t i = 0; i < m->part[p].n; i++)
			if (text_eq(m->part[p].sum[i].row.currency, currency))
				CHECK(plus(&total, m->part[p].sum[i].row.total));
	return total;
}

/* ---- files ---- */

struct file {
	struct merge *m;
	struct merge_part *part;
	struct csv csv;
	struct csv_row row;
};

static bool bad(const struct file *f, struct err *err, const char *what, struct text got)
{
	return err_set(err, ERR_REJECT, "bad_csv", "%s:%zu: %s, got \"%.*s\"", f->part->name, f->row.line, what,
		       (int)MIN(got.n, (size_t)64), got.s == NULL ? "" : got.s);
}

static size_t column(const struct file *f, const char *name)
{
	for (size_t i = 0; i < f->csv.n_header; i++)
		if (text_eq(f->csv.header[i], text_of(name)))
			return i;
	return SIZE_MAX;
}

/* Without the ' that keeps spreadsheets from running it. */
static struct text cell(const struct file *f, const char *name)
{
	size_t at = column(f, name);
	struct text t = at < f->row.n ? f->row.cell[at] : TEXT_NONE;

	if (t.n > 1 && t.s[0] == '\'' && strchr("=+-@\t\r", t.s[1]) != NULL)
		t = (struct text){ t.s + 1, t.n - 1 };
	return t;
}

static bool amount(const struct file *f, const char *name, struct text currency, struct err *err, int64_t *ret)
{
	struct text t = cell(f, name);

	return money_parse(t, currency_exponent(currency), ret) ||
	       bad(f, err,
		   text_printf(f->m->arena, "%s: expected an amount in the decimals of " TEXT_FMT, name, TEXT_ARG(currency)).s, t);
}

static bool day(const struct file *f, const char *name, bool may_be_absent, struct err *err, date_t *ret)
{
	struct text t = cell(f, name);

	*ret = DATE_NONE;
	return (may_be_absent && text_empty(t)) || date_parse(t, ret) ||
	       bad(f, err, text_printf(f->m->arena, "%s: expected a date YYYY-MM-DD", name).s, t);
}

static bool start_row(const struct file *f, struct err *err, struct merge_row *row)
{
	const struct currency *currency = currency_find(cell(f, "currency"));

	if (currency == NULL)
		return bad(f, err, "currency: expected a code of ISO 4217", cell(f, "currency"));
	*row = (struct merge_row){ .currency = text_of(currency->code) };
	return day(f, "as_of", false, err, &row->as_of);
}

static bool aging_row(const struct file *f, struct err *err, struct merge_row *row)
{
	const struct aging_buckets *b = f->m->buckets;
	int64_t sum = 0;

	if (!start_row(f, err, row))
		return false;
	for (size_t i = 0; i < b->n; i++)
		if (!amount(f, b->names[i], row->currency, err, &row->bucket[i]))
			return false;
	if (!amount(f, "unapplied", row->currency, err, &row->unapplied) ||
	    !amount(f, "credits", row->currency, err, &row->credits) || !amount(f, "total", row->currency, err, &row->total))
		return false;
	struct text oldest = cell(f, "oldest_days");
	if (!text_empty(oldest) && !text_parse_i64(oldest, &row->oldest_days))
		return bad(f, err, "oldest_days: expected a number of days", oldest);
	bool ok = plus(&sum, row->unapplied) && plus(&sum, row->credits);
	for (size_t i = 0; i < b->n; i++)
		ok = ok && plus(&sum, row->bucket[i]);
	return (ok && sum == row->total) || bad(f, err, "total: it is not the sum of its row", cell(f, "total"));
}

/* As aging.sql does it: receipts and returns, then credits, then days from the base date. */
static bool item_row(const struct file *f, struct err *err, struct merge_row *row)
{
	struct text kind = cell(f, "kind");
	date_t base, due, document;
	int64_t open;

	if (!start_row(f, err, row) || !amount(f, "open", row->currency, err, &open) || !day(f, "due_date", true, err, &due) ||
	    !day(f, "document_date", true, err, &document))
		return false;
	base = f->m->base == MERGE_DUE && due != DATE_NONE ? due : document;
	row->total = open;
	if (text_eq(kind, TEXT("receipt")) || text_eq(kind, TEXT("return"))) {
		row->unapplied = open;
		return true;
	}
	if (text_eq(kind, TEXT("credit_memo")) || open < 0) {
		row->credits = open;
		return true;
	}
	int64_t days = base == DATE_NONE ? 0 : (int64_t)row->as_of - base;
	row->bucket[aging_bucket(f->m->buckets, days)] = open;
	row->oldest_days = MAX(days, 0);
	return true;
}

static bool is_aging(const struct file *f)
{
	return column(f, "total") != SIZE_MAX && column(f, "unapplied") != SIZE_MAX;
}

static bool has_columns(struct file *f, const char *const *names, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++)
		if (column(f, names[i]) == SIZE_MAX)
			return err_set(
				err, ERR_REJECT, "bad_csv",
				"%s:1: no column %s: expected the columns of `openitem aging --csv` (with the same buckets) or of "
				"`openitem items --csv`",
				f->part->name, names[i]);
	return true;
}

static bool check_header(struct file *f, struct err *err)
{
	static const char *const items[] = { "as_of",         "entity",   "account",  "kind", "reference",
					     "document_date", "due_date", "currency", "open", "sequence" };
	static const char *const aging[] = { "as_of", "entity", "account", "currency", "credits" };

	if (!is_aging(f))
		return f->m->base == MERGE_ACCOUNTING
			       ? err_set(err, ERR_REJECT, "bad_csv",
					 "%s: an items file has no accounting date; --base due or document", f->part->name)
			       : has_columns(f, items, ARRAY_LEN(items), err);
	return has_columns(f, aging, ARRAY_LEN(aging), err) && has_columns(f, f->m->buckets->names, f->m->buckets->n, err);
}

static bool take_row(struct file *f, struct err *err)
{
	struct merge_row row;
	bool aging = is_aging(f);

	if (f->row.error != NULL)
		return bad(f, err, f->row.error, TEXT_NONE);
	if (!(aging ? aging_row : item_row)(f, err, &row))
		return false;
	struct text reference = aging ? TEXT_NONE : cell(f, "reference"), sequence = aging ? TEXT_NONE : cell(f, "sequence");

	if (!merge_is_new(f->m, cell(f, "entity"), cell(f, "account"), reference, sequence, row.currency)) {
		f->m->twice++;
		return true;
	}
	return merge_add(f->part, &row, err) && merge_add_merged(f->m, &row, err);
}

bool merge_file(struct merge *m, const char *name, struct text bytes, struct err *err)
{
	struct file f = { .m = m };

	if (!merge_part_new(m, name, "items file", err, &f.part))
		return false;
	if (!csv_open(&f.csv, bytes, m->arena, err))
		return err_wrap(err, "%s", name);
	if (is_aging(&f))
		f.part->kind = "aging file";
	if (!check_header(&f, err))
		return false;
	f.csv.arena = arena_new((size_t)1 << 16, (size_t)1 << 32); /* of one row: files may be long */
	bool ok = true;
	while (ok && csv_next(&f.csv, &f.row)) {
		ok = take_row(&f, err);
		arena_reset(f.csv.arena);
	}
	arena_free(f.csv.arena);
	return ok;
}
