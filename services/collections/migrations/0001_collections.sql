-- Collections: its copy of open items, the subjects of dunning, blocks, holds, promises (services/collections/tables.h).
CREATE TABLE item (
	lane integer NOT NULL,
	account text NOT NULL,
	document_id text NOT NULL,
	sequence integer NOT NULL,
	known boolean NOT NULL,
	entity text NOT NULL,
	currency text NOT NULL,
	number text NOT NULL,
	customer_po text NOT NULL,
	document_date date,
	due_date date,
	accounting_date date,
	original_minor bigint NOT NULL,
	open_minor bigint NOT NULL,
	dunning_level integer NOT NULL,
	moved_on date,
	moved_minor bigint NOT NULL,
	PRIMARY KEY (lane, account, document_id, sequence)
) WITH (fillfactor = 80);
-- A day is judged from the oldest due open items of an account; closed items leave this index.
CREATE INDEX item_open ON item (lane, account, due_date NULLS FIRST, document_id, sequence) WHERE open_minor <> 0 AND known;

CREATE TABLE subject (
	lane integer NOT NULL,
	account text NOT NULL,
	entity text NOT NULL,
	currency text NOT NULL,
	items integer NOT NULL,
	promises integer NOT NULL CHECK (promises >= 0),
	in_episode boolean NOT NULL,
	returned boolean NOT NULL,
	episode integer NOT NULL,
	level integer NOT NULL,
	notice_date date,
	PRIMARY KEY (lane, account, entity, currency)
) WITH (fillfactor = 80);

CREATE TABLE block (
	lane integer NOT NULL,
	account text NOT NULL,
	block_id text NOT NULL,
	reason integer NOT NULL,
	document_id text NOT NULL,
	sequence integer NOT NULL,
	until date,
	lifted boolean NOT NULL,
	PRIMARY KEY (lane, account, block_id)
);

CREATE TABLE hold (
	lane integer NOT NULL,
	account text NOT NULL,
	hold_id text NOT NULL,
	kind integer NOT NULL,
	document_id text NOT NULL,
	sequence integer NOT NULL,
	amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
	until date,
	lifted boolean NOT NULL,
	PRIMARY KEY (lane, account, hold_id)
);

CREATE TABLE promise (
	lane integer NOT NULL,
	account text NOT NULL,
	promise_id text NOT NULL,
	open boolean NOT NULL,
	made bytea NOT NULL,
	PRIMARY KEY (lane, account, promise_id)
);
-- Asked for every payment and every judged account: open ones are few.
CREATE INDEX promise_open ON promise (lane, account, promise_id) WHERE open;

CREATE TABLE paid (
	lane integer NOT NULL,
	account text NOT NULL,
	accounting_date date NOT NULL,
	document_id text NOT NULL,
	sequence integer NOT NULL,
	entity text NOT NULL,
	currency text NOT NULL,
	applied_minor bigint NOT NULL,
	received_minor bigint NOT NULL,
	PRIMARY KEY (lane, account, accounting_date, document_id, sequence)
);

CREATE TABLE customer (
	lane integer NOT NULL,
	account text NOT NULL,
	until date NOT NULL,
	effective_from date NOT NULL,
	record bytea NOT NULL,
	PRIMARY KEY (lane, account, until)
);

CREATE TABLE business_day (
	lane integer PRIMARY KEY,
	business_date date NOT NULL
);

CREATE TABLE ladder (
	lane integer NOT NULL,
	version integer NOT NULL,
	effective_from date NOT NULL,
	ladder bytea,
	PRIMARY KEY (lane, version)
);

GRANT SELECT, INSERT, UPDATE ON item, paid, subject, block, hold, promise, customer, ladder, business_day TO openitem_collections;
