-- Bank statements whose opening + lines is not closing, and those on which cash and the lines kept here disagree (CSH-01, RPT-06).
-- Columns: place, expected, found. No parameters. No rows = fine; at most 100.
WITH l AS (
	SELECT lane, account, statement_id, count(*) AS n, sum(amount_minor - fee_minor)::bigint AS minor FROM bank_line GROUP BY 1, 2, 3
)
SELECT s.entity || ' statement ' || substr(s.account, 2) || ' ' || s.statement_id AS place,
	(s.closing_minor - s.opening_minor)::text AS expected, coalesce(l.minor, 0) || ' in ' || coalesce(l.n, 0) || ' lines' AS found
FROM bank_statement AS s LEFT JOIN l USING (lane, account, statement_id)
WHERE s.closing_minor - s.opening_minor <> coalesce(l.minor, 0) OR NOT s.ties_out OR s.lines_minor <> coalesce(l.minor, 0)
	OR s.line_count <> coalesce(l.n, 0)
ORDER BY 1 LIMIT 100;
