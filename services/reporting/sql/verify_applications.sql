-- Items whose applications in force do not sum to what was applied to them, and items applied beyond their amount.
-- Columns: place, expected, found. No parameters. No rows = fine; at most 100.
WITH a AS (
	SELECT lane, account, credit_document_id AS document_id, credit_sequence AS sequence, amount_minor AS minor FROM application
	WHERE undone_on IS NULL
	UNION ALL
	SELECT lane, account, debit_document_id, debit_sequence, -amount_minor FROM application WHERE undone_on IS NULL
), s AS (
	SELECT lane, account, document_id, sequence, sum(minor) AS minor FROM a GROUP BY 1, 2, 3, 4
)
SELECT 'lane ' || lane || ' account ' || account || ' item ' || document_id || ':' || sequence AS place,
	CASE WHEN coalesce(s.minor, 0) <> i.applied_minor THEN coalesce(s.minor, 0)::text ELSE 'applied <= ' || i.brought_minor END AS expected,
	coalesce(i.applied_minor::text, 'no item') AS found
FROM item AS i FULL JOIN s USING (lane, account, document_id, sequence)
WHERE coalesce(s.minor, 0) <> coalesce(i.applied_minor, 0)
	OR (i.applied_minor <> 0 AND sign(i.brought_minor + i.applied_minor) = sign(i.applied_minor))
ORDER BY 1 LIMIT 100;
