-- One account at a glance, as things are now: a row per entity and currency in which it ever had an item (one with entity '' if none).
-- $1 account; $2 day to count days from, YYYY-MM-DD; '' = the entity's business day; $3 entity; '' = all
-- Columns: account, name, terms_code, parent_account, as_of, entity, currency, open_items, not_due, overdue, unapplied, credits, total,
-- oldest_days, last_receipt_on, last_notice_on, last_notice_level, blocks. Minor units; unapplied and credits are negative. No row: unknown.
WITH here AS (
	SELECT lane FROM ledger_counter
), master AS (
	SELECT account, legal_name, terms_code, parent_account FROM customer
	WHERE lane = ANY (ARRAY(SELECT lane FROM here)) AND account = $1::text
	ORDER BY effective_from DESC, ledger_seq DESC LIMIT 1
), i AS (
	SELECT item.*, coalesce(nullif($2::text, '')::date,
		(SELECT max(opened_on) FROM business_day AS d WHERE d.entity = item.entity),
		(SELECT max(accounting_date) FROM day_total AS d WHERE d.entity = item.entity)) AS as_of
	FROM item WHERE lane = ANY (ARRAY(SELECT lane FROM here)) AND account = $1::text AND ($3::text = '' OR entity = $3)
), aged AS (
	SELECT *, greatest(0, coalesce(as_of - due_date, 0)) AS days,
		kind NOT IN ('receipt', 'return', 'credit_memo') AND open_minor > 0 AS positive FROM i
), total AS (
	SELECT entity, currency, max(as_of) AS as_of,
		count(*) FILTER (WHERE open_minor <> 0) AS open_items,
		coalesce(sum(open_minor) FILTER (WHERE positive AND days = 0), 0)::bigint AS not_due,
		coalesce(sum(open_minor) FILTER (WHERE positive AND days > 0), 0)::bigint AS overdue,
		coalesce(sum(open_minor) FILTER (WHERE kind IN ('receipt', 'return')), 0)::bigint AS unapplied,
		coalesce(sum(open_minor) FILTER (WHERE NOT positive AND kind NOT IN ('receipt', 'return')), 0)::bigint AS credits,
		sum(open_minor)::bigint AS total,
		coalesce(max(days) FILTER (WHERE positive), 0) AS oldest_days,
		max(document_date) FILTER (WHERE kind = 'receipt') AS last_receipt_on
	FROM aged GROUP BY entity, currency
), last_notice AS (
	SELECT DISTINCT ON (entity, currency) entity, currency, notice_date, level FROM notice
	WHERE lane = ANY (ARRAY(SELECT lane FROM here)) AND account = $1::text
	ORDER BY entity, currency, notice_date DESC, level DESC
)
SELECT $1::text AS account, coalesce(m.legal_name, '') AS name, coalesce(m.terms_code, '') AS terms_code,
	coalesce(m.parent_account, '') AS parent_account, t.as_of, coalesce(t.entity, '') AS entity, coalesce(t.currency, '') AS currency,
	coalesce(t.open_items, 0) AS open_items, coalesce(t.not_due, 0) AS not_due, coalesce(t.overdue, 0) AS overdue,
	coalesce(t.unapplied, 0) AS unapplied, coalesce(t.credits, 0) AS credits, coalesce(t.total, 0) AS total,
	coalesce(t.oldest_days, 0) AS oldest_days, t.last_receipt_on, n.notice_date AS last_notice_on, n.level AS last_notice_level,
	(SELECT count(*) FROM block AS b WHERE b.lane = ANY (ARRAY(SELECT lane FROM here)) AND b.account = $1::text
		AND NOT b.lifted AND (b.held_until IS NULL OR t.as_of IS NULL OR b.held_until >= t.as_of)) AS blocks
FROM (SELECT FROM (VALUES (1)) AS one(x)) AS one
	LEFT JOIN master AS m ON true
	LEFT JOIN total AS t ON true
	LEFT JOIN last_notice AS n ON n.entity = t.entity AND n.currency = t.currency
WHERE m.account IS NOT NULL OR t.entity IS NOT NULL
ORDER BY entity, currency;
