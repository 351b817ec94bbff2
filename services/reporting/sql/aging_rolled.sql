-- Whether the roll-up can answer an aging at once: what is not rolled is little, and aging_account stands at the business day asked for.
-- $1 as of, $2 entity, $3 lanes int[], $4 their last ledger_seq: as of aging_totals.sql.
-- Columns: totals, accounts (booleans).
WITH k AS (
	SELECT c.lane, CASE WHEN $3::text = '' THEN c.ledger_seq ELSE coalesce(x.ledger_seq, 0) END AS ledger_seq
	FROM ledger_counter AS c
		LEFT JOIN unnest(nullif($3::text, '')::int[], nullif($4::text, '')::bigint[]) AS x(lane, ledger_seq) USING (lane)
), mark AS ( -- of now, and the last period that ended before
	SELECT lane, ledger_seq FROM aging_mark
	WHERE NOT EXISTS (SELECT FROM aging_mark AS m JOIN k USING (lane) WHERE m.ledger_seq > k.ledger_seq)
	UNION ALL
	(SELECT m.lane, m.ledger_seq FROM (SELECT * FROM aging_period AS p WHERE p.records <= (SELECT sum(ledger_seq) FROM k) AND NOT EXISTS (SELECT
			FROM unnest(p.lanes, p.ledger_seqs) AS m(lane, ledger_seq) JOIN k USING (lane) WHERE m.ledger_seq > k.ledger_seq)
		ORDER BY period DESC LIMIT 1) AS p, unnest(p.lanes, p.ledger_seqs) AS m(lane, ledger_seq))
), begins AS (
	SELECT lane, max(ledger_seq) AS ledger_seq FROM mark GROUP BY lane
)
SELECT (SELECT coalesce(sum(k.ledger_seq - coalesce(b.ledger_seq, 0)), 0) <= 200000 FROM k LEFT JOIN begins AS b USING (lane)) AS totals,
	$3::text = '' AND (SELECT coalesce(sum(c.ledger_seq - coalesce(m.ledger_seq, 0)), 0) <= 20000
		FROM ledger_counter AS c LEFT JOIN aging_mark AS m USING (lane))
	AND NOT EXISTS (
		SELECT FROM (SELECT DISTINCT entity FROM tie_out) AS t LEFT JOIN aging_day AS d USING (entity)
		WHERE ($2::text = '' OR t.entity = $2)
			AND (d.as_of IS NULL OR d.as_of <> (SELECT max(opened_on) FROM business_day AS b WHERE b.entity = t.entity)
				OR d.as_of <> coalesce(nullif($1::text, '')::date, d.as_of))) AS accounts;
