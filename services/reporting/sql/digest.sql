-- Digest of the business state by source ids: no offsets, instants, hashes, sequence numbers, document ids or numbers (DESIGN section 3). No parameters.
-- Columns: section, n (rows), digest (hex). Equal digests = equal books, however topics and lanes interleaved, and however many lanes there are.
-- A row counts as its JSON array: values that are absent or hold a separator cannot be taken for others.
WITH source AS ( -- what a document is called by those who caused it
	SELECT lane, account, document_id, type || '/' || CASE WHEN taken_on THEN 'taken on/' || external_number
		ELSE order_id || '/' || order_version END || '/' || coalesce((
			SELECT r.order_id || '/' || r.order_version || '/' || r.external_number FROM document AS r
			WHERE r.lane = d.lane AND r.account = d.account AND r.document_id = d.refers_to_document_id
		), '') AS name
	FROM document AS d
), named AS ( -- the same of every item; receipts and holding items by bank line
	SELECT i.*, coalesce(s.name, i.kind || '/' || i.line_id) AS name
	FROM item AS i LEFT JOIN source AS s USING (lane, account, document_id)
), applied AS (
	SELECT a.account, a.entity, a.currency, c.name AS credit, a.credit_sequence, d.name AS debit, a.debit_sequence, a.applied_on,
		sum(a.amount_minor) AS minor
	FROM application AS a
		LEFT JOIN named AS c ON c.lane = a.lane AND c.account = a.account AND c.document_id = a.credit_document_id
			AND c.sequence = a.credit_sequence
		LEFT JOIN named AS d ON d.lane = a.lane AND d.account = a.account AND d.document_id = a.debit_document_id
			AND d.sequence = a.debit_sequence
	WHERE a.undone_on IS NULL
	GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
), line AS (
	SELECT 'item' AS section, jsonb_build_array(account, entity, currency, name, sequence, document_date, due_date, accounting_date,
		original_minor, open_minor, on_account_minor)::text AS row_
	FROM (SELECT account, entity, currency, name, sequence, document_date, due_date, max(accounting_date) AS accounting_date,
			max(original_minor) AS original_minor, sum(open_minor) AS open_minor, sum(on_account_minor) AS on_account_minor
		FROM named GROUP BY 1, 2, 3, 4, 5, 6, 7) AS folded -- a line that came twice to one account is one source
	UNION ALL
	SELECT 'document', jsonb_build_array(d.account, d.entity, d.currency, s.name, d.issue_date, d.accounting_date, d.customer_po,
		d.reason, d.net_minor, d.tax_minor, d.gross_minor)::text
	FROM document AS d JOIN source AS s USING (lane, account, document_id)
	UNION ALL
	SELECT 'application', jsonb_build_array(account, entity, currency, credit, credit_sequence, debit, debit_sequence, applied_on, minor)::text
	FROM applied
	UNION ALL
	SELECT 'balance', jsonb_build_array(entity, ledger_account, currency, accounting_date, sum(debit_minor - credit_minor),
		functional_currency, sum(functional_minor))::text
	FROM day_total GROUP BY entity, ledger_account, currency, accounting_date, functional_currency
	HAVING sum(debit_minor - credit_minor) <> 0 OR sum(functional_minor) <> 0
	UNION ALL
	SELECT 'bank_line', jsonb_build_array(account, line_id, state, entity, currency, amount_minor, fee_minor, booking_date, statement_id,
		at_account, reason, returned_line_id, place, returned_on)::text
	FROM bank_line
	UNION ALL
	SELECT 'bank_statement', jsonb_build_array(account, statement_id, entity, currency, opening_minor, closing_minor, ties_out, booking_date)::text
	FROM bank_statement
	UNION ALL
	SELECT 'order', jsonb_build_array(account, order_id, order_version, entity, state, currency, net_minor, customer_po)::text FROM sales_order
	UNION ALL
	SELECT 'customer', jsonb_build_array(account, effective_from, legal_name, terms_code, parent_account, apply_oldest_first)::text
	FROM (SELECT DISTINCT ON (account, effective_from) * FROM customer ORDER BY account, effective_from, ledger_seq DESC) AS last
	UNION ALL
	SELECT DISTINCT 'entity', jsonb_build_array(entity, name, functional_currency, fiscal_year_start_month, number_prefix)::text FROM entity
	UNION ALL
	SELECT 'day', jsonb_build_array(entity, max(opened_on), max(closed_on))::text FROM business_day GROUP BY entity
	UNION ALL
	SELECT 'notice', jsonb_build_array(account, entity, currency, level, episode, notice_date, judged_date, amount_minor, overdue_minor,
		credits_minor, held_minor, promised_minor, oldest_days, item_count)::text
	FROM notice
	UNION ALL
	SELECT 'block', jsonb_build_array(account, block_id, reason, held_until, lifted, document_id <> '')::text FROM block
	UNION ALL
	SELECT 'hold', jsonb_build_array(account, hold_id, kind, amount_minor, held_until, lifted)::text FROM hold
	UNION ALL
	SELECT 'promise', jsonb_build_array(account, promise_id, entity, currency, amount_minor, made_on, promised_date, grace_days, state,
		paid_minor, ended_on)::text
	FROM promise
	UNION ALL
	SELECT 'advice', jsonb_build_array(account, advice_id, entity, currency, amount_minor, payment_date, line_id)::text FROM advice
	UNION ALL
	SELECT 'refusal', jsonb_build_array(account, service, reason, input_type, count(*))::text FROM exception WHERE kind = 'refused'
	GROUP BY account, service, reason, input_type
	UNION ALL
	SELECT 'parked', jsonb_build_array(account, input_type, count(*))::text FROM exception WHERE kind = 'parked' AND NOT resolved
	GROUP BY account, input_type
), hashed AS (
	SELECT section, sha256(convert_to(row_, 'UTF8')) AS h FROM line
), digest AS (
	SELECT section, count(*) AS n, encode(sha256(string_agg(h, ''::bytea ORDER BY h)), 'hex') AS digest
	FROM hashed GROUP BY section
)
SELECT section, n, digest FROM digest
UNION ALL
SELECT 'all', coalesce(sum(n), 0)::bigint,
	encode(sha256(convert_to(coalesce(string_agg(section || ' ' || digest, E'\n' ORDER BY section COLLATE "C"), ''), 'UTF8')), 'hex')
FROM digest
ORDER BY 1;
