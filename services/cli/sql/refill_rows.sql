-- Schema of intake or cash. Outcomes that also go elsewhere, or are dead letters: $1 = topic. Lane by lane, in order.
-- Columns: lane, partition, seq.
SELECT lane, out_partition AS partition, seq FROM outcome WHERE out_topic = $1 ORDER BY lane, seq;
