-- The journal entries of a record. $1 lane, $2 ledger_seq
-- Columns: entry_no, line_no, kind, entity, accounting_date, ledger_account, currency, amount, functional_currency, functional, account, document_id,
-- item_sequence, detail. Minor units, debit +, credit -.
SELECT entry_no, line_no, kind, entity, accounting_date, ledger_account, currency, amount_minor AS amount, functional_currency,
	functional_minor AS functional, account, document_id, item_sequence, detail
FROM ledger_line WHERE lane = $1::int AND ledger_seq = $2::bigint
ORDER BY entry_no, line_no;
