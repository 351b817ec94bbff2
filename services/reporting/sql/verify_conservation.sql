-- Conservation per entity and currency (LEDGER section 1): items = AR control = what the events say; holding items = unidentified; in transit = on its way.
-- Columns: place, expected, found. No parameters. No rows = fine; at most 100.
WITH part AS (
	SELECT entity, currency, CASE WHEN left(account, 1) = '~' THEN 'holding' ELSE 'items' END AS what, open_minor AS minor FROM item
	UNION ALL
	SELECT entity, currency, 'events', items_minor FROM tie_out
	UNION ALL
	SELECT entity, currency, 'counted', control_minor FROM tie_out
	UNION ALL
	SELECT entity, currency, CASE ledger_account WHEN 'unidentified_receipts' THEN 'unidentified' WHEN 'money_in_transit' THEN 'in_transit'
		ELSE 'control' END, amount_minor
	FROM ledger_line WHERE ledger_account IN ('ar', 'ar_unapplied', 'ar_on_account', 'unidentified_receipts', 'money_in_transit')
	UNION ALL
	SELECT max(entity), max(currency), 'on_the_way', CASE max(kind) WHEN 'return' THEN max(amount_minor) ELSE -max(amount_minor) END
	FROM transfer GROUP BY transfer_id
	HAVING max(sent_on) IS NOT NULL AND max(accepted_on) IS NULL AND max(returned_on) IS NULL
), s AS (
	SELECT entity, currency,
		coalesce(sum(minor) FILTER (WHERE what = 'items'), 0) AS items,
		coalesce(sum(minor) FILTER (WHERE what = 'events'), 0) AS events,
		coalesce(sum(minor) FILTER (WHERE what = 'counted'), 0) AS counted,
		coalesce(sum(minor) FILTER (WHERE what = 'control'), 0) AS control,
		coalesce(sum(minor) FILTER (WHERE what = 'holding'), 0) AS holding,
		coalesce(sum(minor) FILTER (WHERE what = 'unidentified'), 0) AS unidentified,
		coalesce(sum(minor) FILTER (WHERE what = 'in_transit'), 0) AS in_transit,
		coalesce(sum(minor) FILTER (WHERE what = 'on_the_way'), 0) AS on_the_way
	FROM part GROUP BY entity, currency
)
SELECT entity || ' ' || currency || ' ' || what AS place, expected::text, found::text
FROM s CROSS JOIN LATERAL (VALUES
	('items = AR control', control, items), ('events = AR control', control, events), ('counted = AR control', control, counted),
	('holding items = unidentified receipts', unidentified, holding), ('money in transit = on its way', on_the_way, in_transit)
) AS v(what, expected, found)
WHERE expected <> found
ORDER BY 1 LIMIT 100;
