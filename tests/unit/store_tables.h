/* For test_store*.c: tables with every kind of column, every flag and every kind of probe. */
#ifndef TESTS_STORE_TABLES_H
#define TESTS_STORE_TABLES_H

#include "book/book.h"
#include "ev/type.h"
#include "wire/wire.h"

#define COL(row, kind_, field, name_, flags_)                                                                                      \
	{                                                                                                                          \
		.name = name_, .kind = kind_, .offset = offsetof(struct row, field), .flags = flags_                               \
	}
#define COL_OF(row, field, name_, flags_, msg_)                                                                                    \
	{                                                                                                                          \
		.name = name_, .kind = COL_MSG, .offset = offsetof(struct row, field), .flags = flags_, .msg = msg_                \
	}

static const char tables_sql[] =
	"CREATE TABLE lane (lane int PRIMARY KEY, epoch bigint NOT NULL, owner text NOT NULL, taken_at timestamptz NOT NULL);"
	"CREATE TABLE kind (lane int, id text, i32 int NOT NULL, i64 bigint NOT NULL, flag bool NOT NULL, note text NOT NULL,"
	" currency text NOT NULL, day date, bytes bytea NOT NULL, cause bytea, PRIMARY KEY (lane, id));"
	"CREATE TABLE item (lane int, account text COLLATE \"C\", id text COLLATE \"C\", open bigint NOT NULL, due date,"
	" \"end\" text COLLATE \"C\" NOT NULL, PRIMARY KEY (lane, account, id));"
	"CREATE INDEX ON item (lane, account, due NULLS FIRST, id);"
	"CREATE INDEX ON item (lane, due, account, id);"
	"CREATE INDEX ON item (lane, \"end\" COLLATE \"C\", account, id);"
	"CREATE TABLE total (lane int, account text, day date, n int NOT NULL, minor bigint NOT NULL, name text NOT NULL,"
	" PRIMARY KEY (lane, account, day));"
	"CREATE TABLE held (lane int, id text, i32 int NOT NULL, i64 bigint NOT NULL, flag bool NOT NULL, note text NOT NULL,"
	" currency text NOT NULL, day date, bytes bytea NOT NULL, cause bytea, born text NOT NULL, PRIMARY KEY (lane, id));"
	"CREATE TABLE journal (lane int, seq bigint, text text NOT NULL CHECK (text <> 'bad'), PRIMARY KEY (lane, seq));"
	"CREATE TABLE mark (lane int, id text, PRIMARY KEY (lane, id));";

/* ---- kind: every kind ---- */

struct kind {
	int32_t lane;
	struct text id;
	int32_t i32;
	int64_t i64;
	bool flag;
	struct text note;
	char currency[4];
	date_t day;
	struct text bytes;
	struct type_cause *cause;
	struct text born; /* held only */
};

#define KIND_COLS(f)                                                                                                               \
	COL(kind, COL_I32, lane, "lane", COL_KEY), COL(kind, COL_TEXT, id, "id", COL_KEY), COL(kind, COL_I32, i32, "i32", f),      \
		COL(kind, COL_I64, i64, "i64", f), COL(kind, COL_BOOL, flag, "flag", f), COL(kind, COL_TEXT, note, "note", f),     \
		COL(kind, COL_CURRENCY, currency, "currency", f), COL(kind, COL_DATE, day, "day", f),                              \
		COL(kind, COL_BYTES, bytes, "bytes", f), COL_OF(kind, cause, "cause", f, &type_cause_msg)

static const struct col kind_cols[] = { KIND_COLS(0) };
static const struct table kind_table = { "kind", kind_cols, ARRAY_LEN(kind_cols), sizeof(struct kind), NULL, 0, 0 };

/* ---- held: every kind filled field by field, one column written once ---- */

static const struct col held_cols[] = { KIND_COLS(COL_FILL), COL(kind, COL_TEXT, born, "born", COL_ONCE) };
static const struct table held_table = { "held", held_cols, ARRAY_LEN(held_cols), sizeof(struct kind), NULL, 0, 0 };

/* ---- item: probes ---- */

struct item {
	int32_t lane;
	struct text account, id;
	int64_t open;
	date_t due;
	struct text end;
};

enum { ITEM_LANE, ITEM_ACCOUNT, ITEM_ID, ITEM_OPEN, ITEM_DUE, ITEM_END };
static const struct col item_cols[] = {
	COL(item, COL_I32, lane, "lane", COL_KEY), COL(item, COL_TEXT, account, "account", COL_KEY),
	COL(item, COL_TEXT, id, "id", COL_KEY),    COL(item, COL_I64, open, "open", 0),
	COL(item, COL_DATE, due, "due", 0),        COL(item, COL_TEXT, end, "end", 0),
};

static bool item_is_open(const void *row)
{
	return ((const struct item *)row)->open != 0;
}

static bool item_has_due(const void *row)
{
	return ((const struct item *)row)->due != DATE_NONE;
}

enum { ITEM_OLDEST, ITEM_DUE_BY, ITEM_DUE_AFTER, ITEM_NEXT, ITEM_BY_END, ITEM_ON_DAY, ITEM_ALL };
static const struct probe item_probes[] = {
	{ "oldest", { ITEM_LANE, ITEM_ACCOUNT }, 2, PROBE_NONE, 0, { ITEM_DUE, ITEM_ID }, 2, 3, "open <> 0", item_is_open },
	{ "due_by",
	  { ITEM_LANE },
	  1,
	  PROBE_LE,
	  ITEM_DUE,
	  { ITEM_DUE, ITEM_ACCOUNT, ITEM_ID },
	  3,
	  4,
	  "due IS NOT NULL",
	  item_has_due },
	{ "due_after", { ITEM_LANE }, 1, PROBE_GT, ITEM_DUE, { ITEM_DUE, ITEM_ACCOUNT, ITEM_ID }, 3, 4, NULL, NULL },
	{ "next", { ITEM_LANE, ITEM_ACCOUNT }, 2, PROBE_GT, ITEM_ID, { ITEM_ID }, 1, 5, NULL, NULL },
	{ "by_end", { ITEM_LANE, ITEM_END }, 2, PROBE_NONE, 0, { ITEM_ACCOUNT, ITEM_ID }, 2, 1, NULL, NULL },
	{ "on_day", { ITEM_LANE, ITEM_DUE }, 2, PROBE_NONE, 0, { ITEM_DUE, ITEM_ACCOUNT, ITEM_ID }, 3, 100, NULL, NULL },
	{ "all", { 0 }, 0, PROBE_NONE, 0, { ITEM_LANE, ITEM_ACCOUNT, ITEM_ID }, 3, 100000, "open IS NOT NULL", NULL },
};
static const struct table item_table = {
	"item", item_cols, ARRAY_LEN(item_cols), sizeof(struct item), item_probes, ARRAY_LEN(item_probes), TABLE_DELETES
};

/* ---- total: added up, a date in the key ---- */

struct total {
	int32_t lane;
	struct text account;
	date_t day;
	int32_t n;
	int64_t minor;
	struct text name;
};

static const struct col total_cols[] = {
	COL(total, COL_I32, lane, "lane", COL_KEY),   COL(total, COL_TEXT, account, "account", COL_KEY),
	COL(total, COL_DATE, day, "day", COL_KEY),    COL(total, COL_I32, n, "n", COL_ADD),
	COL(total, COL_I64, minor, "minor", COL_ADD), COL(total, COL_TEXT, name, "name", COL_ONCE),
};
static const struct table total_table = { "total", total_cols, ARRAY_LEN(total_cols), sizeof(struct total), NULL, 0, TABLE_ADDING };
/* The same table, to read it. */
static const struct table total_read_table = { "total", total_cols, ARRAY_LEN(total_cols), sizeof(struct total), NULL, 0, 0 };

/* ---- journal: append only; mark: nothing but a key ---- */

struct journal {
	int32_t lane;
	int64_t seq;
	struct text text;
};

static const struct col journal_cols[] = {
	COL(journal, COL_I32, lane, "lane", COL_KEY),
	COL(journal, COL_I64, seq, "seq", COL_KEY),
	COL(journal, COL_TEXT, text, "text", 0),
};
static const struct table journal_table = { "journal", journal_cols, ARRAY_LEN(journal_cols), sizeof(struct journal), NULL,
					    0,         TABLE_APPEND };

/* The same table, where lanes may race for a key. */
static const struct table race_table = {
	"journal", journal_cols, ARRAY_LEN(journal_cols), sizeof(struct journal), NULL, 0, TABLE_APPEND | TABLE_RACE
};

struct mark {
	int32_t lane;
	struct text id;
};

static const struct col mark_cols[] = { COL(mark, COL_I32, lane, "lane", COL_KEY), COL(mark, COL_TEXT, id, "id", COL_KEY) };
static const struct table mark_table = { "mark", mark_cols, ARRAY_LEN(mark_cols), sizeof(struct mark), NULL, 0, TABLE_DELETES };

static const struct table *const all_tables[] = { &kind_table,       &item_table,    &held_table, &total_table,
						  &total_read_table, &journal_table, &race_table, &mark_table };

#endif
