/*
 * number: our document numbers (LEDGER section 7). Pure.
 *
 *	DE I 26 - 03 0000042 K
 *	|  | |     |  |      check digit over all the rest (id.h, ISO 7064 MOD 37,36)
 *	|  | |     |  7 places: counter of the series, 1, 2, 3 ...
 *	|  | |     2 places: lane in base 36
 *	|  | 2 places: fiscal year of the issue date (the year in which it began)
 *	|  document type: I invoice, C credit memo, D debit memo
 *	prefix of the entity
 *
 * 2 + 1 + 2 + 1 + 2 + 7 + 1 = 16 characters. Unique: prefixes are unique over entities, and prefix, type, year, lane and counter
 * each have their fixed places, so two numbers are equal only if all five are. (Years are unique within a century.)
 * The counter counts in decimals up to 9,999,999 and from there on in base 36 beginning with a letter (A000000, A000001 ...):
 * same seven places, no overlap, room for 56 milliards more per series and year.
 */
#ifndef BILLING_NUMBER_H
#define BILLING_NUMBER_H

#include "ev/billing.h"

#define NUMBER_CHARS       16
#define NUMBER_LANES_MAX   1296 /* 36^2; the system has 1024 at most */
#define NUMBER_COUNTER_MAX INT64_C(56606340735) /* 9,999,999 + 26 x 36^6 */

/* Two characters A-Z 0-9: what the layout rests on. */
bool bil_number_prefix_valid(struct text prefix);

struct text bil_number_make(struct arena *arena, struct text prefix, enum billing_document_type type, int fiscal_year, int32_t lane,
			    int64_t counter);
/* The counter of a number that bil_number_make made. */
int64_t bil_number_counter(struct text number);

#endif
