/*
 * id: hashes, derived ids, UUIDs and check digits. Layer 1: SHA-256 comes from OpenSSL's
 * libcrypto; nothing here reads a clock or makes randomness.
 */
#ifndef ID_ID_H
#define ID_ID_H

#include "arena/arena.h"
#include "base/base.h"
#include "date/date.h"
#include "text/text.h"

#define ID_HEX_SIZE  65 /* 64 hex digits and NUL */
#define ID_UUID_SIZE 37 /* 36 characters and NUL */

struct id_hash {
	uint8_t b[32]; /* SHA-256 (FIPS 180-4) */
};

/* One piece of bytes. data may be NULL when n is 0. */
void id_sha256(const void *data, size_t n, struct id_hash *ret_hash);
/* Of a followed by b, as in a chain: previous hash, then the record. */
void id_sha256_2(const void *a, size_t a_n, const void *b, size_t b_n, struct id_hash *ret_hash);

bool id_hash_eq(const struct id_hash *a, const struct id_hash *b);

/* Lower case hex. Returns buf. */
const char *id_hex(char buf[ID_HEX_SIZE], const struct id_hash *hash);
/* 64 hex digits of either case. False leaves *ret_hash untouched. */
bool id_hex_parse(struct text t, struct id_hash *ret_hash) MUST_USE;

/*
 * The id of something that follows from other things: output ids derive from
 * (input id, kind, aggregate), so that deciding again, anywhere, gives the same id
 * (DESIGN section 2). SHA-256 over kind and parts, each behind its length, so that
 * ("ab","c") and ("a","bc") differ; shown as a UUID of version 8 (RFC 9562, 5.8).
 * This mapping is stored in the books: it must never change. 36 lower case characters
 * in the arena, NUL behind.
 */
struct text id_derive(struct arena *a, struct text kind, size_t n, const struct text *parts);

/*
 * UUID version 7 (RFC 9562, 5.7): the millisecond, then 74 bits of the given randomness.
 * Formatting only: the caller supplies clock and random bytes. instant >= 0 (checked).
 * Returns buf.
 */
const char *id_uuid7(char buf[ID_UUID_SIZE], instant_t instant, const uint8_t random[10]);

/*
 * Check digit of a document number: ISO/IEC 7064 MOD 37,36 over 0-9 A-Z, result 0-9 A-Z;
 * finds every single wrong character and nearly every swap of neighbours. '-' and '/' are allowed
 * and not counted. False when there is no letter or digit, or any other character.
 */
bool id_check_digit(struct text body, char *ret_digit) MUST_USE;
/* body with its check digit behind it, in the arena; TEXT_NONE where id_check_digit is false. */
struct text id_check_append(struct arena *a, struct text body);
/* The last character is the right check digit of what stands before it. */
bool id_check_verify(struct text number);

#endif
