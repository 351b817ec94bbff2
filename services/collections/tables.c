#include "collections/tables.h"

#define C(row, member, kind_, flags_)                                                                                              \
	{                                                                                                                          \
#member, kind_, offsetof(struct collections_##row, member), flags_, NULL                                           \
	}

static const struct col item_cols[] = {
	C(item, lane, COL_I32, COL_KEY),     C(item, account, COL_TEXT, COL_KEY), C(item, document_id, COL_TEXT, COL_KEY),
	C(item, sequence, COL_I32, COL_KEY), C(item, known, COL_BOOL, 0),         C(item, entity, COL_TEXT, 0),
	C(item, currency, COL_CURRENCY, 0),  C(item, number, COL_TEXT, 0),        C(item, customer_po, COL_TEXT, 0),
	C(item, document_date, COL_DATE, 0), C(item, due_date, COL_DATE, 0),      C(item, accounting_date, COL_DATE, 0),
	C(item, original_minor, COL_I64, 0), C(item, open_minor, COL_I64, 0),     C(item, dunning_level, COL_I32, 0),
};

static bool item_is_open(const void *row)
{
	const struct collections_item *i = row;

	return i->open_minor != 0 && i->known;
}

static const struct probe item_probes[] = {
	{ .name = "open_of_account",
	  .eq = { 0, 1 },
	  .n_eq = 2,
	  .order = { 10, 2, 3 },
	  .n_order = 3,
	  .limit = ITEMS_PER_ACCOUNT_MAX,
	  .where = "open_minor <> 0 AND known",
	  .match = item_is_open },
};

static const struct col subject_cols[] = {
	C(subject, lane, COL_I32, COL_KEY),          C(subject, account, COL_TEXT, COL_KEY), C(subject, entity, COL_TEXT, COL_KEY),
	C(subject, currency, COL_CURRENCY, COL_KEY), C(subject, items, COL_I32, 0),          C(subject, in_episode, COL_BOOL, 0),
	C(subject, returned, COL_BOOL, 0),           C(subject, episode, COL_I32, 0),        C(subject, level, COL_I32, 0),
	C(subject, notice_date, COL_DATE, 0),
};

static bool subject_is_watched(const void *row)
{
	const struct collections_subject *s = row;

	return s->items > 0 || s->in_episode;
}

static const struct probe subject_probes[] = {
	{ .name = "after_account",
	  .eq = { 0 },
	  .n_eq = 1,
	  .range = PROBE_GT,
	  .range_col = 1,
	  .order = { 1, 2, 3 },
	  .n_order = 3,
	  .limit = SUBJECTS_PER_PAGE,
	  .where = "(items > 0 OR in_episode)",
	  .match = subject_is_watched },
};

static const struct col block_cols[] = {
	C(block, lane, COL_I32, COL_KEY), C(block, account, COL_TEXT, COL_KEY), C(block, block_id, COL_TEXT, COL_KEY),
	C(block, reason, COL_I32, 0),     C(block, document_id, COL_TEXT, 0),   C(block, sequence, COL_I32, 0),
	C(block, until, COL_DATE, 0),     C(block, lifted, COL_BOOL, 0),
};

static bool block_is_set(const void *row)
{
	return !((const struct collections_block *)row)->lifted;
}

static const struct probe block_probes[] = {
	{ .name = "of_account",
	  .eq = { 0, 1 },
	  .n_eq = 2,
	  .order = { 2 },
	  .n_order = 1,
	  .limit = BLOCKS_PER_ACCOUNT_MAX,
	  .where = "NOT lifted",
	  .match = block_is_set },
};

static const struct col ladder_cols[] = {
	C(ladder, lane, COL_I32, COL_KEY),
	C(ladder, version, COL_I32, COL_KEY),
	C(ladder, effective_from, COL_DATE, 0),
	{ "ladder", COL_MSG, offsetof(struct collections_ladder, ladder), 0, &reference_ladder_recorded_msg },
};

static const struct probe ladder_probes[] = {
	{ .name = "of_lane", .eq = { 0 }, .n_eq = 1, .order = { 1 }, .n_order = 1, .limit = LADDERS_MAX },
};

#define TABLE(name_, row_, probes_)                                                                                                \
	{                                                                                                                          \
		.name = name_, .cols = row_##_cols, .n_cols = ARRAY_LEN(row_##_cols),                                              \
		.row_size = sizeof(struct collections_##row_), .probes = probes_, .n_probes = ARRAY_LEN(probes_)                   \
	}

const struct table collections_item_table = TABLE("item", item, item_probes);
const struct table collections_subject_table = TABLE("subject", subject, subject_probes);
const struct table collections_block_table = TABLE("block", block, block_probes);
const struct table collections_ladder_table = TABLE("ladder", ladder, ladder_probes);

const struct table *const collections_tables[4] = {
	&collections_item_table,
	&collections_subject_table,
	&collections_block_table,
	&collections_ladder_table,
};
