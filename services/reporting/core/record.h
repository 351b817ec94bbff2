/*
 * record: the audit log of everything reporting reads (AUD-01), and the number every row of a record carries. Pure.
 */
#ifndef OPENITEM_REPORTING_CORE_RECORD_H
#define OPENITEM_REPORTING_CORE_RECORD_H

#include "reporting/core/note.h"

/* Every input needs the counter of its lane. */
void reporting_record_want(struct book *book, const struct input *input);

/* Takes the lane's next ledger_seq for n and keeps the record with its hash. */
void reporting_record_note(struct reporting_note *n);

#endif
