/* collections: notices, episodes, blocks, judged days. Pure. */
#ifndef OPENITEM_REPORTING_CORE_COLLECTIONS_H
#define OPENITEM_REPORTING_CORE_COLLECTIONS_H

#include "reporting/core/note.h"
#include "ev/collections.h"

struct text reporting_collections_subject(const struct collections_event *ev);
void reporting_collections_want(struct book *book, const struct input *input, const struct collections_event *ev);
void reporting_collections_note(const struct reporting_note *n, const struct collections_event *ev);

#endif
