-- Schema of operator. What is known of these dead letters.
-- $1 places, as JSON: [{"n":0,"dlt_topic":"T","dlt_partition":1,"dlt_offset":2,"dlt_time_ms":3}, ...]
-- Columns: n, attempts, sent. A dead letter nobody has claimed gives attempts 0.
SELECT k.n,
	(SELECT count(*) FROM redrive AS r WHERE (r.dlt_topic, r.dlt_partition, r.dlt_offset, r.dlt_time_ms) =
		(k.dlt_topic, k.dlt_partition, k.dlt_offset, k.dlt_time_ms)) AS attempts,
	EXISTS (SELECT FROM redrive_sent AS s WHERE (s.dlt_topic, s.dlt_partition, s.dlt_offset, s.dlt_time_ms) =
		(k.dlt_topic, k.dlt_partition, k.dlt_offset, k.dlt_time_ms)) AS sent
FROM jsonb_to_recordset($1::jsonb) AS k(n integer, dlt_topic text COLLATE "C", dlt_partition integer, dlt_offset bigint, dlt_time_ms bigint)
ORDER BY k.n;
