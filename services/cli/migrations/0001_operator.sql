-- Schema operator: what people did to the system that no event says. Its own, not intake's: a rebuild replaces the schema of a service, and
-- this cannot be rebuilt. Append-only for every role.

-- One row per attempt to publish a dead letter again, written before it is published.
CREATE TABLE redrive (
	dlt_topic text COLLATE "C" NOT NULL,
	dlt_partition integer NOT NULL,
	dlt_offset bigint NOT NULL,
	dlt_time_ms bigint NOT NULL, -- of the record: a topic that was made anew counts its offsets from 0 again
	attempt integer NOT NULL CHECK (attempt > 0), -- more than one: the one before was killed before it had published
	reason text NOT NULL, -- why the gate had refused it
	event_id text NOT NULL,
	redrive_count integer NOT NULL CHECK (redrive_count > 0), -- as the record carries it
	to_topic text NOT NULL,
	to_partition integer NOT NULL,
	to_from bigint NOT NULL, -- it stands there or behind: the end of that log before
	forced boolean NOT NULL,
	done_by text NOT NULL CHECK (done_by <> ''),
	note text NOT NULL,
	login text NOT NULL DEFAULT session_user,
	claimed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	PRIMARY KEY (dlt_topic, dlt_partition, dlt_offset, dlt_time_ms, attempt)
);

-- One row per dead letter that was published again, written when the log had acknowledged it. The key: never twice.
CREATE TABLE redrive_sent (
	dlt_topic text COLLATE "C" NOT NULL,
	dlt_partition integer NOT NULL,
	dlt_offset bigint NOT NULL,
	dlt_time_ms bigint NOT NULL,
	attempt integer NOT NULL,
	to_offset bigint NOT NULL,
	found boolean NOT NULL, -- by looking: whoever had published it was killed before saying so
	sent_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	PRIMARY KEY (dlt_topic, dlt_partition, dlt_offset, dlt_time_ms),
	FOREIGN KEY (dlt_topic, dlt_partition, dlt_offset, dlt_time_ms, attempt) REFERENCES redrive
);

-- For everybody, the owner included: whoever wants to forget what was done has to drop this trigger first, visibly.
CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON redrive
	FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON redrive_sent
	FOR EACH STATEMENT EXECUTE FUNCTION append_only();

-- Not the columns that say who was logged in, and when: those are the server's.
GRANT SELECT ON redrive, redrive_sent TO openitem_SERVICE;
GRANT INSERT (dlt_topic, dlt_partition, dlt_offset, dlt_time_ms, attempt, reason, event_id, redrive_count, to_topic, to_partition, to_from,
	forced, done_by, note) ON redrive TO openitem_SERVICE;
GRANT INSERT (dlt_topic, dlt_partition, dlt_offset, dlt_time_ms, attempt, to_offset, found) ON redrive_sent TO openitem_SERVICE;
