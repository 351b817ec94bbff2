/* tables_billing: the text tables of billing, and what its core computes that no event of today reaches: credits line by line, all
 * lanes, large counters. */
#include <stdio.h>

#include "../../services/billing/billing.h"
#include "../../services/billing/core/credit_memo.h"
#include "../../services/billing/core/invoice.h"
#include "../../services/billing/core/number.h"
#include "../../services/billing/core/period.h"
#include "harness.h"
#include "id/id.h"

static const char *const covers[] = {
	"order_recorded",
	"order_recorded.state=open",
	"order_recorded.state=fulfilled",
	"order_recorded.state=cancelled",
	"invoice_issued",
	"credit_memo_issued",
	"item_taken_on",
	"item_taken_on.type=invoice",
	"item_taken_on.type=debit_memo",
	"item_taken_on.type=credit_memo",
	"item_taken_on.type=receipt",
	"parked.reason=customer_unknown",
	"parked.reason=entity_unknown",
	"parked.reason=terms_unknown",
	"parked.reason=day_unknown",
	"parked.reason=order_unknown",
	"parked.reason=order_version_gap",
	"parked.reason=behind_parked",
	"refused.reason=order_exists",
	"refused.reason=bad_order_version",
	"refused.reason=order_version_taken",
	"refused.reason=order_closed",
	"refused.reason=entity_changed",
	"refused.reason=currency_changed",
	"refused.reason=duplicate_line",
	"refused.reason=duplicate_tax",
	"refused.reason=too_many_taxes",
	"refused.reason=amount_out_of_range",
	"refused.reason=negative_total",
	"refused.reason=currency_mismatch",
	"refused.reason=sum_mismatch",
	"refused.reason=no_terms",
	"refused.reason=external_number_conflict",
	"refused.reason=below_billed",
	"refused.reason=unknown_line",
	"refused.reason=over_fulfilled",
	"debit_memo_issued",
	"debit_memo_issued.debit_memo_kind=charge",
	"debit_memo_issued.debit_memo_kind=bank_charges",
	"debit_memo_issued.debit_memo_kind=close_credit",
	"credit_memo_issued.credit_scope=whole",
	"credit_memo_issued.credit_scope=lines",
	"credit_memo_issued.credit_scope=net_amount",
	"credit_memo_issued.credit_scope=tax_only",
	"refused.reason=unknown_document",
	"refused.reason=nothing_left",
	"refused.reason=over_credited",
	"refused.reason=quantity_or_net",
	"refused.reason=reference_taken",
	"refused.reason=credit_not_named",
	"refused.reason=customer_unknown",
	"refused.reason=entity_unknown",
	"refused.reason=terms_unknown",
	"refused.reason=day_unknown",
	"refused.reason=bad_accounting_date",
	"refused.reason=already_taken_on",
	"refused.reason=open_exceeds_original",
	"refused.reason=period_closed",
	"refused.reason=number_prefix_invalid",
	"refused.reason=number_prefix_taken",
	"refused.reason=number_prefix_changed",
	NULL,
};

struct tally {
	size_t *passed, *failed;
};

static void expect(struct tally *t, bool ok, const char *what)
{
	*(ok ? t->passed : t->failed) += 1;
	if (!ok)
		printf("FAILED billing: %s\n", what);
}

/* LEDGER 7: three lines of 10.10 at 5 % bill 1.52, and three credits return 0.51 + 0.50 + 0.51. */
static void credits(struct tally *t, struct arena *arena)
{
	struct type_tax vat = { .code = TEXT("VAT"), .category = TYPE_TAX_CATEGORY_STANDARD, .rate_ppm = 50000 };
	static const int64_t tax_expected[] = { 51, 50, 51 };
	struct crm_order_line lines[3];
	struct invoice_pick picks[3];
	struct billing_document_issued invoice = { 0 };
	const struct billing_credited_so_far *so_far = NULL;
	int64_t net = 0, tax = 0;
	size_t n_rest;

	for (int i = 0; i < 3; i++) {
		lines[i] = (struct crm_order_line){
			.line_no = i + 1,
			.item = TEXT("A"),
			.quantity_e6 = 1000000,
			.unit_price_e6 = 10100000,
			.n_taxes = 1,
			.taxes = &vat,
		};
		picks[i] = (struct invoice_pick){ &lines[i], lines[i].quantity_e6 };
	}
	expect(t, bil_invoice_amounts(arena, TEXT("EUR"), picks, 3, &invoice) == REFUSE_NOTHING && invoice.tax_minor == 152,
	       "L7.1d 3 x 10.10 at 5 % bills 1.52");
	for (int i = 0; i < 3; i++) {
		struct billing_document_issued memo = { 0 };
		struct billing_credited_line credit = { .line_no = i + 1, .net_minor = 1010 };
		bil_credit_memo_make(arena, &invoice, so_far, &credit, 1, TEXT_NONE, &memo);
		so_far = bil_credit_memo_count(arena, &invoice, so_far, &memo);
		expect(t, memo.tax_minor == tax_expected[i], "L7.1d credits return 0.51 + 0.50 + 0.51");
		net += memo.net_minor;
		tax += memo.tax_minor;
	}
	bil_credit_memo_rest(arena, &invoice, so_far, &n_rest);
	expect(t, net == invoice.net_minor && tax == invoice.tax_minor && n_rest == 0, "L7.1d the credits return what was billed");
}

/* A part of a line, then the rest: never more or less than was billed. */
static void credit_in_parts(struct tally *t, struct arena *arena)
{
	struct type_tax vat = { .code = TEXT("VAT"), .category = TYPE_TAX_CATEGORY_STANDARD, .rate_ppm = 190000 };
	struct crm_order_line line = {
		.line_no = 1,
		.item = TEXT("A"),
		.quantity_e6 = 1000000,
		.unit_price_e6 = 10010000,
		.n_taxes = 1,
		.taxes = &vat,
	};
	struct invoice_pick pick = { &line, line.quantity_e6 };
	struct billing_document_issued invoice = { 0 }, first = { 0 }, second = { 0 };
	struct billing_credited_line part = { .line_no = 1, .net_minor = 333 };
	size_t n_rest;

	expect(t, bil_invoice_amounts(arena, TEXT("EUR"), &pick, 1, &invoice) == REFUSE_NOTHING, "an invoice");
	bil_credit_memo_make(arena, &invoice, NULL, &part, 1, TEXT_NONE, &first);
	const struct billing_credited_so_far *so_far = bil_credit_memo_count(arena, &invoice, NULL, &first);
	struct billing_credited_line *rest = bil_credit_memo_rest(arena, &invoice, so_far, &n_rest);
	expect(t, n_rest == 1 && rest[0].net_minor == 668 && first.lines[0].quantity_e6 == 0, "the rest of a line");
	bil_credit_memo_make(arena, &invoice, so_far, rest, n_rest, TEXT_NONE, &second);
	expect(t,
	       first.tax_minor + second.tax_minor == invoice.tax_minor &&
		       first.gross_minor + second.gross_minor == invoice.gross_minor,
	       "two parts return what was billed");
}

static int compare_numbers(const void *a, const void *b)
{
	return text_cmp(*(const struct text *)a, *(const struct text *)b);
}

/* LEDGER 7: 16 characters of A-Z 0-9 - /, a check digit, unique over entities, types and lanes. */
static void numbers(struct tally *t, struct arena *arena)
{
	static const int64_t counters[] = { 1, 2, 9999999, 10000000, 10000001, 10000036, NUMBER_COUNTER_MAX };
	static const enum billing_document_type types[] = { BILLING_DOCUMENT_TYPE_INVOICE, BILLING_DOCUMENT_TYPE_CREDIT_MEMO,
							    BILLING_DOCUMENT_TYPE_DEBIT_MEMO };
	static const char *const prefixes[] = { "DE", "0A" };
	size_t n = 0, cap = 1024 * ARRAY_LEN(counters) * ARRAY_LEN(types) * ARRAY_LEN(prefixes);
	struct text *all = ARENA_ARRAY(arena, cap, struct text);
	bool sound = true, unique = true;

	for (int32_t lane = 0; lane < 1024; lane++)
		for (size_t c = 0; c < ARRAY_LEN(counters); c++)
			for (size_t k = 0; k < ARRAY_LEN(types); k++)
				for (size_t p = 0; p < ARRAY_LEN(prefixes); p++)
					all[n++] = bil_number_make(arena, text_of(prefixes[p]), types[k], 2026, lane, counters[c]);
	for (size_t i = 0; i < n; i++)
		sound = sound && all[i].n <= NUMBER_CHARS && id_check_verify(all[i]);
	qsort(all, n, sizeof(*all), compare_numbers);
	for (size_t i = 1; i < n; i++)
		unique = unique && !text_eq(all[i], all[i - 1]);
	expect(t, sound, "L7.2a 16 characters with a check digit on 1024 lanes");
	expect(t, unique, "L7.2b unique over entities, types, lanes and counters");
	struct text last = bil_number_make(arena, TEXT("DE"), BILLING_DOCUMENT_TYPE_INVOICE, 2026, 1023, 9999999);
	struct text next = bil_number_make(arena, TEXT("DE"), BILLING_DOCUMENT_TYPE_INVOICE, 2026, 1023, 10000000);
	expect(t, text_starts(last, TEXT("DEI26-SF9999999")) && text_starts(next, TEXT("DEI26-SFA000000")),
	       "L7.2b after 9,999,999 comes A000000");
}

static void periods(struct tally *t)
{
	struct periods p = { 0 };
	date_t jan = date_of(2026, 1, 1);

	for (int year = 1900; year < 2100; year++)
		bil_period_close(&p.closed, date_of(year, 1, 1), date_of(year, 1, 31));
	expect(t, p.closed.n == PERIOD_SPANS_MAX && p.closed.span[p.closed.n - 1].first_day == date_of(2099, 1, 1),
	       "L3.2f the oldest spans are forgotten");
	p.closed.n = 0;
	bil_period_close(&p.closed, jan, date_of(2026, 3, 31));
	bil_period_open(&p.closed, date_of(2026, 2, 1), date_of(2026, 2, 28));
	expect(t,
	       p.closed.n == 2 && bil_period_first_open(&p, jan) == date_of(2026, 2, 1) &&
		       bil_period_first_open(&p, date_of(2026, 3, 1)) == date_of(2026, 4, 1),
	       "L3.2f a month opened again within closed ones");
	bil_period_close(&p.soft, date_of(2026, 2, 1), date_of(2026, 2, 28));
	bil_period_close(&p.soft, date_of(2026, 4, 1), date_of(2026, 4, 30));
	expect(t,
	       bil_period_first_open(&p, jan) == date_of(2026, 5, 1) && bil_period_takes(&p, date_of(2026, 2, 15)) &&
		       !bil_period_takes(&p, date_of(2026, 3, 15)),
	       "L3.2f what falls by itself passes soft-closed months, a person may insist on them");
	bil_period_close(&p.closed, date_of(2026, 2, 1), date_of(2026, 2, 28));
	expect(t, p.closed.n == 1 && p.closed.span[0].first_day == jan && p.closed.span[0].last_day == date_of(2026, 3, 31),
	       "L3.2f spans that touch are one");
}

static void vectors(size_t *passed, size_t *failed)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new((size_t)64 << 20, (size_t)64 << 20);
	struct tally t = { passed, failed };

	credits(&t, arena);
	credit_in_parts(&t, arena);
	numbers(&t, arena);
	periods(&t);
}

int main(int argc, char **argv)
{
	static const struct harness billing = { .service = &billing_service, .covers = covers, .vectors = vectors };

	return harness_main(&billing, argc, argv);
}
