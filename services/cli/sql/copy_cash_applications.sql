-- Schema of cash. Applications in force. No parameters.
-- Columns: key (account and application), value (credit, debit, amount), in order of key. The other side: copy_applications.sql of reporting.
SELECT ('account ' || account || ' application ' || application_id) COLLATE "C" AS key, concat_ws(' ', credit_document_id || ':' || credit_sequence,
	debit_document_id || ':' || debit_sequence, currency, amount_minor) AS value
FROM application WHERE in_force
ORDER BY key;
