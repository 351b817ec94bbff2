/* rng: xoroshiro128+, seeded by splitmix64. Everything a seed decides comes from here. */
#include "sim.h"

static uint64_t mix(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

void sim_rng_seed(struct sim_rng *r, uint64_t seed, uint64_t purpose)
{
	uint64_t state = seed;

	state = mix(&state) ^ (purpose * 0xd1342543de82ef95u);
	r->s[0] = mix(&state);
	r->s[1] = mix(&state) | 1;
}

static uint64_t rotate(uint64_t x, int by)
{
	return (x << by) | (x >> (64 - by));
}

uint64_t sim_rng_next(struct sim_rng *r)
{
	uint64_t a = r->s[0], b = r->s[1], sum = a + b;

	b ^= a;
	r->s[0] = rotate(a, 24) ^ b ^ (b << 16);
	r->s[1] = rotate(b, 37);
	return sum;
}

uint32_t sim_below(struct sim_rng *r, uint32_t n)
{
	return (uint32_t)(((sim_rng_next(r) >> 32) * n) >> 32);
}

bool sim_permille(struct sim_rng *r, uint32_t n)
{
	return sim_below(r, 1000) < n;
}
