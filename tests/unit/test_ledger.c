#include "ledger/ledger.h"

#include <setjmp.h>

#include <cmocka.h>

static struct money usd(int64_t minor)
{
	return (struct money){ "USD", minor };
}

static const struct ledger_item_ref invoice = { { "C1", 2 }, { "D1", 2 }, 1 };
static const struct ledger_item_ref receipt = { { "C1", 2 }, { "R1", 2 }, 1 };

static void entries_are_built_line_by_line(void **state)
{
	struct arena *arena = *state;
	struct ledger j = ledger_new(arena);
	size_t n;

	ledger_start(&j, TEXT("invoice"), TEXT("US01"), 20000);
	ledger_item(&j, TYPE_LEDGER_ACCOUNT_AR, usd(118000), invoice);
	ledger_line(&j, TYPE_LEDGER_ACCOUNT_REVENUE, usd(-100000), TEXT_NONE);
	ledger_line(&j, TYPE_LEDGER_ACCOUNT_TAX_PAYABLE, usd(-18000), TEXT("VAT"));
	ledger_start(&j, TEXT("apply"), TEXT("US01"), 20010);
	for (int i = 0; i < 300; i++) {
		ledger_item(&j, TYPE_LEDGER_ACCOUNT_AR_UNAPPLIED, usd(1), receipt);
		ledger_item(&j, TYPE_LEDGER_ACCOUNT_AR, ledger_neg(usd(1)), invoice);
	}
	const struct type_journal_entry *e = ledger_entries(&j, &n);
	assert_int_equal(n, 2);
	assert_int_equal(e[0].n_lines, 3);
	assert_int_equal(e[1].n_lines, LEDGER_LINES_MAX);
	assert_true(text_eq(e[0].kind, TEXT("invoice")) && text_eq(e[0].entity, TEXT("US01")));
	assert_int_equal(e[0].accounting_date, 20000);
	assert_int_equal(e[0].lines[2].functional.minor, -18000);
	assert_true(text_eq(e[0].lines[2].detail, TEXT("VAT")));
	assert_int_equal(e[0].lines[0].item_sequence, 1);
	assert_int_equal(e[0].lines[1].item_sequence, 0);
	for (size_t i = 0; i < n; i++)
		assert_true(ledger_is_sound(&e[i]));
}

static void zero_moves_nothing(void **state)
{
	struct ledger j = ledger_new(*state);
	size_t n;

	assert_null(ledger_entries(&j, &n));
	assert_int_equal(n, 0);
	ledger_start(&j, TEXT("invoice"), TEXT("US01"), 20000);
	ledger_item(&j, TYPE_LEDGER_ACCOUNT_AR, usd(0), invoice);
	ledger_start(&j, TEXT("bank_line"), TEXT("US01"), 20000);
	ledger_line(&j, TYPE_LEDGER_ACCOUNT_BANK_CLEARING, usd(5), TEXT("B1"));
	ledger_line(&j, TYPE_LEDGER_ACCOUNT_MONEY_IN_TRANSIT, usd(-5), TEXT_NONE);
	ledger_start(&j, TEXT("bank_fee"), TEXT("US01"), 20000);
	const struct type_journal_entry *e = ledger_entries(&j, &n);
	assert_int_equal(n, 1);
	assert_true(text_eq(e->kind, TEXT("bank_line")));
}

static struct type_journal_line line(enum type_ledger_account account, const char currency[4], int64_t minor)
{
	struct type_journal_line l = { .ledger_account = account, .functional = { "", minor } };

	memcpy(l.functional.currency, currency, 4);
	return l;
}

static void unsound_entries_are_found(void **state)
{
	(void)state;
	struct type_journal_line lines[] = {
		line(TYPE_LEDGER_ACCOUNT_BANK_CLEARING, "USD", 5),
		line(TYPE_LEDGER_ACCOUNT_REVENUE, "EUR", 7),
		line(TYPE_LEDGER_ACCOUNT_REVENUE, "USD", -5),
		line(TYPE_LEDGER_ACCOUNT_REVENUE, "EUR", -7),
	};
	struct type_journal_entry e = { .n_lines = 4, .lines = lines };

	assert_true(ledger_is_sound(&e));
	e.n_lines = 3;
	assert_false(ledger_is_sound(&e));
	e.n_lines = 4;
	lines[3].functional.minor = -6;
	assert_false(ledger_is_sound(&e));
	lines[3].functional.minor = -7;
	lines[2].ledger_account = TYPE_LEDGER_ACCOUNT_AR_ON_ACCOUNT;
	assert_false(ledger_is_sound(&e)); /* a control line without its item */
	lines[2].account = TEXT("C1");
	lines[2].document_id = TEXT("D1");
	assert_false(ledger_is_sound(&e));
	lines[2].item_sequence = 1;
	assert_true(ledger_is_sound(&e));
	lines[0].functional.minor = INT64_MAX;
	lines[2].functional.minor = INT64_MAX;
	assert_false(ledger_is_sound(&e));
}

static void control_is_three_accounts(void **state)
{
	(void)state;
	int n = 0;

	for (int a = TYPE_LEDGER_ACCOUNT_UNSPECIFIED; a <= TYPE_LEDGER_ACCOUNT_BANK_CHARGES; a++)
		n += ledger_is_control((enum type_ledger_account)a);
	assert_int_equal(n, 3);
	assert_true(ledger_is_control(TYPE_LEDGER_ACCOUNT_AR_UNAPPLIED));
	assert_false(ledger_is_control(TYPE_LEDGER_ACCOUNT_UNIDENTIFIED_RECEIPTS));
}

static int setup(void **state)
{
	*state = arena_new(1u << 20, 1u << 20);
	return 0;
}

static int teardown(void **state)
{
	arena_free(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(entries_are_built_line_by_line, setup, teardown),
		cmocka_unit_test_setup_teardown(zero_moves_nothing, setup, teardown),
		cmocka_unit_test(unsound_entries_are_found),
		cmocka_unit_test(control_is_three_accounts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
