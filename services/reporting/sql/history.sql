-- Payment history of an account (RPT-03, CSH-18): every invoice and debit memo item, when it was due and when it was paid, the latest due last.
-- $1 as of, YYYY-MM-DD; '' = each entity's business day; $2 entity; '' = all; $3 account
-- $4 lanes int[], $5 their last ledger_seq bigint[], $6 business day per entity json: as known at that checkpoint; '' = now
-- Columns: entity, currency, number, sequence, po, issued, due, amount (of a take-on: what was open at the cut-over), by_receipts, by_credits, open,
-- paid_on (the day of the last of them; NULL = open), days_late (of paid_on, or of as of when open; negative = early), discount_until, discount
-- (offered), returns (payments that came back). Minor units.
WITH k AS ( -- up to where each lane is known
	SELECT c.lane, CASE WHEN $4::text = '' THEN c.ledger_seq ELSE coalesce(x.ledger_seq, 0) END AS ledger_seq
	FROM ledger_counter AS c
		LEFT JOIN unnest(nullif($4::text, '')::int[], nullif($5::text, '')::bigint[]) AS x(lane, ledger_seq) USING (lane)
), e AS (
	SELECT t.entity, coalesce(nullif($1::text, '')::date, CASE WHEN $6::text = ''
		THEN (SELECT max(opened_on) FROM business_day AS d WHERE d.entity = t.entity)
		ELSE (nullif($6::text, '')::jsonb ->> t.entity)::date END,
		(SELECT max(l.accounting_date) FROM k JOIN ledger_line AS l ON l.lane = k.lane AND l.ledger_seq <= k.ledger_seq
			WHERE l.entity = t.entity)) AS as_of
	FROM (SELECT DISTINCT entity FROM tie_out) AS t
	WHERE $2::text = '' OR t.entity = $2
), debit AS (
	SELECT i.*, e.as_of, k.ledger_seq AS known
	FROM item AS i JOIN e ON e.entity = i.entity JOIN k ON k.lane = i.lane AND i.ledger_seq <= k.ledger_seq
	WHERE i.lane = ANY (ARRAY(SELECT lane FROM ledger_counter)) AND i.account = $3::text
		AND i.kind IN ('invoice', 'debit_memo') AND i.accounting_date <= e.as_of
), settled AS ( -- every application to them: the day of a payment is the day the money came, not before the document
	SELECT d.lane, d.document_id, d.sequence, a.amount_minor AS minor, c.kind,
		CASE WHEN c.kind = 'receipt' THEN greatest(c.document_date, d.document_date) ELSE a.applied_on END AS on_date,
		a.undone_on IS NULL AS now_in_force,
		a.ledger_seq <= d.known AND a.applied_on <= d.as_of
			AND (a.undone_on IS NULL OR a.undone_on > d.as_of OR a.undone_ledger_seq > d.known) AS in_force,
		a.undone_reason = 'return' AND a.undone_ledger_seq <= d.known AND a.undone_on <= d.as_of AS returned
	FROM debit AS d JOIN application AS a ON a.lane = d.lane AND a.account = d.account AND a.debit_document_id = d.document_id
			AND a.debit_sequence = d.sequence
		LEFT JOIN item AS c ON c.lane = a.lane AND c.account = a.account AND c.document_id = a.credit_document_id
			AND c.sequence = a.credit_sequence
), item_ AS (
	SELECT d.lane, d.document_id, d.sequence, d.entity, d.currency, d.reference, d.document_date, d.due_date, d.as_of, d.discount_until,
		d.discount_minor, d.open_minor + coalesce(sum(s.minor) FILTER (WHERE s.now_in_force), 0) AS minor,
		coalesce(sum(s.minor) FILTER (WHERE s.in_force AND s.kind = 'receipt'), 0) AS by_receipts,
		coalesce(sum(s.minor) FILTER (WHERE s.in_force AND s.kind <> 'receipt'), 0) AS by_credits,
		max(s.on_date) FILTER (WHERE s.in_force) AS last_on, count(*) FILTER (WHERE s.returned) AS returns
	FROM debit AS d LEFT JOIN settled AS s USING (lane, document_id, sequence)
	GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, d.open_minor
)
SELECT i.entity, i.currency, i.reference AS number, i.sequence, coalesce(d.customer_po, '') AS po, i.document_date AS issued, i.due_date AS due,
	i.minor::bigint AS amount, i.by_receipts::bigint AS by_receipts, i.by_credits::bigint AS by_credits,
	(i.minor - i.by_receipts - i.by_credits)::bigint AS open,
	CASE WHEN i.minor = i.by_receipts + i.by_credits THEN i.last_on END AS paid_on,
	CASE WHEN i.minor = i.by_receipts + i.by_credits THEN i.last_on ELSE i.as_of END - i.due_date AS days_late, i.discount_until,
	i.discount_minor AS discount, i.returns
FROM item_ AS i LEFT JOIN document AS d ON d.lane = i.lane AND d.account = $3 AND d.document_id = i.document_id
ORDER BY i.entity, i.currency, i.due_date NULLS LAST, i.document_date, i.reference, i.sequence;
