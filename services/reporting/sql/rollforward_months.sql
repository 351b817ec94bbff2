-- Roll-forward of AR control by month, per entity and currency (LEDGER section 6): opening + billed - memos - receipts + returns + other = closing.
-- $1 first day, $2 last day, YYYY-MM-DD; '' = from the first movement, to each entity's business day; $3 entity; '' = all
-- Columns: entity, currency, from_date, to_date, opening, billed, memos, receipts, returns, other, closing, control, difference. Minor units; memos and
-- receipts are positive and subtracted; receipts are net of money sent back; other = take-on and whatever else moved it (applications move
-- nothing). closing follows from the day totals, control = AR control of the ledger lines themselves; difference = closing - control, 0.
WITH e AS (
	SELECT t.entity, nullif($1::text, '')::date AS from_date, coalesce(nullif($2::text, '')::date,
		(SELECT max(opened_on) FROM business_day AS d WHERE d.entity = t.entity),
		(SELECT max(accounting_date) FROM day_total AS d WHERE d.entity = t.entity)) AS to_date
	FROM (SELECT DISTINCT entity FROM tie_out) AS t
	WHERE $3::text = '' OR t.entity = $3
), moved AS (
	SELECT t.entity, t.currency, t.accounting_date AS on_date, t.debit_minor - t.credit_minor AS minor,
		CASE WHEN t.type IN ('invoice_issued', 'debit_memo_issued') THEN 'billed'
			WHEN t.type = 'credit_memo_issued' THEN 'memos'
			WHEN t.type IN ('transfer_accepted', 'transfer_sent') THEN 'receipts'
			WHEN t.type = 'return_settled' THEN 'returns'
			ELSE 'other' END AS what
	FROM day_total AS t JOIN e ON e.entity = t.entity
	WHERE t.ledger_account IN ('ar', 'ar_unapplied', 'ar_on_account') AND t.accounting_date <= e.to_date
), subject AS (
	SELECT m.entity, m.currency, coalesce(min(e.from_date), min(m.on_date)) AS from_date, min(e.to_date) AS to_date
	FROM moved AS m JOIN e USING (entity) GROUP BY 1, 2
), period AS (
	SELECT entity, currency, greatest(from_date, month::date) AS from_date,
		least(to_date, (month + interval '1 month - 1 day')::date) AS to_date
	FROM subject, generate_series(date_trunc('month', from_date::timestamp), to_date::timestamp, interval '1 month') AS month
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
	FROM ledger_line AS l JOIN e ON e.entity = l.entity
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
