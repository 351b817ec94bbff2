-- The way of a bank line: the line itself, then every side of every transfer and return that carried its money. $1 line id, $2 holding account; '' = any
-- Columns: lane, account, what (line | payer | send_back | return), id, state, from_account, to_account, entity, currency, amount, on_date, document_id,
-- rule_id, because, event_id, cause_event_id, ledger_seq.
WITH step AS (
	SELECT lane, account, 'line' AS what, line_id AS id, state, '' AS from_account, at_account AS to_account, entity, currency,
		amount_minor AS amount, booking_date AS on_date, document_id, '' AS rule_id, reason AS because, ledger_seq
	FROM bank_line WHERE line_id = $1::text OR returned_line_id = $1
	UNION ALL
	SELECT lane, account, kind, transfer_id, CASE WHEN returned_on IS NOT NULL THEN 'returned' WHEN accepted_on IS NOT NULL THEN 'accepted'
		WHEN refused_reason <> '' THEN 'refused' ELSE 'sent' END, from_account, to_account, entity, currency, amount_minor,
		coalesce(accepted_on, sent_on, returned_on, booking_date), document_id, rule_id,
		coalesce(nullif(because, ''), refused_reason), ledger_seq
	FROM transfer WHERE line_id = $1
)
SELECT s.lane, s.account, s.what, s.id, s.state, s.from_account, s.to_account, s.entity, s.currency, s.amount, s.on_date,
	s.document_id, s.rule_id, s.because, coalesce(r.event_id, '') AS event_id, coalesce(r.cause_event_id, '') AS cause_event_id, s.ledger_seq
FROM step AS s LEFT JOIN audit_record AS r ON r.lane = s.lane AND r.ledger_seq = s.ledger_seq
WHERE $2::text = '' OR s.account = $2 OR s.from_account = $2 OR s.to_account = $2
-- every transfer of a line touches its holding account: the numbers of that lane are the order of the story
ORDER BY coalesce(min(CASE WHEN left(s.account, 1) = '~' THEN s.ledger_seq END) OVER (PARTITION BY s.what, s.id), s.ledger_seq),
	s.state <> 'sent', s.lane, s.ledger_seq;
