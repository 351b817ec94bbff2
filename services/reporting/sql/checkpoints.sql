-- Checkpoints, the latest first. $1 how many at most
-- Columns: id, taken_at, first_day, last_day (business days of the entities), records (sum of ledger_seq), lanes (their number).
SELECT id, to_char(taken_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS taken_at,
	(SELECT min(value) FROM jsonb_each_text(days)) AS first_day, (SELECT max(value) FROM jsonb_each_text(days)) AS last_day,
	(SELECT coalesce(sum(s), 0)::bigint FROM unnest(ledger_seqs) AS s) AS records, cardinality(lanes) AS lanes
FROM checkpoint ORDER BY id DESC LIMIT $1::text::int;
