-- Bank clearing against the posted lines and returns, per entity and currency (LEDGER section 2).
-- Columns: place, expected, found. No parameters. No rows = fine; at most 100.
WITH b AS (
	SELECT entity, currency, sum(amount_minor - fee_minor) AS minor FROM bank_line WHERE state IN ('posted', 'returned', 'return') GROUP BY 1, 2
), l AS (
	SELECT entity, currency, sum(debit_minor - credit_minor) AS minor FROM day_total WHERE ledger_account = 'bank_clearing' GROUP BY 1, 2
)
SELECT entity || ' ' || currency || ' bank clearing' AS place, coalesce(b.minor, 0)::text AS expected, coalesce(l.minor, 0)::text AS found
FROM b FULL JOIN l USING (entity, currency)
WHERE coalesce(b.minor, 0) <> coalesce(l.minor, 0)
ORDER BY 1 LIMIT 100;
