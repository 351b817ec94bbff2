-- Schema of cash. Every item that is not closed. No parameters.
-- Columns: key (account and item), value (entity, currency, open amount in minor units), in order of key. The other side: copy_items.sql of reporting.
SELECT ('account ' || account || ' item ' || document_id || ':' || sequence) COLLATE "C" AS key, concat_ws(' ', entity, currency, open_minor) AS value
FROM item WHERE open_minor <> 0
ORDER BY key;
