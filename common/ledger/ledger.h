/*
 * ledger: balanced journal entries (LEDGER section 2). Layer 1, pure.
 *
 * The journal of one outcome is built line by line, in the arena, and handed to the event as an array:
 *
 *	struct ledger j = ledger_new(arena);
 *
 *	ledger_start(&j, TEXT("apply"), item->entity, date);
 *	ledger_item(&j, TYPE_LEDGER_ACCOUNT_AR_UNAPPLIED, amount, receipt);	debit: amount > 0
 *	ledger_item(&j, TYPE_LEDGER_ACCOUNT_AR, ledger_neg(amount), invoice);	credit: amount < 0
 *	event->entries = ledger_entries(&j, &event->n_entries);
 *
 * A line of amount 0 is left out, and an entry without lines too: zero moves nothing. What would break the books is a fault
 * of ours and ends the process (CHECK): an entry that does not balance in its functional currency, a control line
 * without its item, a line that is not in an entry, an amount that overflows.
 *
 * Functional amount = transaction amount: conversion into the entity's functional currency comes with foreign
 * currency and then happens here, in one place.
 */
#ifndef OPENITEM_LEDGER_H
#define OPENITEM_LEDGER_H

#include "arena/arena.h"
#include "base/base.h"
#include "ev/type.h"

#define LEDGER_LINES_MAX   600 /* @max of JournalEntry.lines */
#define LEDGER_ENTRIES_MAX 300 /* @max of CashEvent.entries */

/* The item a line moves: LEDGER section 1. `account` is its customer or holding account. */
struct ledger_item_ref {
	struct text account;
	struct text document_id;
	int32_t sequence;
};

/* Entries under construction. Owned by the caller; what it points at lives in the arena. */
struct ledger {
	struct arena *arena;
	struct type_journal_entry *entries;
	size_t n_entries, cap_entries;
	size_t cap_lines; /* of the last entry */
};

struct ledger ledger_new(struct arena *arena);

/* Begins an entry; the one before is checked and complete. kind as in the table of LEDGER section 2. */
void ledger_start(struct ledger *j, struct text kind, struct text entity, date_t accounting_date);

/* A line that names no item: bank clearing, revenue, money in transit ... detail: tax code, bank account, transfer. */
void ledger_line(struct ledger *j, enum type_ledger_account account, struct money amount, struct text detail);

/* A line that moves the open amount of an item. */
void ledger_item(struct ledger *j, enum type_ledger_account account, struct money amount, struct ledger_item_ref item);

/* Checks the last entry and hands everything over; NULL and 0 when nothing was posted. */
struct type_journal_entry *ledger_entries(struct ledger *j, size_t *ret_n);

/* ---- questions about entries, also for those who only read them ---- */

/* AR control = AR + AR-unapplied + AR-on-account. */
bool ledger_is_control(enum type_ledger_account account);

/* Sums to zero in each functional currency, and every control line names its item. */
bool ledger_is_sound(const struct type_journal_entry *entry);

/* The same amount on the other side. */
struct money ledger_neg(struct money amount);

#endif
