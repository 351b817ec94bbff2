-- Takes the checkpoint of this snapshot (K of every answer), in a transaction that may write. No parameters.
-- Columns: id, taken_at, lanes (int[]), ledger_seqs (bigint[]), days (json: business day per entity).
SELECT id, to_char(taken_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS taken_at, lanes, ledger_seqs, days
FROM take_checkpoint();
