#include "bus/murmur2.h"

#define SEED 0x9747b28cu
#define M    0x5bd1e995u
#define R    24

uint32_t murmur2(const void *data, size_t n)
{
	const unsigned char *d = data;
	uint32_t h = SEED ^ (uint32_t)n;

	for (; n >= 4; d += 4, n -= 4) {
		uint32_t k = (uint32_t)d[0] | (uint32_t)d[1] << 8 | (uint32_t)d[2] << 16 | (uint32_t)d[3] << 24;

		k *= M;
		k ^= k >> R;
		k *= M;
		h *= M;
		h ^= k;
	}
	if (n == 3)
		h ^= (uint32_t)d[2] << 16;
	if (n >= 2)
		h ^= (uint32_t)d[1] << 8;
	if (n >= 1) {
		h ^= d[0];
		h *= M;
	}
	h ^= h >> 13;
	h *= M;
	h ^= h >> 15;
	return h;
}
