-- Schema of billing. The last number given in every series of document numbers (LEDGER section 7). No parameters.
-- Columns: lane, entity, type (invoice, credit_memo, debit_memo), year (of the fiscal year, two digits), last_number.
SELECT lane, entity, CASE document_type WHEN 1 THEN 'invoice' WHEN 2 THEN 'credit_memo' WHEN 3 THEN 'debit_memo' END AS type,
	lpad((fiscal_year % 100)::text, 2, '0') AS year, last_number
FROM series WHERE last_number > 0
ORDER BY lane, entity, document_type, fiscal_year;
