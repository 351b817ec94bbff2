-- Where the aging roll-up, with what is not rolled yet, is not what items and journal say.
-- Columns: place, expected, found. No parameters. No rows = fine; at most 100.
WITH range AS (
	SELECT array_agg(c.lane) AS lanes, array_agg(coalesce(m.ledger_seq, 0)) AS from_seqs, array_agg(c.ledger_seq) AS to_seqs
	FROM ledger_counter AS c LEFT JOIN aging_mark AS m USING (lane) WHERE c.ledger_seq > coalesce(m.ledger_seq, 0)
), step AS MATERIALIZED (
	SELECT s.* FROM range AS r CROSS JOIN LATERAL aging_step(r.lanes, r.from_seqs, r.to_seqs) AS s
	WHERE r.lanes IS NOT NULL AND s.class IS NOT NULL
), apart AS MATERIALIZED (
	SELECT lane, account FROM step UNION SELECT lane, account FROM aging_odd WHERE ledger_seq = 0
), open AS MATERIALIZED (
	SELECT i.lane, i.account, i.entity, i.currency, i.open_minor AS minor,
		CASE WHEN kind IN ('receipt', 'return') THEN 2 WHEN kind = 'credit_memo' OR open_minor < 0 THEN 3
			WHEN coalesce(due_date, document_date) IS NULL THEN 1 ELSE 0 END AS class,
		coalesce(due_date, document_date) AS due_date
	FROM item AS i WHERE left(account, 1) <> '~' AND open_minor <> 0
), due AS (
	SELECT entity || ' ' || currency || ' class ' || class || ' due ' || due_date AS place, sum(expected) AS expected, sum(found) AS found
	FROM (
		SELECT entity, currency, class, CASE class WHEN 0 THEN due_date ELSE '-infinity' END AS due_date, minor AS expected, 0::bigint AS found
		FROM open
		UNION ALL SELECT entity, currency, class, due_date, 0, minor FROM aging_due
		UNION ALL SELECT entity, currency, class, due_date, 0, minor FROM step
	) AS x GROUP BY entity, currency, class, due_date
), moved AS ( -- by accounting date, whatever the class
	SELECT entity || ' ' || currency || ' on ' || accounting_date AS place, sum(expected) AS expected, sum(found) AS found
	FROM (
		SELECT entity, currency, coalesce(accounting_date, '-infinity') AS accounting_date, amount_minor AS expected, 0::bigint AS found
		FROM ledger_line WHERE ledger_account IN ('ar', 'ar_unapplied', 'ar_on_account') AND item_sequence > 0 AND left(account, 1) <> '~'
		UNION ALL SELECT entity, currency, accounting_date, 0, minor FROM aging_moved
		UNION ALL SELECT entity, currency, accounting_date, 0, minor FROM step
	) AS x GROUP BY entity, currency, accounting_date
), periods AS (
	SELECT entity || ' ' || currency || ' class ' || class || ' due ' || due_date || ' over periods' AS place, sum(expected) AS expected,
		sum(found) AS found
	FROM (
		SELECT entity, currency, class, due_date, minor AS expected, 0::bigint AS found FROM aging_due
		UNION ALL SELECT entity, currency, class, due_date, 0, minor FROM aging_moved
	) AS x GROUP BY entity, currency, class, due_date
), account AS ( -- those of which everything is rolled
	SELECT 'account ' || x.account || ' ' || entity || ' ' || currency || CASE bucket WHEN -1 THEN ' unapplied' WHEN -2 THEN ' credits'
			ELSE ' bucket ' || bucket END AS place, sum(expected) AS expected, sum(found) AS found
	FROM (
		SELECT lane, account, entity, currency, minor AS expected, 0::bigint AS found, CASE class WHEN 2 THEN -1 WHEN 3 THEN -2 WHEN 1 THEN 0
			ELSE width_bucket(coalesce(d.as_of, '0001-01-01') - due_date - 1, '{0,30,60,90}'::int[]) END AS bucket
		FROM open LEFT JOIN aging_day AS d USING (entity)
		UNION ALL
		SELECT lane, account, entity, currency, 0, f.minor, f.bucket
		FROM aging_account CROSS JOIN LATERAL (SELECT buckets[n + 1], n FROM generate_series(0, 4) AS n
			UNION ALL VALUES (unapplied, -1), (credits, -2)) AS f(minor, bucket)
	) AS x
	WHERE NOT EXISTS (SELECT FROM apart AS a WHERE a.lane = x.lane AND a.account = x.account)
	GROUP BY lane, x.account, entity, currency, bucket
), total AS (
	SELECT entity || ' ' || currency || ' bucket ' || bucket || ' of all accounts' AS place, sum(expected) AS expected, sum(found) AS found
	FROM (
		SELECT entity, currency, f.bucket, f.minor AS expected, 0::bigint AS found
		FROM aging_account CROSS JOIN LATERAL (SELECT buckets[n + 1], n FROM generate_series(0, 4) AS n
			UNION ALL VALUES (unapplied, -1), (credits, -2)) AS f(minor, bucket)
		UNION ALL SELECT entity, currency, bucket, 0, minor FROM aging_total
	) AS x GROUP BY entity, currency, bucket
), oldest AS (
	SELECT 'account ' || account || ' ' || entity || ' ' || currency || ' oldest' AS place, o.oldest AS expected, t.oldest AS found
	FROM aging_account AS t FULL JOIN (
		SELECT lane, account, entity, currency, min(due_date) AS oldest FROM open WHERE class = 0 GROUP BY 1, 2, 3, 4
	) AS o USING (lane, account, entity, currency)
	WHERE NOT EXISTS (SELECT FROM apart AS a WHERE a.lane = coalesce(t.lane, o.lane) AND a.account = coalesce(t.account, o.account))
		AND NOT EXISTS (SELECT FROM aging_stale AS s WHERE s.lane = t.lane AND s.account = t.account AND s.entity = t.entity
			AND s.currency = t.currency)
)
SELECT place, expected::text, found::text FROM (
	SELECT * FROM due UNION ALL SELECT * FROM moved UNION ALL SELECT * FROM periods UNION ALL SELECT * FROM account UNION ALL
	SELECT * FROM total
) AS x WHERE expected <> found
UNION ALL
SELECT place, coalesce(expected::text, 'nothing due'), coalesce(found::text, 'nothing due') FROM oldest WHERE expected IS DISTINCT FROM found
ORDER BY 1 LIMIT 100;
