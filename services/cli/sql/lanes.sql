-- Schema of intake, billing, cash or collections. Where every lane stands. No parameters.
-- Columns: lane, seq (of its last outcome), published_seq, hash (hex, '' before the first), stopped ('' = it runs).
SELECT lane, seq, published_seq, encode(hash, 'hex') AS hash, stopped FROM lane ORDER BY lane;
