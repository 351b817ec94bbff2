-- Promises to pay, by the day they were made (COL-04). $1 entity, $2 account, $3 state (open, kept, partly_kept, broken, cancelled, superseded); '' = all
-- Columns: promise_id, entity, account, name, currency, amount, items (their number; 0 = an amount), made_on, promised_date, grace_days, channel,
-- state, paid, ended_on. Minor units.
SELECT p.promise_id, p.entity, p.account,
	coalesce((SELECT c.legal_name FROM customer AS c WHERE c.lane = p.lane AND c.account = p.account
		ORDER BY c.effective_from DESC, c.ledger_seq DESC LIMIT 1), '') AS name,
	p.currency, p.amount_minor AS amount, coalesce(cardinality(string_to_array(nullif(p.items, ''), E'\n')), 0) AS items, p.made_on,
	p.promised_date, p.grace_days, p.channel, p.state, p.paid_minor AS paid, p.ended_on
FROM promise AS p
WHERE ($1::text = '' OR p.entity = $1) AND ($3::text = '' OR p.state = $3)
	AND ($2::text = '' OR (p.account = $2 AND p.lane = ANY (ARRAY(SELECT lane FROM ledger_counter))))
ORDER BY p.made_on, p.account, p.promise_id, p.ledger_seq;
