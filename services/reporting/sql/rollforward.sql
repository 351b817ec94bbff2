-- Roll-forward of AR control per entity and currency (LEDGER section 6): opening + billed - memos - receipts + returns + other = closing.
-- $1 first day, $2 last day of the period, YYYY-MM-DD; '' = from the beginning, to each entity's business day
-- $3 entity; '' = all
-- Columns: entity, currency, from_date (NULL = the beginning), to_date, opening, billed, memos, receipts, returns, other, closing, control,
-- difference. Minor units; memos and receipts are positive and subtracted; receipts are net of money sent back; other = take-on and
-- whatever else moved it (applications move nothing). control = AR control of the ledger lines; difference = closing - control, 0.
WITH e AS (
	SELECT t.entity, nullif($1::text, '')::date AS from_date, coalesce(nullif($2::text, '')::date,
		(SELECT max(opened_on) FROM business_day AS d WHERE d.entity = t.entity),
		(SELECT max(accounting_date) FROM day_total AS d WHERE d.entity = t.entity)) AS to_date
	FROM (SELECT DISTINCT entity FROM tie_out) AS t
	WHERE $3::text = '' OR t.entity = $3
), moved AS (
	SELECT t.entity, t.currency, e.from_date, e.to_date, t.debit_minor - t.credit_minor AS minor,
		CASE WHEN t.accounting_date < e.from_date THEN 'opening'
			WHEN t.type IN ('invoice_issued', 'debit_memo_issued') THEN 'billed'
			WHEN t.type = 'credit_memo_issued' THEN 'memos'
			WHEN t.type IN ('transfer_accepted', 'transfer_sent') THEN 'receipts'
			WHEN t.type = 'return_settled' THEN 'returns'
			ELSE 'other' END AS what
	FROM day_total AS t JOIN e ON e.entity = t.entity
	WHERE t.ledger_account IN ('ar', 'ar_unapplied', 'ar_on_account') AND t.accounting_date <= e.to_date
), control AS (
	SELECT l.entity, l.currency, sum(l.amount_minor)::bigint AS minor
	FROM ledger_line AS l JOIN e ON e.entity = l.entity
	WHERE l.ledger_account IN ('ar', 'ar_unapplied', 'ar_on_account') AND l.accounting_date <= e.to_date
	GROUP BY 1, 2
), summed AS (
	SELECT entity, currency, from_date, to_date,
		coalesce(sum(minor) FILTER (WHERE what = 'opening'), 0)::bigint AS opening,
		coalesce(sum(minor) FILTER (WHERE what = 'billed'), 0)::bigint AS billed,
		coalesce(-sum(minor) FILTER (WHERE what = 'memos'), 0)::bigint AS memos,
		coalesce(-sum(minor) FILTER (WHERE what = 'receipts'), 0)::bigint AS receipts,
		coalesce(sum(minor) FILTER (WHERE what = 'returns'), 0)::bigint AS returns,
		coalesce(sum(minor) FILTER (WHERE what = 'other'), 0)::bigint AS other
	FROM moved GROUP BY 1, 2, 3, 4
)
SELECT entity, currency, from_date, to_date, opening, billed, memos, receipts, returns, other,
	opening + billed - memos - receipts + returns + other AS closing,
	coalesce(c.minor, 0) AS control,
	opening + billed - memos - receipts + returns + other - coalesce(c.minor, 0) AS difference
FROM summed LEFT JOIN control AS c USING (entity, currency)
ORDER BY entity, currency;
