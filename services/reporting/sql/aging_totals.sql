-- What aging.sql says by entity, with days from the due date, out of the roll-up: as of any date, as known at any checkpoint.
-- $1 as of, YYYY-MM-DD; '' = each entity's business day
-- $2 entity; '' = all
-- $3 edges, ascending, at most 11, as int[]
-- $4 lanes int[], $5 their last ledger_seq bigint[], $6 business day per entity json: as known at that checkpoint; '' = now
-- Columns: those of aging.sql, account and name empty.
-- What is rolled, less what was rolled or is dated after it, and the lines in between that are not rolled (aging_step).
WITH k AS MATERIALIZED ( -- up to where each lane is known
	SELECT c.lane, CASE WHEN $4::text = '' THEN c.ledger_seq ELSE coalesce(x.ledger_seq, 0) END AS ledger_seq
	FROM ledger_counter AS c
		LEFT JOIN unnest(nullif($4::text, '')::int[], nullif($5::text, '')::bigint[]) AS x(lane, ledger_seq) USING (lane)
), e AS MATERIALIZED (
	SELECT * FROM (
		SELECT t.entity, coalesce(nullif($1::text, '')::date, CASE WHEN $6::text = ''
			THEN (SELECT max(opened_on) FROM business_day AS d WHERE d.entity = t.entity)
			ELSE (nullif($6::text, '')::jsonb ->> t.entity)::date END,
			(SELECT max(l.accounting_date) FROM k JOIN ledger_line AS l ON l.lane = k.lane AND l.ledger_seq <= k.ledger_seq
				WHERE l.entity = t.entity)) AS as_of
		FROM (SELECT DISTINCT entity FROM tie_out) AS t
		WHERE $2::text = '' OR t.entity = $2
	) AS x WHERE as_of IS NOT NULL
), p AS MATERIALIZED ( -- where the look begins: at the marks of now, else at the end of the last period before
	SELECT CASE WHEN NOT EXISTS (SELECT FROM aging_mark AS m JOIN k USING (lane) WHERE m.ledger_seq > k.ledger_seq) THEN 2147483647
		ELSE coalesce((SELECT period FROM aging_period AS p WHERE p.records <= (SELECT sum(ledger_seq) FROM k) AND NOT EXISTS (SELECT
			FROM unnest(p.lanes, p.ledger_seqs) AS m(lane, ledger_seq) JOIN k USING (lane) WHERE m.ledger_seq > k.ledger_seq)
			ORDER BY period DESC LIMIT 1), 0) END AS period
), mark AS (
	SELECT m.lane, m.ledger_seq FROM aging_mark AS m, p WHERE p.period = 2147483647
	UNION ALL
	SELECT m.lane, m.ledger_seq FROM p JOIN aging_period AS a USING (period), unnest(a.lanes, a.ledger_seqs) AS m(lane, ledger_seq)
), range AS ( -- not rolled there
	SELECT array_agg(k.lane) AS lanes, array_agg(coalesce(m.ledger_seq, 0)) AS from_seqs, array_agg(k.ledger_seq) AS to_seqs
	FROM k LEFT JOIN mark AS m USING (lane) WHERE k.ledger_seq > coalesce(m.ledger_seq, 0)
), x AS MATERIALIZED ( -- whether it is not just what is rolled
	SELECT p.period < 2147483647 OR r.lanes IS NOT NULL
		OR coalesce((SELECT max(accounting_date) FROM aging_moved) > (SELECT min(as_of) FROM e), false) AS more FROM p, range AS r
), fast AS MATERIALIZED ( -- whether it is what stands there
	SELECT NOT x.more AND $3::int[] = '{0,30,60,90}' AND NOT EXISTS (
		SELECT FROM e LEFT JOIN aging_day AS d USING (entity) WHERE d.as_of IS DISTINCT FROM e.as_of) AS fast FROM x
), part AS (
	SELECT entity, currency, class, due_date, minor FROM aging_due
	UNION ALL
	SELECT m.entity, m.currency, m.class, m.due_date, -m.minor FROM p JOIN aging_moved AS m ON m.period > p.period
	UNION ALL
	SELECT m.entity, m.currency, m.class, m.due_date, -m.minor
	FROM aging_moved AS m JOIN e ON e.entity = m.entity AND m.accounting_date > e.as_of JOIN p ON m.period <= p.period
	WHERE m.accounting_date > (SELECT min(as_of) FROM e)
	UNION ALL
	SELECT s.entity, s.currency, s.class, s.due_date, s.minor
	FROM range AS r CROSS JOIN LATERAL aging_step(r.lanes, r.from_seqs, r.to_seqs) AS s JOIN e ON e.entity = s.entity
	WHERE r.lanes IS NOT NULL AND s.class IS NOT NULL AND s.accounting_date <= e.as_of
), cell AS (
	SELECT entity, currency, class, due_date, minor FROM aging_due WHERE minor <> 0 AND NOT (SELECT more FROM x) AND NOT (SELECT fast FROM fast)
	UNION ALL
	SELECT entity, currency, class, due_date, sum(minor)::bigint FROM part WHERE (SELECT more FROM x)
	GROUP BY entity, currency, class, due_date HAVING sum(minor) <> 0
), aged AS (
	SELECT cell.entity, cell.currency, max(e.as_of) AS as_of, sum(minor)::bigint AS minor,
		CASE class WHEN 0 THEN width_bucket(e.as_of - due_date - 1, $3::int[]) WHEN 1 THEN width_bucket(-1, $3::int[]) WHEN 2 THEN -1 ELSE -2
			END AS bucket,
		max(CASE class WHEN 0 THEN e.as_of - due_date WHEN 1 THEN 0 END) AS days
	FROM cell JOIN e ON e.entity = cell.entity
	GROUP BY 1, 2, 5
	UNION ALL
	SELECT t.entity, t.currency, e.as_of, t.minor, t.bucket, CASE WHEN t.bucket >= 0 THEN e.as_of - (SELECT min(d.due_date) FROM aging_due AS d
		WHERE d.entity = t.entity AND d.currency = t.currency AND d.class = 0 AND d.minor <> 0) END
	FROM aging_total AS t JOIN e ON e.entity = t.entity
	WHERE t.minor <> 0 AND (SELECT fast FROM fast)
), row_ AS (
	SELECT entity, currency, as_of,
		(SELECT array_agg(coalesce((SELECT a.minor FROM aged AS a WHERE a.entity = t.entity AND a.currency = t.currency AND a.bucket = n), 0)::bigint
			ORDER BY n) FROM generate_series(0, cardinality($3::int[])) AS n) AS buckets,
		coalesce(sum(minor) FILTER (WHERE bucket = -1), 0)::bigint AS unapplied,
		coalesce(sum(minor) FILTER (WHERE bucket = -2), 0)::bigint AS credits,
		sum(minor)::bigint AS total,
		greatest(0, max(days)) AS oldest_days,
		count(*) FILTER (WHERE bucket >= 0) AS positive
	FROM aged AS t GROUP BY 1, 2, 3
)
SELECT as_of, entity, '' AS account, '' AS name, currency, buckets,
	unapplied, credits, total, oldest_days, NULL::integer AS last_notice, NULL::date AS last_notice_on, NULL::date AS promised_date
FROM row_
WHERE positive > 0 OR unapplied <> 0 OR credits <> 0
ORDER BY entity, currency;
