-- Statement of an account, balance forward (RPT-02): what was posted, by accounting date; applications move nothing and are left out.
-- $1 first day, YYYY-MM-DD; '' = the beginning; $2 as of; '' = each entity's business day; $3 entity; '' = all; $4 account
-- $5 lanes int[], $6 their last ledger_seq bigint[], $7 business day per entity json: as known at that checkpoint; '' = now
-- Columns: entity, currency, on_date, what (opening, invoice, debit memo, credit memo, opening item, receipt, sent back, returned payment,
-- other), reference, amount, balance (running). Minor units; per entity and currency the first row is the opening balance.
WITH k AS ( -- up to where each lane is known
	SELECT c.lane, CASE WHEN $5::text = '' THEN c.ledger_seq ELSE coalesce(x.ledger_seq, 0) END AS ledger_seq
	FROM ledger_counter AS c
		LEFT JOIN unnest(nullif($5::text, '')::int[], nullif($6::text, '')::bigint[]) AS x(lane, ledger_seq) USING (lane)
), e AS ( -- not an entity of which nothing was known then
	SELECT * FROM (
		SELECT t.entity, coalesce(nullif($2::text, '')::date, CASE WHEN $7::text = ''
			THEN (SELECT max(opened_on) FROM business_day AS d WHERE d.entity = t.entity)
			ELSE (nullif($7::text, '')::jsonb ->> t.entity)::date END,
			(SELECT max(l.accounting_date) FROM k JOIN ledger_line AS l ON l.lane = k.lane AND l.ledger_seq <= k.ledger_seq
				WHERE l.entity = t.entity)) AS as_of
		FROM (SELECT DISTINCT entity FROM tie_out) AS t
		WHERE $3::text = '' OR t.entity = $3
	) AS x WHERE as_of IS NOT NULL
), moved AS (
	SELECT l.entity, l.currency, l.accounting_date AS on_date, r.type, l.lane, l.ledger_seq, l.document_id, max(i.reference) AS reference,
		sum(l.amount_minor) AS minor
	FROM ledger_line AS l JOIN e ON e.entity = l.entity JOIN k ON k.lane = l.lane AND l.ledger_seq <= k.ledger_seq
		JOIN audit_record AS r ON r.lane = l.lane AND r.ledger_seq = l.ledger_seq
		LEFT JOIN item AS i ON i.lane = l.lane AND i.account = l.account AND i.document_id = l.document_id
			AND i.sequence = l.item_sequence
	WHERE l.account = $4 AND l.accounting_date <= e.as_of AND l.ledger_account IN ('ar', 'ar_unapplied', 'ar_on_account')
		AND l.kind NOT IN ('apply', 'unapply', 'on_account', 'off_account', 'return_linked')
	GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING sum(l.amount_minor) <> 0
), row_ AS (
	SELECT entity, currency, 0 AS part, NULL::date AS on_date, 'opening' AS what, '' AS reference,
		coalesce(sum(minor) FILTER (WHERE on_date < nullif($1::text, '')::date), 0)::bigint AS amount, 0 AS lane, 0::bigint AS ledger_seq
	FROM moved GROUP BY 1, 2
	UNION ALL
	SELECT entity, currency, 1, on_date, CASE type WHEN 'invoice_issued' THEN 'invoice' WHEN 'debit_memo_issued' THEN 'debit memo'
			WHEN 'credit_memo_issued' THEN 'credit memo' WHEN 'item_taken_on' THEN 'opening item'
			WHEN 'transfer_accepted' THEN 'receipt' WHEN 'transfer_sent' THEN 'sent back'
			WHEN 'return_settled' THEN 'returned payment' ELSE 'other' END,
		coalesce(reference, ''), minor::bigint, lane, ledger_seq
	FROM moved WHERE $1::text = '' OR on_date >= $1::date
)
SELECT entity, currency, on_date, what, reference, amount,
	(sum(amount) OVER (PARTITION BY entity, currency ORDER BY part, on_date, what, reference, amount, lane, ledger_seq))::bigint AS balance
FROM row_ ORDER BY entity, currency, part, on_date, what, reference, amount, lane, ledger_seq;
