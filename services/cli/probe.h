/* probe: does anybody listen at host:port, and what does it say about itself? For status and for messages; no loop uses it. */
#ifndef CLI_PROBE_H
#define CLI_PROBE_H

#include "base/base.h"

/* Tries to connect for half a second at most. "" as host is 127.0.0.1. */
bool probe_listens(const char *address);

/* A connected socket, or -1 with errno. Sends and receives give up after timeout_ms. */
int probe_connect(const char *address, int timeout_ms);

/* GET path: the status code, and the begin of the body in ret_body. 0: nobody answers. */
int probe_http(const char *address, const char *path, char *ret_body, size_t size);

/* Redis: its version. user and password may be "". False: *ret_version holds the reason instead, never the password. */
bool probe_redis(const char *address, const char *user, const char *password, char *ret_version, size_t size);

#endif
