-- Schema of intake, billing, cash, collections or reporting. Which event stood at which offset when it was decided: $1 = lane, $2 = topic,
-- $3 = partition, $4 = offset to begin with. Columns: cause_offset, cause_event_id. In order of offset.
SELECT DISTINCT cause_offset, cause_event_id FROM outcome
WHERE lane = $1::int AND cause_topic = $2 AND cause_partition = $3::int AND cause_offset >= $4::bigint ORDER BY 1, 2;
