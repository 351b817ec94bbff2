/* probe: see probe.h. */
#include "cli/probe.h"

#include <errno.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define LISTENS_MS 500

/* "host:port", "[v6]:port", ":port". */
static bool split(const char *address, char host[256], char port[16])
{
	const char *colon = strrchr(address, ':');
	size_t n = colon == NULL ? 0 : (size_t)(colon - address);

	if (colon == NULL || n >= 256 || snprintf(port, 16, "%s", colon + 1) >= 16)
		return false;
	if (n >= 2 && address[0] == '[' && address[n - 1] == ']') {
		address++;
		n -= 2;
	}
	memcpy(host, address, n);
	host[n] = '\0';
	if (n == 0)
		snprintf(host, 256, "127.0.0.1");
	return true;
}

int probe_connect(const char *address, int timeout_ms)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list = NULL;
	struct timeval limit = { timeout_ms / 1000, timeout_ms % 1000 * 1000 };
	char host[256], port[16];
	int fd = -1;

	if (!split(address, host, port) || getaddrinfo(host, port, &hints, &list) != 0) {
		errno = EINVAL;
		return -1;
	}
	for (const struct addrinfo *ai = list; ai != NULL && fd < 0; ai = ai->ai_next) {
		fd = socket(ai->ai_family, ai->ai_socktype | SOCK_CLOEXEC, ai->ai_protocol);
		if (fd < 0)
			continue;
		/* On Linux the send timeout bounds connect too. */
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
		if (connect(fd, ai->ai_addr, ai->ai_addrlen) != 0) {
			int why = errno;

			close(fd);
			errno = why;
			fd = -1;
		}
	}
	freeaddrinfo(list);
	return fd;
}

bool probe_listens(const char *address)
{
	int fd = probe_connect(address, LISTENS_MS);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* Until the other side closes, or the answer is long enough, or its time is up. */
static size_t read_answer(int fd, char *answer, size_t size, const char *until)
{
	size_t n = 0;
	ssize_t got;

	answer[0] = '\0';
	while (n + 1 < size && (got = recv(fd, answer + n, size - n - 1, 0)) > 0) {
		n += (size_t)got;
		answer[n] = '\0';
		if (until != NULL && strstr(answer, until) != NULL)
			break;
	}
	return n;
}

int probe_http(const char *address, const char *path, char *ret_body, size_t size)
{
	char request[512], answer[4096];
	int fd = probe_connect(address, LISTENS_MS), status = 0;
	const char *body;

	ret_body[0] = '\0';
	if (fd < 0)
		return 0;
	int n = snprintf(request, sizeof(request), "GET %s HTTP/1.0\r\nConnection: close\r\n\r\n", path);
	if (send(fd, request, (size_t)n, MSG_NOSIGNAL) == n && read_answer(fd, answer, sizeof(answer), NULL) > 12 &&
	    sscanf(answer, "HTTP/%*d.%*d %d", &status) == 1) {
		body = strstr(answer, "\r\n\r\n");
		snprintf(ret_body, size, "%s", body == NULL ? "" : body + 4);
	}
	close(fd);
	return status;
}

bool probe_redis(const char *address, const char *user, const char *password, char *ret_version, size_t size)
{
	char request[2048], answer[8192];
	int fd = probe_connect(address, LISTENS_MS), n = 0;
	const char *at;

	if (fd < 0) {
		snprintf(ret_version, size, "%s", strerror(errno));
		return false;
	}
	if (password[0] != '\0')
		n = snprintf(request, sizeof(request), "*3\r\n$4\r\nAUTH\r\n$%zu\r\n%s\r\n$%zu\r\n%s\r\n",
			     strlen(user[0] == '\0' ? "default" : user), user[0] == '\0' ? "default" : user, strlen(password),
			     password);
	if (n >= 0 && (size_t)n < sizeof(request) - 64)
		n += snprintf(request + n, sizeof(request) - (size_t)n, "*2\r\n$4\r\nINFO\r\n$6\r\nserver\r\n");
	if (send(fd, request, (size_t)n, MSG_NOSIGNAL) == n)
		read_answer(fd, answer, sizeof(answer), "uptime_in_days");
	else
		answer[0] = '\0';
	close(fd);
	at = strstr(answer, "redis_version:");
	if (at == NULL) {
		at = strchr(answer, '-'); /* an error reply */
		snprintf(ret_version, size, "%.*s", at == NULL ? 9 : (int)strcspn(at, "\r\n"), at == NULL ? "no answer" : at + 1);
		return false;
	}
	snprintf(ret_version, size, "%.*s", (int)strcspn(at + 14, "\r\n"), at + 14);
	return true;
}
