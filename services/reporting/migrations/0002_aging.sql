-- The aging roll-up (README.md "Aging at once"): sums of control lines that answer agings without reading items. Derived and disposable:
-- truncate all of it and it comes again. Written by roll_aging() only, from committed append-only rows, outside of the write path; an
-- answer adds what is not rolled yet (aging_step), so it is exact however far the roll-up lags.
--
-- class: 0 = due on due_date, 1 = owed without a date (its facts are not here yet), 2 = receipts and returns, 3 = credits.
-- due_date is '-infinity' but for class 0. Amounts are minor units.

-- Up to where the lines of a lane are rolled.
CREATE TABLE aging_mark (
	lane integer PRIMARY KEY,
	ledger_seq bigint NOT NULL
) WITH (fillfactor = 50);

-- Marks at the end of each period of rolling: where a look back at a checkpoint begins. The open period has no row yet.
CREATE TABLE aging_period (
	period integer PRIMARY KEY,
	lanes integer[] NOT NULL,
	ledger_seqs bigint[] NOT NULL, -- in the order of lanes
	records bigint NOT NULL -- their sum
);

-- What was rolled in a period, by accounting date: as of any E, at the end of any period.
CREATE TABLE aging_moved (
	period integer NOT NULL,
	entity text COLLATE "C" NOT NULL,
	currency text COLLATE "C" NOT NULL,
	class smallint NOT NULL,
	accounting_date date NOT NULL,
	due_date date NOT NULL,
	minor bigint NOT NULL,
	PRIMARY KEY (period, entity, currency, class, accounting_date, due_date)
) WITH (fillfactor = 90);
-- as of E: what is dated later
CREATE INDEX aging_moved_dated ON aging_moved (accounting_date);

-- The sum of aging_moved over periods and accounting dates: now.
CREATE TABLE aging_due (
	entity text COLLATE "C" NOT NULL,
	currency text COLLATE "C" NOT NULL,
	class smallint NOT NULL,
	due_date date NOT NULL,
	minor bigint NOT NULL,
	PRIMARY KEY (entity, currency, class, due_date)
) WITH (fillfactor = 50);

-- Items whose class is not that of each of their lines: lines before the facts, or an amount owed that is below zero as of some day. All
-- their lines, per record and day; and a row dated infinity that says when the facts came (ledger_seq, 0 = not yet).
CREATE TABLE aging_odd (
	lane integer NOT NULL,
	account text COLLATE "C" NOT NULL,
	document_id text COLLATE "C" NOT NULL,
	sequence integer NOT NULL,
	ledger_seq bigint NOT NULL,
	accounting_date date NOT NULL,
	minor bigint NOT NULL,
	PRIMARY KEY (lane, account, document_id, sequence, ledger_seq, accounting_date)
);
-- which of them a range of records concerns
CREATE INDEX aging_odd_in_commit_order ON aging_odd (lane, ledger_seq);

-- The business day aging_account stands at, by entity. None before its first day is opened.
CREATE TABLE aging_day (
	entity text COLLATE "C" PRIMARY KEY,
	as_of date NOT NULL
);

-- By account, buckets not due | 1-30 | 31-60 | 61-90 | over 90 on aging_day, of all rolled lines whatever their date.
CREATE TABLE aging_account ( -- columns of a fixed width first: reading 200,000 rows is mostly finding columns
	total bigint NOT NULL, -- of buckets, unapplied and credits
	unapplied bigint NOT NULL,
	credits bigint NOT NULL,
	oldest date, -- of what is due, NULL = nothing is; where aging_stale has the account: that or later
	lane integer NOT NULL,
	account text COLLATE "C" NOT NULL,
	entity text COLLATE "C" NOT NULL,
	currency text COLLATE "C" NOT NULL,
	buckets bigint[] NOT NULL,
	PRIMARY KEY (lane, account, entity, currency)
) WITH (fillfactor = 50);

-- The same, by entity: bucket 0 to 4, -1 = receipts and returns, -2 = credits.
CREATE TABLE aging_total (
	entity text COLLATE "C" NOT NULL,
	currency text COLLATE "C" NOT NULL,
	bucket smallint NOT NULL,
	minor bigint NOT NULL,
	PRIMARY KEY (entity, currency, bucket)
) WITH (fillfactor = 50);

-- Accounts whose oldest item was closed: the next one is looked for among their items, later.
CREATE TABLE aging_stale (
	lane integer NOT NULL,
	account text COLLATE "C" NOT NULL,
	entity text COLLATE "C" NOT NULL,
	currency text COLLATE "C" NOT NULL,
	since timestamptz NOT NULL,
	PRIMARY KEY (lane, account, entity, currency)
);

-- Rolled lines dated later than aging_day, per item: accounts that have one are answered from their items.
CREATE TABLE aging_ahead (
	lane integer NOT NULL,
	account text COLLATE "C" NOT NULL,
	document_id text COLLATE "C" NOT NULL,
	sequence integer NOT NULL,
	accounting_date date NOT NULL,
	entity text COLLATE "C" NOT NULL,
	minor bigint NOT NULL,
	PRIMARY KEY (lane, account, document_id, sequence, accounting_date)
);

-- a new business day: items that cross the edge of a bucket. Due dates come about in order, so ranges of pages tell.
CREATE INDEX item_due ON item USING brin (coalesce(due_date, document_date)) WITH (pages_per_range = 32);

-- What the lines of some lanes between two places change: how much each item adds in which class, by accounting date, at `to_seqs` less at
-- `from_seqs`; class NULL: a row for aging_odd. Exact for any places of which `from_seqs` is not beyond aging_mark, or is aging_mark; reads
-- items, so `to_seqs` at most where they stand in this snapshot. (Where it lies before that, an item that was over-applied there and put
-- right behind it is not seen: cash never does that.)
-- Mostly an item's lines have one class, by its kind, and each adds itself. The others are `odd`: the class changes with the day and with
-- what was known; they are added up from their whole history. An item owed is not odd while only its own record raised it and what
-- followed, dated no earlier, took away no more: then it is above zero as of any day, whatever was known.
CREATE FUNCTION aging_step(of_lanes integer[], from_seqs bigint[], to_seqs bigint[])
RETURNS TABLE (lane integer, account text, document_id text, sequence integer, entity text, currency text, class smallint,
	ledger_seq bigint, accounting_date date, due_date date, minor bigint)
LANGUAGE sql STABLE ROWS 1000 SET jit = off SET enable_mergejoin = off
BEGIN ATOMIC
	WITH r AS MATERIALIZED (
		SELECT * FROM unnest(of_lanes, from_seqs, to_seqs) AS r(lane, from_seq, to_seq)
	), work AS MATERIALIZED (
		SELECT l.lane, l.account, l.document_id, l.item_sequence AS sequence, l.ledger_seq,
			coalesce(l.accounting_date, '-infinity') AS accounting_date, l.amount_minor AS minor, i.entity, i.currency, i.class,
			CASE i.class WHEN 0 THEN i.due_date ELSE '-infinity' END AS due_date,
			CASE WHEN i.known = 0 OR l.ledger_seq < i.known OR i.kept THEN true
				WHEN i.class >= 2 THEN false
				WHEN i.open_minor < 0 THEN true
				WHEN l.ledger_seq = i.known THEN l.amount_minor < 0 OR l.accounting_date IS DISTINCT FROM i.accounting_date
				ELSE l.amount_minor > 0 OR coalesce(l.accounting_date < i.accounting_date, true) END AS odd
		FROM r CROSS JOIN LATERAL (SELECT * FROM ledger_line AS l
			WHERE l.lane = r.lane AND l.ledger_seq > r.from_seq AND l.ledger_seq <= r.to_seq
				AND l.ledger_account IN ('ar', 'ar_unapplied', 'ar_on_account') AND l.item_sequence > 0
				AND left(l.account, 1) <> '~' OFFSET 0) AS l CROSS JOIN LATERAL (
			SELECT i.entity, i.currency, i.ledger_seq AS known, i.open_minor, i.accounting_date,
				coalesce(i.due_date, i.document_date) AS due_date,
				CASE WHEN i.kind IN ('receipt', 'return') THEN 2 WHEN i.kind = 'credit_memo' THEN 3
					WHEN coalesce(i.due_date, i.document_date) IS NULL THEN 1 ELSE 0 END AS class,
				EXISTS (SELECT FROM aging_odd AS o WHERE o.lane = i.lane AND o.account = i.account
					AND o.document_id = i.document_id AND o.sequence = i.sequence) AS kept
			FROM item AS i
			WHERE i.lane = l.lane AND i.account = l.account AND i.document_id = l.document_id
				AND i.sequence = l.item_sequence
			LIMIT 1) AS i
	), odd AS MATERIALIZED (
		SELECT w.lane, w.account, w.document_id, w.sequence FROM work AS w WHERE w.odd
		UNION -- their facts came in the range, or it was rolled before
		SELECT o.lane, o.account, o.document_id, o.sequence FROM r JOIN aging_odd AS o ON o.lane = r.lane
			AND o.ledger_seq > r.from_seq AND o.ledger_seq <= r.to_seq
		UNION -- perhaps they came
		SELECT o.lane, o.account, o.document_id, o.sequence FROM r JOIN aging_odd AS o ON o.lane = r.lane AND o.ledger_seq = 0
	), fact AS MATERIALIZED (
		SELECT o.lane, o.account, o.document_id, o.sequence, r.from_seq, r.to_seq, i.*
		FROM odd AS o JOIN r ON r.lane = o.lane CROSS JOIN LATERAL (
			SELECT i.entity, i.currency, i.kind, i.ledger_seq AS known, coalesce(i.due_date, i.document_date) AS due_date,
				EXISTS (SELECT FROM aging_odd AS k WHERE k.lane = i.lane AND k.account = i.account
					AND k.document_id = i.document_id AND k.sequence = i.sequence) AS kept
			FROM item AS i
			WHERE i.lane = o.lane AND i.account = o.account AND i.document_id = o.document_id AND i.sequence = o.sequence
			LIMIT 1) AS i
	), history AS MATERIALIZED (
		SELECT h.lane, h.account, h.document_id, h.sequence, h.ledger_seq, h.accounting_date, h.minor
		FROM fact AS f CROSS JOIN LATERAL (SELECT * FROM aging_odd AS h
			WHERE h.lane = f.lane AND h.account = f.account AND h.document_id = f.document_id AND h.sequence = f.sequence
				AND h.accounting_date < 'infinity' OFFSET 0) AS h
		UNION
		SELECT w.lane, w.account, w.document_id, w.sequence, w.ledger_seq, w.accounting_date, sum(w.minor)::bigint
		FROM fact AS f JOIN work AS w USING (lane, account, document_id, sequence) GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(w.minor) <> 0
		UNION -- odd from now on, and owed: its own record, and the applications to it, none of which was undone
		SELECT f.lane, f.account, f.document_id, f.sequence, l.ledger_seq, l.accounting_date, l.minor
		FROM fact AS f CROSS JOIN LATERAL (
			SELECT f.known AS ledger_seq
			UNION
			SELECT a.ledger_seq FROM application AS a
			WHERE a.lane = f.lane AND a.account = f.account AND a.debit_document_id = f.document_id AND a.debit_sequence = f.sequence
		) AS s CROSS JOIN LATERAL (
			SELECT l.ledger_seq, coalesce(l.accounting_date, '-infinity') AS accounting_date, sum(l.amount_minor)::bigint AS minor
			FROM ledger_line AS l WHERE l.lane = f.lane AND l.ledger_seq = s.ledger_seq AND l.account = f.account
				AND l.document_id = f.document_id AND l.item_sequence = f.sequence
				AND l.ledger_account IN ('ar', 'ar_unapplied', 'ar_on_account')
			GROUP BY 1, 2 HAVING sum(l.amount_minor) <> 0
		) AS l
		WHERE NOT f.kept AND s.ledger_seq > 0 AND s.ledger_seq <= f.from_seq
	), stood AS ( -- what it was as of each of its days, before (-1) and after (1)
		SELECT f.lane, f.account, f.document_id, f.sequence, f.entity, f.currency, f.kind, f.due_date, h.accounting_date, k.sign,
			f.known > 0 AND f.known <= k.seq AS told,
			sum(sum(h.minor)) OVER (PARTITION BY f.lane, f.account, f.document_id, f.sequence, k.sign ORDER BY h.accounting_date)
				AS minor
		FROM fact AS f JOIN history AS h USING (lane, account, document_id, sequence)
			CROSS JOIN LATERAL (VALUES (-1, f.from_seq), (1, f.to_seq)) AS k(sign, seq)
		WHERE h.ledger_seq <= k.seq
		GROUP BY f.lane, f.account, f.document_id, f.sequence, f.entity, f.currency, f.kind, f.due_date, h.accounting_date, k.sign, told
	), classed AS (
		SELECT *, CASE WHEN told AND kind IN ('receipt', 'return') THEN 2 WHEN told AND kind = 'credit_memo' OR minor < 0 THEN 3
			WHEN told AND due_date IS NOT NULL THEN 0 ELSE 1 END AS class
		FROM stood
	), changed AS ( -- on each day it becomes what it is then, and stops being what it was
		SELECT c.lane, c.account, c.document_id, c.sequence, c.entity, c.currency, c.due_date, c.accounting_date, x.class,
			sum(c.sign * x.minor) AS minor
		FROM (SELECT *, lag(class) OVER w AS class_before, lag(minor) OVER w AS minor_before FROM classed
			WINDOW w AS (PARTITION BY lane, account, document_id, sequence, sign ORDER BY accounting_date)) AS c
			CROSS JOIN LATERAL (VALUES (c.class, c.minor), (c.class_before, -c.minor_before)) AS x(class, minor)
		WHERE x.class IS NOT NULL
		GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9 HAVING sum(c.sign * x.minor) <> 0
	)
	SELECT w.lane, w.account, w.document_id, w.sequence, w.entity, w.currency, w.class::smallint, w.ledger_seq, w.accounting_date,
		w.due_date, w.minor
	FROM work AS w
	WHERE NOT EXISTS (SELECT FROM odd AS o WHERE o.lane = w.lane AND o.account = w.account AND o.document_id = w.document_id
		AND o.sequence = w.sequence)
	UNION ALL
	SELECT c.lane, c.account, c.document_id, c.sequence, c.entity, c.currency, c.class::smallint, NULL, c.accounting_date,
		CASE c.class WHEN 0 THEN c.due_date ELSE '-infinity' END, c.minor::bigint
	FROM changed AS c
	UNION ALL
	SELECT h.lane, h.account, h.document_id, h.sequence, f.entity, f.currency, NULL, h.ledger_seq, h.accounting_date, NULL, h.minor
	FROM fact AS f JOIN history AS h USING (lane, account, document_id, sequence) WHERE h.ledger_seq <= f.to_seq
	UNION ALL
	SELECT f.lane, f.account, f.document_id, f.sequence, f.entity, f.currency, NULL, CASE WHEN f.known <= f.to_seq THEN f.known ELSE 0 END,
		'infinity', NULL, 0
	FROM fact AS f;
END;

-- By account on aging_day as of the latest commit, whatever is rolled: accounts of which something is not rolled, is dated later or is being
-- looked for are answered from their items. Rows may be zeros only.
CREATE VIEW aging_now AS
WITH e AS MATERIALIZED (
	SELECT entity, as_of FROM aging_day
), fresh AS MATERIALIZED (
	SELECT l.lane, l.account, l.document_id, l.item_sequence AS sequence, l.entity, l.accounting_date, l.amount_minor AS minor
	FROM ledger_counter AS c LEFT JOIN aging_mark AS m USING (lane)
		CROSS JOIN LATERAL (SELECT * FROM ledger_line AS l
			WHERE l.lane = c.lane AND l.ledger_seq > coalesce(m.ledger_seq, 0) AND l.ledger_seq <= c.ledger_seq
				AND l.ledger_account IN ('ar', 'ar_unapplied', 'ar_on_account') AND l.item_sequence > 0
				AND left(l.account, 1) <> '~' OFFSET 0) AS l
	WHERE c.ledger_seq > coalesce(m.ledger_seq, 0)
), apart AS MATERIALIZED (
	SELECT lane, account FROM fresh UNION SELECT lane, account FROM aging_ahead UNION SELECT lane, account FROM aging_stale
	UNION SELECT lane, account FROM aging_odd WHERE ledger_seq = 0
), usual AS MATERIALIZED ( -- nothing stands apart, and all entities are at one day
	SELECT NOT EXISTS (SELECT FROM apart) AND (SELECT count(DISTINCT as_of) FROM e) = 1
		AND NOT EXISTS (SELECT FROM aging_total AS t WHERE NOT EXISTS (SELECT FROM e WHERE e.entity = t.entity)) AS simple
), later AS (
	SELECT lane, account, document_id, sequence, sum(minor)::bigint AS minor FROM (
		SELECT a.lane, a.account, a.document_id, a.sequence, a.minor
		FROM aging_ahead AS a JOIN e ON e.entity = a.entity AND a.accounting_date > e.as_of
		UNION ALL
		SELECT f.lane, f.account, f.document_id, f.sequence, f.minor
		FROM fresh AS f JOIN e ON e.entity = f.entity AND f.accounting_date > e.as_of
	) AS l
	GROUP BY 1, 2, 3, 4
), aged AS (
	SELECT i.lane, i.entity, i.account, i.currency, e.as_of, i.open_minor - coalesce(x.minor, 0) AS minor,
		coalesce(e.as_of - coalesce(i.due_date, i.document_date), 0) AS days,
		CASE WHEN i.kind IN ('receipt', 'return') THEN -1 WHEN i.kind = 'credit_memo' OR i.open_minor - coalesce(x.minor, 0) < 0 THEN -2
			ELSE width_bucket(coalesce(e.as_of - coalesce(i.due_date, i.document_date), 0) - 1, '{0,30,60,90}'::int[]) END AS bucket
	FROM apart AS a CROSS JOIN LATERAL (SELECT * FROM item AS i WHERE i.lane = a.lane AND i.account = a.account OFFSET 0) AS i
		JOIN e ON e.entity = i.entity
		LEFT JOIN later AS x ON x.lane = i.lane AND x.account = i.account AND x.document_id = i.document_id AND x.sequence = i.sequence
	WHERE i.open_minor - coalesce(x.minor, 0) <> 0
)
SELECT (SELECT max(as_of) FROM e) AS as_of, t.entity, t.lane, t.account, t.currency, t.buckets, t.unapplied, t.credits, t.total,
	greatest(0, (SELECT max(as_of) FROM e) - t.oldest) AS oldest_days
FROM aging_account AS t
WHERE (SELECT simple FROM usual) -- by itself: neither account nor entity has to be looked up
UNION ALL
SELECT e.as_of, t.entity, t.lane, t.account, t.currency, t.buckets, t.unapplied, t.credits, t.total, greatest(0, e.as_of - t.oldest)
FROM aging_account AS t JOIN e ON e.entity = t.entity
WHERE NOT (SELECT simple FROM usual) AND NOT EXISTS (SELECT FROM apart AS a WHERE a.lane = t.lane AND a.account = t.account)
UNION ALL
SELECT as_of, entity, lane, account, currency,
	ARRAY[coalesce(sum(minor) FILTER (WHERE bucket = 0), 0), coalesce(sum(minor) FILTER (WHERE bucket = 1), 0),
		coalesce(sum(minor) FILTER (WHERE bucket = 2), 0), coalesce(sum(minor) FILTER (WHERE bucket = 3), 0),
		coalesce(sum(minor) FILTER (WHERE bucket = 4), 0)]::bigint[],
	coalesce(sum(minor) FILTER (WHERE bucket = -1), 0)::bigint, coalesce(sum(minor) FILTER (WHERE bucket = -2), 0)::bigint,
	sum(minor)::bigint, greatest(0, max(days) FILTER (WHERE bucket >= 0))
FROM aged GROUP BY 1, 2, 3, 4, 5;

-- Whether there is something to roll. Cheap.
CREATE FUNCTION aging_waits() RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
BEGIN ATOMIC
	SELECT EXISTS (SELECT FROM ledger_counter AS c LEFT JOIN aging_mark AS m USING (lane) WHERE c.ledger_seq > coalesce(m.ledger_seq, 0))
		OR EXISTS (SELECT FROM aging_stale WHERE since < clock_timestamp() - interval '5 seconds')
		OR EXISTS (SELECT FROM business_day AS b LEFT JOIN aging_day AS d USING (entity)
			WHERE b.opened_on IS NOT NULL AND b.opened_on > coalesce(d.as_of, '-infinity'));
END;

-- The step of roll_aging, for whoever has the turn.
CREATE FUNCTION aging_roll(max_records bigint) RETURNS bigint LANGUAGE sql VOLATILE SET jit = off SET enable_mergejoin = off
BEGIN ATOMIC
	WITH behind AS (
		SELECT c.lane, coalesce(m.ledger_seq, 0) AS from_seq, c.ledger_seq AS now_seq
		FROM ledger_counter AS c LEFT JOIN aging_mark AS m USING (lane) WHERE c.ledger_seq > coalesce(m.ledger_seq, 0)
	), range AS MATERIALIZED (
		SELECT lane, from_seq, least(now_seq, from_seq + greatest(1, max_records / count(*) OVER ())) AS to_seq FROM behind
	), step AS MATERIALIZED (
		SELECT s.*
		FROM (SELECT array_agg(lane) AS lanes, array_agg(from_seq) AS from_seqs, array_agg(to_seq) AS to_seqs FROM range) AS a
			CROSS JOIN LATERAL aging_step(a.lanes, a.from_seqs, a.to_seqs) AS s
		WHERE a.lanes IS NOT NULL
	), mark AS (
		INSERT INTO aging_mark (lane, ledger_seq) SELECT lane, to_seq FROM range
		ON CONFLICT (lane) DO UPDATE SET ledger_seq = excluded.ledger_seq
	), cell AS MATERIALIZED (
		SELECT entity, currency, class, accounting_date, due_date, sum(minor)::bigint AS minor
		FROM step WHERE class IS NOT NULL GROUP BY 1, 2, 3, 4, 5 HAVING sum(minor) <> 0
	), moved AS (
		INSERT INTO aging_moved AS t (period, entity, currency, class, accounting_date, due_date, minor)
		SELECT (SELECT coalesce(max(period), 0) + 1 FROM aging_period), * FROM cell
		ON CONFLICT (period, entity, currency, class, accounting_date, due_date) DO UPDATE SET minor = t.minor + excluded.minor
	), due AS (
		INSERT INTO aging_due AS t (entity, currency, class, due_date, minor)
		SELECT entity, currency, class, due_date, sum(minor)::bigint FROM cell GROUP BY 1, 2, 3, 4 HAVING sum(minor) <> 0
		ON CONFLICT (entity, currency, class, due_date) DO UPDATE SET minor = t.minor + excluded.minor
	), odd AS (
		INSERT INTO aging_odd (lane, account, document_id, sequence, ledger_seq, accounting_date, minor)
		SELECT lane, account, document_id, sequence, ledger_seq, accounting_date, minor FROM step WHERE class IS NULL
		ON CONFLICT DO NOTHING
	), ahead AS (
		INSERT INTO aging_ahead AS t (lane, account, document_id, sequence, accounting_date, entity, minor)
		SELECT s.lane, s.account, s.document_id, s.sequence, s.accounting_date, s.entity, sum(s.minor)::bigint
		FROM step AS s JOIN range AS r USING (lane) JOIN aging_day AS d USING (entity)
		WHERE s.accounting_date > (SELECT min(as_of) FROM aging_day) AND s.accounting_date > d.as_of
			AND s.accounting_date < 'infinity' AND s.ledger_seq > r.from_seq
		GROUP BY 1, 2, 3, 4, 5, 6
		ON CONFLICT (lane, account, document_id, sequence, accounting_date) DO UPDATE SET minor = t.minor + excluded.minor
	), by_day AS (
		SELECT lane, account, entity, currency, class, due_date, sum(minor)::bigint AS minor
		FROM step WHERE class IS NOT NULL GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(minor) <> 0
	), bucketed AS MATERIALIZED (
		SELECT b.*, CASE class WHEN 0 THEN width_bucket(coalesce(d.as_of, '0001-01-01') - due_date - 1, '{0,30,60,90}'::integer[])
			WHEN 1 THEN 0 END AS bucket
		FROM by_day AS b LEFT JOIN aging_day AS d USING (entity)
	), total AS (
		INSERT INTO aging_total AS t (entity, currency, bucket, minor)
		SELECT entity, currency, CASE class WHEN 2 THEN -1 WHEN 3 THEN -2 ELSE bucket END, sum(minor)::bigint FROM bucketed GROUP BY 1, 2, 3
		ON CONFLICT (entity, currency, bucket) DO UPDATE SET minor = t.minor + excluded.minor
	), change AS MATERIALIZED (
		SELECT lane, account, entity, currency,
			ARRAY[coalesce(sum(minor) FILTER (WHERE bucket = 0), 0), coalesce(sum(minor) FILTER (WHERE bucket = 1), 0),
				coalesce(sum(minor) FILTER (WHERE bucket = 2), 0), coalesce(sum(minor) FILTER (WHERE bucket = 3), 0),
				coalesce(sum(minor) FILTER (WHERE bucket = 4), 0)]::bigint[] AS buckets,
			coalesce(sum(minor) FILTER (WHERE class = 2), 0)::bigint AS unapplied,
			coalesce(sum(minor) FILTER (WHERE class = 3), 0)::bigint AS credits, sum(minor)::bigint AS total,
			min(due_date) FILTER (WHERE class = 0 AND minor > 0) AS added, min(due_date) FILTER (WHERE class = 0 AND minor < 0) AS taken
		FROM bucketed GROUP BY 1, 2, 3, 4
	), became AS MATERIALIZED (
		SELECT c.lane, c.account, c.entity, c.currency, c.unapplied + coalesce(t.unapplied, 0) AS unapplied,
			c.credits + coalesce(t.credits, 0) AS credits, c.total + coalesce(t.total, 0) AS total, least(t.oldest, c.added) AS oldest, c.taken,
			CASE WHEN t.lane IS NULL THEN c.buckets ELSE ARRAY[c.buckets[1] + t.buckets[1], c.buckets[2] + t.buckets[2],
				c.buckets[3] + t.buckets[3], c.buckets[4] + t.buckets[4], c.buckets[5] + t.buckets[5]] END AS buckets
		FROM change AS c LEFT JOIN LATERAL (SELECT * FROM aging_account AS t WHERE t.lane = c.lane AND t.account = c.account
			AND t.entity = c.entity AND t.currency = c.currency LIMIT 1) AS t ON true
	), account AS (
		INSERT INTO aging_account (lane, account, entity, currency, buckets, unapplied, credits, total, oldest)
		SELECT lane, account, entity, currency, buckets, unapplied, credits, total, CASE WHEN buckets <> '{0,0,0,0,0}' THEN oldest END FROM became
		ON CONFLICT (lane, account, entity, currency) DO UPDATE SET buckets = excluded.buckets, unapplied = excluded.unapplied,
			credits = excluded.credits, total = excluded.total, oldest = excluded.oldest
	)
	INSERT INTO aging_stale (lane, account, entity, currency, since)
	SELECT lane, account, entity, currency, clock_timestamp() FROM became WHERE taken <= oldest AND buckets <> '{0,0,0,0,0}'
	ON CONFLICT DO NOTHING;

	DELETE FROM aging_due WHERE minor = 0;

	DELETE FROM aging_odd AS o WHERE o.ledger_seq = 0 AND EXISTS (SELECT FROM aging_odd AS k WHERE k.lane = o.lane AND k.account = o.account
		AND k.document_id = o.document_id AND k.sequence = o.sequence AND k.accounting_date = 'infinity' AND k.ledger_seq > 0);

	-- a period ends after 5,000 records: about so many are read at most, to answer at a checkpoint within one
	INSERT INTO aging_period (period, lanes, ledger_seqs, records)
	SELECT coalesce(p.period, 0) + 1, m.lanes, m.ledger_seqs, m.records
	FROM (SELECT array_agg(lane ORDER BY lane) AS lanes, array_agg(ledger_seq ORDER BY lane) AS ledger_seqs, sum(ledger_seq) AS records
		FROM aging_mark) AS m LEFT JOIN (SELECT period, records FROM aging_period ORDER BY period DESC LIMIT 1) AS p ON true
	WHERE m.records - coalesce(p.records, 0) >= 5000;

	-- a new business day, once everything is rolled: items that cross an edge
	WITH new_day AS MATERIALIZED (
		SELECT b.entity, d.as_of AS before, b.as_of
		FROM (SELECT entity, max(opened_on) AS as_of FROM business_day GROUP BY entity) AS b LEFT JOIN aging_day AS d USING (entity)
		WHERE b.as_of > coalesce(d.as_of, '-infinity')
			AND NOT EXISTS (SELECT FROM ledger_counter AS c LEFT JOIN aging_mark AS m USING (lane)
				WHERE c.ledger_seq > coalesce(m.ledger_seq, 0))
	), edge AS MATERIALIZED ( -- entities that go from one day to another together are looked through together; the first day crosses all
		SELECT DISTINCT d.as_of, coalesce(d.before, '0001-01-01') AS day_before, n::integer - 1 AS bucket_before,
			coalesce(d.before, '0001-01-01') - 1 - days AS low, d.as_of - 1 - days AS high
		FROM new_day AS d CROSS JOIN unnest('{0,30,60,90}'::integer[]) WITH ORDINALITY AS u(days, n) WHERE d.before IS NOT NULL OR n = 1
	), crossing AS ( -- each item at the lowest of the edges it crosses
		SELECT i.lane, i.account, i.entity, i.currency, d.bucket_before,
			width_bucket(d.as_of - coalesce(i.due_date, i.document_date) - 1, '{0,30,60,90}'::integer[]) AS bucket,
			sum(i.open_minor)::bigint AS minor
		FROM edge AS d JOIN item AS i ON coalesce(i.due_date, i.document_date) > d.low AND coalesce(i.due_date, i.document_date) <= d.high
			JOIN new_day AS n ON n.entity = i.entity AND n.as_of = d.as_of AND coalesce(n.before, '0001-01-01') = d.day_before
		WHERE i.open_minor > 0 AND i.ledger_seq > 0 AND i.kind NOT IN ('receipt', 'return', 'credit_memo') AND left(i.account, 1) <> '~'
			AND width_bucket(d.day_before - coalesce(i.due_date, i.document_date) - 1, '{0,30,60,90}'::integer[]) = d.bucket_before
		GROUP BY 1, 2, 3, 4, 5, 6
	), shift AS (
		SELECT lane, account, entity, currency, array_agg(minor ORDER BY n)::bigint[] AS buckets
		FROM (
			SELECT c.lane, c.account, c.entity, c.currency, n,
				coalesce(sum(minor) FILTER (WHERE bucket = n), 0) - coalesce(sum(minor) FILTER (WHERE bucket_before = n), 0) AS minor
			FROM crossing AS c CROSS JOIN generate_series(0, 4) AS n GROUP BY 1, 2, 3, 4, 5
		) AS x GROUP BY 1, 2, 3, 4
	), account AS (
		UPDATE aging_account AS t SET buckets = ARRAY[t.buckets[1] + s.buckets[1], t.buckets[2] + s.buckets[2],
			t.buckets[3] + s.buckets[3], t.buckets[4] + s.buckets[4], t.buckets[5] + s.buckets[5]]
		FROM shift AS s
		WHERE t.lane = s.lane AND t.account = s.account AND t.entity = s.entity AND t.currency = s.currency
	), total AS (
		INSERT INTO aging_total AS t (entity, currency, bucket, minor)
		SELECT c.entity, c.currency, x.bucket, sum(x.sign * c.minor)::bigint
		FROM crossing AS c CROSS JOIN LATERAL (VALUES (c.bucket_before, -1), (c.bucket, 1)) AS x(bucket, sign) GROUP BY 1, 2, 3
		ON CONFLICT (entity, currency, bucket) DO UPDATE SET minor = t.minor + excluded.minor
	), gone AS (
		DELETE FROM aging_ahead AS a USING new_day AS d WHERE a.entity = d.entity AND a.accounting_date <= d.as_of
	), first AS ( -- until the first day nobody kept them
		INSERT INTO aging_ahead (lane, account, document_id, sequence, accounting_date, entity, minor)
		SELECT l.lane, l.account, l.document_id, l.item_sequence, l.accounting_date, l.entity, sum(l.amount_minor)::bigint
		FROM new_day AS d JOIN ledger_line AS l ON l.entity = d.entity AND l.accounting_date > d.as_of
		WHERE d.before IS NULL AND l.ledger_account IN ('ar', 'ar_unapplied', 'ar_on_account') AND l.item_sequence > 0
			AND left(l.account, 1) <> '~'
			AND EXISTS (SELECT FROM aging_moved AS m WHERE m.accounting_date > d.as_of AND m.entity = d.entity)
		GROUP BY 1, 2, 3, 4, 5, 6
	), day AS (
		INSERT INTO aging_day (entity, as_of) SELECT entity, as_of FROM new_day
		ON CONFLICT (entity) DO UPDATE SET as_of = excluded.as_of
	)
	SELECT FROM new_day; -- not the INSERT itself: beside another ON CONFLICT within it, pg_dump writes what PostgreSQL 15 does not read

	-- the oldest items of accounts whose oldest one was closed; one that is paid all the time is looked at every few seconds only
	WITH chosen AS MATERIALIZED (
		SELECT s.lane, s.account, s.entity, s.currency, (SELECT min(coalesce(i.due_date, i.document_date)) FROM item AS i
			WHERE i.lane = s.lane AND i.account = s.account AND i.entity = s.entity AND i.currency = s.currency AND i.open_minor > 0
				AND i.ledger_seq > 0 AND i.kind NOT IN ('receipt', 'return', 'credit_memo')) AS oldest
		FROM (SELECT s.* FROM aging_stale AS s JOIN ledger_counter AS c USING (lane) JOIN aging_mark AS m USING (lane)
			WHERE s.since < clock_timestamp() - interval '5 seconds' AND c.ledger_seq = m.ledger_seq
			LIMIT 2000) AS s
	), account AS (
		UPDATE aging_account AS t SET oldest = s.oldest FROM chosen AS s
		WHERE t.lane = s.lane AND t.account = s.account AND t.entity = s.entity AND t.currency = s.currency
	)
	DELETE FROM aging_stale AS t USING chosen AS s
	WHERE t.lane = s.lane AND t.account = s.account AND t.entity = s.entity AND t.currency = s.currency;

	SELECT coalesce(sum(c.ledger_seq - coalesce(m.ledger_seq, 0)), 0)::bigint
	FROM ledger_counter AS c LEFT JOIN aging_mark AS m USING (lane);
END;

-- One step: rolls at most about max_records records (evenly over the lanes), and, where then nothing is left, moves aging_account to a
-- new business day and looks for oldest items. In a REPEATABLE READ transaction: all of it is of one snapshot, and two at once cannot
-- both commit (the second does nothing while the first runs). Returns the records that are left.
CREATE FUNCTION roll_aging(max_records bigint) RETURNS bigint LANGUAGE sql VOLATILE SECURITY DEFINER
BEGIN ATOMIC
	SELECT CASE WHEN pg_try_advisory_xact_lock(hashtext('openitem aging'), 'aging_mark'::regclass::oid::integer) THEN aging_roll(max_records)
		ELSE 0 END;
END;

REVOKE EXECUTE ON FUNCTION roll_aging(bigint), aging_roll(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION roll_aging(bigint) TO openitem_reporting;
