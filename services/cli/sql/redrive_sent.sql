-- Schema of operator. Says what the log has acknowledged, and where. $1 rows, as JSON; $2 whether found by looking.
INSERT INTO redrive_sent (dlt_topic, dlt_partition, dlt_offset, dlt_time_ms, attempt, to_offset, found)
SELECT k.dlt_topic, k.dlt_partition, k.dlt_offset, k.dlt_time_ms, k.attempt, k.to_offset, $2::boolean
FROM jsonb_to_recordset($1::jsonb) AS k(dlt_topic text, dlt_partition integer, dlt_offset bigint, dlt_time_ms bigint, attempt integer,
	to_offset bigint);
