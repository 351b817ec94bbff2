#include "id/id.h"

/* The plain functions of libcrypto: EVP takes memory and two locks per hash, which costs more than a short hash itself. */
#define OPENSSL_API_COMPAT 0x10101000L
#include <endian.h>
#include <openssl/sha.h>

static void sha256(size_t n, const struct text *pieces, struct id_hash *ret_hash)
{
	SHA256_CTX ctx;

	CHECK(SHA256_Init(&ctx) == 1);
	for (size_t i = 0; i < n; i++)
		CHECK(SHA256_Update(&ctx, pieces[i].s, pieces[i].n) == 1);
	CHECK(SHA256_Final(ret_hash->b, &ctx) == 1);
}

void id_sha256(const void *data, size_t n, struct id_hash *ret_hash)
{
	sha256(1, &(struct text){ data, n }, ret_hash);
}

void id_sha256_2(const void *a, size_t a_n, const void *b, size_t b_n, struct id_hash *ret_hash)
{
	const struct text pieces[] = { { a, a_n }, { b, b_n } };

	sha256(ARRAY_LEN(pieces), pieces, ret_hash);
}

bool id_hash_eq(const struct id_hash *a, const struct id_hash *b)
{
	return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

static const char hex_digits[] = "0123456789abcdef";

const char *id_hex(char buf[ID_HEX_SIZE], const struct id_hash *hash)
{
	for (size_t i = 0; i < sizeof(hash->b); i++) {
		buf[2 * i] = hex_digits[hash->b[i] >> 4];
		buf[2 * i + 1] = hex_digits[hash->b[i] & 0xf];
	}
	buf[ID_HEX_SIZE - 1] = '\0';
	return buf;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool id_hex_parse(struct text t, struct id_hash *ret_hash)
{
	struct id_hash hash;

	if (t.n != 2 * sizeof(hash.b))
		return false;
	for (size_t i = 0; i < sizeof(hash.b); i++) {
		int high = hex_value(t.s[2 * i]), low = hex_value(t.s[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		hash.b[i] = (uint8_t)(high << 4 | low);
	}
	*ret_hash = hash;
	return true;
}

/* 16 bytes as 8-4-4-4-12 with version and the variant of RFC 9562. */
static void format_uuid(char buf[ID_UUID_SIZE], const uint8_t from[16], unsigned version)
{
	uint8_t b[16];
	size_t n = 0;

	memcpy(b, from, sizeof(b));
	b[6] = (uint8_t)((b[6] & 0x0f) | version << 4);
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
	for (size_t i = 0; i < sizeof(b); i++) {
		if (1u << i & (1u << 4 | 1u << 6 | 1u << 8 | 1u << 10))
			buf[n++] = '-';
		buf[n++] = hex_digits[b[i] >> 4];
		buf[n++] = hex_digits[b[i] & 0xf];
	}
	buf[n] = '\0';
}

/* Eight bytes of length, most significant first, then the bytes. */
static void add_piece(SHA256_CTX *ctx, struct text t)
{
	uint64_t length = htobe64(t.n);

	CHECK(SHA256_Update(ctx, &length, sizeof(length)) == 1);
	CHECK(SHA256_Update(ctx, t.s, t.n) == 1);
}

struct text id_derive(struct arena *a, struct text kind, size_t n, const struct text *parts)
{
	char *uuid = arena_alloc(a, ID_UUID_SIZE);
	struct id_hash hash;
	SHA256_CTX ctx;

	CHECK(SHA256_Init(&ctx) == 1);
	add_piece(&ctx, kind);
	for (size_t i = 0; i < n; i++)
		add_piece(&ctx, parts[i]);
	CHECK(SHA256_Final(hash.b, &ctx) == 1);
	format_uuid(uuid, hash.b, 8);
	return (struct text){ uuid, ID_UUID_SIZE - 1 };
}

const char *id_uuid7(char buf[ID_UUID_SIZE], instant_t instant, const uint8_t random[10])
{
	uint8_t b[16];

	CHECK(instant >= 0);

	uint64_t ms = (uint64_t)instant / 1000;

	for (int i = 0; i < 6; i++)
		b[i] = (uint8_t)(ms >> (40 - 8 * i) & 0xff);
	memcpy(b + 6, random, 10);
	format_uuid(buf, b, 7);
	return buf;
}

static int alnum_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'Z')
		return c - 'A' + 10;
	return -1;
}

/* ISO/IEC 7064:2003, hybrid system MOD 37,36 (section 9: M = 36). */
bool id_check_digit(struct text body, char *ret_digit)
{
	int product = 36;
	bool any = false;

	for (size_t i = 0; i < body.n; i++) {
		int value = alnum_value(body.s[i]);

		if (body.s[i] == '-' || body.s[i] == '/')
			continue;
		if (value < 0)
			return false;

		int sum = (product + value) % 36;

		product = (sum == 0 ? 36 : sum) * 2 % 37;
		any = true;
	}
	if (!any)
		return false;
	*ret_digit = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[(37 - product) % 36];
	return true;
}

struct text id_check_append(struct arena *a, struct text body)
{
	char digit;

	if (!id_check_digit(body, &digit))
		return TEXT_NONE;

	char *s = arena_alloc(a, body.n + 2);

	memcpy(s, body.s, body.n);
	s[body.n] = digit;
	return (struct text){ s, body.n + 1 };
}

bool id_check_verify(struct text number)
{
	char digit;

	return number.n > 1 && id_check_digit((struct text){ number.s, number.n - 1 }, &digit) && digit == number.s[number.n - 1];
}
