-- Schema of cash. Money by what people call it. $1 bank line, id of the receipt, number or external number of one that was taken on
-- $2 account; '' = any
-- Columns: lane, account, document_id, sequence, line_lane (of the bank line's holding account; -1 = it has none), line_account, line_id,
-- holding (the payer is not known), open, away. The money that is open comes first.
SELECT i.lane, i.account, i.document_id, i.sequence, coalesce(l.lane, -1) AS line_lane, coalesce(l.account, '') AS line_account,
	coalesce(l.line_id, '') AS line_id, i.kind = 5 AS holding, i.open_minor AS open, i.away_account <> '' AS away
FROM item AS i LEFT JOIN line AS l ON l.account = '~' || i.bank_account AND l.line_id = i.line_id AND i.line_id <> ''
WHERE i.kind IN (4, 5) AND (i.document_id = $1::text OR i.line_id = $1 OR i.number = $1 OR i.external_number = $1)
	AND ($2::text = '' OR i.account = $2)
ORDER BY i.open_minor, i.kind, i.account, i.document_id;
