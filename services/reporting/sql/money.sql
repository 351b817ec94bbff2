-- Where the money that came in is now, per entity and currency.
-- $1 entity; '' = all
-- Columns: entity, currency, posted (bank lines), returned, applied (receipts against debit items, in force), unapplied, unidentified, in_transit,
-- taken_on (unapplied receipts of a take-on), difference = posted + taken_on - returned - applied - unapplied - unidentified - in_transit, 0.
-- Minor units, all positive.
WITH amount AS (
	SELECT entity, currency, 'posted' AS what, amount_minor AS minor FROM bank_line WHERE state IN ('posted', 'returned')
	UNION ALL
	SELECT entity, currency, 'returned', -amount_minor FROM bank_line WHERE state = 'return' AND place <> 'suspense'
	UNION ALL
	SELECT a.entity, a.currency, 'applied', a.amount_minor FROM application AS a
		JOIN item AS i ON i.lane = a.lane AND i.account = a.account AND i.document_id = a.credit_document_id
			AND i.sequence = a.credit_sequence
		WHERE a.undone_on IS NULL AND i.kind = 'receipt'
	UNION ALL
	SELECT entity, currency, 'unapplied', -open_minor FROM item WHERE kind IN ('receipt', 'return') AND left(account, 1) <> '~'
	UNION ALL
	SELECT entity, currency, 'taken_on', -open_minor FROM (
		SELECT i.entity, i.currency, i.brought_minor AS open_minor FROM document AS d JOIN item AS i USING (lane, account, document_id)
		WHERE d.type = 'receipt') AS taken
	UNION ALL
	SELECT entity, currency, CASE ledger_account WHEN 'unidentified_receipts' THEN 'unidentified' ELSE 'in_transit' END,
		credit_minor - debit_minor FROM day_total WHERE ledger_account IN ('unidentified_receipts', 'money_in_transit')
), s AS (
	SELECT entity, currency,
		coalesce(sum(minor) FILTER (WHERE what = 'posted'), 0)::bigint AS posted,
		coalesce(sum(minor) FILTER (WHERE what = 'returned'), 0)::bigint AS returned,
		coalesce(sum(minor) FILTER (WHERE what = 'applied'), 0)::bigint AS applied,
		coalesce(sum(minor) FILTER (WHERE what = 'unapplied'), 0)::bigint AS unapplied,
		coalesce(sum(minor) FILTER (WHERE what = 'unidentified'), 0)::bigint AS unidentified,
		coalesce(sum(minor) FILTER (WHERE what = 'in_transit'), 0)::bigint AS in_transit,
		coalesce(sum(minor) FILTER (WHERE what = 'taken_on'), 0)::bigint AS taken_on
	FROM amount WHERE $1::text = '' OR entity = $1
	GROUP BY entity, currency
)
SELECT *, posted + taken_on - returned - applied - unapplied - unidentified - in_transit AS difference
FROM s ORDER BY entity, currency;
