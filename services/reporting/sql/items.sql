-- Items as of a business date, oldest due first within an account.
-- $1 as of, YYYY-MM-DD; '' = each entity's business day; $2 entity, $3 account; '' = all; $4 which: open | all; '' = open
-- $5 lanes int[], $6 their last ledger_seq bigint[], $7 business day per entity json: as known at that checkpoint; '' = now
-- Columns: as_of, entity, account, name, kind, reference, document_id, sequence, order_id, customer_po, document_date, due_date,
-- accounting_date, currency, original, open, on_account, discount_until, discount, days_past_due (negative = not due yet; NULL without a due date), blocked, lane. Minor units, debit +, credit -.
WITH k AS ( -- up to where each lane is known
	SELECT c.lane, CASE WHEN $5::text = '' THEN c.ledger_seq ELSE coalesce(x.ledger_seq, 0) END AS ledger_seq
	FROM ledger_counter AS c
		LEFT JOIN unnest(nullif($5::text, '')::int[], nullif($6::text, '')::bigint[]) AS x(lane, ledger_seq) USING (lane)
), e AS ( -- not an entity of which nothing was known then
	SELECT * FROM (
		SELECT t.entity, coalesce(nullif($1::text, '')::date, CASE WHEN $7::text = ''
			THEN (SELECT max(opened_on) FROM business_day AS d WHERE d.entity = t.entity)
			ELSE (nullif($7::text, '')::jsonb ->> t.entity)::date END,
			(SELECT max(l.accounting_date) FROM k JOIN ledger_line AS l ON l.lane = k.lane AND l.ledger_seq <= k.ledger_seq
				WHERE l.entity = t.entity)) AS as_of
		FROM (SELECT DISTINCT entity FROM tie_out) AS t
		WHERE $2::text = '' OR t.entity = $2
	) AS x WHERE as_of IS NOT NULL
), later AS ( -- what came after: by accounting date, or by knowledge
	SELECT lane, account, document_id, sequence, sum(minor) AS minor FROM (
		SELECT l.lane, l.account, l.document_id, l.item_sequence AS sequence, l.amount_minor AS minor
		FROM ledger_line AS l JOIN e ON e.entity = l.entity
		WHERE l.accounting_date > (SELECT min(as_of) FROM e) AND l.accounting_date > e.as_of
			AND l.ledger_account IN ('ar', 'ar_unapplied', 'ar_on_account') AND l.item_sequence > 0
			AND ($3::text = '' OR l.account = $3)
		UNION ALL
		SELECT l.lane, l.account, l.document_id, l.item_sequence, l.amount_minor
		FROM k JOIN ledger_line AS l ON l.lane = k.lane AND l.ledger_seq > k.ledger_seq JOIN e ON e.entity = l.entity
		WHERE l.accounting_date <= e.as_of
			AND l.ledger_account IN ('ar', 'ar_unapplied', 'ar_on_account') AND l.item_sequence > 0
			AND ($3::text = '' OR l.account = $3)
	) AS l
	GROUP BY 1, 2, 3, 4
), i AS (
	SELECT item.*, e.as_of, (item.open_minor - coalesce(x.minor, 0))::bigint AS open
	FROM item JOIN e ON e.entity = item.entity JOIN k ON k.lane = item.lane AND item.ledger_seq <= k.ledger_seq
		LEFT JOIN later AS x ON x.lane = item.lane AND x.account = item.account AND x.document_id = item.document_id
			AND x.sequence = item.sequence
	WHERE left(item.account, 1) <> '~'
		AND ($3::text = '' OR (item.account = $3 AND item.lane = ANY (ARRAY(SELECT lane FROM ledger_counter))))
		AND (item.open_minor - coalesce(x.minor, 0) <> 0 OR ($4::text = 'all' AND item.accounting_date <= e.as_of))
)
SELECT i.as_of, i.entity, i.account,
	coalesce((SELECT c.legal_name FROM customer AS c JOIN k ON k.lane = c.lane
		WHERE c.lane = i.lane AND c.account = i.account AND c.ledger_seq <= k.ledger_seq
		ORDER BY c.effective_from <= i.as_of DESC,
			CASE WHEN c.effective_from <= i.as_of THEN i.as_of - c.effective_from
				ELSE c.effective_from - i.as_of END, c.ledger_seq DESC LIMIT 1), '') AS name,
	i.kind, i.reference, i.document_id, i.sequence, coalesce(d.order_id, '') AS order_id, coalesce(d.customer_po, '') AS customer_po,
	i.document_date, i.due_date, i.accounting_date, i.currency, i.original_minor AS original, i.open, i.on_account_minor AS on_account,
	i.discount_until, i.discount_minor AS discount,
	i.as_of - i.due_date AS days_past_due,
	EXISTS (SELECT FROM block AS b WHERE b.lane = i.lane AND b.account = i.account AND NOT b.lifted
		AND (b.held_until IS NULL OR b.held_until >= i.as_of)
		AND (b.document_id = '' OR (b.document_id = i.document_id AND b.item_sequence = i.sequence))) AS blocked,
	i.lane
FROM i LEFT JOIN document AS d ON d.lane = i.lane AND d.account = i.account AND d.document_id = i.document_id
ORDER BY i.entity, i.account, i.currency, i.due_date NULLS LAST, i.document_date, i.reference, i.document_id, i.sequence;
