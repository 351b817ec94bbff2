/*
 * match: what a receipt is applied to (LEDGER section 4, CSH-04, CSH-17). Pure.
 *
 * The rules are tried in the order of the rule set; the first that fits ends them:
 *	reference	documents the payer names (named.h); never falls through to an amount
 *	exact_amount	one open item of exactly that amount, the oldest due of several
 *	all_due		all items due on or before the receipt's date
 *	oldest_first	oldest due first, the last one in part: only where the customer's policy says so
 *
 * Amounts are compared with the balance net of open credits, which are then used in the same decision, and with the
 * balance without them: a forgotten credit of 0.37 must not keep an exact payment from its invoice. Where both
 * fit, and differently, the decision is a person's (`ambiguous`).
 */
#ifndef OPENITEM_CASH_MATCH_H
#define OPENITEM_CASH_MATCH_H

#include "cash/core/application.h"
#include "cash/core/reference.h"
#include "cash/core/rows.h"
#include "ev/reference.h"

/* What the rules look at. Amounts are positive. */
struct cash_match {
	struct arena *arena;
	struct book *book;
	int32_t lane;
	struct text account, entity;
	char currency[4];
	struct text receipt_id;
	date_t received; /* booking date of the bank line: "due on or before the receipt's date" */
	date_t anchor; /* no application is dated before it */
	struct cash_rule_set rules;
	bool oldest_first; /* the customer's policy */
	struct rows debits, credits; /* open, in scope, oldest due first, at most CASH_APPLY_ITEMS_MAX + 1 */
	struct cash_words *words; /* the payer's */
	const struct cash_item_row *receipt; /* in decide only */
	int64_t amount_minor; /* its open amount */
};

/* What a rule proposes. */
struct cash_plan {
	struct cash_pairs pairs;
	enum cash_left left; /* why what remains of the receipt remains */
	struct type_explanation *explanation;
	bool goes_on; /* further items wait for the next transaction */
};

/* Everything but the receipt itself, which may not be there yet. Also for want. */
struct cash_match cash_match_read(struct book *book, const struct input *input, const struct cash_transfer_sent *transfer,
				  struct text account, struct text receipt_id);

/* Applies what the rules say, and says what is left and why. MORE: again with this cursor, from the next transaction on. */
enum decided cash_match_decide(struct decision *d, struct cash_match *match);

/* ---- for `openitem why-not` ---- */

/* One rule by itself; the receipt must be set. False: it does not fit, and the next one is tried. */
bool cash_match_rule(const struct cash_match *match, enum reference_cash_rule rule, struct cash_plan *ret_plan);
/* What the rules together say: what cash_match_decide would do. */
struct cash_plan cash_match_plan(const struct cash_match *match);

/* ---- shared with named.c ---- */

/* Number, external number or id of a document, as people call it. */
struct text cash_match_name(const struct cash_item_row *item);
/* Adds the credits, then the receipt: CSH-17. */
struct cash_parts cash_match_credits(const struct cash_match *match, const struct cash_parts *credits);

#endif
