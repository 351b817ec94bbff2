-- The items of a document, with what people call it. $1 lane, $2 account, $3 document id
-- Columns: sequence, kind, reference, line_id, order_id, entity, currency, due_date, original, open. Minor units, debit +, credit -.
SELECT i.sequence, i.kind, i.reference, i.line_id, coalesce(d.order_id, '') AS order_id, i.entity, i.currency, i.due_date,
	i.original_minor AS original, i.open_minor AS open
FROM item AS i LEFT JOIN document AS d ON d.lane = i.lane AND d.account = i.account AND d.document_id = i.document_id
WHERE i.lane = $1::int AND i.account = $2::text AND i.document_id = $3::text
ORDER BY i.sequence;
