-- What billing keeps (services/billing/tables.h says what each column means; README.md which event writes it).
-- Keys begin with lane, and account where there is one, so every table shards by lane. One index is the key; each further one says
-- what for. Updated tables leave room for new row versions beside the old ones (fillfactor), so that an update touches no index.

-- Copies of others' facts.
CREATE TABLE customer (
	lane integer NOT NULL,
	account text COLLATE "C" NOT NULL,
	until date NOT NULL,
	effective_from date NOT NULL CHECK (effective_from < until),
	terms_code text COLLATE "C" NOT NULL,
	record bytea,
	PRIMARY KEY (lane, account, until)
) WITH (fillfactor = 90);

CREATE TABLE entity (
	lane integer NOT NULL,
	entity text COLLATE "C" NOT NULL,
	functional_currency text COLLATE "C" NOT NULL,
	fiscal_year_start_month integer NOT NULL CHECK (fiscal_year_start_month BETWEEN 1 AND 12),
	number_prefix text COLLATE "C" NOT NULL CHECK (number_prefix ~ '^[A-Z0-9]{2}$'),
	single_series boolean NOT NULL,
	PRIMARY KEY (lane, entity)
);
-- two entities with one prefix would give one number twice
CREATE UNIQUE INDEX entity_by_prefix ON entity (lane, number_prefix);

CREATE TABLE closed_period (
	lane integer NOT NULL,
	entity text COLLATE "C" NOT NULL,
	soft boolean NOT NULL,
	first_day date NOT NULL,
	last_day date NOT NULL CHECK (first_day <= last_day),
	PRIMARY KEY (lane, entity, soft, first_day)
);

CREATE TABLE terms (
	lane integer NOT NULL,
	terms_code text COLLATE "C" NOT NULL,
	version integer NOT NULL,
	record bytea NOT NULL,
	PRIMARY KEY (lane, terms_code, version)
);

CREATE TABLE business_day (
	lane integer PRIMARY KEY,
	business_date date NOT NULL
);

-- Own state.
CREATE TABLE sales_order (
	lane integer NOT NULL,
	account text COLLATE "C" NOT NULL,
	order_id text COLLATE "C" NOT NULL,
	version integer NOT NULL CHECK (version > 0),
	state integer NOT NULL CHECK (state BETWEEN 1 AND 3),
	entity text COLLATE "C" NOT NULL,
	terms_code text COLLATE "C" NOT NULL,
	customer_terms_code text COLLATE "C" NOT NULL,
	content bytea NOT NULL,
	progress bytea,
	PRIMARY KEY (lane, account, order_id)
) WITH (fillfactor = 70);

CREATE TABLE invoice (
	lane integer NOT NULL,
	account text COLLATE "C" NOT NULL,
	document_id text COLLATE "C" NOT NULL,
	order_id text COLLATE "C" NOT NULL,
	order_version integer NOT NULL,
	credited boolean NOT NULL,
	issued bytea NOT NULL,
	so_far bytea,
	PRIMARY KEY (lane, account, document_id)
) WITH (fillfactor = 90);
-- a cancellation: what of this order is still to be credited
CREATE INDEX invoice_to_credit ON invoice (lane, account, order_id, credited, order_version);

CREATE TABLE series (
	lane integer NOT NULL,
	entity text COLLATE "C" NOT NULL,
	document_type integer NOT NULL,
	fiscal_year integer NOT NULL,
	last_number bigint NOT NULL CHECK (last_number > 0),
	last_issue_date date NOT NULL,
	PRIMARY KEY (lane, entity, document_type, fiscal_year)
) WITH (fillfactor = 50);

-- Shared by the lanes: two that take the same number of a single series meet here. Append-only.
CREATE TABLE single_number (
	entity text COLLATE "C" NOT NULL,
	document_type integer NOT NULL,
	fiscal_year integer NOT NULL,
	number bigint NOT NULL CHECK (number > 0),
	lane integer NOT NULL,
	PRIMARY KEY (entity, document_type, fiscal_year, number)
);

CREATE TABLE external_number (
	lane integer NOT NULL,
	account text COLLATE "C" NOT NULL,
	entity text COLLATE "C" NOT NULL,
	kind integer NOT NULL,
	value text COLLATE "C" NOT NULL,
	owner text COLLATE "C" NOT NULL,
	content bytea NOT NULL,
	PRIMARY KEY (lane, account, entity, kind, value)
);

CREATE TABLE parked (
	lane integer NOT NULL,
	account text COLLATE "C" NOT NULL,
	aggregate text COLLATE "C" NOT NULL,
	position bigint NOT NULL,
	waits_for text COLLATE "C" NOT NULL,
	reason text COLLATE "C" NOT NULL,
	entity text COLLATE "C" NOT NULL,
	terms_code text COLLATE "C" NOT NULL,
	input bytea NOT NULL,
	cause_topic text COLLATE "C" NOT NULL,
	cause_partition integer NOT NULL,
	cause_offset bigint NOT NULL,
	cause_event_id text COLLATE "C" NOT NULL,
	cause_source text COLLATE "C" NOT NULL,
	cause_correlation_id text COLLATE "C" NOT NULL,
	parts integer NOT NULL CHECK (parts > 0),
	PRIMARY KEY (lane, account, aggregate, position)
);
-- a fact arrives: what waits for it
CREATE INDEX parked_waiting ON parked (lane, waits_for, account, aggregate, position);

DO $$
DECLARE
	role_name text := 'openitem_' || current_schema();
BEGIN
	EXECUTE format('GRANT SELECT, INSERT, UPDATE ON customer, entity, closed_period, terms, business_day, sales_order, invoice,'
		' series, external_number, parked TO %I', role_name);
	EXECUTE format('GRANT SELECT, INSERT ON single_number TO %I', role_name);
	EXECUTE format('GRANT DELETE ON closed_period, terms, parked TO %I', role_name);
END
$$;
