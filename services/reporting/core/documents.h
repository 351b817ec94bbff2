/* documents: what billing decided: orders, documents and their items, parked and refused inputs. Pure. */
#ifndef OPENITEM_REPORTING_CORE_DOCUMENTS_H
#define OPENITEM_REPORTING_CORE_DOCUMENTS_H

#include "reporting/core/note.h"
#include "ev/billing.h"

struct text reporting_billing_subject(const struct billing_event *ev);
void reporting_billing_want(struct book *book, const struct input *input, const struct billing_event *ev);
void reporting_billing_note(const struct reporting_note *n, const struct billing_event *ev);

#endif
