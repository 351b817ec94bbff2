-- Document numbers and external numbers of take-ons that stand for more than one document (LEDGER section 7).
-- Columns: place, expected, found. No parameters. No rows = fine; at most 100.
SELECT 'number ' || number AS place, 'one document' AS expected, count(*) || ' documents' AS found
FROM document WHERE number <> '' GROUP BY number HAVING count(*) > 1
UNION ALL
SELECT 'taken on ' || entity || ' ' || external_number, 'one document', count(*) || ' documents'
FROM document WHERE taken_on AND external_number <> '' GROUP BY entity, external_number HAVING count(*) > 1
ORDER BY 1 LIMIT 100;
