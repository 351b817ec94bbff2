-- Findings: a table or index of cash that is missing, or a right that must not be there. No rows = fine.
SELECT 'missing table' AS finding, t AS name
FROM unnest(ARRAY['customer', 'item', 'item_reference', 'payer_index', 'application', 'line', 'advice', 'statement', 'period', 'cash_rules',
	'business_day']) AS t
WHERE to_regclass(current_schema() || '.' || t) IS NULL;

SELECT 'missing index' AS finding, i AS name
FROM unnest(ARRAY['item_open_debits', 'item_open_credits', 'line_waiting', 'line_of_amount', 'advice_of_amount', 'advice_of_line',
	'period_closed',
	'cash_rules_newest']) AS i
WHERE to_regclass(current_schema() || '.' || i) IS NULL
	OR NOT (SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(current_schema() || '.' || i));

SELECT 'the service may remove items, applications or bank lines' AS finding, t || ' ' || p AS name
FROM unnest(ARRAY['item', 'application', 'line', 'advice']) AS t, unnest(ARRAY['DELETE', 'TRUNCATE']) AS p
WHERE has_table_privilege('openitem_' || current_schema(), current_schema() || '.' || t, p);
