-- Applications in force, to be compared with those of cash. No parameters.
-- Columns: key (account and application), value (credit, debit, amount), in order of key.
SELECT ('account ' || account || ' application ' || application_id) COLLATE "C" AS key, concat_ws(' ', credit_document_id || ':' || credit_sequence,
	debit_document_id || ':' || debit_sequence, currency, amount_minor) AS value
FROM application WHERE undone_on IS NULL
ORDER BY key;
