-- Schema of operator. One re-drive at a time, until its session ends. No parameters. Columns: mine.
SELECT pg_try_advisory_lock(hashtext('openitem dlq redrive'), hashtext(current_schema())) AS mine;
