/* company_words: names, items and remittance texts; and the random numbers everything is made from. */
#include "cli/company_impl.h"

/* splitmix64 [Steele, Lea, Flood 2014]: small, and the same everywhere. */
uint64_t rng_next(struct rng *rng)
{
	uint64_t z = (rng->state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

int64_t rng_below(struct rng *rng, int64_t n)
{
	return n <= 0 ? 0 : (int64_t)(rng_next(rng) % (uint64_t)n);
}

bool rng_chance(struct rng *rng, int64_t per_mille)
{
	return rng_below(rng, 1000) < per_mille;
}

static const char *const first_words[] = {
	"Nordlicht", "Alder",   "Brightwater", "Castell",   "Dunmore", "Elbtal",  "Fairfax",   "Granit", "Harrow", "Isar",
	"Juniper",   "Kestrel", "Lindner",     "Marlow",    "Nimbus",  "Orchard", "Pinecrest", "Quarz",  "Ravens", "Sandberg",
	"Tamarind",  "Ulmen",   "Verdant",     "Westfield", "Ximena",  "Yarrow",  "Zephyr",    "Amber",  "Birken", "Coral",
};
static const char *const second_words[] = {
	"Logistics", "Maschinenbau", "Foods",     "Textiles", "Medical", "Optik",   "Robotics",  "Energy", "Labs",    "Papier",
	"Chemicals", "Printing",     "Furniture", "Systems",  "Outdoor", "Studios", "Analytics", "Bau",    "Trading", "Instruments",
};
static const char *const items[] = {
	"PUMP-40",      "VALVE-12",  "SENSOR-A",  "SENSOR-B",   "CABLE-5M",     "SUPPORT-MONTH",
	"LICENCE-SEAT", "FILTER-90", "MOTOR-3KW", "GASKET-SET", "SERVICE-HOUR", "FREIGHT",
};

void company_name(struct rng *rng, char *buf, size_t size, const char *country)
{
	static const char *const de[] = { "GmbH", "AG", "KG", "SE" };
	static const char *const us[] = { "Inc", "LLC", "Corp", "Ltd" };
	static const char *const in[] = { "Pvt Ltd", "Ltd", "LLP", "Industries" };
	const char *const *forms = country[0] == 'D' ? de : country[0] == 'U' ? us : in;
	const char *first = first_words[rng_below(rng, ARRAY_LEN(first_words))];
	const char *second = second_words[rng_below(rng, ARRAY_LEN(second_words))];

	snprintf(buf, size, "%s %s %lld %s", first, second, (long long)(10 + rng_below(rng, 90)), forms[rng_below(rng, 4)]);
}

void company_iban(struct rng *rng, char *buf, size_t size, const char *country)
{
	snprintf(buf, size, "%s%02lld%09lld%09lld", country, (long long)(10 + rng_below(rng, 89)),
		 (long long)rng_below(rng, 1000000000), (long long)rng_below(rng, 1000000000));
}

const char *company_item(struct rng *rng)
{
	return items[rng_below(rng, ARRAY_LEN(items))];
}

struct text company_remittance(struct rng *rng, struct arena *a, struct text refs)
{
	static const char *const before[] = { "",        "INV ",   "Invoice ",           "Rechnung ", "payment of ",
					      "RE-NR. ", "/INV/ ", "our payment, bill ", "Zahlung " };
	static const char *const after[] = { "",     " thank you", " mit Dank", ".", " - see advice", " / Buchhaltung",
					     " EUR", " ref 17" };

	return text_printf(a, "%s" TEXT_FMT "%s", before[rng_below(rng, ARRAY_LEN(before))], TEXT_ARG(refs),
			   after[rng_below(rng, ARRAY_LEN(after))]);
}

struct text company_garbled(struct rng *rng, struct arena *a, date_t day)
{
	static const char *const texts[] = { "invoice of last month",   "as agreed by phone", "Abschlag",
					     "sammelzahlung lt. liste", "open items %d",      "rate 2",
					     "your bill from %d" };
	struct text t = text_of(texts[rng_below(rng, ARRAY_LEN(texts))]);
	size_t at = text_find(t, TEXT("%d"));
	int y, m, d;

	date_civil(day, &y, &m, &d);
	if (at == TEXT_NOT_FOUND)
		return t;
	return text_printf(a, TEXT_FMT "%d", TEXT_ARG(((struct text){ t.s, at })), m);
}

date_t company_working_day(date_t day)
{
	int weekday = date_weekday(day);

	return weekday == 6 ? day + 2 : weekday == 7 ? day + 1 : day;
}
