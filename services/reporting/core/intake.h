/* intake: customers, entities and business days. Everything else that passed the gate is only kept as a record. Pure. */
#ifndef OPENITEM_REPORTING_CORE_INTAKE_H
#define OPENITEM_REPORTING_CORE_INTAKE_H

#include "reporting/core/note.h"
#include "ev/intake.h"

/* The order, bank line, statement, item or block the fact is about. */
struct text reporting_intake_subject(const struct intake_event *ev);
void reporting_intake_note(const struct reporting_note *n, const struct intake_event *ev);

#endif
