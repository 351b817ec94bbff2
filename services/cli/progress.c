/* progress: see progress.h. */
#include "cli/progress.h"

#include <unistd.h>

#define BAR_WIDTH   30
#define TERMINAL_MS 100
#define PLAIN_MS    5000

void progress_open(struct progress *p, const char *what, int64_t total)
{
	const char *term = getenv("TERM");

	*p = (struct progress){ .what = what, .total = total, .begun_ms = cli_now_ms(), .shown_ms = cli_now_ms() };
	p->terminal = isatty(STDERR_FILENO) == 1 && term != NULL && strcmp(term, "dumb") != 0;
}

double progress_seconds(const struct progress *p)
{
	return (double)(cli_now_ms() - p->begun_ms) / 1000;
}

static void show_bar(const struct progress *p)
{
	int filled = p->total > 0 ? (int)(MIN(p->done, p->total) * BAR_WIDTH / p->total) : 0;
	long seconds = (long)progress_seconds(p);

	fprintf(stderr, "\r\033[K%s ", p->what);
	if (p->total > 0) {
		fputc('[', stderr);
		for (int i = 0; i < BAR_WIDTH; i++)
			fputc(i < filled ? '#' : '.', stderr);
		fprintf(stderr, "] %lld/%lld", (long long)p->done, (long long)p->total);
	}
	fprintf(stderr, " %s %ld:%02ld", p->detail, seconds / 60, seconds % 60);
}

static void show_line(const struct progress *p)
{
	if (p->total > 0)
		fprintf(stderr, "%s %lld/%lld %s after %.0f s\n", p->what, (long long)p->done, (long long)p->total, p->detail,
			progress_seconds(p));
	else
		fprintf(stderr, "%s %s after %.0f s\n", p->what, p->detail, progress_seconds(p));
}

void progress_set(struct progress *p, int64_t done, const char *detail)
{
	int64_t now = cli_now_ms();

	p->done = done;
	snprintf(p->detail, sizeof(p->detail), "%s", detail == NULL ? "" : detail);
	if (p->quiet || now - p->shown_ms < (p->terminal ? TERMINAL_MS : PLAIN_MS))
		return;
	p->shown_ms = now;
	p->shown = true;
	if (p->terminal)
		show_bar(p);
	else
		show_line(p);
}

void progress_close(struct progress *p)
{
	if (p->shown && p->terminal)
		fprintf(stderr, "\r\033[K");
	p->shown = false;
}
