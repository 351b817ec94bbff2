-- Blocks: what keeps accounts and items out of dunning.
-- $1 account; '' = all; $2 which: open (neither lifted nor past the business day) | all; '' = open
-- Columns: account, name, block_id, reason, document_id ('' = the whole account), sequence, held_until (NULL = until lifted), lifted.
SELECT b.account,
	coalesce((SELECT c.legal_name FROM customer AS c WHERE c.lane = b.lane AND c.account = b.account
		ORDER BY c.effective_from DESC, c.ledger_seq DESC LIMIT 1), '') AS name,
	b.block_id, b.reason, b.document_id, b.item_sequence AS sequence, b.held_until, b.lifted
FROM block AS b
WHERE ($1::text = '' OR b.account = $1)
	AND ($2::text = 'all' OR (NOT b.lifted AND (b.held_until IS NULL
		OR b.held_until >= coalesce((SELECT max(opened_on) FROM business_day), b.held_until))))
ORDER BY b.account, b.block_id;
