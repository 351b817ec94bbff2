-- Applications of a document, on either side, in order. $1 lane, $2 account, $3 document id
-- Columns: application_id, entity, currency, amount, applied_on, undone_on (NULL = in force), undone_reason, rule_id, rule_version, because, tie_break,
-- credit_document_id, credit_sequence, credit_kind, credit_reference, credit_line_id, debit_document_id, debit_sequence, debit_reference, event_id,
-- cause_event_id, undone_event_id, ledger_seq.
SELECT a.application_id, a.entity, a.currency, a.amount_minor AS amount, a.applied_on, a.undone_on, a.undone_reason, a.rule_id,
	a.rule_version, a.because, a.tie_break, a.credit_document_id, a.credit_sequence, coalesce(c.kind, '') AS credit_kind,
	coalesce(c.reference, '') AS credit_reference, coalesce(c.line_id, '') AS credit_line_id, a.debit_document_id,
	a.debit_sequence, coalesce(d.reference, '') AS debit_reference, r.event_id, r.cause_event_id,
	coalesce(u.event_id, '') AS undone_event_id, a.ledger_seq
FROM application AS a
	LEFT JOIN item AS c ON c.lane = a.lane AND c.account = a.account AND c.document_id = a.credit_document_id
		AND c.sequence = a.credit_sequence
	LEFT JOIN item AS d ON d.lane = a.lane AND d.account = a.account AND d.document_id = a.debit_document_id
		AND d.sequence = a.debit_sequence
	LEFT JOIN audit_record AS r ON r.lane = a.lane AND r.ledger_seq = a.ledger_seq
	LEFT JOIN audit_record AS u ON u.lane = a.lane AND u.ledger_seq = a.undone_ledger_seq
WHERE a.lane = $1::int AND a.account = $2::text AND (a.credit_document_id = $3::text OR a.debit_document_id = $3)
ORDER BY a.ledger_seq, a.application_id;
