/*
 * progress: how far long work is. On a terminal one line on stderr that is written over, with a bar and the time it took;
 * elsewhere a plain line now and then. Costs nothing to speak of: call it as often as you like.
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include "cli/cli.h"

struct progress {
	const char *what; /* "play" */
	int64_t total; /* 0: not known, no bar */
	int64_t done;
	int64_t begun_ms, shown_ms;
	bool terminal, shown, quiet;
	char detail[80];
};

void progress_open(struct progress *p, const char *what, int64_t total);
/* detail: "2026-03-31", "intake"; may be NULL. */
void progress_set(struct progress *p, int64_t done, const char *detail);
/* Takes the bar away (or ends with a last plain line). */
void progress_close(struct progress *p);
double progress_seconds(const struct progress *p);

#endif
