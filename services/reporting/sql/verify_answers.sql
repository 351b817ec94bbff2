-- Inputs that passed the gate and have not exactly one final outcome (DESIGN section 2). Parked inputs are left out: they wait, see exceptions.
-- Columns: place, expected, found. No parameters. No rows = fine; at most 100.
WITH asked AS (
	SELECT lane, event_id, type, CASE
		WHEN type IN ('order_booked', 'order_amended', 'order_fulfilled', 'order_cancelled', 'opening_item',
			'issue_credit_memo', 'issue_debit_memo') THEN 'billing'
		WHEN type IN ('line_booked', 'line_returned', 'statement_closed', 'assign_payer', 'send_back', 'apply', 'unapply',
			'remittance_advised', 'place_on_account', 'take_off_account', 'identify_again') THEN 'cash'
		WHEN type IN ('set_block', 'lift_block', 'set_hold', 'lift_hold', 'make_promise', 'cancel_promise', 'day_closed') THEN 'collections' END AS service
	FROM audit_record WHERE service = 'intake'
), answer AS (
	SELECT lane, service, cause_event_id AS event_id, count(*) AS n FROM audit_record WHERE service <> 'intake' AND final GROUP BY 1, 2, 3
)
SELECT 'lane ' || q.lane || ' ' || q.type || ' ' || q.event_id AS place, 'one final outcome of ' || q.service AS expected,
	coalesce(a.n, 0)::text AS found
FROM asked AS q LEFT JOIN answer AS a USING (lane, service, event_id)
WHERE q.service IS NOT NULL AND coalesce(a.n, 0) <> 1
	AND NOT EXISTS (SELECT FROM exception AS x WHERE x.lane = q.lane AND x.kind = 'parked' AND x.ref = q.event_id AND NOT x.resolved)
ORDER BY 1 LIMIT 100;
