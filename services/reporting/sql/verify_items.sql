-- Items whose open amount is not the sum of the control lines that name them (LEDGER section 1).
-- Columns: place, expected, found. No parameters. No rows = fine; at most 100.
WITH l AS (
	SELECT lane, account, document_id, item_sequence AS sequence, sum(amount_minor) AS minor
	FROM ledger_line
	WHERE ledger_account IN ('ar', 'ar_unapplied', 'ar_on_account', 'unidentified_receipts') AND item_sequence > 0
	GROUP BY 1, 2, 3, 4
)
SELECT 'lane ' || lane || ' account ' || account || ' item ' || document_id || ':' || sequence AS place,
	coalesce(l.minor, 0)::text AS expected, coalesce(i.open_minor::text, 'no item') AS found
FROM item AS i FULL JOIN l USING (lane, account, document_id, sequence)
WHERE coalesce(l.minor, 0) <> coalesce(i.open_minor, 0)
ORDER BY 1 LIMIT 100;
