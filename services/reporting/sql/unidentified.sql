-- Bank lines whose payer is not known: money that waits on a holding account, oldest first.
-- $1 entity, $2 bank account (without ~); '' = all; $3 day to count age to, YYYY-MM-DD; '' = the entity's business day
-- Columns: entity, bank_account, account (the holding account, where assign-payer goes), line_id, statement_id, booking_date, value_date, days,
-- currency, amount, open (positive), payer_name, payer_bank_account, payer_reference, remittance_text, reason, because, candidates, document_id, sequence, lane.
SELECT b.entity, substr(b.account, 2) AS bank_account, b.account, b.line_id, b.statement_id, b.booking_date, b.value_date,
	coalesce(nullif($3::text, '')::date, (SELECT max(opened_on) FROM business_day AS d WHERE d.entity = b.entity)) - b.booking_date AS days,
	b.currency, b.amount_minor AS amount, -i.open_minor AS open, b.payer_name, b.payer_bank_account, b.payer_reference,
	b.remittance_text, coalesce(x.reason, '') AS reason, coalesce(x.detail, '') AS because,
	coalesce(x.candidates, '') AS candidates, b.document_id, i.sequence, b.lane
FROM bank_line AS b
	JOIN item AS i ON i.lane = b.lane AND i.account = b.account AND i.document_id = b.document_id AND i.sequence = 1
	LEFT JOIN exception AS x ON x.lane = b.lane AND x.account = b.account AND x.kind = 'left_unidentified' AND x.ref = b.line_id
WHERE i.open_minor <> 0 AND ($1::text = '' OR b.entity = $1) AND ($2::text = '' OR b.account = '~' || $2)
ORDER BY b.entity, b.account, b.booking_date, b.line_id;
