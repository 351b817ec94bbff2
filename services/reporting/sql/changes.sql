-- What moved each cell of the aging from one checkpoint to another, event by event: amounts of a cell sum to the difference of the two agings.
-- $1 edges as in aging.sql; $2 entity, $3 account; '' = all
-- $4 $5 $6 lanes, ledger_seqs, business days at the first checkpoint; $7 $8 $9 the same at the second; '' = now
-- Columns: entity, account, currency, bucket (0 not due, 1.. past due, -1 unapplied, -2 credits), what (type of the record, or `aged`: the day
-- went on), on_date (accounting date; aged: the second business day), reference, amount, event_id, lane, ledger_seq. Minor units.
WITH a AS (
	SELECT c.lane, coalesce(x.ledger_seq, 0) AS ledger_seq
	FROM ledger_counter AS c LEFT JOIN unnest($4::int[], $5::bigint[]) AS x(lane, ledger_seq) USING (lane)
), b AS (
	SELECT c.lane, CASE WHEN $7::text = '' THEN c.ledger_seq ELSE coalesce(x.ledger_seq, 0) END AS ledger_seq
	FROM ledger_counter AS c
		LEFT JOIN unnest(nullif($7::text, '')::int[], nullif($8::text, '')::bigint[]) AS x(lane, ledger_seq) USING (lane)
), e AS ( -- the business days of both, as aging.sql takes them
	SELECT t.entity,
		coalesce(($6::jsonb ->> t.entity)::date, (SELECT max(l.accounting_date)
			FROM a JOIN ledger_line AS l ON l.lane = a.lane AND l.ledger_seq <= a.ledger_seq WHERE l.entity = t.entity)) AS then_,
		coalesce(CASE WHEN $9::text = ''
			THEN (SELECT max(opened_on) FROM business_day AS d WHERE d.entity = t.entity)
			ELSE (nullif($9::text, '')::jsonb ->> t.entity)::date END, (SELECT max(l.accounting_date)
			FROM b JOIN ledger_line AS l ON l.lane = b.lane AND l.ledger_seq <= b.ledger_seq WHERE l.entity = t.entity)) AS now_
	FROM (SELECT DISTINCT entity FROM tie_out) AS t WHERE $2::text = '' OR t.entity = $2
), line AS (
	SELECT l.*, l.ledger_seq <= a.ledger_seq AND l.accounting_date <= e.then_ AS before, e.then_, e.now_
	FROM ledger_line AS l JOIN e ON e.entity = l.entity JOIN a ON a.lane = l.lane JOIN b ON b.lane = l.lane
	WHERE l.ledger_seq <= b.ledger_seq AND l.accounting_date <= e.now_ AND left(l.account, 1) <> '~' AND l.item_sequence > 0
		AND l.ledger_account IN ('ar', 'ar_unapplied', 'ar_on_account') AND ($3::text = '' OR l.account = $3)
), placed AS ( -- the cell of each item at both checkpoints
	SELECT i.lane, i.account, i.document_id, i.sequence, i.kind, i.reference, e.now_,
		CASE WHEN i.kind IN ('receipt', 'return') THEN -1 WHEN i.kind = 'credit_memo' THEN -2
			ELSE width_bucket(e.then_ - coalesce(i.due_date, i.document_date) - 1, $1::int[]) END AS bucket_then,
		CASE WHEN i.kind IN ('receipt', 'return') THEN -1 WHEN i.kind = 'credit_memo' THEN -2
			ELSE width_bucket(e.now_ - coalesce(i.due_date, i.document_date) - 1, $1::int[]) END AS bucket_now
	FROM item AS i JOIN e ON e.entity = i.entity
), moved AS (
	SELECT l.entity, l.account, l.currency, p.bucket_now AS bucket, r.type AS what, l.accounting_date AS on_date, p.reference,
		sum(l.amount_minor)::bigint AS amount, r.event_id, l.lane, l.ledger_seq
	FROM line AS l JOIN placed AS p ON p.lane = l.lane AND p.account = l.account AND p.document_id = l.document_id
			AND p.sequence = l.item_sequence
		JOIN audit_record AS r ON r.lane = l.lane AND r.ledger_seq = l.ledger_seq
	WHERE l.before IS NOT TRUE
	GROUP BY l.entity, l.account, l.currency, p.bucket_now, r.type, l.accounting_date, p.reference, r.event_id, l.lane, l.ledger_seq
	HAVING sum(l.amount_minor) <> 0
), aged AS (
	SELECT l.entity, l.account, l.currency, p.bucket_then, p.bucket_now, p.reference, p.now_, l.lane, sum(l.amount_minor)::bigint AS amount
	FROM line AS l JOIN placed AS p ON p.lane = l.lane AND p.account = l.account AND p.document_id = l.document_id
		AND p.sequence = l.item_sequence
	WHERE l.before AND p.bucket_then <> p.bucket_now
	GROUP BY l.entity, l.account, l.currency, p.bucket_then, p.bucket_now, p.document_id, p.sequence, p.reference, p.now_, l.lane
	HAVING sum(l.amount_minor) <> 0
)
SELECT entity, account, currency, bucket, what, on_date, reference, amount, event_id, lane, ledger_seq FROM moved
UNION ALL
SELECT entity, account, currency, bucket_then, 'aged', now_, reference, -amount, '', lane, 0 FROM aged
UNION ALL
SELECT entity, account, currency, bucket_now, 'aged', now_, reference, amount, '', lane, 0 FROM aged
ORDER BY entity, account, currency, bucket, on_date, what, reference, lane, ledger_seq, amount;
