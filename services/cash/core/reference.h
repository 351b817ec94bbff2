/*
 * reference: what in the payer's words may be the name of a document (LEDGER section 4). Pure.
 *
 * Values are compared whole and normalised: upper case, only A-Z 0-9, leading zeros of a plain number dropped
 * ("inv-2026/001" = "INV2026001", "0000611365" = "611365"). Index and text go through the same two functions.
 */
#ifndef OPENITEM_CASH_REFERENCE_H
#define OPENITEM_CASH_REFERENCE_H

#include "ev/cash.h"

#define CASH_REFERENCES_MAX  256 /* candidate values of one bank line; what is behind them is not looked at */
#define CASH_REFERENCE_BYTES 64 /* a document's number, order, PO: @max of their fields */

/* TEXT_NONE when it is not worth looking up: without a digit, or a bare counter like "17" (digits only, fewer than 5 of them). */
struct text cash_reference_normal(struct arena *arena, struct text raw);

struct cash_reference_value {
	struct text value; /* normalised */
	bool advised; /* from structured remittance */
	int64_t amount_minor; /* meant for it by structured remittance; 0 = its full open amount */
};

struct cash_reference_list {
	struct cash_reference_value *values; /* each value once, the most telling first */
	size_t n, cap;
};

/*
 * Structured references, the payer's reference, then the text: whole tokens, each also without a prefix ("INV", "RE", "NO" ...),
 * then up to four neighbouring pieces joined, since numbers are quoted with blanks, dots and slashes in them.
 */
struct cash_reference_list cash_reference_read(struct arena *arena, const struct cash_remittance *remittance);

#endif
