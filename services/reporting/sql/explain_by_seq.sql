-- One record by its place in the chain. $1 lane, $2 service, $3 seq
-- Columns: lane, service, source_lane, seq, ledger_seq, topic, partition, offset, event_id, type, account, subject, cause_topic, cause_partition,
-- cause_offset, cause_event_id, part, final, correlation_id, hash (hex), value (bytea: the protobuf record as it stands in the topic).
SELECT lane, service, source_lane, seq, ledger_seq, 'ar.' || service || '.v1' AS topic, lane AS partition, record_offset AS "offset",
	event_id, type, account, subject, cause_topic, cause_partition, cause_offset, cause_event_id, part, final, correlation_id,
	encode(hash, 'hex') AS hash, value
FROM audit_record WHERE lane = $1::int AND service = $2::text AND seq = $3::bigint
ORDER BY source_lane;
