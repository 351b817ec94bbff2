-- What cash keeps (services/cash/tables.h says what each column means; README.md which event writes it).
-- Keys begin with lane and account, so every table shards by lane; payer_index is the one table shared by all lanes. One index
-- is the key; each further one names the probe it serves and holds only the rows that probe wants.
-- Updated tables leave room for new row versions beside the old ones (fillfactor 90).

CREATE TABLE customer (
	lane integer NOT NULL,
	account text COLLATE "C" NOT NULL,
	back integer NOT NULL,
	effective_from date,
	oldest_first boolean NOT NULL,
	payer_values text COLLATE "C" NOT NULL,
	PRIMARY KEY (lane, account, back)
);

CREATE TABLE item (
	lane integer NOT NULL,
	account text COLLATE "C" NOT NULL,
	document_id text COLLATE "C" NOT NULL,
	sequence integer NOT NULL,
	kind integer NOT NULL CHECK (kind BETWEEN 1 AND 6),
	entity text COLLATE "C" NOT NULL,
	currency text COLLATE "C" NOT NULL,
	due_date date NOT NULL,
	original_minor bigint NOT NULL,
	brought_minor bigint NOT NULL,
	open_minor bigint NOT NULL,
	document_date date NOT NULL,
	value_date date,
	accounting_date date NOT NULL,
	number text COLLATE "C" NOT NULL,
	external_number text COLLATE "C" NOT NULL,
	order_id text COLLATE "C" NOT NULL,
	customer_po text COLLATE "C" NOT NULL,
	version integer NOT NULL CHECK (version > 0),
	line_id text COLLATE "C" NOT NULL,
	bank_account text COLLATE "C" NOT NULL,
	transfer_id text COLLATE "C" NOT NULL,
	away_account text COLLATE "C" NOT NULL,
	away_transfer text COLLATE "C" NOT NULL,
	returned_by text COLLATE "C" NOT NULL,
	left_reason text COLLATE "C" NOT NULL,
	on_account_minor bigint NOT NULL,
	PRIMARY KEY (lane, account, document_id, sequence),
	-- an item never turns into its opposite, and money that is away is not here
	CONSTRAINT item_sign CHECK (open_minor::numeric * original_minor >= 0),
	CONSTRAINT item_on_account CHECK (on_account_minor >= 0 AND (on_account_minor = 0 OR on_account_minor <= -open_minor)),
	CONSTRAINT item_away CHECK (away_transfer = '' OR open_minor = 0)
) WITH (fillfactor = 90);
-- probe open_debits
CREATE INDEX item_open_debits ON item (lane, account, entity, currency, due_date NULLS FIRST, document_id, sequence)
	WHERE open_minor > 0;
-- probe open_credits
CREATE INDEX item_open_credits ON item (lane, account, entity, currency, due_date NULLS FIRST, document_id, sequence)
	WHERE open_minor < 0;

CREATE TABLE item_reference (
	lane integer NOT NULL,
	account text COLLATE "C" NOT NULL,
	value text COLLATE "C" NOT NULL,
	document_id text COLLATE "C" NOT NULL,
	kind integer NOT NULL,
	PRIMARY KEY (lane, account, value, document_id)
);

CREATE TABLE payer_index (
	value text COLLATE "C" NOT NULL,
	kind integer NOT NULL,
	account text COLLATE "C" NOT NULL,
	document_id text COLLATE "C" NOT NULL,
	PRIMARY KEY (value, kind, account)
);

CREATE TABLE application (
	lane integer NOT NULL,
	account text COLLATE "C" NOT NULL,
	credit_document_id text COLLATE "C" NOT NULL,
	credit_sequence integer NOT NULL,
	debit_document_id text COLLATE "C" NOT NULL,
	debit_sequence integer NOT NULL,
	application_id text COLLATE "C" NOT NULL,
	entity text COLLATE "C" NOT NULL,
	currency text COLLATE "C" NOT NULL,
	amount_minor bigint NOT NULL CHECK (amount_minor > 0),
	accounting_date date NOT NULL,
	in_force boolean NOT NULL,
	undone_date date,
	PRIMARY KEY (lane, account, credit_document_id, credit_sequence, debit_document_id, debit_sequence, application_id),
	CONSTRAINT application_undone CHECK (in_force = (undone_date IS NULL))
) WITH (fillfactor = 90);

CREATE TABLE line (
	lane integer NOT NULL,
	account text COLLATE "C" NOT NULL,
	line_id text COLLATE "C" NOT NULL,
	kind integer NOT NULL CHECK (kind BETWEEN 1 AND 3),
	document_id text COLLATE "C" NOT NULL,
	statement_id text COLLATE "C" NOT NULL,
	entity text COLLATE "C" NOT NULL,
	currency text COLLATE "C" NOT NULL,
	amount_minor bigint NOT NULL,
	booking_date date NOT NULL,
	value_date date,
	waiting boolean NOT NULL,
	touched boolean NOT NULL,
	returned_by text COLLATE "C" NOT NULL,
	refused_by text COLLATE "C" NOT NULL,
	left_reason text COLLATE "C" NOT NULL,
	left_because text COLLATE "C" NOT NULL,
	remittance bytea,
	advice_id text COLLATE "C" NOT NULL,
	PRIMARY KEY (lane, account, line_id),
	-- once a person has touched a line, or the bank took it back, only a command moves it (LEDGER section 4)
	CONSTRAINT line_waiting CHECK (NOT waiting OR (kind = 1 AND NOT touched AND returned_by = ''))
) WITH (fillfactor = 90);
-- probe waiting
CREATE INDEX line_waiting ON line (lane, document_id) WHERE waiting;
-- probe of_amount: the line an advice belongs to
CREATE INDEX line_of_amount ON line (lane, account, currency, amount_minor, booking_date NULLS FIRST, line_id)
	WHERE kind = 1 AND advice_id = '';

CREATE TABLE advice (
	lane integer NOT NULL,
	account text COLLATE "C" NOT NULL,
	advice_id text COLLATE "C" NOT NULL,
	entity text COLLATE "C" NOT NULL,
	currency text COLLATE "C" NOT NULL,
	amount_minor bigint NOT NULL CHECK (amount_minor > 0),
	payment_date date NOT NULL,
	named_line text COLLATE "C" NOT NULL,
	line_id text COLLATE "C" NOT NULL,
	left_reason text COLLATE "C" NOT NULL,
	indicative boolean NOT NULL,
	remittance bytea,
	PRIMARY KEY (lane, account, advice_id)
);
-- probes of_amount and of_line: the advice a line was waited for with
CREATE INDEX advice_of_amount ON advice (lane, account, currency, amount_minor, payment_date NULLS FIRST, advice_id) WHERE line_id = '';
CREATE INDEX advice_of_line ON advice (lane, account, named_line, advice_id) WHERE line_id = '';

CREATE TABLE statement (
	lane integer NOT NULL,
	account text COLLATE "C" NOT NULL,
	statement_id text COLLATE "C" NOT NULL,
	entity text COLLATE "C" NOT NULL,
	currency text COLLATE "C" NOT NULL,
	lines_minor bigint NOT NULL,
	line_count integer NOT NULL,
	mixed boolean NOT NULL,
	closed boolean NOT NULL,
	opening_minor bigint NOT NULL,
	closing_minor bigint NOT NULL,
	booking_date date,
	PRIMARY KEY (lane, account, statement_id)
) WITH (fillfactor = 50);

CREATE TABLE period (
	lane integer NOT NULL,
	entity text COLLATE "C" NOT NULL,
	first_day date NOT NULL,
	last_day date NOT NULL,
	closed boolean NOT NULL,
	soft boolean NOT NULL,
	PRIMARY KEY (lane, entity, first_day)
);
-- probe closed_after
CREATE INDEX period_closed ON period (lane, entity, last_day, first_day) WHERE closed;

CREATE TABLE cash_rules (
	lane integer NOT NULL,
	version integer NOT NULL,
	back integer NOT NULL,
	effective_from date NOT NULL,
	rules text COLLATE "C" NOT NULL,
	PRIMARY KEY (lane, version)
);
-- probe newest
CREATE INDEX cash_rules_newest ON cash_rules (lane, back);

CREATE TABLE business_day (
	lane integer NOT NULL,
	entity text COLLATE "C" NOT NULL,
	business_date date NOT NULL,
	PRIMARY KEY (lane, entity)
) WITH (fillfactor = 50);

DO $$
DECLARE
	role_name text := 'openitem_' || current_schema();
BEGIN
	EXECUTE format('GRANT SELECT, INSERT, UPDATE ON customer, item, item_reference, payer_index, application, line, advice,'
		' statement, period, cash_rules, business_day TO %I', role_name);
	-- a customer's earlier name or bank account must not identify anybody any more
	EXECUTE format('GRANT DELETE ON payer_index TO %I', role_name);
	-- a period that is cut by a later one begins on another day
	EXECUTE format('GRANT DELETE ON period TO %I', role_name);
END
$$;
