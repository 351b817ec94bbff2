-- Schema of reporting. Where its lanes stood at its checkpoints, in their order; only what moved since the one before. No parameters.
-- Columns: lane, place (number of the checkpoint in that order), topic, next_offset.
WITH c AS (
	SELECT row_number() OVER (ORDER BY (SELECT sum(s) FROM unnest(ledger_seqs) AS s), id) AS place, positions FROM checkpoint
), p AS (
	SELECT c.place, split_part(e.key, '/', 1) AS topic, split_part(e.key, '/', 2)::int AS lane, e.value::bigint AS next_offset
	FROM c, jsonb_each_text(c.positions) AS e
), moved AS (
	SELECT *, lag(next_offset) OVER (PARTITION BY lane, topic ORDER BY place) AS before FROM p
)
SELECT lane, place, topic, next_offset FROM moved WHERE next_offset IS DISTINCT FROM before
ORDER BY lane, place, topic;
