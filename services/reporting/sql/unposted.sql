-- Bank lines that are not in the ledger (CSH-16, LEDGER section 2), oldest first: excluded ones with their reason, and what a statement has beyond its lines.
-- $1 entity, $2 bank account (without ~); '' = all; $3 day to count age to, YYYY-MM-DD; '' = the entity's business day
-- Columns: entity, bank_account, what (excluded, missing), line_id ('' of missing), statement_id, booking_date, days, currency, amount (as the bank has
-- it: + came in, - went out), reason. Minor units. missing = closing - opening - lines of a statement: the gate refused them, or they never came.
WITH u AS (
	SELECT entity, account, 'excluded' AS what, line_id, statement_id, booking_date, currency, amount_minor AS amount, reason
	FROM bank_line WHERE state = 'excluded'
	UNION ALL
	SELECT s.entity, s.account, 'missing', '', s.statement_id, s.booking_date, s.currency, s.closing_minor - s.opening_minor - coalesce(l.minor, 0),
		'statement_differs'
	FROM bank_statement AS s
		LEFT JOIN (SELECT lane, account, statement_id, sum(amount_minor - fee_minor)::bigint AS minor FROM bank_line GROUP BY 1, 2, 3) AS l
			USING (lane, account, statement_id)
	WHERE s.closing_minor - s.opening_minor <> coalesce(l.minor, 0)
)
SELECT u.entity, substr(u.account, 2) AS bank_account, u.what, u.line_id, u.statement_id, u.booking_date,
	coalesce(nullif($3::text, '')::date, (SELECT max(opened_on) FROM business_day AS d WHERE d.entity = u.entity)) - u.booking_date AS days,
	u.currency, u.amount, u.reason
FROM u
WHERE ($1::text = '' OR u.entity = $1) AND ($2::text = '' OR u.account = '~' || $2)
ORDER BY u.entity, u.account, u.booking_date, u.statement_id, u.what, u.line_id;
