/* test_cli_why_not: what each rule misses (CSH-03, CSH-04), on rows as cash keeps them. */
#include "cash/core/item.h"
#include "cli/why_not.h"

#include <setjmp.h>

#include <cmocka.h>

#define TODAY date_of(2026, 3, 20)

static struct arena *a;
static struct mem *mem;

static int setup(void **state)
{
	(void)state;
	a = arena_new(1u << 20, 1u << 28);
	mem = mem_new(cash_tables, CASH_TABLES_N);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	mem_free(mem);
	arena_free(a);
	return 0;
}

static void put_item(const char *id, enum cash_item_kind kind, int64_t open_minor, date_t due)
{
	struct cash_item_row row = cash_item_blank(0, TEXT("C1"), text_of(id), 1);

	row.kind = kind;
	row.entity = TEXT("E1");
	memcpy(row.currency, "EUR", 4);
	row.original_minor = row.open_minor = open_minor;
	row.document_date = row.accounting_date = row.due_date = due;
	row.number = kind == CASH_ITEM_RECEIPT ? TEXT_NONE : text_of(id);
	mem_set(mem, &cash_item_table, &row);
}

static void put_number(const char *value)
{
	struct cash_reference_row row = {
		.account = TEXT("C1"), .value = text_of(value), .document_id = text_of(value), .kind = CASH_INDEX_NUMBER
	};

	mem_set(mem, &cash_reference_table, &row);
}

/* The receipt R, its payer's words, as the command loads it. */
static struct cash_match match_of(int64_t minor, const char *words)
{
	struct book *book = book_new(a, cash_tables, CASH_TABLES_N);
	struct cash_transfer_sent *transfer = WIRE_NEW(a, cash_transfer_sent);
	struct input input = { 0 };
	struct cash_match m;

	transfer->entity = TEXT("E1");
	transfer->amount = (struct money){ "EUR", minor };
	transfer->booking_date = transfer->accounting_date = TODAY;
	transfer->remittance = WIRE_NEW(a, cash_remittance);
	transfer->remittance->text = text_of(words);
	do {
		mem_load(mem, book);
		m = cash_match_read(book, &input, transfer, TEXT("C1"), TEXT("R"));
		m.receipt = cash_item(book, 0, TEXT("C1"), TEXT("R"), 1);
	} while (book_has_questions(book));
	assert_non_null(m.receipt);
	return m;
}

static void assert_rule(const struct why_not *w, const char *rule, enum why_not_result result, const char *missing)
{
	assert_string_equal(w->rule, rule);
	assert_int_equal(w->result, result);
	assert_string_equal(text_cstr(a, w->missing), missing);
}

static void what_every_rule_misses(void **state)
{
	struct why_not rules[WHY_NOT_RULES_MAX];

	(void)state;
	put_item("R", CASH_ITEM_RECEIPT, -10000, TODAY);
	struct cash_match m = match_of(10000, "your bill of last month");
	assert_int_equal(why_not_applied(&m, rules), 4);
	assert_rule(&rules[0], "reference", WHY_NOT_NO,
		    "the payer names nothing that could be a document (a number has a letter, or more than four digits)");
	assert_rule(&rules[1], "exact_amount", WHY_NOT_NO, "nothing is open in this entity and currency");
	assert_rule(&rules[2], "all_due", WHY_NOT_NO, "nothing was due on 2026-03-20");
	assert_rule(&rules[3], "oldest_first", WHY_NOT_NO, "the customer's policy does not allow it (apply_oldest_first)");

	put_item("INV1", CASH_ITEM_INVOICE, 9950, date_of(2026, 3, 1));
	put_item("INV2", CASH_ITEM_INVOICE, 4000, date_of(2026, 3, 20));
	put_item("INV3", CASH_ITEM_INVOICE, 700, date_of(2026, 4, 1));
	put_item("CM1", CASH_ITEM_CREDIT_MEMO, -37, date_of(2026, 1, 1));
	m = match_of(10000, "INV9 please");
	why_not_applied(&m, rules);
	assert_rule(&rules[0], "reference", WHY_NOT_NO, "no document, order or PO of this account is called INV9, INV9PLEASE");
	assert_rule(
		&rules[1], "exact_amount", WHY_NOT_NO,
		"no open item of 100.00 EUR, nor of 100.37 EUR with 1 open credits; the nearest is INV1 with 99.50 EUR, 0.50 EUR less");
	assert_rule(
		&rules[2], "all_due", WHY_NOT_NO,
		"2 items due on 2026-03-20 are worth 139.50 EUR, 39.50 EUR more than the receipt; 39.13 EUR more than it with 1 open "
		"credits");
}

/* The same functions as cash's own decision: an earlier rule ends the rules, and the later one that would fit is said. */
static void a_rule_that_stops_the_others(void **state)
{
	struct why_not rules[WHY_NOT_RULES_MAX];

	(void)state;
	put_item("R", CASH_ITEM_RECEIPT, -10000, TODAY);
	put_item("INV1", CASH_ITEM_INVOICE, 0, date_of(2026, 3, 1));
	put_number("INV1");
	put_item("INV2", CASH_ITEM_INVOICE, 10000, date_of(2026, 3, 20));
	struct cash_match m = match_of(10000, "INV1");
	struct cash_plan plan = cash_match_plan(&m);

	why_not_applied(&m, rules);
	assert_rule(&rules[0], "reference", WHY_NOT_STOPS,
		    "100.00 EUR stays: possible_duplicate; the payer names 1 document, 0 open");
	assert_string_equal(text_cstr(a, rules[0].candidates), "INV1 (closed, open 0.00 EUR)");
	assert_int_equal(plan.left, CASH_LEFT_POSSIBLE_DUPLICATE);
	assert_int_equal(rules[1].result, WHY_NOT_LATE);
	assert_string_equal(text_cstr(a, rules[1].candidates), "INV2 (due 2026-03-20, the receipt alone)");
}

static void what_identifies_nobody(void **state)
{
	struct cash_remittance r = { .payer_name = TEXT("Somebody"), .payer_bank_account = TEXT("DE1"), .text = TEXT("INV1") };
	struct book *book = book_new(a, cash_tables, CASH_TABLES_N);
	struct cash_payer_row two[] = {
		{ .value = TEXT("INV1"), .kind = CASH_INDEX_NUMBER, .account = TEXT("C1") },
		{ .value = TEXT("SOMEBODY"), .kind = CASH_INDEX_NAME, .account = TEXT("C2") },
		{ .value = TEXT("DE1"), .kind = CASH_INDEX_BANK_ACCOUNT, .account = TEXT("C3") },
	};
	struct why_not rules[WHY_NOT_RULES_MAX];
	struct cash_identity id;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(two); i++)
		mem_set(mem, &cash_payer_table, &two[i]);
	do {
		mem_load(mem, book);
		id = cash_identify_explained(book, &r, TEXT_NONE);
	} while (book_has_questions(book));
	assert_int_equal(why_not_identified(a, &r, &id, rules), 5);
	assert_rule(&rules[0], "payer_bank_account", WHY_NOT_STOPS, "conflicting_evidence");
	assert_string_equal(text_cstr(a, rules[0].candidates), "C3 (answers)");
	assert_rule(&rules[1], "document_reference", WHY_NOT_STOPS, "conflicting_evidence");
	assert_string_equal(text_cstr(a, rules[1].candidates), "C1 (document INV1)");
	assert_rule(&rules[2], "payer_reference", WHY_NOT_NO, "the line has no payer reference");
	assert_rule(&rules[3], "advice", WHY_NOT_NO, "no advice was joined to it");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_every_rule_misses, setup, teardown),
		cmocka_unit_test_setup_teardown(a_rule_that_stops_the_others, setup, teardown),
		cmocka_unit_test_setup_teardown(what_identifies_nobody, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
