-- Day totals that are not the sums of the ledger lines.
-- Columns: place, expected, found. No parameters. No rows = fine; at most 100.
WITH l AS (
	SELECT l.lane, l.entity, l.ledger_account, l.currency, l.accounting_date, r.type,
		sum(greatest(l.amount_minor, 0)) AS debit, sum(-least(l.amount_minor, 0)) AS credit, sum(l.functional_minor) AS functional
	FROM ledger_line AS l JOIN audit_record AS r ON r.lane = l.lane AND r.ledger_seq = l.ledger_seq
	GROUP BY 1, 2, 3, 4, 5, 6
)
SELECT 'lane ' || lane || ' ' || entity || ' ' || ledger_account || ' ' || currency || ' ' || accounting_date || ' ' || type AS place,
	coalesce(l.debit || ' / ' || l.credit || ' / ' || l.functional, 'nothing') AS expected,
	coalesce(t.debit_minor || ' / ' || t.credit_minor || ' / ' || t.functional_minor, 'nothing') AS found
FROM day_total AS t FULL JOIN l USING (lane, entity, ledger_account, currency, accounting_date, type)
WHERE (coalesce(l.debit, 0), coalesce(l.credit, 0), coalesce(l.functional, 0))
	<> (coalesce(t.debit_minor, 0), coalesce(t.credit_minor, 0), coalesce(t.functional_minor, 0))
ORDER BY 1 LIMIT 100;
