-- Applications of credit to debit items, the latest first.
-- $1 entity, $2 account; '' = all; $3 which: in_force | all; '' = in_force
-- Columns: entity, account, applied_on, credit_kind, credit_reference, debit_kind, debit_reference, currency, amount, rule_id, because, undone_on (NULL = in
-- force), undone_reason, credit_document_id, credit_sequence, debit_document_id, debit_sequence, application_id, lane. Minor units.
SELECT a.entity, a.account, a.applied_on, coalesce(c.kind, '') AS credit_kind, coalesce(c.reference, '') AS credit_reference,
	coalesce(d.kind, '') AS debit_kind, coalesce(d.reference, '') AS debit_reference, a.currency, a.amount_minor AS amount, a.rule_id,
	a.because, a.undone_on, a.undone_reason, a.credit_document_id, a.credit_sequence, a.debit_document_id, a.debit_sequence,
	a.application_id, a.lane
FROM application AS a
	LEFT JOIN item AS c ON c.lane = a.lane AND c.account = a.account AND c.document_id = a.credit_document_id
		AND c.sequence = a.credit_sequence
	LEFT JOIN item AS d ON d.lane = a.lane AND d.account = a.account AND d.document_id = a.debit_document_id
		AND d.sequence = a.debit_sequence
WHERE ($1::text = '' OR a.entity = $1)
	AND ($2::text = '' OR (a.account = $2 AND a.lane = ANY (ARRAY(SELECT lane FROM ledger_counter))))
	AND ($3::text = 'all' OR a.undone_on IS NULL)
ORDER BY a.entity, a.account, a.applied_on DESC, a.lane, a.ledger_seq DESC, a.application_id;
