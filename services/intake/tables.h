/* tables: what intake keeps (README: why inbox is not keyed by lane). The tables of the loop stand in run/tables.h. */
#ifndef INTAKE_TABLES_H
#define INTAKE_TABLES_H

#include "book/book.h"

/* One row per event that was let through (AUD-04). Never updated, never deleted. */
struct inbox_row {
	int32_t bucket; /* intake_bucket(source, event_id) */
	struct text source; /* ce_source */
	struct text event_id; /* ce_id */
	struct text payload_hash; /* 32 bytes */
	struct text first_topic; /* the record it came with first */
	int32_t first_partition;
	int64_t first_offset;
};

/* Our bank accounts as last recorded: what a bank line may not contradict. */
struct bank_account_row {
	struct text bank_account;
	struct text entity;
	char currency[4];
};

/* Which entity a prefix of document numbers belongs to, for ever: numbers that were given stay given. */
struct number_prefix_row {
	struct text prefix;
	struct text entity;
};

extern const struct table intake_inbox_table, intake_bank_account_table, intake_number_prefix_table;

#define INTAKE_TABLES_N 3
extern const struct table *const intake_tables[INTAKE_TABLES_N];

#endif
