/* env: where settings come from. */
#include "cli/env.h"

#include <unistd.h>

#define HOME_MARKER    ".openitem-home"
#define LINE_MAX_BYTES 8192

const char *env_get(const char *name)
{
	const char *value = getenv(name);

	return value == NULL || value[0] == '\0' ? NULL : value;
}

/* ---- one line ---- */

static bool is_name(struct text t)
{
	for (size_t i = 0; i < t.n; i++) {
		char c = t.s[i];

		if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || (i > 0 && c >= '0' && c <= '9')))
			return false;
	}
	return t.n > 0;
}

bool env_parse(struct text line, struct text *ret_name, struct text *ret_value, bool *ret_bad)
{
	struct text t = text_trim(line), export = TEXT("export ");

	*ret_bad = false;
	if (text_empty(t) || t.s[0] == '#')
		return false;
	if (text_starts(t, export))
		t = text_trim((struct text){ t.s + export.n, t.n - export.n });

	size_t at = text_find(t, TEXT("="));
	struct text name = { t.s, at == TEXT_NOT_FOUND ? 0 : at }, value;

	*ret_bad = !is_name(name);
	if (*ret_bad)
		return false;
	value = (struct text){ t.s + at + 1, t.n - at - 1 };
	if (value.n > 0 && (value.s[0] == '"' || value.s[0] == '\'')) {
		*ret_bad = value.n < 2 || value.s[value.n - 1] != value.s[0];
		if (*ret_bad)
			return false;
		value = (struct text){ value.s + 1, value.n - 2 };
	}
	*ret_name = name;
	*ret_value = value;
	return text_starts(name, TEXT("OPENITEM_"));
}

/* ---- the file ---- */

static bool exists(const char *path)
{
	return access(path, R_OK) == 0;
}

/* "dir/name" into path; false when too long. */
static bool join(char path[ENV_PATH_MAX], const char *dir, const char *name)
{
	return snprintf(path, ENV_PATH_MAX, "%s/%s", dir, name) < ENV_PATH_MAX;
}

/* The file that a call without a slash meant, by PATH. */
static bool program_path(const char *argv0, char path[ENV_PATH_MAX])
{
	const char *dirs = getenv("PATH");

	if (strchr(argv0, '/') != NULL)
		return snprintf(path, ENV_PATH_MAX, "%s", argv0) < ENV_PATH_MAX;
	while (dirs != NULL && *dirs != '\0') {
		size_t n = strcspn(dirs, ":");
		char dir[ENV_PATH_MAX];

		if (n > 0 && n < sizeof(dir)) {
			memcpy(dir, dirs, n);
			dir[n] = '\0';
			if (join(path, dir, argv0) && access(path, X_OK) == 0)
				return true;
		}
		dirs += n + (dirs[n] == ':');
	}
	return false;
}

/* Called as HOME/bin/openitem, which is a link: the home is beside the link, not beside what it points to. */
static bool home_of_program(const char *argv0, char file[ENV_PATH_MAX])
{
	char path[ENV_PATH_MAX], up[ENV_PATH_MAX], marker[ENV_PATH_MAX];

	if (argv0 == NULL || !program_path(argv0, path))
		return false;
	*strrchr(path, '/') = '\0';
	if (!join(up, path[0] == '\0' ? "/" : path, "..") || !join(marker, up, HOME_MARKER) || !exists(marker))
		return false;

	char *real = realpath(up, NULL);
	bool ok = real != NULL && join(file, real, "env");

	free(real);
	return ok && exists(file);
}

static bool home_above(char file[ENV_PATH_MAX])
{
	char dir[ENV_PATH_MAX];

	if (getcwd(dir, sizeof(dir)) == NULL)
		return false;
	for (;;) {
		if (join(file, dir, ".openitem/env") && exists(file))
			return true;

		char *slash = strrchr(dir, '/');

		if (slash == NULL || dir[0] == '\0')
			return false;
		*slash = '\0';
	}
}

static bool find_file(const char *argv0, struct env *env)
{
	const char *home = env_get("OPENITEM_HOME");
	char cwd[ENV_PATH_MAX - 64];

	if (home != NULL) {
		bool fits = join(env->file, home, "env");

		snprintf(env->looked, sizeof(env->looked), "the environment and %.*s/env", ENV_PATH_MAX - 64, home);
		return fits && exists(env->file);
	}
	if (home_of_program(argv0, env->file) || home_above(env->file)) {
		snprintf(env->looked, sizeof(env->looked), "the environment and %.*s", ENV_PATH_MAX - 64, env->file);
		return true;
	}
	snprintf(env->looked, sizeof(env->looked), "the environment, and .openitem/env in %s and above",
		 getcwd(cwd, sizeof(cwd)) == NULL ? "." : cwd);
	return false;
}

static void take(const char *file, size_t number, struct text line)
{
	struct text name, value;
	bool bad;
	char name_z[256], value_z[LINE_MAX_BYTES];

	if (!env_parse(line, &name, &value, &bad)) {
		if (bad)
			fprintf(stderr, "openitem: %s:%zu: expected NAME=\"value\"\n", file, number);
		return;
	}
	if (name.n >= sizeof(name_z) || value.n >= sizeof(value_z))
		return;
	memcpy(name_z, name.s, name.n);
	name_z[name.n] = '\0';
	memcpy(value_z, value.s, value.n);
	value_z[value.n] = '\0';
	if (env_get(name_z) == NULL)
		setenv(name_z, value_z, 1);
}

void env_load(const char *argv0, struct env *ret)
{
	char line[LINE_MAX_BYTES];
	FILE *f;

	*ret = (struct env){ 0 };
	if (!find_file(argv0, ret)) {
		ret->file[0] = '\0';
		return;
	}
	f = fopen(ret->file, "re");
	if (f == NULL)
		return;
	for (size_t n = 1; fgets(line, sizeof(line), f) != NULL; n++)
		take(ret->file, n, text_of(line));
	fclose(f);
}
