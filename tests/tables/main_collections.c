/* main_collections: the cases of tests/tables/collections on the core of collections. */
#include "collections/collections.h"
#include "tables/harness.h"

static const char *const covers[] = {
	"notice_issued",
	"block_set",
	"block_lifted",
	"day_judged",
	"episode_begun",
	"episode_ended",
	"refused",
	"refused.reason=unknown_block",
	"refused.reason=unknown_item",
	"refused.reason=amount_out_of_range",
	"promise_made",
	"promise_judged.state=kept",
	"promise_judged.state=partly_kept",
	"promise_judged.state=broken",
	"promise_cancelled",
	"hold_set",
	"hold_set.kind=dispute",
	"hold_set.kind=manual",
	"hold_lifted",
	"refused.reason=unknown_hold",
	"refused.reason=unknown_promise",
	"refused.reason=duplicate_item",
	"refused.reason=other_subject",
	"refused.reason=currency_mismatch",
	"refused.reason=nothing_open",
	"refused.reason=amount_too_large",
	"refused.reason=day_unknown",
	"refused.reason=date_passed",
	NULL,
};

int main(int argc, char **argv)
{
	return harness_main(&(struct harness){ .service = &collections_service, .covers = covers }, argc, argv);
}
