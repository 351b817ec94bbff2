-- Schema of operator. Who re-drove what, oldest first. $1 an instant, only claims since then.
-- Columns: at, by, login, dead_letter, reason, event, redrive, result, target, note. claimed: said, and not known to be sent.
SELECT to_char(r.claimed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at, r.done_by AS by, r.login,
	r.dlt_topic || ':' || r.dlt_partition || ':' || r.dlt_offset AS dead_letter, r.reason, r.event_id AS event, r.redrive_count AS redrive,
	CASE WHEN s.dlt_topic IS NULL THEN 'claimed' WHEN s.found THEN 'sent, found later' ELSE 'sent' END
		|| CASE WHEN r.forced THEN ', forced' ELSE '' END AS result,
	r.to_topic || ':' || r.to_partition || coalesce(':' || s.to_offset, '') AS target, r.note
FROM redrive AS r LEFT JOIN redrive_sent AS s USING (dlt_topic, dlt_partition, dlt_offset, dlt_time_ms, attempt)
WHERE r.claimed_at >= $1::timestamptz
ORDER BY r.claimed_at, r.dlt_topic, r.dlt_partition, r.dlt_offset;
