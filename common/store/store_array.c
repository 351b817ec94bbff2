/*
 * Binary format of PostgreSQL (array_send, int4send, date_send ...): arrays of a column out, columns of a row in.
 * Big-endian. Array: dimensions, has-null flag, element type; per dimension length and lower bound; per element its
 * length (-1 = NULL) and bytes.
 */
#include <endian.h>

#include "book/col.h"
#include "store/store_impl.h"
#include "wire/wire.h"

#define DATE_OFFSET     10957 /* 1970-01-01 to 2000-01-01, PostgreSQL's day 0 */
#define DATE_MINUS_INF  INT32_MIN /* '-infinity' */
#define PARAM_BYTES_MAX ((size_t)512 * 1024 * 1024) /* a message holds 1 GB less one byte */

enum {
	OID_BOOL = 16,
	OID_BYTEA = 17,
	OID_INT8 = 20,
	OID_INT4 = 23,
	OID_TEXT = 25,
	OID_VARCHAR = 1043,
	OID_DATE = 1082,
};

struct type {
	Oid element, array;
	uint32_t size; /* bytes, 0 = as long as the value */
	const char *name;
};

static struct type type_of(const struct col *col)
{
	switch (col->kind) {
	case COL_I32:
		return (struct type){ OID_INT4, 1007, 4, "int4[]" };
	case COL_I64:
		return (struct type){ OID_INT8, 1016, 8, "int8[]" };
	case COL_BOOL:
		return (struct type){ OID_BOOL, 1000, 1, "bool[]" };
	case COL_TEXT:
	case COL_CURRENCY:
		return (struct type){ OID_TEXT, 1009, 0, "text[]" };
	case COL_DATE:
		return (struct type){ OID_DATE, 1182, 4, "date[]" };
	case COL_BYTES:
	case COL_MSG:
		return (struct type){ OID_BYTEA, 1001, 0, "bytea[]" };
	}
	base_check_failed(__FILE__, __LINE__, "a column kind");
}

Oid store_array_oid(const struct col *col)
{
	return type_of(col).array;
}

const char *store_array_type(const struct col *col)
{
	return type_of(col).name;
}

bool store_type_fits(const struct col *col, Oid type)
{
	return type == type_of(col).element || (type == OID_VARCHAR && type_of(col).element == OID_TEXT);
}

/* ---- out ------------------------------------------------------------------------------------------------------------ */

static char *put_i32(char *at, int32_t value)
{
	uint32_t big = htobe32((uint32_t)value);

	memcpy(at, &big, sizeof(big));
	return at + sizeof(big);
}

static char *put_i64(char *at, int64_t value)
{
	uint64_t big = htobe64((uint64_t)value);

	memcpy(at, &big, sizeof(big));
	return at + sizeof(big);
}

static char *put_bytes(char *at, struct text t)
{
	at = put_i32(at, (int32_t)t.n);
	if (t.n > 0)
		memcpy(at, t.s, t.n);
	return at + t.n;
}

static char *put_header(char *at, size_t n, bool nulls, Oid element)
{
	at = put_i32(at, n > 0 ? 1 : 0);
	at = put_i32(at, nulls);
	at = put_i32(at, (int32_t)element);
	if (n == 0)
		return at;
	at = put_i32(at, (int32_t)n);
	return put_i32(at, 1);
}

#define HEADER_BYTES ((size_t)20)

static bool too_large(const struct col *col, struct err *err)
{
	return err_set(err, ERR_STOP, "store_refused", "column %s: more than %zu bytes in one statement", col->name,
		       PARAM_BYTES_MAX);
}

/* NULL where the value may be one. */
static bool is_null(const struct col *col, const void *row, bool question)
{
	if (col->kind == COL_MSG)
		return col_msg(col, row) == NULL;
	return col->kind == COL_DATE && !question && !(col->flags & COL_KEY) && col_int(col, row) == DATE_NONE;
}

static char *put_fixed(char *at, const struct col *col, int64_t value)
{
	if (col->kind == COL_I64)
		return put_i64(put_i32(at, 8), value);
	if (col->kind == COL_BOOL) {
		at = put_i32(at, 1);
		*at = value != 0;
		return at + 1;
	}
	if (col->kind == COL_DATE)
		value = value == DATE_NONE ? DATE_MINUS_INF : value - DATE_OFFSET;
	return put_i32(put_i32(at, 4), (int32_t)value);
}

static bool fixed_array(const struct col *col, const void *const *rows, size_t n, bool question, struct arena *arena,
			struct err *err, struct text *ret_array)
{
	struct type type = type_of(col);
	size_t bytes;
	bool nulls = false;

	if (__builtin_mul_overflow(n, 4 + type.size, &bytes) || bytes > PARAM_BYTES_MAX)
		return too_large(col, err);

	char *start = arena_alloc(arena, HEADER_BYTES + bytes);
	char *at = put_header(start, n, false, type.element);

	for (size_t i = 0; i < n; i++) {
		bool null = is_null(col, rows[i], question);

		nulls = nulls || null;
		at = null ? put_i32(at, -1) : put_fixed(at, col, col_int(col, rows[i]));
	}
	put_header(start, n, nulls, type.element);
	*ret_array = (struct text){ start, (size_t)(at - start) };
	return true;
}

/* The bytes of a text or message value; `n` is untouched and false is returned when it is NULL or cannot be encoded. */
static bool value_bytes(const struct col *col, const void *row, struct arena *arena, struct err *err, struct text *ret)
{
	if (col->kind != COL_MSG) {
		*ret = col_text(col, row);
		return true;
	}
	if (col_msg(col, row) == NULL) {
		*ret = TEXT_NONE;
		return true;
	}
	if (!wire_encode(col->msg, col_msg(col, row), arena, err, ret))
		return err_wrap(err, "column %s", col->name);
	return true;
}

static bool bytes_array(const struct col *col, const void *const *rows, size_t n, struct arena *arena, struct err *err,
			struct text *ret_array)
{
	struct text *values = ARENA_ARRAY(arena, n, struct text);
	size_t bytes = 0;
	bool nulls = false;

	for (size_t i = 0; i < n; i++) {
		if (!value_bytes(col, rows[i], arena, err, &values[i]))
			return false;
		bytes += 4 + values[i].n;
		if (values[i].n > PARAM_BYTES_MAX || bytes > PARAM_BYTES_MAX)
			return too_large(col, err);
		nulls = nulls || is_null(col, rows[i], false);
	}

	char *start = arena_alloc(arena, HEADER_BYTES + bytes);
	char *at = put_header(start, n, nulls, type_of(col).element);

	for (size_t i = 0; i < n; i++)
		at = is_null(col, rows[i], false) ? put_i32(at, -1) : put_bytes(at, values[i]);
	*ret_array = (struct text){ start, (size_t)(at - start) };
	return true;
}

bool store_array(const struct col *col, const void *const *rows, size_t n, bool question, struct arena *arena, struct err *err,
		 struct text *ret_array)
{
	if (type_of(col).size > 0)
		return fixed_array(col, rows, n, question, arena, err, ret_array);
	return bytes_array(col, rows, n, arena, err, ret_array);
}

struct text store_array_i32(const int32_t *values, size_t n, struct arena *arena)
{
	char *start = arena_alloc(arena, HEADER_BYTES + n * 8);
	char *at = put_header(start, n, false, OID_INT4);

	for (size_t i = 0; i < n; i++)
		at = put_i32(put_i32(at, 4), values[i]);
	return (struct text){ start, (size_t)(at - start) };
}

struct text store_array_i64(const int64_t *values, size_t n, struct arena *arena)
{
	char *start = arena_alloc(arena, HEADER_BYTES + n * 12);
	char *at = put_header(start, n, false, OID_INT8);

	for (size_t i = 0; i < n; i++)
		at = put_i64(put_i32(at, 8), values[i]);
	return (struct text){ start, (size_t)(at - start) };
}

/* ---- in ------------------------------------------------------------------------------------------------------------- */

static int32_t get_i32(const char *bytes)
{
	uint32_t big;

	memcpy(&big, bytes, sizeof(big));
	return (int32_t)be32toh(big);
}

int64_t store_get_i64(const char *bytes)
{
	uint64_t big;

	memcpy(&big, bytes, sizeof(big));
	return (int64_t)be64toh(big);
}

static bool bad_value(const struct table *table, const struct col *col, const char *what, struct err *err)
{
	return err_set(err, ERR_STOP, "store_row", "table %s: column %s: %s", table->name, col->name, what);
}

static bool get_msg(const struct table *table, const struct col *col, struct text t, struct arena *arena, struct err *err,
		    void *ret)
{
	struct err why = { 0 };
	void *msg;

	if (!wire_decode(col->msg, (const uint8_t *)t.s, t.n, arena, &why, &msg))
		return bad_value(table, col, why.msg, err);
	memcpy(ret, &msg, sizeof(msg));
	return true;
}

static bool get_value(const struct table *table, const struct col *col, struct text t, struct arena *arena, struct err *err,
		      char *ret)
{
	struct type type = type_of(col);
	int32_t i32;
	int64_t i64;

	if (type.size > 0 && t.n != type.size)
		return bad_value(table, col, "not as long as its type", err);
	switch (col->kind) {
	case COL_I32:
	case COL_DATE:
		i32 = get_i32(t.s);
		if (col->kind == COL_DATE) {
			if (i32 != DATE_MINUS_INF && (i32 > DATE_MAX - DATE_OFFSET || i32 < DATE_MIN - DATE_OFFSET))
				return bad_value(table, col, "a date beyond 1900..9999", err);
			i32 = i32 == DATE_MINUS_INF ? DATE_NONE : i32 + DATE_OFFSET;
		}
		memcpy(ret, &i32, sizeof(i32));
		return true;
	case COL_I64:
		i64 = store_get_i64(t.s);
		memcpy(ret, &i64, sizeof(i64));
		return true;
	case COL_BOOL:
		memcpy(ret, &(bool){ t.s[0] != 0 }, sizeof(bool));
		return true;
	case COL_TEXT:
	case COL_BYTES:
		t = text_dup(arena, t);
		memcpy(ret, &t, sizeof(t));
		return true;
	case COL_CURRENCY:
		if (t.n > 3)
			return bad_value(table, col, "a currency code of more than 3 bytes", err);
		memset(ret, 0, 4);
		memcpy(ret, t.s, t.n);
		return true;
	case COL_MSG:
		return get_msg(table, col, t, arena, err, ret);
	}
	base_check_failed(__FILE__, __LINE__, "a column kind");
}

bool store_row(const struct table *table, const PGresult *result, int at, int first_column, struct arena *arena, struct err *err,
	       void *row)
{
	memset(row, 0, table->row_size);
	for (int i = 0; i < table->n_cols; i++) {
		const struct col *col = &table->cols[i];
		char *to = (char *)row + col->offset;
		int from = first_column + i;
		struct text t = { PQgetvalue(result, at, from), (size_t)PQgetlength(result, at, from) };

		if (!PQgetisnull(result, at, from)) {
			if (!get_value(table, col, t, arena, err, to))
				return false;
		} else if (col->kind == COL_DATE) {
			memcpy(to, &(int32_t){ DATE_NONE }, sizeof(int32_t));
		} else if (col->kind != COL_MSG) {
			return bad_value(table, col, "NULL", err);
		}
	}
	return true;
}
