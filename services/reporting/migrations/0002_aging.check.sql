-- Findings: a table that is missing, or a right that must not be there. No rows = fine.
SELECT 'missing table' AS finding, t AS name
FROM unnest(ARRAY['aging_mark', 'aging_period', 'aging_moved', 'aging_due', 'aging_odd', 'aging_day', 'aging_account', 'aging_total', 'aging_stale',
	'aging_ahead']) AS t
WHERE to_regclass(current_schema() || '.' || t) IS NULL;

SELECT 'the service may write the roll-up itself' AS finding, t || ' ' || p AS name
FROM unnest(ARRAY['aging_mark', 'aging_period', 'aging_moved', 'aging_due', 'aging_odd', 'aging_day', 'aging_account', 'aging_total', 'aging_stale',
	'aging_ahead']) AS t, unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) AS p
WHERE has_table_privilege('openitem_reporting', current_schema() || '.' || t, p);

SELECT 'everybody may roll' AS finding, 'roll_aging' AS name
WHERE EXISTS (SELECT FROM pg_proc AS f, aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) AS a
	WHERE f.oid IN (to_regprocedure(current_schema() || '.roll_aging(bigint)'), to_regprocedure(current_schema() || '.aging_roll(bigint)')) AND a.grantee = 0);
