-- One record by its event id: go up with its cause_event_id until the cause is an external topic. $1 event id
-- Columns: lane, service, source_lane, seq, ledger_seq, topic, partition, offset, event_id, type, account, subject, cause_topic, cause_partition,
-- cause_offset, cause_event_id, part, final, correlation_id, hash (hex), value (bytea: the protobuf record as it stands in the topic).
SELECT lane, service, source_lane, seq, ledger_seq, 'ar.' || service || '.v1' AS topic, lane AS partition, record_offset AS "offset",
	event_id, type, account, subject, cause_topic, cause_partition, cause_offset, cause_event_id, part, final, correlation_id,
	encode(hash, 'hex') AS hash, value
FROM audit_record WHERE event_id = $1::text
ORDER BY lane, ledger_seq;
