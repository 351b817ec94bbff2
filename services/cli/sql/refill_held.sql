-- Schema of intake, billing, cash or collections. What the outcome table holds of each lane. No parameters.
-- Columns: lane, first (seq), n.
SELECT lane, min(seq) AS first, count(*) AS n FROM outcome GROUP BY lane ORDER BY lane;
