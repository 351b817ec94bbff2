/* What the files of json share. */
#ifndef JSON_INNER_H
#define JSON_INNER_H

#include "json/json.h"
#include "wire/inner.h"

#include <jansson.h>

/* Parse one JSON value, duplicates refused. The caller owns it: json_decref. NULL: err is filled. */
json_t *json_read(struct text json, struct err *err);

/* For _cleanup_(json_drop). */
void json_drop(json_t **value);

/* lowerCamelCase of a proto name: quantity_e6 -> quantityE6. Cut at size. */
void json_camel(const char *name, char *buf, size_t size);

/* Bytes of one element in an array of a protobuf-c struct. */
size_t json_element_size(ProtobufCType type);

#define JSON_NAME_MAX 127 /* of a field */

void json_base64_out(const uint8_t *bytes, size_t n, struct buf *out);
/* Both alphabets, padding or none. False: not base64. */
bool json_base64_in(struct text t, struct arena *a, ProtobufCBinaryData *ret);

#endif
