-- What did not go the ordinary way: refusals, parked inputs, money left where it is, returns in suspense, statements that do not tie out.
-- $1 entity, $2 account, $3 kind; '' = all; $4 which: open | all; '' = open (refusals are a log: always open)
-- Columns: kind, entity ('' = not known: refusals and parked inputs), account, ref, service, reason, detail, subject, input_type, candidates, currency,
-- amount (minor units, NULL = none), open, event_id, cause_event_id, lane, ledger_seq.
WITH x AS (
	SELECT x.kind, x.lane, x.account, x.ref, x.service, x.reason, x.detail, x.subject, x.input_type, x.candidates, x.event_id,
		x.cause_event_id, x.ledger_seq,
		coalesce(i.entity, h.entity, b.entity, '') AS entity, coalesce(i.currency, h.currency, b.currency, '') AS currency,
		coalesce(-i.open_minor, -h.open_minor, -b.amount_minor) AS amount,
		CASE x.kind WHEN 'parked' THEN NOT x.resolved
			WHEN 'left_unapplied' THEN coalesce(i.open_minor, 0) <> 0
			WHEN 'left_unidentified' THEN coalesce(h.open_minor, 0) <> 0
			ELSE true END AS open
	FROM exception AS x
		LEFT JOIN item AS i ON x.kind = 'left_unapplied' AND i.lane = x.lane AND i.account = x.account
			AND i.document_id = regexp_replace(x.ref, ':[0-9]+$', '')
			AND i.sequence = substring(x.ref FROM ':([0-9]+)$')::int
		LEFT JOIN bank_line AS b ON x.kind IN ('left_unidentified', 'return_suspense') AND b.lane = x.lane
			AND b.account = x.account AND b.line_id = x.ref
		LEFT JOIN item AS h ON x.kind = 'left_unidentified' AND h.lane = b.lane AND h.account = b.account
			AND h.document_id = b.document_id AND h.sequence = 1
	UNION ALL
	SELECT 'statement_differs', s.lane, s.account, s.statement_id, 'cash', 'sum_mismatch', 'opening + lines is not closing', s.statement_id,
		'statement_closed', '', '', '', s.ledger_seq, s.entity, s.currency,
		s.closing_minor - s.opening_minor - s.lines_minor, true
	FROM bank_statement AS s WHERE NOT s.ties_out
)
SELECT kind, entity, account, ref, service, reason, detail, subject, input_type, candidates, currency, amount, open, event_id,
	cause_event_id, lane, ledger_seq
FROM x
WHERE ($1::text = '' OR entity = $1) AND ($2::text = '' OR account = $2) AND ($3::text = '' OR kind = $3)
	AND ($4::text = 'all' OR open)
ORDER BY kind, entity, account, lane, ledger_seq, ref;
