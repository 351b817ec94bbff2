/* event: making outcomes. Everything lives in the arena of the decision. */
#ifndef OPENITEM_CASH_EVENT_H
#define OPENITEM_CASH_EVENT_H

#include "book/book.h"
#include "cash/core/names.h"
#include "ev/cash.h"
#include "ledger/ledger.h"

/* An id that follows from the input: the same whenever it is decided (DESIGN section 2). */
struct text cash_id(struct arena *arena, const struct input *input, const char *kind, struct text aggregate);

/* An outcome of this account, without its event; the caller sets event_case and member. */
struct cash_event *cash_event_new(struct decision *d, struct text account);

/* Hands over entries built with ledger. */
void cash_event_post(struct cash_event *event, struct ledger *journal);

/* destination: account on whose lane a copy arrives (ar.transfer); empty = none. rule_version: what decided; empty = none. */
const struct outcome *cash_emit(struct decision *d, struct cash_event *event, struct text destination, struct text rule_version);

/* Refuses the input: its only outcome. subject: line, document ... it is about. fmt: what was wrong and what was expected.
 * Always true, for checks that read `return cash_refuse(...)`. */
bool cash_refuse(struct decision *d, struct text account, enum cash_refused why, struct text subject, const char *fmt, ...)
	PRINTF_LIKE(5, 6);

/* ---- explanations (AUD-02): ids and numbers only, never names or bank accounts ---- */

#define CASH_CANDIDATES_MAX 16

struct type_explanation *cash_explain(struct arena *arena, enum cash_rule rule, struct text rule_version, const char *fmt, ...)
	PRINTF_LIKE(4, 5);
/* The same with words that are put together already, at most as many as the field holds. */
struct type_explanation *cash_explain_with(struct arena *arena, enum cash_rule rule, struct text rule_version, struct text because);
/* Candidates beyond CASH_CANDIDATES_MAX are left out: put the winner first. */
void cash_candidate(struct arena *arena, struct type_explanation *why, struct text what, enum cash_rule rule, const char *fmt, ...)
	PRINTF_LIKE(5, 6);

/* At most max bytes, cut between characters. */
struct text cash_cut(struct text t, size_t max);

#endif
