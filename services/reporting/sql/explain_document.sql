-- A document with the records it came from. $1 lane, $2 account, $3 document id
-- Columns: document_id, type, number, external_number, entity, currency, net, tax, gross, issue_date, accounting_date, order_id, order_version, customer_po,
-- terms_code, refers_to_document_id, refers_to_number, reason, taken_on, event_id, cause_event_id (the order event), seq, ledger_seq.
SELECT d.document_id, d.type, d.number, d.external_number, d.entity, d.currency, d.net_minor AS net, d.tax_minor AS tax,
	d.gross_minor AS gross, d.issue_date, d.accounting_date, d.order_id, d.order_version, d.customer_po, d.terms_code,
	d.refers_to_document_id, d.refers_to_number, d.reason, d.taken_on, r.event_id, r.cause_event_id, d.seq, d.ledger_seq
FROM document AS d LEFT JOIN audit_record AS r ON r.lane = d.lane AND r.ledger_seq = d.ledger_seq
WHERE d.lane = $1::int AND d.account = $2::text AND d.document_id = $3::text;
