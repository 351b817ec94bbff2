#include "tables.h"

#define C(row, member, kind_, flags_)                                                                                              \
	{                                                                                                                          \
#member, kind_, offsetof(struct row, member), flags_, NULL                                                         \
	}

static const struct col inbox_cols[] = {
	C(inbox_row, bucket, COL_I32, COL_KEY),    C(inbox_row, source, COL_TEXT, COL_KEY),
	C(inbox_row, event_id, COL_TEXT, COL_KEY), C(inbox_row, payload_hash, COL_BYTES, 0),
	C(inbox_row, first_topic, COL_TEXT, 0),    C(inbox_row, first_partition, COL_I32, 0),
	C(inbox_row, first_offset, COL_I64, 0),
};

static const struct col bank_account_cols[] = {
	C(bank_account_row, bank_account, COL_TEXT, COL_KEY),
	C(bank_account_row, entity, COL_TEXT, 0),
	C(bank_account_row, currency, COL_CURRENCY, 0),
};

static const struct col number_prefix_cols[] = {
	C(number_prefix_row, prefix, COL_TEXT, COL_KEY),
	C(number_prefix_row, entity, COL_TEXT, 0),
};

#define TABLE(name_, flags_)                                                                                                       \
	const struct table intake_##name_##_table = {                                                                              \
		#name_, name_##_cols, ARRAY_LEN(name_##_cols), sizeof(struct name_##_row), NULL, 0, flags_                         \
	}

/* Two processes that meet one new identity at once must not both let it through: the second insert fails, and its batch is tried
 * again with what the first one wrote. */
TABLE(inbox, TABLE_APPEND | TABLE_RACE);
TABLE(bank_account, 0);
TABLE(number_prefix, TABLE_APPEND | TABLE_RACE);

const struct table *const intake_tables[INTAKE_TABLES_N] = { &intake_inbox_table, &intake_bank_account_table,
							     &intake_number_prefix_table };
