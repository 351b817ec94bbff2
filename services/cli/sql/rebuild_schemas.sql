-- Schema of intake, billing, cash, collections or reporting. Which of these schemas are there. $1 $2 $3 names. Columns: live, shadow, old.
SELECT to_regnamespace(quote_ident($1::text)) IS NOT NULL AS live, to_regnamespace(quote_ident($2::text)) IS NOT NULL AS shadow,
	to_regnamespace(quote_ident($3::text)) IS NOT NULL AS old;
