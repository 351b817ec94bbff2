-- Sub-ledger against ledger per entity and currency, now (RPT-06, AUD-05).
-- $1 entity; '' = all
-- Columns: entity, currency, items (open items of customers), events (the same as the business events tell it), control (AR control), difference =
-- items - control, holding (open items of holding accounts), unidentified (ledger), holding_difference, in_transit (ledger), on_the_way (what
-- transfers say it must be), transit_difference, suspense (returned items). Minor units, debit +, credit -. Every difference is 0.
WITH part AS (
	SELECT entity, currency, CASE WHEN left(account, 1) = '~' THEN 'holding' ELSE 'items' END AS what, open_minor AS minor FROM item
	UNION ALL
	SELECT entity, currency, 'events', items_minor FROM tie_out
	UNION ALL
	SELECT entity, currency, CASE ledger_account WHEN 'unidentified_receipts' THEN 'unidentified' WHEN 'money_in_transit' THEN 'in_transit'
		WHEN 'returned_items_suspense' THEN 'suspense' ELSE 'control' END, debit_minor - credit_minor
	FROM day_total WHERE ledger_account IN ('ar', 'ar_unapplied', 'ar_on_account', 'unidentified_receipts', 'money_in_transit',
		'returned_items_suspense')
	UNION ALL
	SELECT max(entity), max(currency), 'on_the_way', CASE max(kind) WHEN 'return' THEN max(amount_minor) ELSE -max(amount_minor) END
	FROM transfer GROUP BY transfer_id
	HAVING max(sent_on) IS NOT NULL AND max(accepted_on) IS NULL AND max(returned_on) IS NULL
), s AS (
	SELECT entity, currency,
		coalesce(sum(minor) FILTER (WHERE what = 'items'), 0)::bigint AS items,
		coalesce(sum(minor) FILTER (WHERE what = 'events'), 0)::bigint AS events,
		coalesce(sum(minor) FILTER (WHERE what = 'control'), 0)::bigint AS control,
		coalesce(sum(minor) FILTER (WHERE what = 'holding'), 0)::bigint AS holding,
		coalesce(sum(minor) FILTER (WHERE what = 'unidentified'), 0)::bigint AS unidentified,
		coalesce(sum(minor) FILTER (WHERE what = 'in_transit'), 0)::bigint AS in_transit,
		coalesce(sum(minor) FILTER (WHERE what = 'on_the_way'), 0)::bigint AS on_the_way,
		coalesce(sum(minor) FILTER (WHERE what = 'suspense'), 0)::bigint AS suspense
	FROM part WHERE $1::text = '' OR entity = $1
	GROUP BY entity, currency
)
SELECT entity, currency, items, events, control, items - control AS difference, holding, unidentified,
	holding - unidentified AS holding_difference, in_transit, on_the_way, in_transit - on_the_way AS transit_difference, suspense
FROM s ORDER BY entity, currency;
