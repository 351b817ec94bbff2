/*
 * cash: what cash application decided. cash.c: which event does what, and applications; bank.c: bank lines, returns and
 * statements on the holding account; transfer.c: money and returns on their way. Pure.
 */
#ifndef OPENITEM_REPORTING_CORE_CASH_H
#define OPENITEM_REPORTING_CORE_CASH_H

#include "reporting/core/note.h"
#include "ev/cash.h"
#include "reporting/tables.h"

struct text reporting_cash_subject(const struct cash_event *ev);
void reporting_cash_want(struct book *book, const struct input *input, const struct cash_event *ev);
void reporting_cash_note(const struct reporting_note *n, const struct cash_event *ev);

/* ---- for the three files ---- */

struct reporting_bank_line reporting_bank_line_key(int32_t lane, struct text account, struct text line_id);
void reporting_line_posted(const struct reporting_note *n, const struct cash_line_posted *l);
void reporting_line_excluded(const struct reporting_note *n, const struct cash_line_excluded *l);
void reporting_line_moved(const struct reporting_note *n, struct text line_id, struct text at_account);
void reporting_left_unidentified(const struct reporting_note *n, const struct cash_left_unidentified *l);
void reporting_return_posted(const struct reporting_note *n, const struct cash_return_posted *r);
void reporting_statement_checked(const struct reporting_note *n, const struct cash_statement_checked *s);

void reporting_transfer_sent(const struct reporting_note *n, const struct cash_transfer_sent *t);
void reporting_transfer_accepted(const struct reporting_note *n, const struct cash_transfer_accepted *t);
void reporting_transfer_refused(const struct reporting_note *n, const struct cash_transfer_refused *t);
void reporting_return_passed_on(const struct reporting_note *n, const struct cash_return_passed_on *r);
void reporting_return_settled(const struct reporting_note *n, const struct cash_return_settled *r);

#endif
