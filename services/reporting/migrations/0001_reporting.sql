-- What reporting keeps (services/reporting/tables.h says what each column means; README.md which event writes it).
-- Keys begin with lane and account, so every table shards by lane. One index is the key; each further one says what for.
-- Updated tables leave room for new row versions beside the old ones (fillfactor 90), so that an update touches no index.

CREATE TABLE ledger_counter (
	lane integer PRIMARY KEY,
	ledger_seq bigint NOT NULL
) WITH (fillfactor = 50);

-- Every record, as read. Append-only. Its own vacuum settings: the summaries of audit_record_find are made by vacuum.
CREATE TABLE audit_record (
	lane integer NOT NULL,
	service text COLLATE "C" NOT NULL,
	source_lane integer NOT NULL,
	seq bigint NOT NULL,
	ledger_seq bigint NOT NULL,
	record_offset bigint NOT NULL,
	event_id text COLLATE "C" NOT NULL,
	type text COLLATE "C" NOT NULL,
	account text COLLATE "C" NOT NULL,
	subject text COLLATE "C" NOT NULL,
	cause_topic text COLLATE "C" NOT NULL,
	cause_partition integer NOT NULL,
	cause_offset bigint NOT NULL,
	cause_event_id text COLLATE "C" NOT NULL,
	part integer NOT NULL,
	final boolean NOT NULL,
	correlation_id text COLLATE "C" NOT NULL,
	destination_seq bigint NOT NULL,
	prev_hash bytea NOT NULL,
	hash bytea NOT NULL,
	value bytea NOT NULL,
	PRIMARY KEY (lane, service, source_lane, seq)
) WITH (autovacuum_vacuum_insert_scale_factor = 0.05);
-- as known at: the record a row came with, what came after a checkpoint; and no number twice
CREATE UNIQUE INDEX audit_record_in_commit_order ON audit_record (ledger_seq, lane);
-- explain: event ids are random, a B-tree on them costs most of an insert; bloom filters over ranges of pages cost almost nothing
CREATE INDEX audit_record_find ON audit_record USING brin
	(event_id text_bloom_ops, cause_event_id text_bloom_ops, subject text_bloom_ops) WITH (pages_per_range = 32);

-- The journal. Append-only, every entry balanced.
CREATE TABLE ledger_line (
	lane integer NOT NULL,
	ledger_seq bigint NOT NULL,
	entry_no integer NOT NULL,
	line_no integer NOT NULL,
	service text COLLATE "C" NOT NULL,
	seq bigint NOT NULL,
	kind text COLLATE "C" NOT NULL,
	entity text COLLATE "C" NOT NULL,
	accounting_date date,
	ledger_account text COLLATE "C" NOT NULL,
	currency text COLLATE "C" NOT NULL,
	amount_minor bigint NOT NULL,
	functional_currency text COLLATE "C" NOT NULL,
	functional_minor bigint NOT NULL,
	account text COLLATE "C" NOT NULL,
	document_id text COLLATE "C" NOT NULL,
	item_sequence integer NOT NULL,
	detail text COLLATE "C" NOT NULL,
	PRIMARY KEY (lane, ledger_seq, entry_no, line_no)
) WITH (autovacuum_vacuum_insert_scale_factor = 0.05);
-- as of a day: lines dated later than E, which come late in the table
CREATE INDEX ledger_line_dated ON ledger_line USING brin (accounting_date) WITH (pages_per_range = 32);

CREATE TABLE day_total (
	lane integer NOT NULL,
	entity text COLLATE "C" NOT NULL,
	ledger_account text COLLATE "C" NOT NULL,
	currency text COLLATE "C" NOT NULL,
	accounting_date date NOT NULL,
	type text COLLATE "C" NOT NULL,
	functional_currency text COLLATE "C" NOT NULL,
	debit_minor bigint NOT NULL,
	credit_minor bigint NOT NULL,
	functional_minor bigint NOT NULL,
	PRIMARY KEY (lane, entity, ledger_account, currency, accounting_date, type)
) WITH (fillfactor = 90);

CREATE TABLE tie_out (
	lane integer NOT NULL,
	entity text COLLATE "C" NOT NULL,
	currency text COLLATE "C" NOT NULL,
	items_minor bigint NOT NULL,
	control_minor bigint NOT NULL,
	PRIMARY KEY (lane, entity, currency)
) WITH (fillfactor = 90);

CREATE TABLE item (
	lane integer NOT NULL,
	account text COLLATE "C" NOT NULL,
	document_id text COLLATE "C" NOT NULL,
	sequence integer NOT NULL,
	entity text COLLATE "C" NOT NULL,
	currency text COLLATE "C" NOT NULL,
	kind text COLLATE "C" NOT NULL,
	reference text COLLATE "C" NOT NULL,
	document_date date,
	due_date date,
	accounting_date date,
	original_minor bigint NOT NULL,
	line_id text COLLATE "C" NOT NULL,
	dunning_level integer NOT NULL,
	ledger_seq bigint NOT NULL,
	open_minor bigint NOT NULL,
	brought_minor bigint NOT NULL,
	applied_minor bigint NOT NULL,
	on_account_minor bigint NOT NULL,
	discount_until date,
	discount_minor bigint NOT NULL,
	PRIMARY KEY (lane, account, document_id, sequence)
) WITH (fillfactor = 90);
-- explain: a receipt or any other document by its id alone
CREATE INDEX item_find ON item USING brin (document_id text_bloom_ops) WITH (pages_per_range = 32);

-- Documents are immutable: append-only.
CREATE TABLE document (
	lane integer NOT NULL,
	account text COLLATE "C" NOT NULL,
	document_id text COLLATE "C" NOT NULL,
	type text COLLATE "C" NOT NULL,
	number text COLLATE "C" NOT NULL,
	external_number text COLLATE "C" NOT NULL,
	entity text COLLATE "C" NOT NULL,
	currency text COLLATE "C" NOT NULL,
	issue_date date,
	accounting_date date,
	supply_date date,
	order_id text COLLATE "C" NOT NULL,
	order_version integer NOT NULL,
	customer_po text COLLATE "C" NOT NULL,
	terms_code text COLLATE "C" NOT NULL,
	refers_to_document_id text COLLATE "C" NOT NULL,
	refers_to_number text COLLATE "C" NOT NULL,
	reason text COLLATE "C" NOT NULL,
	net_minor bigint NOT NULL,
	tax_minor bigint NOT NULL,
	gross_minor bigint NOT NULL,
	taken_on boolean NOT NULL,
	seq bigint NOT NULL,
	ledger_seq bigint NOT NULL,
	PRIMARY KEY (lane, account, document_id)
) WITH (autovacuum_vacuum_insert_scale_factor = 0.05);
-- explain, lists: by any number or id a person may have in hand
CREATE INDEX document_find ON document USING brin
	(number text_bloom_ops, external_number text_bloom_ops, document_id text_bloom_ops, order_id text_bloom_ops,
	 customer_po text_bloom_ops) WITH (pages_per_range = 16);

CREATE TABLE sales_order (
	lane integer NOT NULL,
	account text COLLATE "C" NOT NULL,
	order_id text COLLATE "C" NOT NULL,
	order_version integer NOT NULL,
	entity text COLLATE "C" NOT NULL,
	state text COLLATE "C" NOT NULL,
	currency text COLLATE "C" NOT NULL,
	net_minor bigint NOT NULL,
	customer_po text COLLATE "C" NOT NULL,
	seq bigint NOT NULL,
	ledger_seq bigint NOT NULL,
	PRIMARY KEY (lane, account, order_id)
) WITH (fillfactor = 90);

CREATE TABLE application (
	lane integer NOT NULL,
	account text COLLATE "C" NOT NULL,
	application_id text COLLATE "C" NOT NULL,
	entity text COLLATE "C" NOT NULL,
	currency text COLLATE "C" NOT NULL,
	credit_document_id text COLLATE "C" NOT NULL,
	credit_sequence integer NOT NULL,
	debit_document_id text COLLATE "C" NOT NULL,
	debit_sequence integer NOT NULL,
	amount_minor bigint NOT NULL,
	applied_on date,
	undone_on date,
	undone_reason text COLLATE "C" NOT NULL,
	rule_id text COLLATE "C" NOT NULL,
	rule_version text COLLATE "C" NOT NULL,
	because text COLLATE "C" NOT NULL,
	tie_break text COLLATE "C" NOT NULL,
	seq bigint NOT NULL,
	undone_seq bigint NOT NULL,
	ledger_seq bigint NOT NULL,
	undone_ledger_seq bigint NOT NULL,
	PRIMARY KEY (lane, account, application_id)
) WITH (fillfactor = 90);

CREATE TABLE bank_line (
	lane integer NOT NULL,
	account text COLLATE "C" NOT NULL,
	line_id text COLLATE "C" NOT NULL,
	state text COLLATE "C" NOT NULL,
	entity text COLLATE "C" NOT NULL,
	currency text COLLATE "C" NOT NULL,
	amount_minor bigint NOT NULL,
	fee_minor bigint NOT NULL,
	booking_date date,
	value_date date,
	statement_id text COLLATE "C" NOT NULL,
	document_id text COLLATE "C" NOT NULL,
	at_account text COLLATE "C" NOT NULL,
	reason text COLLATE "C" NOT NULL,
	returned_line_id text COLLATE "C" NOT NULL,
	place text COLLATE "C" NOT NULL,
	returned_on date,
	payer_name text COLLATE "C" NOT NULL,
	payer_bank_account text COLLATE "C" NOT NULL,
	payer_reference text COLLATE "C" NOT NULL,
	remittance_text text COLLATE "C" NOT NULL,
	seq bigint NOT NULL,
	ledger_seq bigint NOT NULL,
	PRIMARY KEY (lane, account, line_id)
) WITH (fillfactor = 90);
-- explain: a payment by its reference
CREATE INDEX bank_line_find ON bank_line USING brin (line_id text_bloom_ops) WITH (pages_per_range = 32);

CREATE TABLE bank_statement (
	lane integer NOT NULL,
	account text COLLATE "C" NOT NULL,
	statement_id text COLLATE "C" NOT NULL,
	entity text COLLATE "C" NOT NULL,
	currency text COLLATE "C" NOT NULL,
	opening_minor bigint NOT NULL,
	closing_minor bigint NOT NULL,
	lines_minor bigint NOT NULL,
	line_count integer NOT NULL,
	ties_out boolean NOT NULL,
	booking_date date,
	seq bigint NOT NULL,
	ledger_seq bigint NOT NULL,
	PRIMARY KEY (lane, account, statement_id)
) WITH (fillfactor = 90);

CREATE TABLE transfer (
	lane integer NOT NULL,
	account text COLLATE "C" NOT NULL,
	transfer_id text COLLATE "C" NOT NULL,
	kind text COLLATE "C" NOT NULL,
	from_account text COLLATE "C" NOT NULL,
	to_account text COLLATE "C" NOT NULL,
	line_id text COLLATE "C" NOT NULL,
	entity text COLLATE "C" NOT NULL,
	currency text COLLATE "C" NOT NULL,
	amount_minor bigint NOT NULL,
	booking_date date,
	sent_on date,
	accepted_on date,
	returned_on date,
	refused_reason text COLLATE "C" NOT NULL,
	document_id text COLLATE "C" NOT NULL,
	rule_id text COLLATE "C" NOT NULL,
	rule_version text COLLATE "C" NOT NULL,
	because text COLLATE "C" NOT NULL,
	seq bigint NOT NULL,
	ledger_seq bigint NOT NULL,
	PRIMARY KEY (lane, account, transfer_id)
) WITH (fillfactor = 90);

CREATE TABLE customer (
	lane integer NOT NULL,
	account text COLLATE "C" NOT NULL,
	effective_from date NOT NULL,
	legal_name text COLLATE "C" NOT NULL,
	terms_code text COLLATE "C" NOT NULL,
	parent_account text COLLATE "C" NOT NULL,
	apply_oldest_first boolean NOT NULL,
	ledger_seq bigint NOT NULL,
	PRIMARY KEY (lane, account, effective_from, ledger_seq)
);

CREATE TABLE entity (
	lane integer NOT NULL,
	entity text COLLATE "C" NOT NULL,
	name text COLLATE "C" NOT NULL,
	functional_currency text COLLATE "C" NOT NULL,
	fiscal_year_start_month integer NOT NULL,
	number_prefix text COLLATE "C" NOT NULL,
	ledger_seq bigint NOT NULL,
	PRIMARY KEY (lane, entity)
) WITH (fillfactor = 90);

CREATE TABLE business_day (
	lane integer NOT NULL,
	entity text COLLATE "C" NOT NULL,
	opened_on date,
	closed_on date,
	ledger_seq bigint NOT NULL,
	PRIMARY KEY (lane, entity)
) WITH (fillfactor = 90);

-- Notices are never taken back: append-only.
CREATE TABLE notice (
	lane integer NOT NULL,
	account text COLLATE "C" NOT NULL,
	notice_id text COLLATE "C" NOT NULL,
	entity text COLLATE "C" NOT NULL,
	currency text COLLATE "C" NOT NULL,
	level integer NOT NULL,
	episode integer NOT NULL,
	notice_date date,
	judged_date date,
	amount_minor bigint NOT NULL,
	overdue_minor bigint NOT NULL,
	credits_minor bigint NOT NULL,
	held_minor bigint NOT NULL,
	oldest_days integer NOT NULL,
	item_count integer NOT NULL,
	ladder_version text COLLATE "C" NOT NULL,
	promised_minor bigint NOT NULL,
	seq bigint NOT NULL,
	ledger_seq bigint NOT NULL,
	PRIMARY KEY (lane, account, notice_id)
) WITH (autovacuum_vacuum_insert_scale_factor = 0.05);

CREATE TABLE episode (
	lane integer NOT NULL,
	account text COLLATE "C" NOT NULL,
	entity text COLLATE "C" NOT NULL,
	currency text COLLATE "C" NOT NULL,
	episode integer NOT NULL,
	begun_on date,
	reopened_on date,
	ended_on date,
	ledger_seq bigint NOT NULL,
	PRIMARY KEY (lane, account, entity, currency, episode)
) WITH (fillfactor = 90);

CREATE TABLE day_judged (
	lane integer NOT NULL,
	judged_date date NOT NULL,
	subjects integer NOT NULL,
	notices integer NOT NULL,
	ledger_seq bigint NOT NULL,
	PRIMARY KEY (lane, judged_date)
) WITH (fillfactor = 90);

CREATE TABLE block (
	lane integer NOT NULL,
	account text COLLATE "C" NOT NULL,
	block_id text COLLATE "C" NOT NULL,
	reason text COLLATE "C" NOT NULL,
	document_id text COLLATE "C" NOT NULL,
	item_sequence integer NOT NULL,
	held_until date,
	lifted boolean NOT NULL,
	ledger_seq bigint NOT NULL,
	PRIMARY KEY (lane, account, block_id)
) WITH (fillfactor = 90);

CREATE TABLE hold (
	lane integer NOT NULL,
	account text COLLATE "C" NOT NULL,
	hold_id text COLLATE "C" NOT NULL,
	kind text COLLATE "C" NOT NULL,
	document_id text COLLATE "C" NOT NULL,
	item_sequence integer NOT NULL,
	amount_minor bigint NOT NULL,
	held_until date,
	lifted boolean NOT NULL,
	ledger_seq bigint NOT NULL,
	PRIMARY KEY (lane, account, hold_id)
) WITH (fillfactor = 90);

CREATE TABLE promise (
	lane integer NOT NULL,
	account text COLLATE "C" NOT NULL,
	promise_id text COLLATE "C" NOT NULL,
	ledger_seq bigint NOT NULL,
	entity text COLLATE "C" NOT NULL,
	currency text COLLATE "C" NOT NULL,
	amount_minor bigint NOT NULL,
	items text COLLATE "C" NOT NULL,
	made_on date,
	promised_date date,
	grace_days integer NOT NULL,
	channel text COLLATE "C" NOT NULL,
	state text COLLATE "C" NOT NULL,
	paid_minor bigint NOT NULL,
	ended_on date,
	ended_ledger_seq bigint NOT NULL,
	PRIMARY KEY (lane, account, promise_id, ledger_seq)
) WITH (fillfactor = 90);

CREATE TABLE advice (
	lane integer NOT NULL,
	account text COLLATE "C" NOT NULL,
	advice_id text COLLATE "C" NOT NULL,
	entity text COLLATE "C" NOT NULL,
	currency text COLLATE "C" NOT NULL,
	amount_minor bigint NOT NULL,
	payment_date date,
	payer_account text COLLATE "C" NOT NULL,
	line_id text COLLATE "C" NOT NULL,
	reason text COLLATE "C" NOT NULL,
	indicative boolean NOT NULL,
	ledger_seq bigint NOT NULL,
	PRIMARY KEY (lane, account, advice_id)
) WITH (fillfactor = 90);

CREATE TABLE exception (
	lane integer NOT NULL,
	account text COLLATE "C" NOT NULL,
	kind text COLLATE "C" NOT NULL,
	ref text COLLATE "C" NOT NULL,
	service text COLLATE "C" NOT NULL,
	reason text COLLATE "C" NOT NULL,
	detail text COLLATE "C" NOT NULL,
	subject text COLLATE "C" NOT NULL,
	input_type text COLLATE "C" NOT NULL,
	candidates text COLLATE "C" NOT NULL,
	event_id text COLLATE "C" NOT NULL,
	cause_event_id text COLLATE "C" NOT NULL,
	resolved boolean NOT NULL,
	ledger_seq bigint NOT NULL,
	PRIMARY KEY (lane, account, kind, ref)
) WITH (fillfactor = 90);

-- Up to where the ledger was known when somebody looked (DESIGN section 3), taken in the snapshot of the answer. Append-only.
CREATE TABLE checkpoint (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	taken_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	lanes integer[] NOT NULL,
	ledger_seqs bigint[] NOT NULL, -- last one per lane, in the order of lanes
	days jsonb NOT NULL, -- business day per entity
	positions jsonb NOT NULL -- "topic/partition": next offset; a rebuild stops here and takes it again
);
-- --known-at an instant: the last one at or before it
CREATE INDEX checkpoint_taken_at ON checkpoint (taken_at);

-- Where nothing has moved since the last one, that one. Reads and writes in the caller's snapshot; names are bound here, so a rename of
-- the schema does not matter.
CREATE FUNCTION take_checkpoint() RETURNS SETOF checkpoint LANGUAGE sql SECURITY DEFINER
BEGIN ATOMIC
	WITH known AS (
		SELECT coalesce(array_agg(lane ORDER BY lane), '{}') AS lanes, coalesce(array_agg(ledger_seq ORDER BY lane), '{}') AS ledger_seqs
		FROM ledger_counter
	), same AS (
		SELECT c.* FROM (SELECT * FROM checkpoint ORDER BY id DESC LIMIT 1) AS c
			JOIN known ON known.lanes = c.lanes AND known.ledger_seqs = c.ledger_seqs
	), fresh AS (
		INSERT INTO checkpoint (lanes, ledger_seqs, days, positions)
		SELECT lanes, ledger_seqs,
			(SELECT coalesce(jsonb_object_agg(entity, opened_on), '{}')
				FROM (SELECT entity, max(opened_on) AS opened_on FROM business_day GROUP BY entity) AS d WHERE opened_on IS NOT NULL),
			(SELECT coalesce(jsonb_object_agg(topic || '/' || partition, next_offset), '{}') FROM position)
		FROM known WHERE NOT EXISTS (SELECT FROM same)
		RETURNING *
	)
	SELECT * FROM same UNION ALL SELECT * FROM fresh;
END;

-- Entries balance per entity in the functional currency (LEDGER section 2). One pass over the new lines of a statement.
CREATE FUNCTION ledger_line_balances() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	bad record;
BEGIN
	SELECT lane, ledger_seq, entry_no, sum(functional_minor) AS off INTO bad
	FROM new_line GROUP BY lane, ledger_seq, entry_no, functional_currency HAVING sum(functional_minor) <> 0 LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'entry % of record % on lane % is off balance by %', bad.entry_no, bad.ledger_seq, bad.lane, bad.off
			USING ERRCODE = 'check_violation', TABLE = 'ledger_line', CONSTRAINT = 'ledger_line_balances';
	END IF;
	RETURN NULL;
END
$$;
CREATE TRIGGER ledger_line_balances AFTER INSERT ON ledger_line
	REFERENCING NEW TABLE AS new_line FOR EACH STATEMENT EXECUTE FUNCTION ledger_line_balances();

-- Append-only for everybody, the owner included: whoever wants to change the books has to drop this trigger first, visibly.
CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_record
	FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_line
	FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON document
	FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON notice
	FOR EACH STATEMENT EXECUTE FUNCTION append_only();

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON checkpoint
	FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON customer
	FOR EACH STATEMENT EXECUTE FUNCTION append_only();

-- The service reads all, inserts all, updates what may change, deletes nothing. Readers have SELECT by default privileges.
GRANT SELECT, INSERT ON audit_record, ledger_line, document, customer, notice TO openitem_reporting;
GRANT SELECT, INSERT, UPDATE ON ledger_counter, day_total, tie_out, item, sales_order, application, bank_line, bank_statement, transfer,
	entity, business_day, episode, day_judged, block, hold, promise, advice, exception TO openitem_reporting;
