-- Schema of intake, billing, cash, collections or reporting. One rebuild of a service at a time, until its session ends. $1 service.
-- Columns: mine.
SELECT pg_try_advisory_lock(hashtext('openitem rebuild'), hashtext($1::text)) AS mine;
