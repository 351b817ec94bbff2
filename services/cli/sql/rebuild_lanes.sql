-- Schema of intake, billing, cash, collections or reporting. Where every lane stands, in one snapshot: a row per lane and topic that it has
-- read. No parameters. Columns: lane, seq, unpublished (outcomes that will still be published), busy (within a long input, and it goes on),
-- topic ('' = none yet), next_offset, record_hash (\x...). A stopped lane neither goes on nor publishes.
SELECT l.lane, l.seq, CASE l.stopped WHEN '' THEN l.seq - l.published_seq ELSE 0 END AS unpublished,
	c.lane IS NOT NULL AND l.stopped = '' AS busy, coalesce(p.topic, '') AS topic,
	coalesce(p.next_offset, -1) AS next_offset, coalesce(p.record_hash, '')::text AS record_hash
FROM lane AS l LEFT JOIN cursor AS c USING (lane) LEFT JOIN position AS p USING (lane)
ORDER BY l.lane, p.topic;
