/* beside: a statement that a service asks for again and again, on a thread and a connection of its own. Private to common/run. */
#ifndef OPENITEM_RUN_BESIDE_H
#define OPENITEM_RUN_BESIDE_H

#include "run/run.h"

/* Starts it; nothing to do when what is NULL. One per process. conninfo must outlive it. */
void beside_start(const struct run_beside *what, const char *conninfo);
/* Ends it; waits for a statement that runs. Also when it was not started. */
void beside_stop(void);

#endif
