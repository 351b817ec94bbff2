-- Entries that do not balance in the functional currency, and applications whose control lines do not cancel in the transaction currency (LEDGER section 2).
-- Columns: place, expected, found. No parameters. No rows = fine; at most 100.
SELECT 'lane ' || lane || ' ' || service || ' ' || seq || ' entry ' || entry_no || ' ' || max(kind) || ' ' || cur AS place, '0' AS expected,
	sum(minor)::text AS found
FROM (
	SELECT lane, service, seq, entry_no, kind, functional_currency AS cur, functional_minor AS minor FROM ledger_line
	UNION ALL
	SELECT lane, service, seq, entry_no, kind, currency, amount_minor FROM ledger_line
	WHERE kind IN ('apply', 'unapply') AND ledger_account IN ('ar', 'ar_unapplied', 'ar_on_account')
) AS l
GROUP BY lane, service, seq, entry_no, cur, kind IN ('apply', 'unapply')
HAVING sum(minor) <> 0
ORDER BY 1 LIMIT 100;
