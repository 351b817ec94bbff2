-- Schema of intake, billing, cash, collections or reporting. Where every lane stands in what it reads. No parameters.
-- Columns: lane, topic, partition.
SELECT lane, topic, partition FROM position ORDER BY topic, partition, lane;
