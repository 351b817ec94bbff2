-- How an account pays (RPT-03), a row per entity and currency: averages over its payments, weighted by amount. Parameters as in history.sql.
-- Columns: entity, currency, items, paid_items, late_items (paid in full after the due day), by_receipts (minor units), days_late (tenths; a payment
-- before the due day counts negative), days_overdue (tenths; it counts as 0), days_to_pay (tenths, from the document's date), returns.
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
	SELECT d.lane, d.document_id, d.sequence, d.entity, d.currency, d.due_date, d.document_date,
		d.open_minor + coalesce(sum(s.minor) FILTER (WHERE s.now_in_force), 0) - coalesce(sum(s.minor) FILTER (WHERE s.in_force), 0) AS open,
		max(s.on_date) FILTER (WHERE s.in_force) AS last_on,
		coalesce(sum(s.minor) FILTER (WHERE s.in_force AND s.kind = 'receipt'), 0) AS paid,
		coalesce(sum(s.minor::numeric * (s.on_date - d.due_date)) FILTER (WHERE s.in_force AND s.kind = 'receipt'), 0) AS late,
		coalesce(sum(s.minor::numeric * greatest(s.on_date - d.due_date, 0)) FILTER (WHERE s.in_force AND s.kind = 'receipt'), 0) AS overdue,
		coalesce(sum(s.minor::numeric * (s.on_date - d.document_date)) FILTER (WHERE s.in_force AND s.kind = 'receipt'), 0) AS to_pay,
		count(*) FILTER (WHERE s.returned) AS returns
	FROM debit AS d LEFT JOIN settled AS s USING (lane, document_id, sequence)
	GROUP BY 1, 2, 3, 4, 5, 6, 7, d.open_minor
)
SELECT entity, currency, count(*) AS items, count(*) FILTER (WHERE open = 0) AS paid_items,
	count(*) FILTER (WHERE open = 0 AND last_on > due_date) AS late_items, sum(paid)::bigint AS by_receipts,
	round(10 * sum(late) / nullif(sum(paid), 0))::bigint AS days_late, round(10 * sum(overdue) / nullif(sum(paid), 0))::bigint AS days_overdue,
	round(10 * sum(to_pay) / nullif(sum(paid), 0))::bigint AS days_to_pay, sum(returns)::bigint AS returns
FROM item_ GROUP BY entity, currency ORDER BY entity, currency;
