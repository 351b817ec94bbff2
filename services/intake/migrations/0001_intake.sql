-- What intake keeps (services/intake/tables.h says what each column means). None of these tables is keyed by lane: an identity,
-- a bank account or a number prefix may come on any partition of any topic (README).
-- Keys are compared bytewise: COLLATE "C".

-- One row per event that was let through (AUD-04). Append-only; the key is what keeps an event from being booked twice.
CREATE TABLE inbox (
	bucket integer NOT NULL CHECK (bucket BETWEEN 0 AND 1023),
	source text COLLATE "C" NOT NULL,
	event_id text COLLATE "C" NOT NULL,
	payload_hash bytea NOT NULL CHECK (length(payload_hash) = 32),
	first_topic text COLLATE "C" NOT NULL,
	first_partition integer NOT NULL,
	first_offset bigint NOT NULL,
	PRIMARY KEY (bucket, source, event_id)
);

-- Our bank accounts as last recorded.
CREATE TABLE bank_account (
	bank_account text COLLATE "C" PRIMARY KEY,
	entity text COLLATE "C" NOT NULL,
	currency text COLLATE "C" NOT NULL CHECK (length(currency) = 3)
);

-- Which entity a prefix of document numbers belongs to (LEDGER section 7). Append-only.
CREATE TABLE number_prefix (
	prefix text COLLATE "C" PRIMARY KEY,
	entity text COLLATE "C" NOT NULL
);

-- For everybody, the owner included: whoever wants to forget an identity has to drop this trigger first, visibly.
CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON inbox
	FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON number_prefix
	FOR EACH STATEMENT EXECUTE FUNCTION append_only();

DO $$
DECLARE
	role_name text := 'openitem_' || current_schema();
BEGIN
	EXECUTE format('GRANT SELECT, INSERT ON inbox, number_prefix TO %I', role_name);
	EXECUTE format('GRANT SELECT, INSERT, UPDATE ON bank_account TO %I', role_name);
END
$$;
