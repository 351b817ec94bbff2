-- The business day per entity. $1 entity; '' = all
-- Columns: entity, name, functional_currency, opened_on, closed_on, lanes_opened, lanes_closed (lanes that know of that day).
WITH d AS (
	SELECT entity, max(opened_on) AS opened_on, max(closed_on) AS closed_on FROM business_day
	WHERE $1::text = '' OR entity = $1 GROUP BY entity
)
SELECT d.entity, coalesce(max(e.name), '') AS name, coalesce(max(e.functional_currency), '') AS functional_currency, d.opened_on,
	d.closed_on, count(DISTINCT b.lane) FILTER (WHERE b.opened_on = d.opened_on) AS lanes_opened,
	count(DISTINCT b.lane) FILTER (WHERE b.closed_on = d.closed_on) AS lanes_closed
FROM d JOIN business_day AS b USING (entity) LEFT JOIN entity AS e USING (entity)
GROUP BY d.entity, d.opened_on, d.closed_on ORDER BY d.entity;
