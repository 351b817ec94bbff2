-- Aging as of a business date (RPT-01), one row per entity, account and currency, or per entity and currency.
-- $1 as of, YYYY-MM-DD; '' = each entity's business day
-- $2 entity, $3 account; '' = all
-- $4 edges, ascending, at most 11, as int[]: '{0,30,60,90}' gives not due | 1-30 | 31-60 | 61-90 | over 90
-- $5 base date: due | document | accounting; '' = due
-- $6 by: account | entity; '' = account
-- $7 lanes int[], $8 their last ledger_seq bigint[], $9 business day per entity json: as known at that checkpoint; '' = now
-- Columns: as_of, entity, account, name, currency, buckets (bigint[], one more than edges), unapplied, credits, total, oldest_days,
-- last_notice, last_notice_on (level and date of the last one sent), promised_date (of the last promise that was not over): NULL = none.
-- Minor units. Buckets hold positive items by days from the base date to as of; receipts are in unapplied and credit memos in
-- credits, both negative; total = all of them = AR control. Rows of zeros only are left out.
WITH k AS ( -- up to where each lane is known
	SELECT c.lane, CASE WHEN $7::text = '' THEN c.ledger_seq ELSE coalesce(x.ledger_seq, 0) END AS ledger_seq
	FROM ledger_counter AS c
		LEFT JOIN unnest(nullif($7::text, '')::int[], nullif($8::text, '')::bigint[]) AS x(lane, ledger_seq) USING (lane)
), e AS ( -- not an entity of which nothing was known then
	SELECT * FROM (
		SELECT t.entity, coalesce(nullif($1::text, '')::date, CASE WHEN $9::text = ''
			THEN (SELECT max(opened_on) FROM business_day AS d WHERE d.entity = t.entity)
			ELSE (nullif($9::text, '')::jsonb ->> t.entity)::date END,
			(SELECT max(l.accounting_date) FROM k JOIN ledger_line AS l ON l.lane = k.lane AND l.ledger_seq <= k.ledger_seq
				WHERE l.entity = t.entity)) AS as_of
		FROM (SELECT DISTINCT entity FROM tie_out) AS t
		WHERE $2::text = '' OR t.entity = $2
	) AS x WHERE as_of IS NOT NULL
), later AS ( -- what came after: by accounting date, or by knowledge
	SELECT lane, account, document_id, sequence, sum(minor) AS minor FROM (
		SELECT l.lane, l.account, l.document_id, l.item_sequence AS sequence, l.amount_minor AS minor
		FROM ledger_line AS l JOIN e ON e.entity = l.entity
		WHERE l.accounting_date > (SELECT min(as_of) FROM e) AND l.accounting_date > e.as_of
			AND l.ledger_account IN ('ar', 'ar_unapplied', 'ar_on_account') AND l.item_sequence > 0
			AND ($3::text = '' OR l.account = $3)
		UNION ALL
		SELECT l.lane, l.account, l.document_id, l.item_sequence, l.amount_minor
		FROM k JOIN ledger_line AS l ON l.lane = k.lane AND l.ledger_seq > k.ledger_seq JOIN e ON e.entity = l.entity
		WHERE l.accounting_date <= e.as_of
			AND l.ledger_account IN ('ar', 'ar_unapplied', 'ar_on_account') AND l.item_sequence > 0
			AND ($3::text = '' OR l.account = $3)
	) AS l
	GROUP BY 1, 2, 3, 4
), open AS (
	SELECT i.lane, i.entity, i.account, i.currency, CASE WHEN i.ledger_seq <= k.ledger_seq THEN i.kind ELSE '' END AS kind, e.as_of,
		(i.open_minor - coalesce(x.minor, 0))::bigint AS minor,
		coalesce(CASE WHEN i.ledger_seq <= k.ledger_seq THEN e.as_of - CASE $5::text
			WHEN 'document' THEN i.document_date
			WHEN 'accounting' THEN i.accounting_date
			ELSE coalesce(i.due_date, i.document_date) END END, 0) AS days
	FROM item AS i JOIN e ON e.entity = i.entity JOIN k ON k.lane = i.lane
		LEFT JOIN later AS x ON x.lane = i.lane AND x.account = i.account AND x.document_id = i.document_id
			AND x.sequence = i.sequence
	WHERE left(i.account, 1) <> '~' AND i.open_minor - coalesce(x.minor, 0) <> 0
		AND ($3::text = '' OR (i.account = $3 AND i.lane = ANY (ARRAY(SELECT lane FROM ledger_counter))))
), aged AS (
	SELECT CASE WHEN $6::text = 'entity' THEN -1 ELSE lane END AS lane, entity,
		CASE WHEN $6::text = 'entity' THEN '' ELSE account END AS account, currency, as_of, minor, days,
		CASE WHEN kind IN ('receipt', 'return') THEN -1 WHEN kind = 'credit_memo' OR minor < 0 THEN -2
			ELSE width_bucket(days - 1, $4::int[]) END AS bucket
	FROM open
), row_ AS (
	SELECT lane, entity, account, currency, as_of,
		ARRAY[sum(minor) FILTER (WHERE bucket = 0), sum(minor) FILTER (WHERE bucket = 1),
			sum(minor) FILTER (WHERE bucket = 2), sum(minor) FILTER (WHERE bucket = 3),
			sum(minor) FILTER (WHERE bucket = 4), sum(minor) FILTER (WHERE bucket = 5),
			sum(minor) FILTER (WHERE bucket = 6), sum(minor) FILTER (WHERE bucket = 7),
			sum(minor) FILTER (WHERE bucket = 8), sum(minor) FILTER (WHERE bucket = 9),
			sum(minor) FILTER (WHERE bucket = 10), sum(minor) FILTER (WHERE bucket = 11)] AS bucket,
		coalesce(sum(minor) FILTER (WHERE bucket = -1), 0)::bigint AS unapplied,
		coalesce(sum(minor) FILTER (WHERE bucket = -2), 0)::bigint AS credits,
		sum(minor)::bigint AS total,
		greatest(0, max(days) FILTER (WHERE bucket >= 0)) AS oldest_days,
		count(*) FILTER (WHERE bucket >= 0) AS positive
	FROM aged GROUP BY 1, 2, 3, 4, 5
)
SELECT as_of, entity, account,
	coalesce((SELECT c.legal_name FROM customer AS c JOIN k ON k.lane = c.lane
		WHERE c.lane = row_.lane AND c.account = row_.account AND c.ledger_seq <= k.ledger_seq
		ORDER BY c.effective_from <= row_.as_of DESC,
			CASE WHEN c.effective_from <= row_.as_of THEN row_.as_of - c.effective_from
				ELSE c.effective_from - row_.as_of END, c.ledger_seq DESC LIMIT 1), '') AS name,
	currency,
	(SELECT array_agg(coalesce(row_.bucket[n], 0)::bigint ORDER BY n)
		FROM generate_series(1, cardinality($4::int[]) + 1) AS n) AS buckets,
	unapplied, credits, total, oldest_days, n.level AS last_notice, n.notice_date AS last_notice_on,
	(SELECT max(p.promised_date) FROM promise AS p JOIN k ON k.lane = p.lane
		WHERE p.lane = row_.lane AND p.account = row_.account AND p.entity = row_.entity AND p.currency = row_.currency
			AND p.ledger_seq <= k.ledger_seq AND p.made_on <= row_.as_of
			AND (p.ended_ledger_seq = 0 OR p.ended_ledger_seq > k.ledger_seq OR p.ended_on > row_.as_of)) AS promised_date
FROM row_
	LEFT JOIN LATERAL (SELECT n.level, n.notice_date FROM notice AS n JOIN k ON k.lane = n.lane
		WHERE n.lane = row_.lane AND n.account = row_.account AND n.entity = row_.entity AND n.currency = row_.currency
			AND n.ledger_seq <= k.ledger_seq AND n.notice_date <= row_.as_of
		ORDER BY n.notice_date DESC, n.level DESC LIMIT 1) AS n ON true
WHERE positive > 0 OR unapplied <> 0 OR credits <> 0
ORDER BY entity, account, currency;
