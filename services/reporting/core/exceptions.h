/* exceptions: refusals, parked inputs, money that stays where it is, each with its stable reason. Pure. */
#ifndef OPENITEM_REPORTING_CORE_EXCEPTIONS_H
#define OPENITEM_REPORTING_CORE_EXCEPTIONS_H

#include "reporting/core/note.h"
#include "reporting/tables.h"

/* A row with kind, ref and reason, and where it came from. */
struct reporting_exception reporting_exception_of(const struct reporting_note *n, struct text kind, struct text ref,
						  struct text reason);
/* Adds what an explanation says: because and tie-break as detail, and the candidates. explanation may be NULL. */
void reporting_exception_explain(const struct reporting_note *n, struct reporting_exception *row,
				 const struct type_explanation *explanation);

void reporting_refused_note(const struct reporting_note *n, const struct type_refused *refused);

/* Billing parks: the wait ends with the final record of the same input. want for every record of billing. */
void reporting_parked_want(struct book *book, const struct input *input, const struct type_provenance *p, struct text account);
void reporting_parked_note(const struct reporting_note *n, const struct type_parked *parked);
void reporting_released_note(const struct reporting_note *n);

#endif
