-- Dunning notices, by date.
-- $1 entity, $2 account; '' = all; $3 first, $4 last notice date, YYYY-MM-DD; '' = no limit
-- Columns: notice_date, judged_date, entity, account, name, currency, level, episode, amount, overdue, credits, held, oldest_days, item_count,
-- ladder_version, episode_ended_on (NULL = it goes on), notice_id. Minor units; credits and held are positive: amount = overdue - credits - held.
SELECT n.notice_date, n.judged_date, n.entity, n.account,
	coalesce((SELECT c.legal_name FROM customer AS c WHERE c.lane = n.lane AND c.account = n.account
		ORDER BY c.effective_from DESC, c.ledger_seq DESC LIMIT 1), '') AS name,
	n.currency, n.level, n.episode, n.amount_minor AS amount, n.overdue_minor AS overdue, n.credits_minor AS credits,
	n.held_minor AS held, n.oldest_days, n.item_count, n.ladder_version, e.ended_on AS episode_ended_on, n.notice_id
FROM notice AS n
	LEFT JOIN episode AS e ON e.lane = n.lane AND e.account = n.account AND e.entity = n.entity AND e.currency = n.currency
		AND e.episode = n.episode
WHERE ($1::text = '' OR n.entity = $1)
	AND ($2::text = '' OR (n.account = $2 AND n.lane = ANY (ARRAY(SELECT lane FROM ledger_counter))))
	AND ($3::text = '' OR n.notice_date >= nullif($3, '')::date) AND ($4::text = '' OR n.notice_date <= nullif($4, '')::date)
ORDER BY n.notice_date, n.entity, n.account, n.currency, n.level;
