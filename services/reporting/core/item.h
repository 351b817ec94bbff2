/*
 * item: open items (LEDGER section 1). The open amount comes from the journal (ledger.h); here come the facts, and what the
 * business events say that was brought, taken and applied. Both must agree: open = brought + applied. Pure.
 */
#ifndef OPENITEM_REPORTING_CORE_ITEM_H
#define OPENITEM_REPORTING_CORE_ITEM_H

#include "reporting/core/note.h"
#include "money/money.h"
#include "reporting/tables.h"

/* The key and what every line about an item knows. sequence from 1. */
struct reporting_item reporting_item_of(const struct reporting_note *n, struct text document_id, int32_t sequence,
					struct text entity, const char currency[4]);

/* Facts: every field of row that is not empty, and when they came. */
void reporting_item_facts(const struct reporting_note *n, struct reporting_item *row);

/* The event moved the open amount by minor: an invoice +, a receipt -, a receipt sent on +. Counted in the tie-out. */
void reporting_item_brought(const struct reporting_note *n, struct reporting_item row, int64_t minor);

/* An application came into force (minor +) or was undone (minor -): credit item + minor, debit item - minor. */
void reporting_item_applied(const struct reporting_note *n, struct text entity, const struct type_item_ref *credit,
			    const struct type_item_ref *debit, const char currency[4], int64_t minor);

/* A part of a credit was left on the account (minor +) or taken off (minor -): its open amount stays. */
void reporting_item_on_account(const struct reporting_note *n, struct text entity, const struct type_item_ref *credit,
			       const char currency[4], int64_t minor);

#endif
