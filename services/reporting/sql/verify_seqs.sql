-- Gaps in the sequences of what reporting read, per service and lane (intake: per source lane and lane), and in its own numbers.
-- Columns: place, expected, found. No parameters. No rows = fine; at most 100.
SELECT 'lane ' || lane || ' ' || service || CASE WHEN service = 'intake' THEN ' from ' || source_lane ELSE '' END AS place,
	'1 .. ' || max(n) AS expected, count(DISTINCT n) || ' of them from ' || min(n) AS found
FROM (SELECT lane, service, source_lane, CASE WHEN service = 'intake' THEN destination_seq ELSE seq END AS n FROM audit_record) AS r
GROUP BY lane, service, source_lane
HAVING min(n) <> 1 OR max(n) <> count(*) OR count(DISTINCT n) <> count(*)
UNION ALL
SELECT 'lane ' || lane || ' ledger_seq', '1 .. ' || coalesce(c.ledger_seq, 0), coalesce(count(r.ledger_seq), 0) || ' of them to ' || coalesce(max(r.ledger_seq), 0)
FROM ledger_counter AS c FULL JOIN audit_record AS r USING (lane)
GROUP BY lane, c.ledger_seq
HAVING coalesce(c.ledger_seq, 0) <> count(DISTINCT r.ledger_seq) OR coalesce(max(r.ledger_seq), 0) <> coalesce(c.ledger_seq, 0)
ORDER BY 1 LIMIT 100;
