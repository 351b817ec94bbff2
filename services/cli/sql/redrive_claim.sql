-- Schema of operator. Says before publishing what is about to be published. $1 rows, as JSON; $2 who; $3 why; $4 whether forced.
INSERT INTO redrive (dlt_topic, dlt_partition, dlt_offset, dlt_time_ms, attempt, reason, event_id, redrive_count, to_topic, to_partition, to_from,
	forced, done_by, note)
SELECT k.dlt_topic, k.dlt_partition, k.dlt_offset, k.dlt_time_ms, k.attempt, k.reason, k.event_id, k.redrive_count, k.to_topic,
	k.to_partition, k.to_from, $4::boolean, $2, $3
FROM jsonb_to_recordset($1::jsonb) AS k(dlt_topic text, dlt_partition integer, dlt_offset bigint, dlt_time_ms bigint, attempt integer,
	reason text, event_id text, redrive_count integer, to_topic text, to_partition integer, to_from bigint);
