-- Findings: a table or trigger that is missing, or a right that must not be there. No rows = fine.
SELECT 'missing table' AS finding, t AS name
FROM unnest(ARRAY['ledger_counter', 'audit_record', 'ledger_line', 'day_total', 'tie_out', 'item', 'document', 'sales_order',
	'application', 'bank_line', 'bank_statement', 'transfer', 'customer', 'entity', 'business_day', 'notice', 'episode',
	'day_judged', 'block', 'exception']) AS t
WHERE to_regclass(current_schema() || '.' || t) IS NULL;

SELECT 'missing trigger' AS finding, t || ' append_only' AS name
FROM unnest(ARRAY['audit_record', 'ledger_line', 'document', 'notice']) AS t
WHERE NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = to_regclass(current_schema() || '.' || t)
	AND tgname = 'append_only' AND tgenabled = 'O');

SELECT 'missing trigger' AS finding, 'ledger_line_balances' AS name
WHERE NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = to_regclass(current_schema() || '.ledger_line')
	AND tgname = 'ledger_line_balances' AND tgenabled = 'O');

SELECT 'the service may change the books' AS finding, t || ' ' || p AS name
FROM unnest(ARRAY['audit_record', 'ledger_line', 'document', 'notice']) AS t,
	unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE']) AS p
WHERE has_table_privilege('openitem_reporting', current_schema() || '.' || t, p);
