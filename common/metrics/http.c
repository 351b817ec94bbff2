/* The admin port (libmicrohttpd 0.9.75). */
#include "metrics/metrics_priv.h"

#include <microhttpd.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTIONS_MAX  32
#define CONNECTIONS_KEPT 16 /* more, and the oldest goes */
#define TIMEOUT_S        10
#define LIVE_MAX_S       60
#define CONNECTION_BYTES 16384

struct metrics_http {
	struct MHD_Daemon *daemon;
	int open[CONNECTIONS_MAX]; /* sockets, the oldest first; of the server's thread */
	size_t open_n;
	uint16_t port;
	double live_max_s;
	struct buf version;
};

#define TYPE_JSON "application/json; charset=utf-8"
#define TYPE_TEXT "text/plain; version=0.0.4; charset=utf-8"
#define TYPE_OPEN "application/openmetrics-text; version=1.0.0; charset=utf-8"

/* ---- bodies ---- */

static unsigned int live_body(const struct metrics_http *h, struct buf *out)
{
	double age_s = metrics_beat_age_s();
	bool live = age_s <= h->live_max_s;

	buf_printf(out, "{\"live\":%s,\"beat_age_seconds\":%.3f}\n", live ? "true" : "false", age_s);
	return live ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE;
}

/* ready is what the checks in the body say, not asked a second time. */
static unsigned int ready_body(struct buf *out)
{
	_cleanup_(buf_free) struct buf checks = { 0 };
	uint32_t n = atomic_load_explicit(&metrics_checks_n, memory_order_acquire);
	bool ready = true;

	for (uint32_t i = 0; i < n; i++) {
		const char *problem = atomic_load(&metrics_checks[i].problem);

		if (i > 0)
			buf_addc(&checks, ',');
		buf_json_string(&checks, text_of(metrics_checks[i].name));
		buf_addc(&checks, ':');
		buf_json_string(&checks, text_of(problem == NULL ? "ok" : problem));
		ready = ready && problem == NULL;
	}
	buf_printf(out, "{\"ready\":%s,\"checks\":{", ready ? "true" : "false");
	buf_add(out, buf_text(&checks));
	buf_adds(out, "}}\n");
	return ready ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE;
}

static void version_body(struct buf *out, const struct metrics_http_conf *conf)
{
	const char *const names[] = { "service", "instance", "version", "revision" };
	const char *const values[] = { conf->service, conf->instance, conf->version, conf->revision };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (values[i] == NULL)
			continue;
		buf_printf(out, "%s\"%s\":", out->n == 0 ? "{" : ",", names[i]);
		buf_json_string(out, text_of(values[i]));
	}
	buf_adds(out, out->n == 0 ? "{}\n" : "}\n");
}

/* ---- requests ---- */

static enum MHD_Result respond(struct MHD_Connection *connection, unsigned int status, const char *type, struct buf *body)
{
	if (body->s == NULL)
		buf_adds(body, "");

	struct MHD_Response *response = MHD_create_response_from_buffer(body->n, body->s, MHD_RESPMEM_MUST_FREE);

	if (response == NULL) {
		buf_free(body);
		return MHD_NO;
	}
	/* The response owns the bytes now. */
	*body = (struct buf){ 0 };
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");

	enum MHD_Result result = MHD_queue_response(connection, status, response);

	MHD_destroy_response(response);
	return result;
}

static unsigned int metrics_body(const char *accept, struct buf *out, const char **ret_type)
{
	bool open = accept != NULL && strstr(accept, "application/openmetrics-text") != NULL;

	*ret_type = open ? TYPE_OPEN : TYPE_TEXT;
	metrics_write(out, open ? METRICS_OPENMETRICS : METRICS_TEXT);
	return MHD_HTTP_OK;
}

unsigned int metrics_http_answer(const struct metrics_http *h, const char *method, const char *url, const char *accept,
				 struct buf *body, const char **ret_type)
{
	*ret_type = TYPE_JSON;
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
		buf_adds(body, "{\"error\":\"GET only\"}\n");
		return MHD_HTTP_METHOD_NOT_ALLOWED;
	}
	if (strcmp(url, "/livez") == 0 || strcmp(url, "/healthz") == 0)
		return live_body(h, body);
	if (strcmp(url, "/readyz") == 0)
		return ready_body(body);
	if (strcmp(url, "/metrics") == 0)
		return metrics_body(accept, body, ret_type);
	if (strcmp(url, "/version") == 0) {
		buf_add(body, buf_text(&h->version));
		return MHD_HTTP_OK;
	}
	buf_adds(body, "{\"error\":\"there is /livez /readyz /healthz /metrics /version\"}\n");
	return MHD_HTTP_NOT_FOUND;
}

/* A body that a stranger uploads is never looked at. */
static enum MHD_Result handle(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
			      const char *version, const char *upload_data, size_t *upload_data_size, void **con_cls)
{
	const char *accept = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT), *type;
	struct buf body = { 0 };
	unsigned int status;

	(void)version;
	(void)upload_data;
	(void)con_cls;
	*upload_data_size = 0;
	status = metrics_http_answer(cls, method, url, accept, &body, &type);
	return respond(connection, status, type, &body);
}

/* ---- connections ---- */

static int socket_of(struct MHD_Connection *connection)
{
	return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
}

/*
 * The server's time limit is about silence: a client that sends a byte a second would keep its connection for hours, and a few of them
 * the port. So whoever has been here longest makes room: an answer takes milliseconds. Once for each connection, in the server's thread.
 */
static void connection_changed(void *cls, struct MHD_Connection *connection, void **context,
			       enum MHD_ConnectionNotificationCode code)
{
	struct metrics_http *h = cls;
	int fd = socket_of(connection);
	size_t n = 0;

	(void)context;
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		if (h->open_n == CONNECTIONS_MAX)
			return;
		h->open[h->open_n++] = fd;
		if (h->open_n > CONNECTIONS_KEPT)
			shutdown(h->open[h->open_n - 1 - CONNECTIONS_KEPT], SHUT_RDWR); /* closed when the server sees it */
		return;
	}
	for (size_t i = 0; i < h->open_n; i++)
		if (h->open[i] != fd)
			h->open[n++] = h->open[i];
	h->open_n = n;
}

/* ---- start and stop ---- */

static bool bad_listen(struct err *err, const char *listen, const char *why)
{
	return err_set(err, ERR_FATAL, "admin_listen", "cannot listen on \"%s\": %s", listen, why);
}

/* Bound and listening, or -1 with *err. We bind ourselves: MHD does not say why it could not. */
static int listen_on(const char *listen_at, struct err *err)
{
	const char *colon = strrchr(listen_at, ':');
	char host[256];
	size_t n = colon == NULL ? 0 : (size_t)(colon - listen_at);
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE }, *list = NULL;

	if (colon == NULL || n >= sizeof(host)) {
		bad_listen(err, listen_at, "expected host:port");
		return -1;
	}
	memcpy(host, listen_at, n);
	host[n] = '\0';

	bool bracketed = n >= 2 && host[0] == '[' && host[n - 1] == ']';

	if (bracketed)
		host[n - 1] = '\0';

	int failed = getaddrinfo(n == 0 ? NULL : host + bracketed, colon + 1, &hints, &list);

	if (failed != 0) {
		bad_listen(err, listen_at, gai_strerror(failed));
		return -1;
	}

	int fd = socket(list->ai_family, list->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1;

	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (fd < 0 || bind(fd, list->ai_addr, list->ai_addrlen) != 0 || listen(fd, CONNECTIONS_MAX) != 0) {
		bad_listen(err, listen_at, strerror(errno));
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	freeaddrinfo(list);
	return fd;
}

static uint16_t port_of(int fd)
{
	struct sockaddr_storage at;
	socklen_t n = sizeof(at);

	if (getsockname(fd, (struct sockaddr *)&at, &n) != 0)
		return 0;
	return ntohs(at.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&at)->sin6_port : ((struct sockaddr_in *)&at)->sin_port);
}

/* Its thread inherits the mask: signals belong to the main thread. */
static struct MHD_Daemon *start_daemon(struct metrics_http *h, int fd)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);

	struct MHD_Daemon *daemon =
		MHD_start_daemon(MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, handle, h, MHD_OPTION_LISTEN_SOCKET,
				 fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned int)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
				 (unsigned int)TIMEOUT_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
				 MHD_OPTION_NOTIFY_CONNECTION, connection_changed, h, MHD_OPTION_END);

	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return daemon;
}

bool metrics_http_start(const struct metrics_http_conf *conf, struct err *err, struct metrics_http **ret_http)
{
	int fd = listen_on(conf->listen, err);

	if (fd < 0)
		return false;

	struct metrics_http *h = calloc(1, sizeof(*h));

	CHECK(h != NULL);
	h->port = port_of(fd);
	h->live_max_s = conf->live_max_s > 0 ? conf->live_max_s : LIVE_MAX_S;
	version_body(&h->version, conf);
	metrics_beat_age_s(); /* the age counts from here until the loop beats */
	h->daemon = start_daemon(h, fd);
	if (h->daemon == NULL) {
		close(fd);
		buf_free(&h->version);
		free(h);
		return bad_listen(err, conf->listen, "the HTTP server did not start");
	}
	*ret_http = h;
	return true;
}

void metrics_http_stop(struct metrics_http *h)
{
	if (h == NULL)
		return;
	MHD_stop_daemon(h->daemon);
	buf_free(&h->version);
	free(h);
}

uint16_t metrics_http_port(const struct metrics_http *h)
{
	return h->port;
}
