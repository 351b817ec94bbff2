-- Every record about one order, document, bank line, transfer, return, notice or block, in order. $1 its id; $2 account, '' = any
-- Columns: lane, service, source_lane, seq, ledger_seq, topic, partition, offset, event_id, type, account, subject, cause_topic, cause_partition,
-- cause_offset, cause_event_id, part, final, correlation_id, hash (hex), value (bytea: the protobuf record as it stands in the topic).
SELECT lane, service, source_lane, seq, ledger_seq, 'ar.' || service || '.v1' AS topic, lane AS partition, record_offset AS "offset",
	event_id, type, account, subject, cause_topic, cause_partition, cause_offset, cause_event_id, part, final, correlation_id,
	encode(hash, 'hex') AS hash, value
FROM audit_record WHERE subject = $1::text AND ($2::text = '' OR account = $2)
ORDER BY lane, ledger_seq;
