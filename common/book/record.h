/* record: a Kafka record as the pure side sees it. Borrowed bytes; they live as long as the batch. */
#ifndef OPENITEM_BOOK_RECORD_H
#define OPENITEM_BOOK_RECORD_H

#include "base/base.h"
#include "text/text.h"

struct record_header {
	struct text name;
	struct text value;
	bool value_null;
};

struct record {
	struct text topic;
	int32_t partition;
	int64_t offset;
	int64_t timestamp_ms;
	struct text key, value;
	bool key_null, value_null;
	const struct record_header *headers;
	size_t n_headers;
};

#define RECORD_HEADERS_MAX 64 /* more are cut from what the gate looks at; the dead letter keeps the first 64 */

#endif
