-- Records whose hash is not that of their bytes, or that do not name the hash of the record before them (billing, cash, collections; the chain of
-- intake runs over lanes of its own and is complete only in its outcome table). Columns: place, expected, found. No parameters. No rows = fine; at most 100.
SELECT 'lane ' || lane || ' ' || service || ' ' || seq AS place, expected, found
FROM (
	SELECT lane, service, seq, encode(sha256(value), 'hex') AS expected, encode(hash, 'hex') AS found FROM audit_record
	UNION ALL
	SELECT lane, service, seq, encode(before, 'hex'), encode(prev_hash, 'hex')
	FROM (
		SELECT lane, service, seq, prev_hash,
			lag(hash, 1, decode(repeat('00', 32), 'hex')) OVER (PARTITION BY lane, service ORDER BY seq) AS before
		FROM audit_record WHERE service <> 'intake'
	) AS chain
) AS c
WHERE expected <> found
ORDER BY 1 LIMIT 100;
