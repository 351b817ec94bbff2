-- Schema of intake, billing, cash, collections or reporting. Where every lane stands, in one snapshot: a row per lane and topic that it has
-- read. No parameters. Columns: lane, seq, published_seq, busy (within a long input), topic ('' = none yet), next_offset, record_hash (\x...).
SELECT l.lane, l.seq, l.published_seq, c.lane IS NOT NULL AS busy, coalesce(p.topic, '') AS topic,
	coalesce(p.next_offset, -1) AS next_offset, coalesce(p.record_hash, '')::text AS record_hash
FROM lane AS l LEFT JOIN cursor AS c USING (lane) LEFT JOIN position AS p USING (lane)
ORDER BY l.lane, p.topic;
