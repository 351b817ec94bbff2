-- What the consumer loop keeps in every service's schema (common/run/tables.h says what each table is for).
CREATE TABLE lane (
	lane integer PRIMARY KEY,
	epoch bigint NOT NULL DEFAULT 0,
	owner text NOT NULL DEFAULT '',
	taken_at timestamptz NOT NULL DEFAULT now(),
	seq bigint NOT NULL DEFAULT 0,
	hash bytea NOT NULL DEFAULT '',
	published_seq bigint NOT NULL DEFAULT 0 CHECK (published_seq <= seq),
	stopped text NOT NULL DEFAULT ''
) WITH (fillfactor = 50);

CREATE TABLE position (
	lane integer NOT NULL,
	topic text NOT NULL,
	partition integer NOT NULL,
	next_offset bigint NOT NULL CHECK (next_offset >= 0),
	record_hash bytea NOT NULL DEFAULT '' CHECK (length(record_hash) IN (0, 32)),
	event_us bigint NOT NULL DEFAULT 0,
	PRIMARY KEY (lane, topic, partition)
) WITH (fillfactor = 50);

CREATE TABLE input_seq (
	lane integer NOT NULL,
	topic text NOT NULL,
	partition integer NOT NULL,
	source_lane integer NOT NULL,
	last_seq bigint NOT NULL,
	pass_below bigint NOT NULL DEFAULT 0,
	PRIMARY KEY (lane, topic, partition, source_lane)
) WITH (fillfactor = 50);

CREATE TABLE output_seq (
	lane integer NOT NULL,
	topic text NOT NULL,
	destination_lane integer NOT NULL,
	last_seq bigint NOT NULL,
	known_offset bigint NOT NULL DEFAULT -1,
	published_seq bigint NOT NULL DEFAULT 0,
	last_offset bigint NOT NULL DEFAULT -1,
	PRIMARY KEY (lane, topic, destination_lane)
) WITH (fillfactor = 50);

CREATE TABLE cursor (
	lane integer PRIMARY KEY,
	topic text NOT NULL,
	partition integer NOT NULL,
	next_offset bigint NOT NULL,
	part integer NOT NULL,
	state bytea NOT NULL
);

-- The outcomes: append-only for every role. event_id and cause_event_id answer "what became of my event".
CREATE TABLE outcome (
	lane integer NOT NULL,
	seq bigint NOT NULL CHECK (seq > 0),
	event_id text NOT NULL,
	type text NOT NULL,
	key text NOT NULL,
	correlation_id text NOT NULL,
	cause_topic text NOT NULL,
	cause_partition integer NOT NULL,
	cause_offset bigint NOT NULL,
	cause_event_id text NOT NULL,
	part integer NOT NULL,
	final boolean NOT NULL,
	recorded_at_us bigint NOT NULL,
	trace_parent text NOT NULL,
	value bytea NOT NULL,
	hash bytea NOT NULL CHECK (length(hash) = 32),
	out_topic text NOT NULL,
	out_partition integer NOT NULL,
	dead_record bytea NOT NULL,
	PRIMARY KEY (lane, seq)
) WITH (autovacuum_vacuum_insert_threshold = 50000, autovacuum_vacuum_insert_scale_factor = 0);
-- Asked by people, a few times a minute. Event ids are random: a B-tree on them costs four tenths of the insert, bloom filters over ranges of
-- pages, which vacuum makes of every 50,000 rows, a tenth.
CREATE INDEX outcome_cause ON outcome USING brin (cause_event_id text_bloom_ops) WITH (pages_per_range = 32);

-- Positions that a person moved (openitem reposition).
CREATE TABLE moved (
	lane integer NOT NULL,
	moved_at_us bigint NOT NULL,
	topic text NOT NULL,
	partition integer NOT NULL,
	lane_seq bigint NOT NULL,
	from_offset bigint NOT NULL,
	to_offset bigint NOT NULL,
	passed_over bigint NOT NULL,
	moved_by text NOT NULL,
	reason text NOT NULL,
	PRIMARY KEY (lane, moved_at_us, topic, partition)
);

-- Says which database this is: what was remembered outside about another one does not count (the Redis hint).
CREATE TABLE birth (
	id uuid NOT NULL DEFAULT gen_random_uuid()
);
INSERT INTO birth DEFAULT VALUES;

-- openitem_SERVICE stands for the service's role; the build puts its name there (common/store/embed_sql.py).
GRANT SELECT, INSERT, UPDATE ON lane, position, input_seq, output_seq TO openitem_SERVICE;
GRANT SELECT, INSERT, UPDATE, DELETE ON cursor TO openitem_SERVICE;
GRANT SELECT, INSERT ON outcome, moved TO openitem_SERVICE;
GRANT SELECT ON birth TO openitem_SERVICE;
