-- Findings: a table that is missing, or a right that must not be there. No rows = fine.
SELECT 'missing table' AS finding, t AS name
FROM unnest(ARRAY['customer', 'entity', 'closed_period', 'terms', 'business_day', 'sales_order', 'invoice', 'series',
	'single_number', 'external_number', 'parked']) AS t
WHERE to_regclass(current_schema() || '.' || t) IS NULL;

SELECT 'the service may remove what it must keep' AS finding, t || ' ' || p AS name
FROM unnest(ARRAY['sales_order', 'invoice', 'series', 'external_number', 'customer', 'entity']) AS t,
	unnest(ARRAY['DELETE', 'TRUNCATE']) AS p
WHERE has_table_privilege('openitem_' || current_schema(), current_schema() || '.' || t, p);
