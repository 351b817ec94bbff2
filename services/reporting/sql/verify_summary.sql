-- How much was verified. No parameters.
-- Columns: records, inputs, ledger_lines, items, open_items, documents, applications, bank_lines, statements, transfers, notices, customers, parked.
SELECT (SELECT count(*) FROM audit_record) AS records, (SELECT count(*) FROM audit_record WHERE service = 'intake') AS inputs,
	(SELECT count(*) FROM ledger_line) AS ledger_lines,
	(SELECT count(*) FROM item) AS items, (SELECT count(*) FROM item WHERE open_minor <> 0) AS open_items,
	(SELECT count(*) FROM document) AS documents, (SELECT count(*) FROM application) AS applications,
	(SELECT count(*) FROM bank_line) AS bank_lines, (SELECT count(*) FROM bank_statement) AS statements,
	(SELECT count(DISTINCT transfer_id) FROM transfer) AS transfers, (SELECT count(*) FROM notice) AS notices,
	(SELECT count(DISTINCT account) FROM customer) AS customers,
	(SELECT count(*) FROM exception WHERE kind = 'parked' AND NOT resolved) AS parked;
