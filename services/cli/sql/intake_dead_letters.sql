-- Schema of intake. What the gate refused, in the order it did. No parameters.
-- Columns: lane, seq, event_id (ours), cause_topic, cause_partition, cause_offset, cause_event_id, value (bytea: the record, a DeadLetter).
SELECT lane, seq, event_id, cause_topic, cause_partition, cause_offset, cause_event_id, value
FROM outcome WHERE type = 'openitem.intake.dead_letter.v1'
ORDER BY recorded_at_us, lane, seq;
