/* What is wrong with the environment as a whole, and --print-config. */
#include "conf/conf_priv.h"

/* What deploy/ and tests/ use in the same environment. OPENITEM_KAFKA_* is librdkafka's (bus/bus.h). */
static const char *const always_allowed[] = {
	KAFKA_PREFIX "*", PREFIX "HOME",   PREFIX "CACHE",  PREFIX "SERVICE_ENV", PREFIX "SKIP_INSTALL",
	PREFIX "STEP_T0", PREFIX "DEMO_*", PREFIX "TEST_*", PREFIX "BENCH_*",
};

static const char *const services[] = { "INTAKE", "BILLING", "CASH", "COLLECTIONS", "REPORTING", "OPERATOR" };

void conf_allow(struct conf *c, const char *pattern)
{
	CHECK(c->allowed_n < ALLOWED_MAX);
	c->allowed[c->allowed_n++] = text_cstr(c->arena, text_of(pattern));
}

static bool matches(struct text name, const char *pattern)
{
	struct text p = text_of(pattern);

	if (p.n > 0 && p.s[p.n - 1] == '*')
		return text_starts(name, (struct text){ p.s, p.n - 1 });
	return text_eq(name, p);
}

static bool is_others(const struct conf *c, struct text name)
{
	for (size_t i = 0; i < ARRAY_LEN(always_allowed); i++) {
		if (matches(name, always_allowed[i]))
			return true;
	}
	for (size_t i = 0; i < c->allowed_n; i++) {
		if (matches(name, c->allowed[i]))
			return true;
	}
	if (text_starts(name, c->own))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(services); i++) {
		char pattern[64];

		snprintf(pattern, sizeof(pattern), PREFIX "%s_*", services[i]);
		if (matches(name, pattern))
			return true;
	}
	return false;
}

/* Levenshtein distance of names, at most DISTANCE_NAME_MAX bytes of each. */
#define DISTANCE_NAME_MAX 64

static size_t distance(struct text a, struct text b)
{
	size_t row[DISTANCE_NAME_MAX + 1];
	size_t a_n = MIN(a.n, (size_t)DISTANCE_NAME_MAX), b_n = MIN(b.n, (size_t)DISTANCE_NAME_MAX);

	for (size_t j = 0; j <= b_n; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_n; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b_n; j++) {
			size_t change = diagonal + (a.s[i - 1] != b.s[j - 1]);
			size_t gap = MIN(row[j], row[j - 1]) + 1;

			diagonal = row[j];
			row[j] = MIN(change, gap);
		}
	}
	return row[b_n];
}

#define DISTANCE_CLOSE 3

static const char *nearest(const struct conf *c, struct text name)
{
	const char *best = NULL;
	size_t best_distance = DISTANCE_CLOSE + 1;

	for (size_t i = 0; i < c->settings_n; i++) {
		size_t d = distance(name, text_of(c->settings[i].name));

		if (d < best_distance) {
			best = c->settings[i].name;
			best_distance = d;
		}
	}
	return best;
}

static bool is_asked(const struct conf *c, struct text name)
{
	for (size_t i = 0; i < c->settings_n; i++) {
		if (text_eq(name, text_of(c->settings[i].name)))
			return true;
	}
	return false;
}

bool conf_finish(struct conf *c)
{
	for (char *const *e = c->env; e != NULL && *e != NULL; e++) {
		const char *equals = strchr(*e, '=');

		if (equals == NULL || !text_starts(text_of(*e), TEXT(PREFIX)))
			continue;

		struct text name = { *e, (size_t)(equals - *e) };

		if (is_asked(c, name) || is_others(c, name))
			continue;

		const char *near = nearest(c, name);
		const char *cname = text_cstr(c->arena, name);

		if (near != NULL)
			conf_add_problem(c, cname, "no such setting; did you mean %s?", near);
		else
			conf_add_problem(c, cname, "no such setting");
	}
	return c->problems_n == 0;
}

/* ---- --print-config ---- */

/* In single quotes unless it is a plain word. */
static void add_shell_word(struct buf *out, const char *value)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./:,@%+=[]";

	if (value[0] != '\0' && strspn(value, plain) == strlen(value) && strpbrk(value, "[]") == NULL) {
		buf_adds(out, value);
		return;
	}
	buf_addc(out, '\'');
	for (const char *s = value; *s != '\0'; s++) {
		if (*s == '\'')
			buf_adds(out, "'\\''");
		else
			buf_addc(out, *s);
	}
	buf_addc(out, '\'');
}

/* Of librdkafka's properties. */
static bool is_secret_name(struct text name)
{
	static const char *const words[] = { "PASSWORD", "SECRET", "JAAS", "OAUTHBEARER_CONFIG", "_PEM", "TOKEN" };
	static const char file[] = "_FILE";

	if (name.n > 5 && memcmp(name.s + name.n - 5, file, 5) == 0)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (text_find(name, text_of(words[i])) != TEXT_NOT_FOUND)
			return true;
	}
	return false;
}

bool conf_has_password(const char *value)
{
	const char *scheme = strstr(value, "://");
	const char *at = scheme == NULL ? NULL : strchr(scheme, '@');
	const char *colon = scheme == NULL ? NULL : strchr(scheme + 3, ':');

	for (const char *s = strcasestr(value, "password"); s != NULL; s = strcasestr(s + 1, "password"))
		if (s[8 + strspn(s + 8, " \t\r\n")] == '=') /* libpq takes blanks there */
			return true;
	return at != NULL && colon != NULL && colon < at;
}

static void add_value(struct buf *out, const char *value, bool secret)
{
	if (secret || conf_has_password(value))
		buf_adds(out, "'***'");
	else
		add_shell_word(out, value);
}

void conf_print(const struct conf *c, struct buf *out)
{
	for (size_t i = 0; i < c->settings_n; i++) {
		const struct setting *s = &c->settings[i];

		if (s->value == NULL || (s->secret && !s->given))
			continue;
		buf_printf(out, "%s=", s->name);
		add_value(out, s->value, s->secret);
		buf_adds(out, s->given ? "\n" : " # default\n");
	}
	for (char *const *e = c->env; e != NULL && *e != NULL; e++) {
		const char *equals = strchr(*e, '=');

		if (equals == NULL || !text_starts(text_of(*e), TEXT(KAFKA_PREFIX)))
			continue;

		struct text name = { *e, (size_t)(equals - *e) };

		if (is_asked(c, name))
			continue;
		buf_add(out, name);
		buf_addc(out, '=');
		add_value(out, equals + 1, is_secret_name(name));
		buf_addc(out, '\n');
	}
}
