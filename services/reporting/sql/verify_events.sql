-- Items on which the journal and the business events disagree, and items whose facts never came.
-- Columns: place, expected, found. No parameters. No rows = fine; at most 100.
SELECT 'lane ' || lane || ' account ' || account || ' item ' || document_id || ':' || sequence AS place,
	CASE WHEN kind = '' THEN 'facts' ELSE (brought_minor + applied_minor)::text END AS expected,
	CASE WHEN kind = '' THEN 'held' ELSE open_minor::text END AS found
FROM item
WHERE open_minor <> brought_minor + applied_minor OR kind = ''
ORDER BY 1 LIMIT 100;
