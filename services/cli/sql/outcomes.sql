-- Schema of intake, billing, cash or collections. Every outcome with its record, lane by lane, in order. No parameters.
-- Columns: lane, seq, event_id, cause_topic, cause_partition, cause_offset, cause_event_id, part, final, hash, value (bytea).
SELECT lane, seq, event_id, cause_topic, cause_partition, cause_offset, cause_event_id, part, final, hash, value
FROM outcome ORDER BY lane, seq;
