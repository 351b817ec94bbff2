-- Schema of operator. Claims of dead letters nobody has said to be sent, of each the last for every log it may stand in. No parameters.
-- Columns: dlt_topic, dlt_partition, dlt_offset, dlt_time_ms, attempt, to_topic, to_partition, to_from (of the first), age_ms (of the last).
SELECT dlt_topic, dlt_partition, dlt_offset, dlt_time_ms, max(attempt) AS attempt, to_topic, to_partition, min(to_from) AS to_from,
	floor(extract(epoch FROM clock_timestamp() - max(claimed_at)) * 1000)::bigint AS age_ms
FROM redrive AS r
WHERE NOT EXISTS (SELECT FROM redrive_sent AS s WHERE (s.dlt_topic, s.dlt_partition, s.dlt_offset, s.dlt_time_ms) =
	(r.dlt_topic, r.dlt_partition, r.dlt_offset, r.dlt_time_ms))
GROUP BY dlt_topic, dlt_partition, dlt_offset, dlt_time_ms, to_topic, to_partition
ORDER BY dlt_topic, dlt_partition, dlt_offset, dlt_time_ms;
