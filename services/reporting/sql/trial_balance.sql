-- Trial balance as of a day: turnover and balance per entity, ledger account and currency.
-- $1 as of, YYYY-MM-DD; '' = everything posted; $2 entity; '' = all
-- Columns: entity, ledger_account, currency, debit, credit, balance, functional_currency, functional_balance. Minor units, balance = debit - credit.
SELECT entity, ledger_account, currency, sum(debit_minor)::bigint AS debit, sum(credit_minor)::bigint AS credit,
	sum(debit_minor - credit_minor)::bigint AS balance, functional_currency, sum(functional_minor)::bigint AS functional_balance
FROM day_total
WHERE ($1::text = '' OR accounting_date <= nullif($1, '')::date) AND ($2::text = '' OR entity = $2)
GROUP BY entity, ledger_account, currency, functional_currency
ORDER BY entity, array_position(ARRAY['ar', 'ar_unapplied', 'ar_on_account', 'revenue', 'deferred_revenue', 'tax_payable',
	'opening_balance', 'bank_clearing', 'unidentified_receipts', 'money_in_transit', 'returned_items_suspense',
	'bank_charges'], ledger_account), ledger_account, currency;
