#include "run/log_verdict.h"
#include "wire/topics.h"

enum log_verdict log_judge(const struct log_seen *s)
{
	if (s->position < 0)
		return LOG_SAME;
	if (s->position > s->high)
		return LOG_LOST_END;
	if (s->position < s->low)
		return LOG_LOST_UNREAD;
	if (s->position == s->low)
		return s->low == 0 ? LOG_SAME : LOG_EXPIRED;
	if (!s->known)
		return LOG_SAME;
	if (!s->found)
		return s->complete ? LOG_HOLE : LOG_COMPACTED;
	return s->equal ? LOG_SAME : LOG_REPLACED;
}

/* "when `openitem refill ar.billing.v1` has published again what is missing, ": only for what we wrote ourselves. */
static void say_refill(const char *topic, const char *option, char *ret, size_t size)
{
	const struct wire_topic *t = wire_topic_find(text_of(topic));

	ret[0] = '\0';
	if (t != NULL && !t->external)
		snprintf(ret, size, "when `openitem refill %s%s` has published again what is missing, ", topic, option);
}

bool log_explain(const struct log_seen *s, enum log_verdict verdict, const char *service, const char *topic, int32_t partition,
		 struct err *err)
{
	char first[160], help[160];

	snprintf(help, sizeof(help), "run `openitem reposition %s '%s[%d]'`", service, topic, partition);
	say_refill(topic, verdict == LOG_LOST_END || verdict == LOG_REPLACED ? "" : " --everything", first, sizeof(first));
	switch (verdict) {
	case LOG_SAME:
	case LOG_EXPIRED:
	case LOG_COMPACTED:
		break;
	case LOG_LOST_END:
		return err_set(err, ERR_STOP, "log_lost_its_end", "%s[%d] ends at %lld, we have read it up to %lld: %s%s", topic,
			       partition, (long long)s->high, (long long)s->position, first, help);
	case LOG_REPLACED:
		return err_set(
			err, ERR_STOP, "log_lost_its_end",
			"%s[%d]: the record at %lld is not the one we read there, so the log lost its end and grew again: %s%s",
			topic, partition, (long long)s->position - 1, first, help);
	case LOG_LOST_UNREAD:
		return err_set(err, ERR_STOP, "position_outside_log",
			       "%s[%d] begins at %lld, we have read it up to %lld: what lies between was removed unread: %s%s",
			       topic, partition, (long long)s->low, (long long)s->position, first, help);
	case LOG_HOLE:
		return err_set(err, ERR_STOP, "log_hole",
			       "%s[%d]: nothing at %lld, where we read a record, in a topic that must keep everything: %s%s", topic,
			       partition, (long long)s->position - 1, first, help);
	}
	return err_set(err, ERR_STOP, "log_same", "%s[%d]: nothing is wrong", topic, partition);
}
