-- Every document number of ours, series by series, in order (LEDGER section 7). No parameters.
-- Columns: lane, entity, type, year (two digits), number.
SELECT lane, entity, type, substr(number, 4, 2) AS year, number
FROM document WHERE number <> ''
ORDER BY lane, entity, type, substr(number, 4, 2) COLLATE "C", substr(number, 9) COLLATE "C";
