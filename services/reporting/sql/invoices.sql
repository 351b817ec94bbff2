-- Documents billing issued or took on, with what became of them until now.
-- $1 entity, $2 account; '' = all; $3 first, $4 last issue date, YYYY-MM-DD; '' = no limit
-- Columns: entity, account, name, type, number, external_number, order_id, customer_po, issue_date, due_date (the last one of several), currency, net,
-- tax, gross, open, state, taken_on, refers_to_number, reason, document_id. Minor units; a credit memo is positive here, its open amount negative.
-- state: open | partly_paid | paid | credited (closed by credit memos alone) of an invoice, debit memo; open | partly_applied | applied of a credit.
WITH d AS (
	SELECT * FROM document
	WHERE ($1::text = '' OR entity = $1)
		AND ($2::text = '' OR (account = $2 AND lane = ANY (ARRAY(SELECT lane FROM ledger_counter))))
		AND ($3::text = '' OR issue_date >= nullif($3, '')::date) AND ($4::text = '' OR issue_date <= nullif($4, '')::date)
), i AS (
	SELECT i.lane, i.account, i.document_id, max(i.due_date) AS due_date, sum(i.open_minor)::bigint AS open,
		sum(i.applied_minor)::bigint AS applied
	FROM item AS i JOIN d USING (lane, account, document_id)
	GROUP BY 1, 2, 3
), credited AS (
	SELECT a.lane, a.account, a.debit_document_id AS document_id, sum(a.amount_minor)::bigint AS minor
	FROM application AS a
		JOIN d ON d.lane = a.lane AND d.account = a.account AND d.document_id = a.debit_document_id
		JOIN document AS m ON m.lane = a.lane AND m.account = a.account AND m.document_id = a.credit_document_id
			AND m.type = 'credit_memo'
	WHERE a.undone_on IS NULL
	GROUP BY 1, 2, 3
)
SELECT d.entity, d.account,
	coalesce((SELECT c.legal_name FROM customer AS c WHERE c.lane = d.lane AND c.account = d.account
		ORDER BY c.effective_from DESC, c.ledger_seq DESC LIMIT 1), '') AS name,
	d.type, d.number, d.external_number, d.order_id, d.customer_po, d.issue_date, i.due_date, d.currency, d.net_minor AS net,
	d.tax_minor AS tax, d.gross_minor AS gross, coalesce(i.open, 0) AS open,
	CASE WHEN d.type IN ('credit_memo', 'receipt') THEN
		CASE WHEN coalesce(i.open, 0) = 0 THEN 'applied' WHEN i.applied <> 0 THEN 'partly_applied' ELSE 'open' END
	ELSE
		CASE WHEN coalesce(i.open, 0) <> 0 THEN CASE WHEN i.applied <> 0 THEN 'partly_paid' ELSE 'open' END
			WHEN c.minor = -i.applied AND i.applied <> 0 THEN 'credited' ELSE 'paid' END
	END AS state,
	d.taken_on, d.refers_to_number, d.reason, d.document_id
FROM d LEFT JOIN i USING (lane, account, document_id) LEFT JOIN credited AS c USING (lane, account, document_id)
ORDER BY d.entity, d.account, d.issue_date, d.number, d.external_number, d.document_id;
