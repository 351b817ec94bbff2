/*
 * tax: what a document owes to authorities (LEDGER section 7, BIL-09). Pure.
 *
 * Rounded once per (code, category, rate) on the document, half away from zero: the bases of all lines with that tax are
 * summed first. CGST 9 % + SGST 9 % of 100.05 is 9.00 + 9.00. Only category `standard` is charged: zero, exempt, reverse charge and
 * out of scope carry base and rate for the books of tax, and an amount of 0.
 */
#ifndef BILLING_TAX_H
#define BILLING_TAX_H

#include "ev/billing.h"
#include "refusal.h"

#define TAXES_MAX 64 /* @max of DocumentIssued.taxes */

struct tax_list {
	struct type_tax_amount tax[TAXES_MAX];
	size_t n;
};

bool bil_tax_same(const struct type_tax *a, const struct type_tax_amount *b);

/* Adds a net amount to the base of each tax of its line; taxes stand in order of first appearance. */
enum refusal bil_tax_add(struct tax_list *list, const struct type_tax *taxes, size_t n_taxes, int64_t net_minor);

/* Computes every amount from its base. Sets *ret_tax_minor to their sum. */
enum refusal bil_tax_compute(struct tax_list *list, int64_t *ret_tax_minor);

/* Tax on a base: 0 unless standard. */
bool bil_tax_on(const struct type_tax_amount *tax, int64_t base_minor, int64_t *ret_minor) MUST_USE;

#endif
