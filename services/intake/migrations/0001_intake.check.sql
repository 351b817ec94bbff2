-- Findings: a table, key or trigger that is missing, or a right that must not be there. No rows = fine.
SELECT 'missing table' AS finding, t AS name
FROM unnest(ARRAY['inbox', 'bank_account', 'number_prefix']) AS t
WHERE to_regclass(current_schema() || '.' || t) IS NULL;

SELECT 'missing key' AS finding, t AS name
FROM unnest(ARRAY['inbox', 'bank_account', 'number_prefix']) AS t
WHERE NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = to_regclass(current_schema() || '.' || t) AND contype = 'p');

SELECT 'missing trigger' AS finding, t || ' append_only' AS name
FROM unnest(ARRAY['inbox', 'number_prefix']) AS t
WHERE NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = to_regclass(current_schema() || '.' || t)
	AND tgname = 'append_only' AND tgenabled = 'O');

SELECT 'the service may forget' AS finding, t || ' ' || p AS name
FROM unnest(ARRAY['inbox', 'number_prefix']) AS t, unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE']) AS p
WHERE has_table_privilege('openitem_' || current_schema(), current_schema() || '.' || t, p);
