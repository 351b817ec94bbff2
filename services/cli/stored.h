/* stored: records as the databases hold them. Pure. */
#ifndef CLI_STORED_H
#define CLI_STORED_H

#include "arena/arena.h"
#include "cli/cli.h"
#include "text/text.h"
#include "wire/wire.h"

/* PostgreSQL's text of a bytea, "\x00ff", as bytes in the arena. False: something else. */
bool stored_bytes(struct text t, struct arena *a, struct text *ret_bytes);

#endif
