/*
 * note: what the parts of reporting's note share. Pure: everything depends on the book and the input.
 *
 * Reporting decides nothing. Each record is first kept as it is and numbered (record.h), then its journal entries go into the
 * ledger (ledger.h), then its business event completes rows field by field (intake.h, documents.h, cash.h, collections.h).
 * Records of one topic and lane come in order; topics interleave as they like, and no row may depend on how: a row is
 * written by events of one topic only, or its fields are filled (COL_FILL) and its amounts added (COL_ADD).
 */
#ifndef OPENITEM_REPORTING_CORE_NOTE_H
#define OPENITEM_REPORTING_CORE_NOTE_H

#include "book/book.h"
#include "ev/type.h"
#include "text/text.h"

struct reporting_note {
	struct book *book;
	const struct input *input;
	const struct type_provenance *provenance;
	struct text account;
	struct text type; /* invoice_issued ... */
	struct text subject; /* the one thing the record is about */
	const struct type_journal_entry *entries;
	size_t n_entries;
	int64_t ledger_seq; /* set by reporting_record_note */
};

/* Holding accounts and `~day` are no customers. */
static inline bool reporting_is_holding(struct text account)
{
	return account.n > 0 && account.s[0] == '~';
}

/* credit_memo for BILLING_DOCUMENT_TYPE_CREDIT_MEMO; empty for what the schema does not know and for 0. */
struct text reporting_enum_name(const struct wire_enum *of, uint32_t value);

#endif
