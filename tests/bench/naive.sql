-- Tables of bench_naive_chain: the business of the whole chain in one database, as one would write it first. Every index serves a query.
CREATE TABLE processed_event (source text, event_id text, PRIMARY KEY (source, event_id));
CREATE TABLE consumed (topic text, partition integer, next_offset bigint NOT NULL, PRIMARY KEY (topic, partition));
CREATE TABLE entity (entity text PRIMARY KEY, number_prefix text NOT NULL);
CREATE TABLE terms (terms_code text PRIMARY KEY, days integer NOT NULL);
CREATE TABLE customer (account text PRIMARY KEY, name text NOT NULL, terms_code text NOT NULL);
CREATE TABLE payer (value text, account text, PRIMARY KEY (value, account));
CREATE TABLE sales_order (
	order_id text PRIMARY KEY, account text NOT NULL, entity text NOT NULL, currency text NOT NULL, customer_po text NOT NULL,
	terms_code text NOT NULL, version integer NOT NULL, state text NOT NULL);
CREATE TABLE order_line (
	order_id text, line_no integer, item text NOT NULL, quantity_e6 bigint NOT NULL, price_e6 bigint NOT NULL, tax_code text NOT NULL,
	rate_ppm bigint NOT NULL, PRIMARY KEY (order_id, line_no));
CREATE TABLE series (entity text PRIMARY KEY, last_number bigint NOT NULL) WITH (fillfactor = 50);
CREATE TABLE invoice (
	number text PRIMARY KEY, account text NOT NULL, order_id text NOT NULL, entity text NOT NULL, currency text NOT NULL, issue_date date NOT NULL,
	net_minor bigint NOT NULL, tax_minor bigint NOT NULL, gross_minor bigint NOT NULL);
CREATE TABLE item (
	item_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, account text NOT NULL, entity text NOT NULL, currency text NOT NULL,
	kind text NOT NULL, document text NOT NULL, due_date date NOT NULL, accounting_date date NOT NULL, original_minor bigint NOT NULL,
	open_minor bigint NOT NULL) WITH (fillfactor = 90);
CREATE INDEX item_open ON item (account, entity, currency) WHERE open_minor > 0;
CREATE TABLE reference (value text, item_id bigint, PRIMARY KEY (value, item_id));
CREATE TABLE journal_line (
	entry text, line_no integer, entity text NOT NULL, ledger_account text NOT NULL, currency text NOT NULL, amount_minor bigint NOT NULL,
	account text NOT NULL, item_id bigint, accounting_date date NOT NULL, PRIMARY KEY (entry, line_no));
CREATE TABLE bank_line (
	bank_account text, line_id text, entity text NOT NULL, currency text NOT NULL, amount_minor bigint NOT NULL, booking_date date NOT NULL,
	account text NOT NULL, PRIMARY KEY (bank_account, line_id));
CREATE TABLE application (
	application_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, credit_item bigint NOT NULL, debit_item bigint NOT NULL,
	amount_minor bigint NOT NULL, accounting_date date NOT NULL);
