/*
 * fuzz_replay: every file of corpus/<target> and regressions/<target> through its target.
 *	fuzz_replay DIR [TARGET...]     all targets, or these; one `ok` line each
 *	fuzz_replay --list              names and longest inputs, for tests/fuzz/run
 *	fuzz_replay --random TARGET N SEED     N inputs of random bytes, many of them small or 255: for `books`, whose inputs are choices.
 *	                                One that dies is left in ./random-crash
 * A file that crashes ends the program by SIGABRT, with its name as the last line on stderr.
 */
#include "fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *current = "";
static char random_input[4096];
static size_t random_n;

/* So that every finding ends in SIGABRT, where the file is named. */
const char *__asan_default_options(void);
const char *__ubsan_default_options(void);

const char *__asan_default_options(void)
{
	return "abort_on_error=1";
}

const char *__ubsan_default_options(void)
{
	return "abort_on_error=1:print_stacktrace=1";
}

static void say_where(int number)
{
	static const char head[] = "fuzz_replay: died at ";

	(void)!write(STDERR_FILENO, head, sizeof(head) - 1);
	(void)!write(STDERR_FILENO, current, strlen(current));
	(void)!write(STDERR_FILENO, "\n", 1);
	if (random_n > 0) {
		int fd = open("random-crash", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

		(void)!write(fd, random_input, random_n);
	}
	signal(number, SIG_DFL);
	raise(number);
}

static void replay_file(const struct fuzz_target *target, const char *path)
{
	FILE *f = fopen(path, "rbe");
	struct stat st;

	current = path;
	CHECK(f != NULL && fstat(fileno(f), &st) == 0);

	size_t n = (size_t)st.st_size;
	char *bytes = malloc(n + 1);

	CHECK(bytes != NULL && fread(bytes, 1, n, f) == n);
	fclose(f);
	fuzz_one(target, bytes, n);
	free(bytes);
}

static int replay_dir(const struct fuzz_target *target, const char *dir, const char *kind)
{
	char path[4096];
	struct dirent **list;
	int n, files = 0;

	snprintf(path, sizeof(path), "%s/%s/%s", dir, kind, target->name);
	n = scandir(path, &list, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		if (list[i]->d_name[0] != '.') {
			snprintf(path, sizeof(path), "%s/%s/%s/%s", dir, kind, target->name, list[i]->d_name);
			replay_file(target, path);
			files++;
		}
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	return files;
}

static bool replay(const struct fuzz_target *target, const char *dir)
{
	int files;

	fuzz_one(target, "", 0);
	files = replay_dir(target, dir, "corpus") + replay_dir(target, dir, "regressions");
	printf("%s - %s: %d files\n", files > 0 ? "ok" : "not ok", target->name, files);
	fflush(stdout);
	return files > 0;
}

/* splitmix64 (Vigna, public domain). */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static int replay_random(const struct fuzz_target *target, uint64_t n, uint64_t seed)
{
	char name[64];

	current = name;
	for (uint64_t i = 0; i < n; i++) {
		uint64_t state = seed + i;

		snprintf(name, sizeof(name), "seed %llu", (unsigned long long)(seed + i));
		random_n = 1 + next_random(&state) % MIN(target->max_len, sizeof(random_input));
		for (size_t k = 0; k < random_n; k++) {
			uint64_t r = next_random(&state);

			random_input[k] = (char)(r % 16 == 0 ? 255 : r % 16 < 6 ? r >> 8 & 3 : r >> 8);
		}
		fuzz_one(target, random_input, random_n);
	}
	printf("ok - %s: %llu random inputs\n", target->name, (unsigned long long)n);
	return 0;
}

static int random_main(char **argv)
{
	const struct fuzz_target *target = fuzz_find(argv[0]);
	uint64_t n, seed;

	if (target == NULL || !text_parse_u64(text_of(argv[1]), &n) || !text_parse_u64(text_of(argv[2]), &seed)) {
		fprintf(stderr, "usage: fuzz_replay --random TARGET N SEED\n");
		return 2;
	}
	return replay_random(target, n, seed);
}

int main(int argc, char **argv)
{
	bool fine = true;

	if (argc == 2 && strcmp(argv[1], "--list") == 0) {
		for (size_t i = 0; i < fuzz_targets_n; i++)
			printf("%s %zu\n", fuzz_targets[i].name, fuzz_targets[i].max_len);
		return 0;
	}
	if (argc == 5 && strcmp(argv[1], "--random") == 0) {
		signal(SIGABRT, say_where);
		return random_main(argv + 2);
	}
	if (argc < 2) {
		fprintf(stderr, "usage: fuzz_replay DIR [TARGET...]\n");
		return 2;
	}
	signal(SIGABRT, say_where);
	for (size_t i = 0; i < fuzz_targets_n; i++) {
		bool wanted = argc == 2;

		for (int k = 2; k < argc; k++)
			wanted = wanted || strcmp(argv[k], fuzz_targets[i].name) == 0;
		fine = (!wanted || replay(&fuzz_targets[i], argv[1])) && fine;
	}
	return fine ? 0 : 1;
}
