-- What an id, number or reference stands for: everything a person may have in hand. $1 the id
-- Columns: what (document | order | bank_line | notice | block | promise | hold | advice | statement | application | event | cause), lane, account, id (ours), label, service, seq
-- (its record; 0 = none), ledger_seq. Go on with explain_record, explain_document, explain_applications, explain_line.
SELECT 'document' AS what, lane, account, document_id AS id, type || ' ' || coalesce(nullif(number, ''), external_number) AS label,
	'billing' AS service, seq, ledger_seq
FROM document WHERE number = $1::text OR external_number = $1 OR document_id = $1
UNION ALL
SELECT 'document', lane, account, document_id, type || ' ' || coalesce(nullif(number, ''), external_number), 'billing', seq, ledger_seq
FROM document WHERE (order_id = $1 OR customer_po = $1) AND $1 <> ''
UNION ALL
SELECT 'order', lane, account, order_id, state, 'billing', seq, ledger_seq FROM sales_order WHERE order_id = $1 OR customer_po = $1
UNION ALL
SELECT 'bank_line', b.lane, b.account, b.line_id, b.state, 'cash', b.seq, b.ledger_seq -- of a receipt, a return or a holding item
FROM item AS i JOIN bank_line AS b ON b.line_id = i.line_id
WHERE i.document_id = $1 AND i.kind IN ('receipt', 'return', 'holding') AND i.line_id <> ''
UNION ALL
SELECT 'bank_line', lane, account, line_id, state, 'cash', seq, ledger_seq FROM bank_line WHERE line_id = $1
UNION ALL
SELECT 'bank_line', b.lane, b.account, b.line_id, b.state, 'cash', b.seq, b.ledger_seq
FROM transfer AS t JOIN bank_line AS b ON b.line_id = t.line_id WHERE t.transfer_id = $1
UNION ALL
SELECT 'notice', lane, account, notice_id, 'level ' || level, 'collections', seq, ledger_seq FROM notice WHERE notice_id = $1
UNION ALL
SELECT 'block', lane, account, block_id, reason, 'collections', 0, ledger_seq FROM block WHERE block_id = $1
UNION ALL
SELECT 'promise', lane, account, promise_id, state, 'collections', 0, ledger_seq FROM promise WHERE promise_id = $1
UNION ALL
SELECT 'hold', lane, account, hold_id, kind, 'collections', 0, ledger_seq FROM hold WHERE hold_id = $1
UNION ALL
SELECT 'advice', lane, account, advice_id, reason, 'cash', 0, ledger_seq FROM advice WHERE advice_id = $1
UNION ALL
SELECT 'statement', lane, account, statement_id, '', 'cash', seq, ledger_seq FROM bank_statement WHERE statement_id = $1
UNION ALL
SELECT 'application', a.lane, a.account, r.event_id, a.rule_id, 'cash', a.seq, a.ledger_seq -- its record
FROM application AS a JOIN audit_record AS r ON r.lane = a.lane AND r.ledger_seq = a.ledger_seq WHERE a.application_id = $1
UNION ALL
SELECT 'event', lane, account, event_id, type, service, seq, ledger_seq FROM audit_record WHERE event_id = $1
UNION ALL
SELECT 'cause', lane, account, event_id, type, service, seq, ledger_seq FROM audit_record WHERE cause_event_id = $1
ORDER BY lane, ledger_seq, what;
