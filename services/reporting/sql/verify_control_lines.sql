-- Control lines that name no item (LEDGER section 2).
-- Columns: place, expected, found. No parameters. No rows = fine; at most 100.
SELECT 'lane ' || lane || ' ' || service || ' ' || seq || ' entry ' || entry_no || ' line ' || line_no AS place, 'an item' AS expected,
	ledger_account || ' ' || amount_minor AS found
FROM ledger_line
WHERE ledger_account IN ('ar', 'ar_unapplied', 'ar_on_account', 'unidentified_receipts') AND (item_sequence = 0 OR document_id = '')
ORDER BY 1 LIMIT 100;
