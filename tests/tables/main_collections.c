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
	NULL,
};

int main(int argc, char **argv)
{
	return harness_main(&(struct harness){ .service = &collections_service, .covers = covers }, argc, argv);
}
