-- Findings: a trigger that is missing, or a right that must not be there. No rows = fine.
SELECT 'missing trigger' AS finding, t || ' append_only' AS name
FROM unnest(ARRAY['redrive', 'redrive_sent']) AS t
WHERE NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = to_regclass(current_schema() || '.' || t)
	AND tgname = 'append_only' AND tgenabled = 'O');

SELECT 'people may change what they did' AS finding, t || ' ' || p AS name
FROM unnest(ARRAY['redrive', 'redrive_sent']) AS t, unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) AS p
WHERE has_table_privilege('openitem_' || current_schema(), current_schema() || '.' || t, p);
