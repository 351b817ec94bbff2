-- Schema of intake, billing, cash or collections. What must stand in reporting: every outcome but dead letters. No parameters.
-- Columns: key (lane/seq), value (hash of the record, hex), in order of key. The other side: copy_records.sql of reporting.
SELECT ('lane ' || lpad(lane::text, 4, '0') || ' seq ' || lpad(seq::text, 12, '0')) COLLATE "C" AS key, encode(hash, 'hex') AS value
FROM outcome WHERE type <> 'openitem.intake.dead_letter.v1'
ORDER BY key;
