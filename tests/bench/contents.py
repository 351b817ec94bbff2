"""What two schemas shaped like reporting's hold, to compare."""

# What the loop keeps besides, and columns that are another number on another way through the topics, or that a naive consumer does without.
LOOP = ("birth", "checkpoint", "cursor", "input_seq", "lane", "moved", "outcome", "output_seq", "schema_migration")
NUMBERED = ("ledger_seq", "undone_ledger_seq", "ended_ledger_seq", "record_hash", "event_us")


def columns_of(sql):
    """{table: columns that are compared}."""
    columns = {}
    for table, column in sql.rows("SELECT c.relname, a.attname FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT "
                                  "a.attisdropped WHERE c.relnamespace = 'reporting'::regnamespace AND c.relkind = 'r' ORDER BY c.relname, a.attnum"):
        if table not in LOOP and column not in NUMBERED and not table.startswith("aging_"):  # rolled beside the loop, when there is time
            columns.setdefault(table, []).append(column)
    return columns


def digest(sql, table, columns):
    """[rows, sum of their hashes]: whatever their order."""
    return sql.rows(f"SELECT count(*), sum(hashtextextended(ROW({', '.join(columns)})::text, 0)) FROM {table}")[0]


def contents(sql, schema):
    """{table: digest} of what records make."""
    return {table: digest(sql, f"{schema}.{table}", columns) for table, columns in columns_of(sql).items()}
