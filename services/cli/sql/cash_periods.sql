-- Schema of cash. Accounting periods as they were recorded, by entity and first day. $1 entity; '' = all
-- What was opened and is closed by a later one is left out.
-- Columns: entity, from_day, to_day, state (open, soft-closed, closed), lanes (that know this), of (lanes of the service; fewer know it: on its way),
-- business_day (of the entity; NULL = none was opened).
SELECT p.entity, p.first_day AS from_day, p.last_day AS to_day,
	CASE WHEN p.soft THEN 'soft-closed' WHEN p.closed THEN 'closed' ELSE 'open' END AS state, count(*) AS lanes,
	(SELECT count(*) FROM lane) AS of,
	(SELECT max(d.business_date) FROM business_day AS d WHERE d.entity = p.entity) AS business_day
FROM period AS p
WHERE ($1::text = '' OR p.entity = $1)
	AND (p.closed OR NOT EXISTS (SELECT FROM period AS q WHERE q.lane = p.lane AND q.entity = p.entity AND q.closed
		AND q.last_day >= p.first_day AND q.first_day <= p.last_day))
GROUP BY p.entity, p.first_day, p.last_day, p.soft, p.closed
ORDER BY p.entity, p.first_day, p.last_day, state;
