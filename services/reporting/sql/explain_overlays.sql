-- The records of what lies over the items of an account, in order: every notice, and what became of its promises and of the holds and blocks on a
-- document; which items a notice or promise is about stands in the record. $1 lane, $2 account, $3 document id
-- Columns: lane, service, source_lane, seq, ledger_seq, topic, partition, offset, event_id, type, account, subject, cause_topic, cause_partition,
-- cause_offset, cause_event_id, part, final, correlation_id, hash (hex), value (bytea: the protobuf record as it stands in the topic).
WITH over_ AS (
	SELECT r.* FROM notice AS n JOIN audit_record AS r ON r.lane = n.lane AND r.ledger_seq = n.ledger_seq
	WHERE n.lane = $1::int AND n.account = $2::text
	UNION ALL
	SELECT r.* FROM audit_record AS r
	WHERE r.lane = $1 AND r.account = $2 AND r.service = 'collections' AND r.subject IN (
		SELECT hold_id FROM hold WHERE lane = $1 AND account = $2 AND document_id = $3::text
		UNION SELECT block_id FROM block WHERE lane = $1 AND account = $2 AND document_id = $3
		UNION SELECT promise_id FROM promise WHERE lane = $1 AND account = $2)
)
SELECT lane, service, source_lane, seq, ledger_seq, 'ar.' || service || '.v1' AS topic, lane AS partition, record_offset AS "offset",
	event_id, type, account, subject, cause_topic, cause_partition, cause_offset, cause_event_id, part, final, correlation_id,
	encode(hash, 'hex') AS hash, value
FROM over_ ORDER BY ledger_seq;
