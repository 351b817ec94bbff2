-- Schema of intake, billing, cash, collections or reporting. Every table of a schema with its columns. $1 schema.
-- Columns: table_name, column_name, is_key (part of the primary key).
SELECT c.relname::text AS table_name, a.attname::text AS column_name, coalesce(a.attnum = ANY (i.indkey::smallint[]), false) AS is_key
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_index AS i ON i.indrelid = c.oid AND i.indisprimary
WHERE n.nspname = $1::text AND c.relkind = 'r'
ORDER BY c.relname, a.attnum;
