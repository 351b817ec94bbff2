/*
 * ledger: the journal entries of a record become ledger lines, day totals, AR control and the open amounts of items. Pure.
 */
#ifndef OPENITEM_REPORTING_CORE_LEDGER_H
#define OPENITEM_REPORTING_CORE_LEDGER_H

#include "reporting/core/note.h"

void reporting_ledger_note(const struct reporting_note *n);

#endif
