-- The records of a service as they were read, to be compared with its outcome table. $1 service
-- Columns: key (its lane/seq), value (hash of the record, hex), in order of key.
SELECT ('lane ' || lpad(source_lane::text, 4, '0') || ' seq ' || lpad(seq::text, 12, '0')) COLLATE "C" AS key, encode(hash, 'hex') AS value
FROM audit_record WHERE service = $1::text
ORDER BY key;
