-- What DSO, CEI and average days delinquent are computed from, per entity, currency and month (RPT-03, LEDGER section 6).
-- $1 as of, YYYY-MM-DD; '' = each entity's business day; $2 entity; '' = all
-- $3 lanes int[], $4 their last ledger_seq bigint[], $5 business day per entity json: as known at that checkpoint; '' = now
-- Columns: entity, currency, month (first day), to_date (last day of the month, or as of), days, billed (invoices + debit memos - credit memos
-- with tax, without take-on), ar_begin, ar_end (net of open credits), current_end (debit items not past due then). Minor units.
WITH k AS ( -- up to where each lane is known
	SELECT c.lane, CASE WHEN $3::text = '' THEN c.ledger_seq ELSE coalesce(x.ledger_seq, 0) END AS ledger_seq
	FROM ledger_counter AS c
		LEFT JOIN unnest(nullif($3::text, '')::int[], nullif($4::text, '')::bigint[]) AS x(lane, ledger_seq) USING (lane)
), e AS ( -- not an entity of which nothing was known then
	SELECT * FROM (
		SELECT t.entity, coalesce(nullif($1::text, '')::date, CASE WHEN $5::text = ''
			THEN (SELECT max(opened_on) FROM business_day AS d WHERE d.entity = t.entity)
			ELSE (nullif($5::text, '')::jsonb ->> t.entity)::date END,
			(SELECT max(l.accounting_date) FROM k JOIN ledger_line AS l ON l.lane = k.lane AND l.ledger_seq <= k.ledger_seq
				WHERE l.entity = t.entity)) AS as_of
		FROM (SELECT DISTINCT entity FROM tie_out) AS t
		WHERE $2::text = '' OR t.entity = $2
	) AS x WHERE as_of IS NOT NULL
), line AS (
	SELECT l.lane, l.account, l.document_id, l.item_sequence, l.entity, l.currency, date_trunc('month', l.accounting_date)::date AS month, r.type,
		sum(l.amount_minor) AS minor
	FROM ledger_line AS l JOIN e ON e.entity = l.entity JOIN k ON k.lane = l.lane AND l.ledger_seq <= k.ledger_seq
		JOIN audit_record AS r ON r.lane = l.lane AND r.ledger_seq = l.ledger_seq
	WHERE l.accounting_date <= e.as_of AND l.ledger_account IN ('ar', 'ar_unapplied', 'ar_on_account')
	GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
), month AS (
	SELECT s.entity, s.currency, m::date AS month, least(e.as_of, (m + interval '1 month - 1 day')::date) AS to_date
	FROM (SELECT entity, currency, min(month) AS first FROM line GROUP BY 1, 2) AS s JOIN e USING (entity),
		generate_series(s.first::timestamp, e.as_of::timestamp, interval '1 month') AS m
), summed AS (
	SELECT entity, currency, month, sum(minor) AS minor,
		sum(minor) FILTER (WHERE type IN ('invoice_issued', 'debit_memo_issued', 'credit_memo_issued')) AS billed
	FROM line GROUP BY 1, 2, 3
), current_ AS ( -- open at the end of a month, of debit items not past due on that day
	SELECT m.entity, m.currency, m.month, sum(l.minor) AS minor
	FROM month AS m JOIN line AS l ON l.entity = m.entity AND l.currency = m.currency AND l.month <= m.month
		JOIN item AS i ON i.lane = l.lane AND i.account = l.account AND i.document_id = l.document_id AND i.sequence = l.item_sequence
			AND i.kind IN ('invoice', 'debit_memo') AND i.due_date >= m.to_date
	GROUP BY 1, 2, 3
)
SELECT m.entity, m.currency, m.month, m.to_date, m.to_date - m.month + 1 AS days, coalesce(s.billed, 0)::bigint AS billed,
	(sum(coalesce(s.minor, 0)) OVER w - coalesce(s.minor, 0))::bigint AS ar_begin, (sum(coalesce(s.minor, 0)) OVER w)::bigint AS ar_end,
	coalesce(c.minor, 0)::bigint AS current_end
FROM month AS m LEFT JOIN summed AS s USING (entity, currency, month) LEFT JOIN current_ AS c USING (entity, currency, month)
WINDOW w AS (PARTITION BY m.entity, m.currency ORDER BY m.month)
ORDER BY m.entity, m.currency, m.month;
