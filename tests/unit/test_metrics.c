/* Registry, both text formats (promtool judges), and the admin port over a real socket. */
#include "metrics/metrics.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static bool written(const char *expected, enum metrics_format format)
{
	_cleanup_(buf_free) struct buf out = { 0 };

	metrics_write(&out, format);
	if (text_find(buf_text(&out), text_of(expected)) != TEXT_NOT_FOUND)
		return true;
	print_message("not there: %s\nin:\n%s", expected, out.s);
	return false;
}

static bool absent(const char *unexpected)
{
	_cleanup_(buf_free) struct buf out = { 0 };

	metrics_write(&out, METRICS_TEXT);
	return text_find(buf_text(&out), text_of(unexpected)) == TEXT_NOT_FOUND;
}

static void counters_and_gauges(void **state)
{
	(void)state;
	struct metric *a = metrics_counter("openitem_messaging_consumed_messages_total", "Records read.", "topic=\"a\"");
	struct metric *b = metrics_counter("openitem_messaging_consumed_messages_total", "Records read.", "topic=\"b\"");
	struct metric *lag = metrics_gauge("openitem_projection_lag_seconds", "Age of the last event.", NULL);
	struct metric *money = metrics_gauge("openitem_unapplied_cash_minor_units", "Unapplied.", "currency=\"JPY\"");

	assert_ptr_equal(a, metrics_counter("openitem_messaging_consumed_messages_total", "Records read.", "topic=\"a\""));
	assert_ptr_not_equal(a, b);
	metric_add(a, 3);
	metric_add(a, 4);
	metric_raise(b, 10);
	metric_raise(b, 8);
	metric_set(lag, 0.25);
	metric_move(lag, -0.5);
	metric_set(money, 9007199254740991.0);
	assert_true(metric_value(a) == 7 && metric_value(b) == 10 && metric_value(lag) == -0.25);
	assert_true(written("# HELP openitem_messaging_consumed_messages_total Records read.\n"
			    "# TYPE openitem_messaging_consumed_messages_total counter\n"
			    "openitem_messaging_consumed_messages_total{topic=\"a\"} 7\n"
			    "openitem_messaging_consumed_messages_total{topic=\"b\"} 10\n",
			    METRICS_TEXT));
	assert_true(written("# TYPE openitem_messaging_consumed_messages counter\n"
			    "openitem_messaging_consumed_messages_total{topic=\"a\"} 7\n",
			    METRICS_OPENMETRICS));
	assert_true(written("openitem_projection_lag_seconds -0.25\n", METRICS_TEXT));
	assert_true(written("openitem_unapplied_cash_minor_units{currency=\"JPY\"} 9007199254740991\n", METRICS_TEXT));
	metric_hide(b);
	assert_true(absent("topic=\"b\""));
	metric_add(b, 1);
	assert_true(written("{topic=\"b\"} 11\n", METRICS_TEXT));
	metric_hide(lag);
	assert_true(absent("openitem_projection_lag_seconds"));
}

static void histograms(void **state)
{
	(void)state;
	static const double bounds[] = { 0.5, 1, 10 };
	struct metric *h = metrics_histogram("openitem_test_size_bytes", "Sizes.", "op=\"x\"", bounds, 3);
	struct metric *t = metrics_histogram("openitem_messaging_process_duration_seconds", "Time.", "", NULL, 0);

	metric_observe(h, 0.5); /* le is inclusive */
	metric_observe(h, 0.75);
	metric_observe(h, 11);
	metric_observe(t, 0.003);
	assert_true(metric_value(h) == 3);
	assert_true(written("openitem_test_size_bytes_bucket{op=\"x\",le=\"0.5\"} 1\n"
			    "openitem_test_size_bytes_bucket{op=\"x\",le=\"1.0\"} 2\n"
			    "openitem_test_size_bytes_bucket{op=\"x\",le=\"10.0\"} 2\n"
			    "openitem_test_size_bytes_bucket{op=\"x\",le=\"+Inf\"} 3\n"
			    "openitem_test_size_bytes_sum{op=\"x\"} 12.25\n"
			    "openitem_test_size_bytes_count{op=\"x\"} 3\n",
			    METRICS_TEXT));
	assert_true(written("openitem_messaging_process_duration_seconds_bucket{le=\"0.0025\"} 0\n"
			    "openitem_messaging_process_duration_seconds_bucket{le=\"0.005\"} 1\n",
			    METRICS_TEXT));
}

static void labels_are_escaped(void **state)
{
	(void)state;
	char buf[METRICS_LABELS_MAX + 1], big[400];

	assert_string_equal(metrics_labels(buf, "a", "1", "b", "x\"\\\n", NULL), "a=\"1\",b=\"x\\\"\\\\\\n\"");
	assert_string_equal(metrics_labels(buf, NULL), "");
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	assert_string_equal(metrics_labels(buf, "a", "1", "b", big, NULL), "");
}

static void what_is_wrong_is_counted_not_shown(void **state)
{
	(void)state;
	struct metric *wrong[] = {
		metrics_counter("openitem_no_suffix", "x", ""),
		metrics_gauge("openitem_a_total", "x", ""),
		metrics_gauge("openitem bad", "x", ""),
		metrics_gauge("openitem_messaging_consumed_messages_total", "x", ""),
		metrics_gauge("0openitem", "x", ""),
	};
	struct metric *h = metrics_histogram("openitem_x_total", "x", "", NULL, 0);

	metric_add(wrong[0], 1);
	for (size_t i = 1; i < ARRAY_LEN(wrong); i++)
		metric_set(wrong[i], 1);
	metric_observe(h, 1);
	assert_true(written("openitem_metrics_dropped_total 6\n", METRICS_TEXT));
	assert_true(absent("openitem_no_suffix"));
}

/* As Prometheus itself would judge; its exit code is 3 for a bad name. */
static void promtool_accepts_it(void **state)
{
	(void)state;
	char path[] = "/tmp/oi-test-metrics-XXXXXX", command[100];
	int fd = mkstemp(path);
	_cleanup_(buf_free) struct buf out = { 0 };

	metrics_gauge("openitem_build_info", "What runs here.", "version=\"0.1.0\",revision=\"abc\"");
	metrics_write(&out, METRICS_TEXT);
	assert_int_equal(write(fd, out.s, out.n), out.n);
	close(fd);
	snprintf(command, sizeof(command), "promtool check metrics < %s", path);

	int status = system(command);

	if (status != 0)
		print_message("%s", out.s);
	unlink(path);
	assert_int_equal(status, 0);
	assert_true(written("process_resident_memory_bytes", METRICS_TEXT) && written("process_open_fds", METRICS_TEXT));
	assert_true(written("process_cpu_seconds_total", METRICS_TEXT) && written("process_start_time_seconds 1", METRICS_TEXT));
	out.n = 0;
	metrics_write(&out, METRICS_OPENMETRICS);
	assert_string_equal(out.s + out.n - 6, "# EOF\n");
}

/* ---- threads ---- */

#define THREADS 4
#define TIMES   20000

static void *add_many(void *arg)
{
	struct metric *c = metrics_counter("openitem_threads_total", "x", ""), *g = metrics_gauge("openitem_threads", "x", "");
	struct metric *h = metrics_histogram("openitem_threads_seconds", "x", "", NULL, 0);
	char labels[METRICS_LABELS_MAX + 1], number[16];

	for (int i = 0; i < TIMES; i++) {
		metric_add(c, 1);
		metric_move(g, 0.5);
		metric_observe(h, 0.001);
		if (i % 1000 == 0) {
			snprintf(number, sizeof(number), "%d", i);
			metric_set(metrics_gauge("openitem_threads_series", "x", metrics_labels(labels, "n", number, NULL)), i);
		}
	}
	return arg;
}

static void many_threads_lose_nothing(void **state)
{
	(void)state;
	pthread_t threads[THREADS];
	_cleanup_(buf_free) struct buf out = { 0 };

	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, add_many, NULL);
	for (int i = 0; i < 50; i++) {
		buf_clear(&out);
		metrics_write(&out, METRICS_TEXT);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_true(metric_value(metrics_counter("openitem_threads_total", "x", "")) == THREADS * TIMES);
	assert_true(metric_value(metrics_gauge("openitem_threads", "x", "")) == THREADS * TIMES * 0.5);
	assert_true(metric_value(metrics_histogram("openitem_threads_seconds", "x", "", NULL, 0)) == THREADS * TIMES);
}

/* ---- the admin port ---- */

static struct metrics_http *start(const char *listen_at, int live_max_s)
{
	struct metrics_http_conf conf = { .listen = listen_at, .service = "cash", .version = "0.1.0", .live_max_s = live_max_s };
	struct metrics_http *h = NULL;
	struct err err = { 0 };

	if (!metrics_http_start(&conf, &err, &h))
		fail_msg("%s", err.msg);
	return h;
}

static int connect_to(const struct metrics_http *h)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_port = htons(metrics_http_port(h)),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct timeval patience = { .tv_sec = 5 };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

/* The whole answer, in a static buffer; what came within 5 s. */
static const char *ask(const struct metrics_http *h, const char *request)
{
	static char answer[200000];
	int fd = connect_to(h);
	size_t n = 0;
	ssize_t got;

	send(fd, request, strlen(request), MSG_NOSIGNAL); /* what is too long is not read to its end */
	while ((got = read(fd, answer + n, sizeof(answer) - 1 - n)) > 0)
		n += (size_t)got;
	close(fd);
	answer[n] = '\0';
	return answer;
}

static const char *get(const struct metrics_http *h, const char *path)
{
	char request[200];

	snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", path);
	return ask(h, request);
}

static void expect(const char *answer, const char *status, const char *body)
{
	char line[40];

	snprintf(line, sizeof(line), "HTTP/1.1 %s ", status);
	if (strncmp(answer, line, strlen(line)) != 0 || strstr(answer, body) == NULL)
		fail_msg("expected %s %s, got %s", status, body, answer);
}

static void ready_names_what_is_missing(void **state)
{
	(void)state;
	struct metrics_http *h = start("127.0.0.1:0", 0);
	struct metrics_check *pg = metrics_check("postgres"), *lanes = metrics_check("assignment");

	expect(get(h, "/readyz"), "503", "{\"ready\":false,\"checks\":{\"postgres\":\"not yet\",\"assignment\":\"not yet\"}}");
	metrics_check_set(pg, NULL);
	metrics_check_set(lanes, "no \"partition\"");
	assert_false(metrics_is_ready());
	expect(get(h, "/readyz"), "503",
	       "{\"ready\":false,\"checks\":{\"postgres\":\"ok\",\"assignment\":\"no \\\"partition\\\"\"}}");
	metrics_check_set(lanes, NULL);
	assert_true(metrics_is_ready());
	assert_ptr_equal(pg, metrics_check("postgres"));
	expect(get(h, "/readyz"), "200", "{\"ready\":true,\"checks\":{\"postgres\":\"ok\",\"assignment\":\"ok\"}}");
	expect(get(h, "/metrics"), "200", "openitem_ready{check=\"postgres\"} 1");
	metrics_check_set(pg, "connection lost");
	expect(get(h, "/metrics"), "200", "openitem_ready{check=\"postgres\"} 0");
	metrics_http_stop(h);
}

static void live_needs_a_beat(void **state)
{
	(void)state;
	struct metrics_http *h = start("127.0.0.1:0", 1);

	metrics_beat();
	expect(get(h, "/livez"), "200", "{\"live\":true,\"beat_age_seconds\":0.");
	expect(get(h, "/healthz"), "200", "{\"live\":true");
	usleep(1300000);
	expect(get(h, "/livez"), "503", "{\"live\":false,\"beat_age_seconds\":1.");
	metrics_beat();
	expect(get(h, "/livez"), "200", "\"live\":true");
	metrics_http_stop(h);
}

static void both_formats_and_the_rest(void **state)
{
	(void)state;
	struct metrics_http *h = start("127.0.0.1:0", 0);

	expect(get(h, "/metrics"), "200", "Content-Type: text/plain; version=0.0.4");
	expect(ask(h, "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
		      "Accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5\r\n\r\n"),
	       "200", "Content-Type: application/openmetrics-text; version=1.0.0");
	expect(get(h, "/version"), "200", "{\"service\":\"cash\",\"version\":\"0.1.0\"}");
	expect(get(h, "/nothing"), "404", "/readyz");
	expect(ask(h, "POST /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi"), "405",
	       "Allow: GET, HEAD");
	expect(ask(h, "HEAD /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), "200", "Content-Length: ");
	metrics_http_stop(h);
	metrics_http_stop(NULL);
}

/* They never finish their request, and are never silent for as long as the server's own limit. */
static void slow_clients_make_room(void **state)
{
	(void)state;
	struct metrics_http *h = start("127.0.0.1:0", 0);
	int slow[200];

	for (size_t i = 0; i < ARRAY_LEN(slow); i++) {
		slow[i] = connect_to(h);
		assert_int_equal(write(slow[i], "GET /", 5), 5);
		if (i % 20 == 19)
			expect(get(h, "/livez"), "200", "live");
	}
	for (size_t i = 0; i < ARRAY_LEN(slow); i++)
		close(slow[i]);
	expect(get(h, "/livez"), "200", "live");
	metrics_http_stop(h);
}

static void what_is_no_request(void **state)
{
	(void)state;
	static char big[100000];
	struct metrics_http *h = start("127.0.0.1:0", 0);
	const char *const bad[] = { "\r\n\r\n", "GET\r\n\r\n", "\x16\x03\x01\x02", "GET /livez HTTP/9.9\r\n\r\n",
				    "GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" };

	memset(big, 'a', sizeof(big) - 1);
	memcpy(big, "GET /livez HTTP/1.1\r\nx: ", 24);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		int fd = connect_to(h);

		assert_int_equal(write(fd, bad[i], strlen(bad[i])), strlen(bad[i]));
		close(fd);
	}
	expect(ask(h, bad[4]), "404", "there is");
	assert_null(strstr(ask(h, big), "200 OK")); /* 16 KiB are enough for anybody */
	expect(get(h, "/livez"), "200", "live");
	metrics_http_stop(h);
}

static void an_address_in_use_says_so(void **state)
{
	(void)state;
	struct metrics_http *h = start("127.0.0.1:0", 0), *second = NULL;
	char taken[40];
	struct err err = { 0 };
	const char *const wrong[] = { taken, "nonsense", "127.0.0.1:http-not", "256.0.0.1:80" };

	snprintf(taken, sizeof(taken), "127.0.0.1:%u", metrics_http_port(h));
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct metrics_http_conf conf = { .listen = wrong[i] };

		assert_false(metrics_http_start(&conf, &err, &second));
		assert_int_equal(err.class, ERR_FATAL);
		assert_string_equal(err.code, "admin_listen");
		assert_non_null(strstr(err.msg, wrong[i]));
	}
	metrics_http_stop(h);
	h = start(":0", 0);
	expect(get(h, "/livez"), "200", "live");
	metrics_http_stop(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counters_and_gauges),       cmocka_unit_test(histograms),
		cmocka_unit_test(labels_are_escaped),        cmocka_unit_test(what_is_wrong_is_counted_not_shown),
		cmocka_unit_test(many_threads_lose_nothing), cmocka_unit_test(ready_names_what_is_missing),
		cmocka_unit_test(live_needs_a_beat),         cmocka_unit_test(both_formats_and_the_rest),
		cmocka_unit_test(an_address_in_use_says_so), cmocka_unit_test(promtool_accepts_it),
		cmocka_unit_test(slow_clients_make_room),    cmocka_unit_test(what_is_no_request),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
