-- What collections did: notices per entity, currency and level.
-- $1 entity; '' = all; $2 first, $3 last notice date, YYYY-MM-DD; '' = no limit
-- Columns: entity, currency, level, notices, accounts, amount (sum, minor units), first_on, last_on.
SELECT entity, currency, level, count(*) AS notices, count(DISTINCT account) AS accounts, sum(amount_minor)::bigint AS amount,
	min(notice_date) AS first_on, max(notice_date) AS last_on
FROM notice
WHERE ($1::text = '' OR entity = $1)
	AND ($2::text = '' OR notice_date >= nullif($2, '')::date) AND ($3::text = '' OR notice_date <= nullif($3, '')::date)
GROUP BY entity, currency, level
ORDER BY entity, currency, level;
