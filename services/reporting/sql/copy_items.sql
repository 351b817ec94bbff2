-- Items that are not closed, to be compared with those of another service. $1 which: all | customers (without holding accounts)
-- Columns: key (account and item), value (entity, currency, open amount in minor units), in order of key.
SELECT ('account ' || account || ' item ' || document_id || ':' || sequence) COLLATE "C" AS key, concat_ws(' ', entity, currency, open_minor) AS value
FROM item WHERE open_minor <> 0 AND ($1::text = 'all' OR left(account, 1) <> '~')
ORDER BY key;
