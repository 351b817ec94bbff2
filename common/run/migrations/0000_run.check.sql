-- Findings: a table of the loop that is missing. No rows = fine.
SELECT t AS missing_table
FROM unnest(ARRAY['lane', 'position', 'input_seq', 'output_seq', 'cursor', 'outcome', 'moved']) AS t
WHERE to_regclass(current_schema() || '.' || t) IS NULL;
