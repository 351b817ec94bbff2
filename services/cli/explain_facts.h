/* explain_facts: the facts that passed the gate, in words; and the small words that explain_words.c uses too. Private to explain*.c. */
#ifndef CLI_EXPLAIN_FACTS_H
#define CLI_EXPLAIN_FACTS_H

#include "arena/arena.h"
#include "ev/intake.h"
#include "text/text.h"

void explain_fact(const struct intake_event *ev, struct buf *b, struct arena *a);

/* "1190.00 EUR" */
const char *explain_minor(struct arena *a, int64_t minor, struct text currency);
const char *explain_money(struct arena *a, const struct money *m);
/* "2026-03-31", "" */
const char *explain_day(struct arena *a, date_t day);
/* credit_memo */
const char *explain_enum(const struct wire_enum *of, int64_t value);

#endif
