/* How to react to what PostgreSQL says (SQLSTATE: PostgreSQL manual, appendix A). */
#include "store/store_impl.h"

static bool starts(const char *state, const char *prefix)
{
	return strncmp(state, prefix, strlen(prefix)) == 0;
}

static bool any_of(const char *state, const char *const *prefixes)
{
	for (; *prefixes != NULL; prefixes++)
		if (starts(state, *prefixes))
			return true;
	return false;
}

/* The weather: tomorrow, or on another server, the same statement succeeds. */
static const char *const busy[] = {
	"40", /* serialization failure, deadlock */
	"53", /* no memory, no disk space, too many connections */
	"55P03", /* lock_timeout */
	"57014", /* statement_timeout, cancelled */
	"57P01", "57P02", "57P03", "57P05", /* shutdown, crash, starting up, idle_session_timeout */
	"25P03", /* idle_in_transaction_session_timeout */
	"25006", /* read-only: a standby after a failover */
	"58", /* I/O error outside the database */
	NULL,
};

static const char *const denied[] = { "28", "42501", NULL };

/* Missing or different things, and features this server lacks. */
static const char *const schema[] = { "42", "3D000", "3F000", "0A000", "26000", "57P04", "F0", "XX001", "XX002", NULL };

static const char *const refused[] = { "23", "22", "21", "44", "P0", "54", "27", "09", NULL };

static const char *code_of(const char *state, unsigned flags)
{
	if (state == NULL || state[0] == '\0' || starts(state, "08"))
		return "store_lost";
	if ((flags & STORE_IN_FENCE) && strcmp(state, "22012") == 0)
		return "store_fenced";
	if (strcmp(state, "23505") == 0)
		return "store_duplicate";
	if (any_of(state, busy))
		return "store_busy";
	if (any_of(state, denied))
		return "store_denied";
	if (any_of(state, schema))
		return "store_schema";
	return any_of(state, refused) ? "store_refused" : "store_failed";
}

enum err_class store_class(const char *sqlstate, unsigned flags)
{
	const char *code = code_of(sqlstate, flags);

	if (strcmp(code, "store_lost") == 0 || strcmp(code, "store_busy") == 0)
		return ERR_RETRY;
	if (strcmp(code, "store_fenced") == 0)
		return ERR_FENCED;
	if (strcmp(code, "store_denied") == 0 || strcmp(code, "store_schema") == 0)
		return ERR_FATAL;
	/* ON CONFLICT has met its own key; another unique index can still be hit by a concurrent transaction. */
	if (strcmp(code, "store_duplicate") == 0 && !(flags & STORE_IN_APPEND))
		return ERR_RETRY;
	return ERR_STOP;
}

/* " (SQLSTATE 23505, table item, constraint item_pkey)" */
static void add_place(char *text, size_t size, const PGresult *result)
{
	static const struct {
		int field;
		const char *name;
	} fields[] = {
		{ PG_DIAG_SQLSTATE, "SQLSTATE" },
		{ PG_DIAG_TABLE_NAME, "table" },
		{ PG_DIAG_COLUMN_NAME, "column" },
		{ PG_DIAG_CONSTRAINT_NAME, "constraint" },
	};
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		const char *value = PQresultErrorField(result, fields[i].field);

		if (value != NULL && n < size)
			n += (size_t)snprintf(text + n, size - n, "%s%s %s", n == 0 ? " (" : ", ", fields[i].name, value);
	}
	if (n > 0 && n < size)
		snprintf(text + n, size - n, ")");
}

/* Nothing more will come over this connection, or nothing can be written over it. */
static bool is_end(const struct store *store, const PGresult *result, const char *state)
{
	const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);

	if (state == NULL || starts(state, "08") || starts(state, "25006") || PQstatus(store->conn) == CONNECTION_BAD)
		return true;
	return severity != NULL && (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0);
}

bool store_fail(struct store *store, const PGresult *result, unsigned flags, struct err *err, const char *fmt, ...)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	const char *detail =
		state != NULL && strcmp(state, "23505") == 0 ? PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL) : NULL;
	enum err_class class = store_class(state, flags);
	const char *code = code_of(state, flags);
	char what[160], place[200];
	va_list values;

	va_start(values, fmt);
	vsnprintf(what, sizeof(what), fmt, values);
	va_end(values);
	add_place(place, sizeof(place), result);
	if (primary == NULL)
		primary = result == NULL ? PQerrorMessage(store->conn) : PQresultErrorMessage(result);
	if (class == ERR_FENCED)
		primary = "another owner has taken a lane of this batch, or its row is missing";
	if (is_end(store, result, state)) {
		store->broken = true;
		store->n_flights = 0;
		code = class == ERR_RETRY ? "store_lost" : code;
	}
	return err_set(err, class, code, "%s: %.*s%s%s%s", what, (int)strcspn(primary, "\n"), primary, detail == NULL ? "" : ": ",
		       detail == NULL ? "" : detail, place);
}
