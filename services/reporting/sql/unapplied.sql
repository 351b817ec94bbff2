-- Receipts of known customers that are not applied, or not whole, oldest first.
-- $1 entity, $2 account; '' = all; $3 day to count age to, YYYY-MM-DD; '' = the entity's business day
-- Columns: entity, account, name, document_id, sequence, reference (bank line, or old number of a take-on), document_date, days, currency,
-- original, open (positive), reason, because, candidates, lane.
SELECT i.entity, i.account,
	coalesce((SELECT c.legal_name FROM customer AS c WHERE c.lane = i.lane AND c.account = i.account
		ORDER BY c.effective_from DESC, c.ledger_seq DESC LIMIT 1), '') AS name,
	i.document_id, i.sequence, i.reference, i.document_date,
	coalesce(nullif($3::text, '')::date, (SELECT max(opened_on) FROM business_day AS d WHERE d.entity = i.entity)) - i.document_date AS days,
	i.currency, -i.original_minor AS original, -i.open_minor AS open,
	coalesce(x.reason, '') AS reason, coalesce(x.detail, '') AS because, coalesce(x.candidates, '') AS candidates,
	i.lane
FROM item AS i
	LEFT JOIN exception AS x ON x.lane = i.lane AND x.account = i.account AND x.kind = 'left_unapplied'
		AND x.ref = i.document_id || ':' || i.sequence
WHERE i.kind = 'receipt' AND i.open_minor <> 0 AND ($1::text = '' OR i.entity = $1)
	AND ($2::text = '' OR (i.account = $2 AND i.lane = ANY (ARRAY(SELECT lane FROM ledger_counter))))
ORDER BY i.entity, i.account, i.document_date, i.reference, i.document_id;
