/* CloudEvents 1.0, structured mode: github.com/cloudevents/spec json-format.md. */
#include "json/inner.h"

/* In the order they are written. */
static const struct attribute {
	const char *name;
	size_t at;
	bool required;
} attributes[] = {
	{ "id", offsetof(struct cloud_event, id), true },
	{ "source", offsetof(struct cloud_event, source), true },
	{ "type", offsetof(struct cloud_event, type), true },
	{ "time", offsetof(struct cloud_event, time), false },
	{ "subject", offsetof(struct cloud_event, subject), false },
	{ "correlationid", offsetof(struct cloud_event, correlation_id), false },
	{ "causationid", offsetof(struct cloud_event, causation_id), false },
	{ "partitionkey", offsetof(struct cloud_event, partition_key), false },
	{ "traceparent", offsetof(struct cloud_event, trace_parent), false },
	{ "datacontenttype", offsetof(struct cloud_event, data_content_type), false },
};

void json_cloudevent_out(const struct cloud_event *ce, struct buf *out)
{
	buf_adds(out, "{\"specversion\":\"1.0\"");
	for (size_t i = 0; i < ARRAY_LEN(attributes); i++) {
		struct text value = *(const struct text *)wire_in(ce, attributes[i].at);

		if (attributes[i].at == offsetof(struct cloud_event, data_content_type) && text_empty(value) &&
		    !text_empty(ce->data_json))
			value = TEXT("application/json");
		if (text_empty(value))
			continue;
		buf_printf(out, ",\"%s\":", attributes[i].name);
		buf_json_string(out, value);
	}
	if (!text_empty(ce->data_json)) {
		buf_adds(out, ",\"data\":");
		buf_add(out, ce->data_json);
	}
	buf_addc(out, '}');
}

static bool refuse(struct err *err, const char *name, const char *expected)
{
	return err_set(err, ERR_REJECT, "bad_json", "%s: expected %s", name, expected);
}

static bool in_attribute(const json_t *object, const struct attribute *attribute, struct arena *a, struct err *err,
			 struct cloud_event *ce)
{
	const json_t *value = json_object_get(object, attribute->name);
	struct text t;

	if (value == NULL || json_is_null(value))
		return !attribute->required || refuse(err, attribute->name, "a string, it is missing");
	if (!json_is_string(value))
		return refuse(err, attribute->name, "a string");
	t = (struct text){ json_string_value(value), json_string_length(value) };
	if (text_empty(t))
		return refuse(err, attribute->name, "a string that is not empty");
	if (text_has_control(t))
		return refuse(err, attribute->name, "a string without control characters");
	*(struct text *)wire_inm(ce, attribute->at) = text_dup(a, t);
	return true;
}

/* application/json, application/x+json, also with parameters. */
static bool is_json_type(struct text t)
{
	size_t end = text_find(t, TEXT(";"));
	struct text bare = text_trim((struct text){ t.s, end == TEXT_NOT_FOUND ? t.n : end });

	if (text_ieq(bare, TEXT("application/json")))
		return true;
	return bare.n > 5 && text_ieq((struct text){ bare.s + bare.n - 5, 5 }, TEXT("+json"));
}

static int dump_to(const char *bytes, size_t n, void *out)
{
	buf_add(out, (struct text){ bytes, n });
	return 0;
}

bool json_cloudevent_in(struct text json, struct arena *a, struct err *err, struct cloud_event *ret)
{
	_cleanup_(json_drop) json_t *object = json_read(json, err);
	struct cloud_event ce = { .id = TEXT_NONE };
	const char *version;
	json_t *data;
	instant_t time;

	if (object == NULL)
		return false;
	if (!json_is_object(object))
		return refuse(err, "CloudEvent", "an object");
	version = json_string_value(json_object_get(object, "specversion"));
	if (version == NULL || strcmp(version, "1.0") != 0)
		return refuse(err, "specversion", "\"1.0\"");
	for (size_t i = 0; i < ARRAY_LEN(attributes); i++)
		if (!in_attribute(object, &attributes[i], a, err, &ce))
			return false;
	if (!text_empty(ce.time) && !instant_parse(ce.time, &time))
		return refuse(err, "time", "an instant as in RFC 3339");
	if (!text_empty(ce.data_content_type) && !is_json_type(ce.data_content_type))
		return refuse(err, "datacontenttype", "application/json");
	if (json_object_get(object, "data_base64") != NULL)
		return refuse(err, "data_base64", "JSON under data instead");
	data = json_object_get(object, "data");
	if (data != NULL) {
		struct buf b = { .arena = a }, safe = { .arena = a };

		if (json_dump_callback(data, dump_to, &b, JSON_COMPACT | JSON_ENCODE_ANY) != 0)
			return refuse(err, "data", "JSON that can be written again");
		buf_json_safe(&safe, buf_text(&b));
		ce.data_json = buf_text(&safe);
	}
	*ret = ce;
	return true;
}
