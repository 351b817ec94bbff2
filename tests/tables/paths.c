/* paths: the short names a case uses to paths of fields. */
#include "inner.h"

static const struct wire_field *field_named(const struct wire_msg *m, struct text name)
{
	for (size_t i = 0; i < m->n_fields; i++)
		if (text_eq(text_of(m->fields[i].name), name))
			return &m->fields[i];
	return NULL;
}

static struct text join(struct text a, struct text b, struct arena *arena)
{
	if (text_empty(a))
		return b;
	return text_printf(arena, TEXT_FMT "." TEXT_FMT, TEXT_ARG(a), TEXT_ARG(b));
}

struct text path_of_event(const struct wire_msg *root, struct text name, struct arena *arena)
{
	for (size_t i = 0; i < root->n_fields; i++) {
		const struct wire_field *f = &root->fields[i];
		if (f->oneof == 0 || f->kind != WIRE_MESSAGE)
			continue;
		if (text_eq(text_of(f->name), name))
			return text_of(f->name);
		if (f->msg->n_oneofs == 0)
			continue;
		struct text inner = path_of_event(f->msg, name, arena);
		if (!text_empty(inner))
			return join(text_of(f->name), inner, arena);
	}
	return TEXT_NONE;
}

/* The first name of a path without its index; *rest moves behind it. */
static struct text first_name(struct text *rest)
{
	size_t dot = text_find(*rest, TEXT("."));
	struct text name = { rest->s, dot == TEXT_NOT_FOUND ? rest->n : dot };
	size_t bracket = text_find(name, TEXT("["));

	*rest = dot == TEXT_NOT_FOUND ? TEXT_NONE : (struct text){ rest->s + dot + 1, rest->n - dot - 1 };
	if (bracket != TEXT_NOT_FOUND)
		name.n = bracket;
	return name;
}

const struct wire_field *path_field(const struct wire_msg *root, struct text path)
{
	const struct wire_field *f = NULL;

	while (path.n > 0) {
		if (f != NULL && f->kind != WIRE_MESSAGE)
			return NULL;
		const struct wire_msg *m = f != NULL ? f->msg : root;
		struct text name = first_name(&path);
		f = field_named(m, name);
		if (f == NULL && text_starts(name, TEXT("n_")) && path.n == 0)
			f = field_named(m, (struct text){ name.s + 2, name.n - 2 });
		if (f == NULL)
			return NULL;
	}
	return f;
}

/* In the member's only part that has it: order_booked.order.lines. */
static struct text in_a_part(const struct wire_msg *root, struct text member, struct text column, struct arena *arena)
{
	const struct wire_field *f = path_field(root, member);
	struct text found = TEXT_NONE;

	if (f == NULL || f->kind != WIRE_MESSAGE)
		return TEXT_NONE;
	for (size_t i = 0; i < f->msg->n_fields; i++) {
		const struct wire_field *part = &f->msg->fields[i];
		if (part->kind != WIRE_MESSAGE || (part->flags & WIRE_REPEATED) || path_field(part->msg, column) == NULL)
			continue;
		if (!text_empty(found))
			return TEXT_NONE;
		found = join(join(member, text_of(part->name), arena), column, arena);
	}
	return found;
}

struct text path_of_column(const struct wire_msg *root, struct text member, struct text column, struct arena *arena)
{
	struct text path = join(member, column, arena);

	if (path_field(root, path) != NULL)
		return path;
	path = in_a_part(root, member, column, arena);
	if (!text_empty(path))
		return path;
	while (member.n > 0) {
		while (member.n > 0 && member.s[member.n - 1] != '.')
			member.n--;
		if (member.n > 0)
			member.n--;
		path = join(member, column, arena);
		if (path_field(root, path) != NULL)
			return path;
	}
	return TEXT_NONE;
}

bool path_is_list(struct text path)
{
	return text_find(path, TEXT("[]")) != TEXT_NOT_FOUND;
}

struct text path_index(struct text path, size_t i, struct arena *arena)
{
	size_t at = text_find(path, TEXT("[]"));

	if (at == TEXT_NOT_FOUND)
		return path;
	return text_printf(arena, "%.*s[%zu]%.*s", (int)at, path.s, i, (int)(path.n - at - 2), path.s + at + 2);
}
