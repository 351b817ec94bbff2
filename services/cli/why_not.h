/*
 * why_not: what each rule misses in a receipt or bank line, in words. Pure. Whether a rule fits is said by cash's own functions (cash/core/match.h,
 * cash/core/identify.h); here it is only told how far it was from it.
 */
#ifndef CLI_WHY_NOT_H
#define CLI_WHY_NOT_H

#include "cash/core/identify.h"
#include "cash/core/match.h"

enum why_not_result {
	WHY_NOT_FITS, /* takes the money */
	WHY_NOT_STOPS, /* ends the rules and takes nothing */
	WHY_NOT_NO, /* does not fit */
	WHY_NOT_LATE, /* would fit; an earlier rule ended them */
};
extern const char *const why_not_results[];

/* One line of the answer; texts in the arena. */
struct why_not {
	const char *rule;
	enum why_not_result result;
	struct text missing; /* what it did not find; of one that fits: what it found */
	struct text candidates; /* "NAME (note); NAME (note)" */
};

#define WHY_NOT_RULES_MAX 8

/* The rules in the order of the rule set, as the book is now: up to WHY_NOT_RULES_MAX of them. Returns how many. */
size_t why_not_applied(const struct cash_match *match, struct why_not *rules);

/* The evidence for the payer of a line, in the order in which it counts. Returns how many. */
size_t why_not_identified(struct arena *a, const struct cash_remittance *remittance, const struct cash_identity *identity,
			  struct why_not *rules);

#endif
