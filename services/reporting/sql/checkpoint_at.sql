-- A checkpoint by what a person says. $1 its id, or an instant: the last one at or before it.
-- Columns as checkpoint.sql; no row: there is none.
SELECT id, to_char(taken_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS taken_at, lanes, ledger_seqs, days
FROM checkpoint
WHERE CASE WHEN $1::text ~ '^[0-9]{1,18}$' THEN id = $1::text::bigint ELSE taken_at <= $1::text::timestamptz END
ORDER BY id DESC LIMIT 1;
