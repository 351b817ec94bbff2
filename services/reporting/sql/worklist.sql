-- Whom to call first (LEDGER section 6): sum(open x days past due) of items not held, net of credits, ranked within a currency.
-- Held: items under a block and of a promise that is not over, whole; of a hold its amount. Open credits (memos, unapplied receipts) are set against the oldest due items first, held ones excepted, as a payment would be.
-- $1 day to count days to, YYYY-MM-DD; '' = each entity's business day; $2 entity, $3 account; '' = all; $4 at most so many per currency; '' = all
-- Columns: currency, rank, entity, account, name, overdue (what is left overdue), items, oldest_days, score (amount x days), credits (used, positive),
-- held (what is held of open items), last_notice_level, last_notice_on (NULL = none), as_of. Minor units.
WITH e AS MATERIALIZED ( -- once, not per item
	SELECT t.entity, coalesce(nullif($1::text, '')::date,
		(SELECT max(opened_on) FROM business_day AS d WHERE d.entity = t.entity),
		(SELECT max(accounting_date) FROM day_total AS d WHERE d.entity = t.entity)) AS as_of
	FROM (SELECT DISTINCT entity FROM tie_out) AS t
	WHERE $2::text = '' OR t.entity = $2
), i AS (
	SELECT i.lane, i.entity, i.account, i.currency, i.kind, i.due_date, i.document_id, i.sequence, i.open_minor AS minor, e.as_of,
		i.open_minor > 0 AND i.kind NOT IN ('receipt', 'return') AS debit,
		CASE WHEN EXISTS (SELECT FROM block AS b WHERE b.lane = i.lane AND b.account = i.account AND NOT b.lifted
				AND (b.held_until IS NULL OR b.held_until >= e.as_of)
				AND (b.document_id = '' OR (b.document_id = i.document_id AND b.item_sequence = i.sequence)))
			OR EXISTS (SELECT FROM promise AS p WHERE p.lane = i.lane AND p.account = i.account AND p.ended_ledger_seq = 0
				AND p.promised_date + p.grace_days >= e.as_of
				AND i.document_id || ':' || i.sequence = ANY (string_to_array(p.items, E'\n')))
			THEN i.open_minor
			ELSE least(i.open_minor, coalesce((SELECT sum(CASE WHEN h.amount_minor = 0 THEN i.open_minor ELSE h.amount_minor END)
				FROM hold AS h WHERE h.lane = i.lane AND h.account = i.account AND NOT h.lifted
					AND (h.held_until IS NULL OR h.held_until >= e.as_of)
					AND h.document_id = i.document_id AND h.item_sequence = i.sequence), 0)) END AS held
	FROM item AS i JOIN e ON e.entity = i.entity
	WHERE left(i.account, 1) <> '~' AND i.open_minor <> 0
		AND ($3::text = '' OR (i.account = $3 AND i.lane = ANY (ARRAY(SELECT lane FROM ledger_counter))))
), subject AS (
	SELECT lane, entity, account, currency, greatest(0, -coalesce(sum(minor) FILTER (WHERE NOT debit), 0)) AS credits,
		coalesce(sum(held) FILTER (WHERE debit), 0)::bigint AS held
	FROM i GROUP BY 1, 2, 3, 4
), counted AS ( -- what was due before this item, then this one
	SELECT i.*, i.minor - i.held AS due, s.credits, s.held AS held_minor, sum(i.minor - i.held) OVER (PARTITION BY i.lane, i.entity, i.account, i.currency
		ORDER BY i.due_date, i.document_id, i.sequence) AS upto
	FROM i JOIN subject AS s USING (lane, entity, account, currency)
	WHERE i.debit AND i.minor > i.held
), left_ AS (
	SELECT *, least(due, greatest(0, upto - credits)) AS rest, as_of - due_date AS days FROM counted
), scored AS (
	SELECT lane, entity, account, currency, as_of, sum(rest)::bigint AS overdue, count(*) AS items, max(days) AS oldest_days,
		least(sum(rest * days), 9000000000000000000)::bigint AS score, max(credits)::bigint AS credits,
		max(held_minor)::bigint AS held
	FROM left_ WHERE days > 0 AND rest > 0 GROUP BY 1, 2, 3, 4, 5
), ranked AS (
	SELECT *, row_number() OVER (PARTITION BY currency ORDER BY score DESC, entity, account) AS rank FROM scored
)
SELECT r.currency, r.rank, r.entity, r.account,
	coalesce((SELECT c.legal_name FROM customer AS c WHERE c.lane = r.lane AND c.account = r.account
		ORDER BY c.effective_from DESC, c.ledger_seq DESC LIMIT 1), '') AS name,
	r.overdue, r.items, r.oldest_days, r.score, r.credits, r.held, n.level AS last_notice_level, n.notice_date AS last_notice_on, r.as_of
FROM ranked AS r
	LEFT JOIN LATERAL (SELECT level, notice_date FROM notice AS n WHERE n.lane = r.lane AND n.account = r.account
		AND n.entity = r.entity AND n.currency = r.currency ORDER BY notice_date DESC, level DESC LIMIT 1) AS n ON true
WHERE $4::text = '' OR r.rank <= nullif($4, '')::bigint
ORDER BY r.currency, r.rank;
