-- Schema of billing. Inputs that wait, with what they wait for. No parameters. Columns: n.
SELECT count(*) AS n FROM parked;
