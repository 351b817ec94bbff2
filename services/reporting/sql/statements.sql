-- Bank statements and their lines as the books have them.
-- $1 entity, $2 bank account (without ~); '' = all; $3 which: all | differs; '' = all
-- Columns: entity, bank_account, statement_id, booking_date, currency, opening, lines, closing, difference (closing - opening - lines), line_count,
-- posted, returns (fees included, negative), excluded, checked (cash said it ties out). Minor units; sums from the lines kept here.
SELECT s.entity, substr(s.account, 2) AS bank_account, s.statement_id, s.booking_date, s.currency, s.opening_minor AS opening,
	coalesce(l.total, 0) AS lines, s.closing_minor AS closing, s.closing_minor - s.opening_minor - coalesce(l.total, 0) AS difference,
	coalesce(l.n, 0) AS line_count, coalesce(l.posted, 0) AS posted, coalesce(l.returns, 0) AS returns,
	coalesce(l.excluded, 0) AS excluded, s.ties_out AS checked
FROM bank_statement AS s
	LEFT JOIN (
		SELECT lane, account, statement_id, count(*) AS n, sum(amount_minor - fee_minor)::bigint AS total,
			coalesce(sum(amount_minor) FILTER (WHERE state IN ('posted', 'returned')), 0)::bigint AS posted,
			coalesce(sum(amount_minor - fee_minor) FILTER (WHERE state = 'return'), 0)::bigint AS returns,
			coalesce(sum(amount_minor) FILTER (WHERE state = 'excluded'), 0)::bigint AS excluded
		FROM bank_line GROUP BY 1, 2, 3
	) AS l USING (lane, account, statement_id)
WHERE ($1::text = '' OR s.entity = $1) AND ($2::text = '' OR s.account = '~' || $2)
	AND ($3::text <> 'differs' OR NOT s.ties_out OR s.closing_minor - s.opening_minor <> coalesce(l.total, 0))
ORDER BY s.entity, s.account, s.booking_date, s.statement_id;
