-- Money in transit that is not zero (only at settled positions), with the transfers that have not arrived.
-- Columns: place, expected, found. No parameters. No rows = fine; at most 100.
SELECT entity || ' ' || currency || ' money in transit' AS place, '0' AS expected, sum(debit_minor - credit_minor)::text AS found
FROM day_total WHERE ledger_account = 'money_in_transit'
GROUP BY entity, currency HAVING sum(debit_minor - credit_minor) <> 0
UNION ALL
SELECT max(entity) || ' ' || max(currency) || ' transfer ' || transfer_id || ' line ' || max(line_id), 'arrived',
	'sent ' || max(sent_on) || ' to ' || max(to_account)
FROM transfer GROUP BY transfer_id
HAVING max(sent_on) IS NOT NULL AND max(accepted_on) IS NULL AND max(returned_on) IS NULL
ORDER BY 1 LIMIT 100;
