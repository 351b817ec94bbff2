-- Schema of collections. Every item of a customer that is not closed. No parameters.
-- Columns: key (account and item), value (entity, currency, open amount in minor units), in order of key. The other side: copy_items.sql of reporting.
SELECT ('account ' || account || ' item ' || document_id || ':' || sequence) COLLATE "C" AS key,
	CASE WHEN known THEN concat_ws(' ', entity, currency, open_minor) ELSE 'not known yet, ' || open_minor END AS value
FROM item WHERE open_minor <> 0 AND left(account, 1) <> '~'
ORDER BY key;
