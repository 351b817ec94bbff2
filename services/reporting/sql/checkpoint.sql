-- Up to where the ledger is complete (K of every answer): the last ledger_seq per lane. No parameters.
-- Columns: lane, ledger_seq.
SELECT lane, ledger_seq FROM ledger_counter ORDER BY lane;
