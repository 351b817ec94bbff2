/*
 * names: every reason, rule and entry kind of cash application, once. They are stable: people filter by them, tests name them.
 *
 * Each list makes an enum (CASH_REFUSED_VERSION_CONFLICT), its text (cash_refused_text) and the list of what the
 * table cases must reach (cash_covers), so none of the three can miss one.
 */
#ifndef OPENITEM_CASH_NAMES_H
#define OPENITEM_CASH_NAMES_H

#include "text/text.h"

/* Refusals, in order of precedence. */
#define CASH_REFUSED_LIST(X)                                                                                                       \
	X(DUPLICATE_LINE, "duplicate_line") /* this bank account already has a line of that id */                                  \
	X(DUPLICATE_ADVICE, "duplicate_advice") /* this bank account already has an advice of that id */                           \
	X(UNKNOWN_LINE, "unknown_line")                                                                                            \
	X(UNKNOWN_ITEM, "unknown_item")                                                                                            \
	X(NOT_A_RECEIPT, "not_a_receipt") /* only money that came with a bank line can be sent back */                             \
	X(NOT_A_CREDIT, "not_a_credit")                                                                                            \
	X(NOT_A_DEBIT, "not_a_debit")                                                                                              \
	X(VERSION_CONFLICT, "version_conflict") /* somebody else was faster (LEDGER section 4) */                                  \
	X(LINE_RETURNED, "line_returned") /* the bank took the money back */                                                       \
	X(LINE_NOT_HERE, "line_not_here") /* the money is on another account, or on its way */                                     \
	X(ACCOUNT_UNKNOWN, "account_unknown") /* a holding account pays nothing */                                                 \
	X(NOT_APPLIED, "not_applied") /* nothing to undo */                                                                        \
	X(NOT_OPEN, "not_open")                                                                                                    \
	X(ON_ACCOUNT, "on_account") /* left on the account deliberately: it has to be taken off first */                           \
	X(NOT_ON_ACCOUNT, "not_on_account")                                                                                        \
	X(CROSS_ENTITY, "cross_entity")                                                                                            \
	X(CROSS_CURRENCY, "cross_currency")                                                                                        \
	X(AMOUNT_NOT_POSITIVE, "amount_not_positive")                                                                              \
	X(AMOUNT_EXCEEDS_OPEN, "amount_exceeds_open")                                                                              \
	X(PERIOD_CLOSED, "period_closed")                                                                                          \
	X(DATE_TOO_EARLY, "date_too_early") /* before an item or the business day (LEDGER section 3) */

/* Why money stays unapplied. */
#define CASH_LEFT_LIST(X)                                                                                                          \
	X(NO_OPEN_ITEMS, "no_open_items")                                                                                          \
	X(NO_RULE_MATCHED, "no_rule_matched")                                                                                      \
	X(POSSIBLE_DUPLICATE, "possible_duplicate") /* all documents it names are closed */                                        \
	X(TOO_MANY_ITEMS, "too_many_items") /* more than CASH_APPLY_ITEMS_MAX */                                                   \
	X(AMBIGUOUS, "ambiguous") /* two different sets fit equally well */                                                        \
	X(SUM_DIFFERS, "sum_differs") /* a PO or order over several invoices */                                                    \
	X(EXCESS, "excess") /* more than the items that were named or chosen */                                                    \
	X(CROSS_ENTITY, "cross_entity")                                                                                            \
	X(CROSS_CURRENCY, "cross_currency")

/* Why a payer is not known. */
#define CASH_UNIDENTIFIED_LIST(X)                                                                                                  \
	X(NO_EVIDENCE, "no_evidence")                                                                                              \
	X(CONFLICTING_EVIDENCE, "conflicting_evidence")                                                                            \
	X(AMBIGUOUS, "ambiguous")                                                                                                  \
	X(REFUSED_BEFORE, "refused_before") /* that account refused the line or sent it back */

/* Why an advice waits. */
#define CASH_ADVICE_LIST(X)                                                                                                        \
	X(NO_LINE, "no_line") /* the money is not here */                                                                          \
	X(AMBIGUOUS, "ambiguous") /* several lines, or several advices, fit */

/* What came of an advice on the account of its receipt. */
#define CASH_TAKEN_LIST(X)                                                                                                         \
	X(USED, "used") /* the rules looked again, with its references */                                                          \
	X(TOUCHED, "touched") /* a person has decided about this receipt */                                                        \
	X(NOTHING_OPEN, "nothing_open")                                                                                            \
	X(MONEY_GONE, "money_gone") /* sent back, returned, or refused here */

/* Why a return went to the suspense account. */
#define CASH_EXCEPTION_LIST(X)                                                                                                     \
	X(LINE_NOT_NAMED, "line_not_named")                                                                                        \
	X(UNKNOWN_LINE, "unknown_line")                                                                                            \
	X(ALREADY_RETURNED, "already_returned")                                                                                    \
	X(ENTITY_DIFFERS, "entity_differs")                                                                                        \
	X(AMOUNT_DIFFERS, "amount_differs")

/* Why a line is excluded (CSH-16). */
#define CASH_EXCLUDED_LIST(X)                                                                                                      \
	X(FEE, "fee")                                                                                                              \
	X(INTEREST, "interest")                                                                                                    \
	X(SWEEP, "sweep")                                                                                                          \
	X(OUTGOING, "outgoing")                                                                                                    \
	X(NOT_POSITIVE, "not_positive") /* a payment of nothing, or less */

/* Why applications were undone. */
#define CASH_UNDONE_LIST(X)                                                                                                        \
	X(BY_COMMAND, "by_command")                                                                                                \
	X(SEND_BACK, "send_back")                                                                                                  \
	X(RETURN, "return")

/* Rules, as explanations name them. */
#define CASH_RULE_LIST(X)                                                                                                          \
	X(NO_RULE, "no_rule") /* all were tried, none fitted */                                                                    \
	X(IDENTIFY, "identify") /* looking for the payer without finding one */                                                    \
	X(PAYER_BANK_ACCOUNT, "payer_bank_account")                                                                                \
	X(DOCUMENT_REFERENCE, "document_reference")                                                                                \
	X(PAYER_REFERENCE, "payer_reference")                                                                                      \
	X(PAYER_NAME, "payer_name")                                                                                                \
	X(BY_COMMAND, "by_command")                                                                                                \
	X(SEND_BACK, "send_back")                                                                                                  \
	X(CREDIT_MEMO, "credit_memo") /* a memo that names its invoice */                                                          \
	X(CLOSES_CREDIT, "closes_credit") /* a debit memo that names the credit it closes */                                       \
	X(ADVICE, "advice") /* the advice names the payer's account */                                                             \
	X(REFERENCE, "reference")                                                                                                  \
	X(EXACT_AMOUNT, "exact_amount")                                                                                            \
	X(ALL_DUE, "all_due")                                                                                                      \
	X(OLDEST_FIRST, "oldest_first")

/* Kinds of journal entry (LEDGER section 2). */
#define CASH_ENTRY_LIST(X)                                                                                                         \
	X(BANK_LINE, "bank_line")                                                                                                  \
	X(PAYER_ASSIGNED, "payer_assigned")                                                                                        \
	X(TRANSFER_ACCEPTED, "transfer_accepted")                                                                                  \
	X(TRANSFER_REFUSED, "transfer_refused") /* back at the sender */                                                           \
	X(SEND_BACK, "send_back")                                                                                                  \
	X(APPLY, "apply")                                                                                                          \
	X(UNAPPLY, "unapply")                                                                                                      \
	X(RETURN, "return")                                                                                                        \
	X(RETURN_LINKED, "return_linked") /* receipt and return close each other */                                                \
	X(BANK_FEE, "bank_fee")                                                                                                    \
	X(ON_ACCOUNT, "on_account")                                                                                                \
	X(OFF_ACCOUNT, "off_account")

#define CASH_NAMES(prefix, enum_name, function, LIST)                                                                              \
	enum enum_name { LIST(prefix) };                                                                                           \
	struct text function(enum enum_name name);

#define CASH_REFUSED_ENUM(name, text)      CASH_REFUSED_##name,
#define CASH_LEFT_ENUM(name, text)         CASH_LEFT_##name,
#define CASH_UNIDENTIFIED_ENUM(name, text) CASH_UNIDENTIFIED_##name,
#define CASH_EXCEPTION_ENUM(name, text)    CASH_EXCEPTION_##name,
#define CASH_ADVICE_ENUM(name, text)       CASH_ADVICE_##name,
#define CASH_TAKEN_ENUM(name, text)        CASH_TAKEN_##name,
#define CASH_EXCLUDED_ENUM(name, text)     CASH_EXCLUDED_##name,
#define CASH_UNDONE_ENUM(name, text)       CASH_UNDONE_##name,
#define CASH_RULE_ENUM(name, text)         CASH_RULE_##name,
#define CASH_ENTRY_ENUM(name, text)        CASH_ENTRY_##name,

CASH_NAMES(CASH_REFUSED_ENUM, cash_refused, cash_refused_text, CASH_REFUSED_LIST)
CASH_NAMES(CASH_LEFT_ENUM, cash_left, cash_left_text, CASH_LEFT_LIST)
CASH_NAMES(CASH_UNIDENTIFIED_ENUM, cash_unidentified, cash_unidentified_text, CASH_UNIDENTIFIED_LIST)
CASH_NAMES(CASH_EXCEPTION_ENUM, cash_exception, cash_exception_text, CASH_EXCEPTION_LIST)
CASH_NAMES(CASH_ADVICE_ENUM, cash_advice_why, cash_advice_text, CASH_ADVICE_LIST)
CASH_NAMES(CASH_TAKEN_ENUM, cash_taken, cash_taken_text, CASH_TAKEN_LIST)
CASH_NAMES(CASH_EXCLUDED_ENUM, cash_excluded, cash_excluded_text, CASH_EXCLUDED_LIST)
CASH_NAMES(CASH_UNDONE_ENUM, cash_undone, cash_undone_text, CASH_UNDONE_LIST)
CASH_NAMES(CASH_RULE_ENUM, cash_rule, cash_rule_text, CASH_RULE_LIST)
CASH_NAMES(CASH_ENTRY_ENUM, cash_entry, cash_entry_text, CASH_ENTRY_LIST)

/* Of a transfer that could not arrive. */
#define CASH_TRANSFER_REFUSED_REASON TEXT("account_unknown")

/* Every outcome and every reason, as "outcome" or "outcome.field=value": what the cases must reach. NULL at the end. */
extern const char *const cash_covers[];

#endif
