/* The admin port, as far as it is ours: method, path and Accept header, one per line, as libmicrohttpd hands them over (C strings). */
#include "targets.h"

#include "metrics/metrics_priv.h"

static const char *take_cstr(struct text *rest, struct arena *arena)
{
	size_t n = text_find(*rest, TEXT("\n"));
	struct text line = { rest->s, n == TEXT_NOT_FOUND ? rest->n : n };
	size_t used = MIN(line.n + 1, rest->n);
	const char *s = text_cstr(arena, line);

	*rest = (struct text){ rest->s + used, rest->n - used };
	return arena_dup(arena, s, strlen(s) + 1);
}

static const struct metrics_http *server(void)
{
	static struct metrics_http *http;
	struct err err;
	const struct metrics_http_conf conf = {
		.listen = "127.0.0.1:0", .service = "fuzz", .instance = "\"\\\n\033[2J", .version = "0"
	};

	if (http == NULL) {
		MUST(metrics_http_start(&conf, &err, &http), "%s", err.msg);
		(void)metrics_counter("openitem_fuzz_total", "A counter.", "a=\"b\"");
	}
	return http;
}

void target_http(struct text bytes, struct arena *arena)
{
	const char *method = take_cstr(&bytes, arena), *url = take_cstr(&bytes, arena), *accept = take_cstr(&bytes, arena),
		   *type = NULL;
	_cleanup_(buf_free) struct buf body = { 0 };
	unsigned int status = metrics_http_answer(server(), method, url, accept[0] == '\0' ? NULL : accept, &body, &type);
	struct text shown = buf_text(&body);

	MUST(status == 200 || status == 404 || status == 405 || status == 503, "%u", status);
	MUST(type != NULL && shown.n > 0, "no body");
	MUST(text_is_utf8(shown, TEXT_NO_NUL), "a body that is not UTF-8");
	/* Nothing of the request comes back. */
	MUST(status == 200 || status == 503 || url[0] == '\0' || strlen(url) < 12 || strstr(shown.s, url) == NULL, "echoed");
}
