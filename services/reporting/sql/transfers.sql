-- Money and returns between accounts: both sides of a transfer in one row.
-- $1 entity, $2 account (sender or receiver); '' = all; $3 which: open (on its way) | all; '' = open
-- Columns: entity, transfer_id, kind (payer | send_back | return), from_account, to_account, line_id, currency, amount (positive), booking_date, sent_on,
-- accepted_on, refused_reason, returned_on, document_id (the item that took it), rule_id, because, state (on_its_way | accepted | refused | returned).
WITH t AS (
	SELECT transfer_id, max(kind) AS kind, max(entity) AS entity, max(currency) AS currency, max(amount_minor) AS amount,
		max(line_id) AS line_id, max(booking_date) AS booking_date,
		(array_agg(from_account ORDER BY sent_on NULLS LAST, from_account DESC))[1] AS from_account,
		(array_agg(CASE WHEN accepted_on IS NOT NULL THEN account ELSE to_account END
			ORDER BY accepted_on IS NULL, sent_on DESC NULLS LAST))[1] AS to_account,
		min(sent_on) AS sent_on, max(accepted_on) AS accepted_on, max(refused_reason) AS refused_reason,
		max(returned_on) AS returned_on, max(document_id) AS document_id, max(rule_id) AS rule_id, max(because) AS because,
		array_agg(account) AS accounts
	FROM transfer GROUP BY transfer_id
), s AS (
	SELECT *, CASE WHEN returned_on IS NOT NULL THEN 'returned' WHEN accepted_on IS NOT NULL THEN 'accepted'
		WHEN refused_reason <> '' THEN 'refused' ELSE 'on_its_way' END AS state
	FROM t
)
SELECT entity, transfer_id, kind, from_account, to_account, line_id, currency, amount, booking_date, sent_on, accepted_on,
	refused_reason, returned_on, document_id, rule_id, because, state
FROM s
WHERE ($1::text = '' OR entity = $1) AND ($2::text = '' OR from_account = $2 OR to_account = $2 OR $2 = ANY (accounts))
	AND ($3::text = 'all' OR state IN ('on_its_way', 'refused'))
ORDER BY entity, booking_date, line_id, sent_on, transfer_id;
