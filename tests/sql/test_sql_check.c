/* The checker itself: a service that is right, and one with every mistake it is there to find. */
#include "sql_check.h"

#include "../unit/store_tables.h"

static const char grants[] = "GRANT SELECT, INSERT, UPDATE, DELETE ON lane, kind, item, held, total, mark TO openitem_sample;"
			     "GRANT SELECT, INSERT ON journal TO openitem_sample;";

static const struct store_migration right[] = {
	{ 1, "tables", tables_sql, "SELECT 'missing' WHERE to_regclass('item') IS NULL" },
	{ 2, "grants", grants, NULL },
};

static const struct store_sql files[] = {
	{ "open_items", "-- $1 lane\nSELECT account, sum(open) FROM item WHERE lane = $1 GROUP BY account;\n" },
};

static const struct store_sql wrong_files[] = {
	{ "no_such_column", "-- nothing\nSELECT amount FROM item" },
	{ "two_statements", "-- nothing\nSELECT 1; SELECT 2" },
};

static const struct probe by_open = { "by_open", { ITEM_LANE, ITEM_OPEN }, 2, PROBE_NONE, 0, { ITEM_ID }, 1, 3, NULL, NULL };
static const struct table unindexed = { "item", item_cols, ARRAY_LEN(item_cols), sizeof(struct item), &by_open, 1, 0 };
static const struct table missing = { "nowhere", mark_cols, ARRAY_LEN(mark_cols), sizeof(struct mark), NULL, 0, 0 };

int main(void)
{
	const struct table *wrong[] = { &unindexed, &missing };
	struct sql_service sample = { "sample", all_tables, ARRAY_LEN(all_tables), right, 2, files, 1, NULL, 0 };
	int failed = sql_check(&sample) != 0;

	/* A probe without an index, a table that is missing, its two statements, two files.*/
	sample = (struct sql_service){ "sample", wrong, 2, right, 2, wrong_files, 2, NULL, 0 };
	printf("# from here on failures are expected\n");
	sql_check(&sample);
	failed |= sql_check_failures() != 1 + 1 + 2 + 2;

	/* no grants: every table and the migration table would be refused */
	sample = (struct sql_service){ "sample", all_tables, 1, right, 1, NULL, 0, NULL, 0 };
	sql_check(&sample);
	failed |= sql_check_failures() != 1;
	/* without an index, but small */
	static const char *const small[] = { "item" };
	sample = (struct sql_service){ "sample", wrong, 1, right, 2, NULL, 0, small, 1 };
	failed |= sql_check(&sample) != 0;
	printf("# sql_check itself: %s\n", failed ? "FAILED" : "passed");
	return failed;
}
