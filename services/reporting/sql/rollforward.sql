-- Roll-forward of AR control by month, or for the whole time, per entity and currency (LEDGER section 6): opening + billed - memos - receipts + returns + other = closing.
-- $1 first day, $2 last day, YYYY-MM-DD; '' = from the first movement, to each entity's business day; $3 entity; '' = all
-- $4 lanes int[], $5 their last ledger_seq bigint[], $6 business day per entity json: as known at that checkpoint; '' = now
-- $7 'whole' = one row for the whole time; '' = a row per month
-- Columns: entity, currency, from_date, to_date, opening, billed, memos, receipts, returns, other, closing, control, difference. Minor units; memos and
-- receipts are positive and subtracted; receipts are net of money sent back; other = take-on and whatever else moved it (applications move
-- nothing). closing follows from the day totals, control = AR control of the ledger lines themselves; difference = closing - control, 0.
WITH k AS ( -- up to where each lane is known
	SELECT c.lane, CASE WHEN $4::text = '' THEN c.ledger_seq ELSE coalesce(x.ledger_seq, 0) END AS ledger_seq
	FROM ledger_counter AS c
		LEFT JOIN unnest(nullif($4::text, '')::int[], nullif($5::text, '')::bigint[]) AS x(lane, ledger_seq) USING (lane)
), e AS ( -- not an entity of which nothing was known then
	SELECT * FROM (
		SELECT t.entity, nullif($1::text, '')::date AS from_date, coalesce(nullif($2::text, '')::date, CASE WHEN $6::text = ''
			THEN (SELECT max(opened_on) FROM business_day AS d WHERE d.entity = t.entity)
			ELSE (nullif($6::text, '')::jsonb ->> t.entity)::date END,
			(SELECT max(l.accounting_date) FROM k JOIN ledger_line AS l ON l.lane = k.lane AND l.ledger_seq <= k.ledger_seq
				WHERE l.entity = t.entity)) AS to_date
		FROM (SELECT DISTINCT entity FROM tie_out) AS t
		WHERE $3::text = '' OR t.entity = $3
	) AS x WHERE to_date IS NOT NULL
), moved AS (
	SELECT t.entity, t.currency, t.accounting_date AS on_date, sum(t.debit_minor - t.credit_minor) AS minor,
		CASE WHEN t.type IN ('invoice_issued', 'debit_memo_issued') THEN 'billed'
			WHEN t.type = 'credit_memo_issued' THEN 'memos'
			WHEN t.type IN ('transfer_accepted', 'transfer_sent') THEN 'receipts'
			WHEN t.type = 'return_settled' THEN 'returns'
			ELSE 'other' END AS what
	FROM (
		SELECT entity, ledger_account, currency, accounting_date, type, debit_minor, credit_minor FROM day_total
		UNION ALL -- less what was not known yet
		SELECT l.entity, l.ledger_account, l.currency, l.accounting_date, r.type, -greatest(l.amount_minor, 0), least(l.amount_minor, 0)
		FROM k JOIN ledger_line AS l ON l.lane = k.lane AND l.ledger_seq > k.ledger_seq
			JOIN audit_record AS r ON r.lane = l.lane AND r.ledger_seq = l.ledger_seq
	) AS t JOIN e ON e.entity = t.entity
	WHERE t.ledger_account IN ('ar', 'ar_unapplied', 'ar_on_account') AND t.accounting_date <= e.to_date
	GROUP BY 1, 2, 3, 5 HAVING sum(t.debit_minor - t.credit_minor) <> 0
), subject AS (
	SELECT m.entity, m.currency, coalesce(min(e.from_date), min(m.on_date)) AS from_date, min(e.to_date) AS to_date
	FROM moved AS m JOIN e USING (entity) GROUP BY 1, 2
), period AS (
	SELECT entity, currency, greatest(from_date, month::date) AS from_date,
		least(to_date, (month + interval '1 month - 1 day')::date) AS to_date
	FROM subject, generate_series(date_trunc('month', from_date::timestamp), to_date::timestamp, interval '1 month') AS month
	WHERE $7::text <> 'whole'
	UNION ALL
	SELECT entity, currency, from_date, to_date FROM subject WHERE $7::text = 'whole'
), summed AS (
	SELECT p.entity, p.currency, p.from_date, p.to_date,
		coalesce(sum(m.minor) FILTER (WHERE m.on_date < p.from_date), 0)::bigint AS opening,
		coalesce(sum(m.minor) FILTER (WHERE m.on_date >= p.from_date AND m.what = 'billed'), 0)::bigint AS billed,
		coalesce(-sum(m.minor) FILTER (WHERE m.on_date >= p.from_date AND m.what = 'memos'), 0)::bigint AS memos,
		coalesce(-sum(m.minor) FILTER (WHERE m.on_date >= p.from_date AND m.what = 'receipts'), 0)::bigint AS receipts,
		coalesce(sum(m.minor) FILTER (WHERE m.on_date >= p.from_date AND m.what = 'returns'), 0)::bigint AS returns,
		coalesce(sum(m.minor) FILTER (WHERE m.on_date >= p.from_date AND m.what = 'other'), 0)::bigint AS other
	FROM period AS p LEFT JOIN moved AS m ON m.entity = p.entity AND m.currency = p.currency AND m.on_date <= p.to_date
	GROUP BY 1, 2, 3, 4
), line AS MATERIALIZED ( -- once, not per month
	SELECT l.entity, l.currency, least(e.to_date, (date_trunc('month', l.accounting_date::timestamp) + interval '1 month - 1 day')::date)
		AS to_date, sum(l.amount_minor) AS minor
	FROM ledger_line AS l JOIN e ON e.entity = l.entity JOIN k ON k.lane = l.lane AND l.ledger_seq <= k.ledger_seq
	WHERE l.ledger_account IN ('ar', 'ar_unapplied', 'ar_on_account') AND l.accounting_date <= e.to_date
	GROUP BY 1, 2, 3
), controlled AS (
	SELECT s.*, (SELECT coalesce(sum(l.minor), 0)::bigint FROM line AS l
		WHERE l.entity = s.entity AND l.currency = s.currency AND l.to_date <= s.to_date) AS control
	FROM summed AS s
)
SELECT entity, currency, from_date, to_date, opening, billed, memos, receipts, returns, other,
	opening + billed - memos - receipts + returns + other AS closing, control,
	opening + billed - memos - receipts + returns + other - control AS difference
FROM controlled
ORDER BY entity, currency, from_date;
