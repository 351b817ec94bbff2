-- What aging.sql says by account on the business day, with days from the due date and edges {0,30,60,90}, out of the roll-up.
-- $1 entity, $2 account; '' = all
-- Columns: those of aging.sql. Only where aging_rolled.sql says so.
SELECT as_of, entity, account,
	coalesce((SELECT c.legal_name FROM customer AS c WHERE c.lane = t.lane AND c.account = t.account
		ORDER BY c.effective_from <= t.as_of DESC,
			CASE WHEN c.effective_from <= t.as_of THEN t.as_of - c.effective_from
				ELSE c.effective_from - t.as_of END, c.ledger_seq DESC LIMIT 1), '') AS name,
	currency, buckets, unapplied, credits, total, oldest_days,
	n.level AS last_notice, n.notice_date AS last_notice_on,
	(SELECT max(p.promised_date) FROM promise AS p
		WHERE p.lane = t.lane AND p.account = t.account AND p.entity = t.entity AND p.currency = t.currency
			AND p.made_on <= t.as_of AND (p.ended_ledger_seq = 0 OR p.ended_on > t.as_of)) AS promised_date
FROM aging_now AS t
	LEFT JOIN LATERAL (SELECT n.level, n.notice_date FROM notice AS n
		WHERE n.lane = t.lane AND n.account = t.account AND n.entity = t.entity AND n.currency = t.currency
			AND n.notice_date <= t.as_of
		ORDER BY n.notice_date DESC, n.level DESC LIMIT 1) AS n ON true
WHERE ($1::text = '' OR t.entity = $1) AND ($2::text = '' OR t.account = $2) AND (total <> 0 OR unapplied <> 0 OR credits <> 0
	OR buckets <> '{0,0,0,0,0}')
ORDER BY entity, account, currency;
