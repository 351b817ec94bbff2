-- Schema of intake, billing, cash, collections or reporting. The rights on one schema and on what is in it, as statements that give
-- the same on another one. $1 schema, $2 the other one. Columns: statement.
WITH given AS (
	SELECT 'SCHEMA' AS kind, NULL::text AS name, a.grantee, a.privilege_type, n.nspowner AS owner
	FROM pg_namespace AS n, aclexplode(n.nspacl) AS a WHERE n.nspname = $1::text
	UNION ALL
	SELECT 'TABLE', c.relname, a.grantee, a.privilege_type, c.relowner
	FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace, aclexplode(c.relacl) AS a
	WHERE n.nspname = $1::text AND c.relkind IN ('r', 'v')
	UNION ALL
	SELECT 'DEFAULT', NULL, a.grantee, a.privilege_type, d.defaclrole
	FROM pg_default_acl AS d JOIN pg_namespace AS n ON n.oid = d.defaclnamespace, aclexplode(d.defaclacl) AS a
	WHERE n.nspname = $1::text AND d.defaclobjtype = 'r'
), named AS (
	SELECT g.*, CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END AS who FROM given AS g
	WHERE grantee <> owner
)
SELECT CASE kind
	WHEN 'SCHEMA' THEN format('GRANT %s ON SCHEMA %I TO %s', privilege_type, $2::text, who)
	WHEN 'TABLE' THEN format('GRANT %s ON %I.%I TO %s', privilege_type, $2::text, name, who)
	ELSE format('ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA %I GRANT %s ON TABLES TO %s', pg_get_userbyid(owner), $2::text,
		privilege_type, who)
	END AS statement
FROM named;
