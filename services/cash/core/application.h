/*
 * application: which credit pays which debit, made and undone (LEDGER sections 2, 3). Pure.
 *
 * An application moves nothing in or out: it takes from one open item what it takes from the other, within one
 * account, entity and currency.
 */
#ifndef OPENITEM_CASH_APPLICATION_H
#define OPENITEM_CASH_APPLICATION_H

#include "cash/core/event.h"
#include "cash/tables.h"

/* ---- pairing ---- */

/* So much of an open item: at most its open amount, positive. */
struct cash_part {
	const struct cash_item_row *item;
	int64_t minor;
};

struct cash_parts {
	struct cash_part *part;
	size_t n, cap;
};

struct cash_parts cash_parts_new(struct arena *arena, size_t cap);
/* All that may be taken of it. */
void cash_parts_add(struct cash_parts *parts, const struct cash_item_row *item);
/* So much of it; 0 adds nothing. */
void cash_parts_add_some(struct cash_parts *parts, const struct cash_item_row *item, int64_t minor);
/* In the order of due date, document id, sequence: ids, not numbers, so that the order can be repeated (DESIGN section 3). */
void cash_parts_oldest_due(struct cash_parts *parts);
/* Sum; amounts are bounded by the wire, a sum of a few thousand of them fits. */
int64_t cash_parts_sum(const struct cash_parts *parts);
/* a + b, checked: what is added here are open amounts of at most CASH_NAMED_DOCUMENTS_MAX items, far from overflow. */
int64_t cash_plus(int64_t a_minor, int64_t b_minor);

struct cash_pair {
	const struct cash_item_row *credit, *debit;
	int64_t minor;
};

struct cash_pairs {
	struct cash_pair *pair;
	size_t n;
};

/* Credits in order pay debits in order until either is used up. */
struct cash_pairs cash_pair(struct arena *arena, const struct cash_parts *credits, const struct cash_parts *debits);

/* ---- outcomes ---- */

struct cash_application_terms {
	struct text account;
	date_t anchor; /* of cash_first_open: not after the accounting date of any credit; nothing is dated before it */
	date_t not_before; /* a command's own day (LEDGER section 3), or DATE_NONE */
	date_t insisted; /* a person's own date, which has been checked; or DATE_NONE */
	struct type_explanation *explanation;
	struct text rule_version; /* for Provenance; may be empty */
};

/* One outcome `applied` per CASH_APPLICATIONS_MAX pairs, none when there are no pairs. Pairs share entity and currency. */
void cash_emit_applied(struct decision *d, const struct cash_pairs *pairs, const struct cash_application_terms *terms);

/* The accounting date of one application: max(both items, not_before), in an open period. */
date_t cash_application_date(struct book *book, const struct cash_item_row *credit, const struct cash_item_row *debit,
			     const struct cash_application_terms *terms);

/*
 * Undoes up to CASH_APPLICATIONS_MAX of the applications found for this credit, dated `day` or their own date where that is
 * later (nothing is undone before it was done). False: more are left, another transaction has to follow. ret_day: the
 * latest date used, at least `day`.
 */
bool cash_emit_unapplied(struct decision *d, const struct cash_item_row *credit, struct rows applications, enum cash_undone reason,
			 date_t anchor, date_t day, date_t *ret_day);

#endif
