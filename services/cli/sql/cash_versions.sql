-- Schema of cash. The versions that commands must name (LEDGER section 4), as they are now.
-- $1 the items, as JSON: [{"n":0,"lane":3,"account":"A","document_id":"D","sequence":1}, ...]
-- Columns: n, version. An item that cash does not know yet gives no row.
SELECT k.n, i.version
FROM jsonb_to_recordset($1::jsonb) AS k(n integer, lane integer, account text, document_id text, sequence integer)
	JOIN item AS i ON i.lane = k.lane AND i.account = k.account AND i.document_id = k.document_id AND i.sequence = k.sequence;
