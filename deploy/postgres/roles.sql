-- Roles, schemas and the rights between them for the services named in :services (space separated) in THIS database.
-- Input: psql variables services, owner_password, <service>_password and <service>_ro_password through \set on standard
-- input (never argv: other users can read it). Run as superuser; may be run again at any time.
-- Nothing here assumes that two services share a database: run it in each database with the services that live there.
--
--   openitem_owner     owns the schemas and all in them; `openitem migrate` only
--   openitem_<s>       the service: USAGE on its own schema, nothing more; table grants come with the migrations
--   openitem_<s>_ro    the CLI and the console: SELECT on what the owner creates in that schema
--   openitem_operator  the same for people: the schema operator holds the record of what they did (openitem dlq redrive)
\set ON_ERROR_STOP on
SET log_min_error_statement = panic;	-- a failing ALTER ROLE must not put a password into the server log

CREATE TEMP TABLE wanted_role (name text, password text, connections int);
INSERT INTO wanted_role VALUES ('openitem_owner', :'owner_password', 8);
INSERT INTO wanted_role
SELECT r.name, r.password, r.connections
FROM (VALUES
	('openitem_intake',         :'intake_password',         16),
	('openitem_intake_ro',      :'intake_ro_password',       8),
	('openitem_billing',        :'billing_password',        16),
	('openitem_billing_ro',     :'billing_ro_password',      8),
	('openitem_cash',           :'cash_password',           16),
	('openitem_cash_ro',        :'cash_ro_password',         8),
	('openitem_collections',    :'collections_password',    16),
	('openitem_collections_ro', :'collections_ro_password',  8),
	('openitem_reporting',      :'reporting_password',      16),
	('openitem_reporting_ro',   :'reporting_ro_password',    8),
	('openitem_operator',       :'operator_password',        8),
	('openitem_operator_ro',    :'operator_ro_password',     8)
) AS r(name, password, connections)
WHERE split_part(r.name, '_', 2) = ANY (string_to_array(:'services', ' '));

CREATE TEMP TABLE wanted_service AS
SELECT s AS name FROM unnest(string_to_array(:'services', ' ')) AS s;

SELECT format('CREATE ROLE %I', name)
FROM wanted_role WHERE name NOT IN (SELECT rolname FROM pg_roles)
\gexec
SELECT format('ALTER ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS CONNECTION LIMIT %s PASSWORD %L',
              name, connections, password)
FROM wanted_role
\gexec

-- Who may connect, and to what. PUBLIC includes every role here, so take from it first.
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', datname)
FROM pg_database WHERE datname IN (current_database(), 'postgres', 'template1')
\gexec
SELECT format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), name) FROM wanted_role
\gexec
SELECT format('GRANT CREATE, TEMPORARY ON DATABASE %I TO openitem_owner', current_database())
\gexec
REVOKE ALL ON SCHEMA public FROM PUBLIC;
-- Large objects stand outside of schemas: without this every role could keep data where no grant says so.
REVOKE EXECUTE ON FUNCTION lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea) FROM PUBLIC;

-- one schema per service, the owner's
SELECT format('CREATE SCHEMA IF NOT EXISTS %I AUTHORIZATION openitem_owner', name) FROM wanted_service
\gexec
SELECT format('GRANT USAGE ON SCHEMA %1$I TO %2$I, %3$I', name, 'openitem_' || name, 'openitem_' || name || '_ro')
FROM wanted_service
\gexec
SELECT format('ALTER ROLE %I SET search_path = %I', 'openitem_' || name || suffix, name)
FROM wanted_service, (VALUES (''), ('_ro')) AS x(suffix)
\gexec

-- readers: every table of that schema, those that exist and those that come
SELECT format('ALTER ROLE %I SET default_transaction_read_only = on', 'openitem_' || name || '_ro') FROM wanted_service
\gexec
SELECT format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO %I', name, 'openitem_' || name || '_ro') FROM wanted_service
\gexec
SELECT format('ALTER DEFAULT PRIVILEGES FOR ROLE openitem_owner IN SCHEMA %I GRANT SELECT ON TABLES TO %I',
              name, 'openitem_' || name || '_ro')
FROM wanted_service
\gexec
