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
	C(item, moved_on, COL_DATE, 0),      C(item, moved_minor, COL_I64, 0),
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

static const struct col paid_cols[] = {
	C(paid, lane, COL_I32, COL_KEY),         C(paid, account, COL_TEXT, COL_KEY), C(paid, accounting_date, COL_DATE, COL_KEY),
	C(paid, document_id, COL_TEXT, COL_KEY), C(paid, sequence, COL_I32, COL_KEY), C(paid, entity, COL_TEXT, 0),
	C(paid, currency, COL_CURRENCY, 0),      C(paid, applied_minor, COL_I64, 0),  C(paid, received_minor, COL_I64, 0),
};

static const struct probe paid_probes[] = {
	{ .name = "of_account", .eq = { 0, 1 }, .n_eq = 2, .order = { 2, 3, 4 }, .n_order = 3, .limit = PAID_PER_ACCOUNT_MAX },
};

static const struct col subject_cols[] = {
	C(subject, lane, COL_I32, COL_KEY),    C(subject, account, COL_TEXT, COL_KEY),
	C(subject, entity, COL_TEXT, COL_KEY), C(subject, currency, COL_CURRENCY, COL_KEY),
	C(subject, items, COL_I32, 0),         C(subject, promises, COL_I32, 0),
	C(subject, in_episode, COL_BOOL, 0),   C(subject, returned, COL_BOOL, 0),
	C(subject, episode, COL_I32, 0),       C(subject, level, COL_I32, 0),
	C(subject, notice_date, COL_DATE, 0),
};

static bool subject_is_watched(const void *row)
{
	const struct collections_subject *s = row;

	return s->items > 0 || s->promises > 0 || s->in_episode;
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
	  .where = "(items > 0 OR promises > 0 OR in_episode)",
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

static const struct col hold_cols[] = {
	C(hold, lane, COL_I32, COL_KEY),   C(hold, account, COL_TEXT, COL_KEY), C(hold, hold_id, COL_TEXT, COL_KEY),
	C(hold, kind, COL_I32, 0),         C(hold, document_id, COL_TEXT, 0),   C(hold, sequence, COL_I32, 0),
	C(hold, amount_minor, COL_I64, 0), C(hold, until, COL_DATE, 0),         C(hold, lifted, COL_BOOL, 0),
};

static bool hold_is_set(const void *row)
{
	return !((const struct collections_hold *)row)->lifted;
}

static const struct probe hold_probes[] = {
	{ .name = "of_account",
	  .eq = { 0, 1 },
	  .n_eq = 2,
	  .order = { 2 },
	  .n_order = 1,
	  .limit = HOLDS_PER_ACCOUNT_MAX,
	  .where = "NOT lifted",
	  .match = hold_is_set },
};

static const struct col promise_cols[] = {
	C(promise, lane, COL_I32, COL_KEY),
	C(promise, account, COL_TEXT, COL_KEY),
	C(promise, promise_id, COL_TEXT, COL_KEY),
	C(promise, open, COL_BOOL, 0),
	{ "made", COL_MSG, offsetof(struct collections_promise, made), 0, &collections_promise_made_msg },
};

static bool promise_is_open(const void *row)
{
	return ((const struct collections_promise *)row)->open;
}

static const struct probe promise_probes[] = {
	{ .name = "of_account",
	  .eq = { 0, 1 },
	  .n_eq = 2,
	  .order = { 2 },
	  .n_order = 1,
	  .limit = PROMISES_PER_ACCOUNT_MAX,
	  .where = "open",
	  .match = promise_is_open },
};

static const struct col customer_cols[] = {
	C(customer, lane, COL_I32, COL_KEY),
	C(customer, account, COL_TEXT, COL_KEY),
	C(customer, until, COL_DATE, COL_KEY),
	C(customer, effective_from, COL_DATE, 0),
	{ "record", COL_MSG, offsetof(struct collections_customer, record), 0, &crm_customer_recorded_msg },
};

static const struct probe customer_probes[] = {
	{ .name = "in_force",
	  .eq = { 0, 1 },
	  .n_eq = 2,
	  .range = PROBE_GT,
	  .range_col = 2,
	  .order = { 2 },
	  .n_order = 1,
	  .limit = 1 },
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

static const struct col business_day_cols[] = {
	C(business_day, lane, COL_I32, COL_KEY),
	C(business_day, business_date, COL_DATE, 0),
};

#define TABLE(row_)                                                                                                                \
	{                                                                                                                          \
		.name = #row_, .cols = row_##_cols, .n_cols = ARRAY_LEN(row_##_cols),                                              \
		.row_size = sizeof(struct collections_##row_), .probes = row_##_probes, .n_probes = ARRAY_LEN(row_##_probes)       \
	}

const struct table collections_item_table = TABLE(item);
const struct table collections_paid_table = TABLE(paid);
const struct table collections_subject_table = TABLE(subject);
const struct table collections_block_table = TABLE(block);
const struct table collections_hold_table = TABLE(hold);
const struct table collections_promise_table = TABLE(promise);
const struct table collections_customer_table = TABLE(customer);
const struct table collections_ladder_table = TABLE(ladder);
const struct table collections_business_day_table = {
	.name = "business_day",
	.cols = business_day_cols,
	.n_cols = ARRAY_LEN(business_day_cols),
	.row_size = sizeof(struct collections_business_day),
};

const struct table *const collections_tables[COLLECTIONS_TABLES_N] = {
	&collections_item_table,     &collections_paid_table,   &collections_subject_table,
	&collections_block_table,    &collections_hold_table,   &collections_promise_table,
	&collections_customer_table, &collections_ladder_table, &collections_business_day_table,
};
