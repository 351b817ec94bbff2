#include "id/id.h"

#include <setjmp.h>

#include <cmocka.h>

static struct arena *arena;

static int setup(void **state)
{
	(void)state;
	arena = arena_new(1u << 20, 1u << 24);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static void assert_text(struct text got, const char *expected)
{
	assert_int_equal(got.n, strlen(expected));
	assert_memory_equal(got.s, expected, got.n);
}

/* FIPS 180-4 example values. */
static void sha256_known_answers(void **state)
{
	(void)state;
	struct id_hash one, two;
	char hex[ID_HEX_SIZE];

	id_sha256(NULL, 0, &one);
	assert_string_equal(id_hex(hex, &one), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	id_sha256("abc", 3, &one);
	assert_string_equal(id_hex(hex, &one), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	id_sha256_2("a", 1, "bc", 2, &two);
	assert_true(id_hash_eq(&one, &two));
	id_sha256_2(NULL, 0, "abd", 3, &two);
	assert_false(id_hash_eq(&one, &two));
}

static void hex_is_read_back(void **state)
{
	(void)state;
	struct id_hash hash, back = { { 0 } };
	char hex[ID_HEX_SIZE];

	id_sha256("x", 1, &hash);
	assert_true(id_hex_parse(text_of(id_hex(hex, &hash)), &back));
	assert_true(id_hash_eq(&hash, &back));
	hex[5] = 'A';
	assert_true(id_hex_parse(text_of(hex), &back));
	hex[5] = 'g';
	assert_false(id_hex_parse(text_of(hex), &back));
	assert_false(id_hex_parse(TEXT("00"), &back));
	assert_false(id_hex_parse(TEXT_NONE, &back));
}

/* Stored in the books: these values (computed apart, in Python) must never change. */
static void derived_ids_are_golden(void **state)
{
	(void)state;
	const struct text parts[] = { TEXT("0190a5c8-7d2f-7000-8000-000000000001"), TEXT("C-100") };
	const struct text ab_c[] = { TEXT("ab"), TEXT("c") }, a_bc[] = { TEXT("a"), TEXT("bc") };
	const struct text none[] = { TEXT_NONE };
	size_t used = arena_used(arena);

	assert_text(id_derive(arena, TEXT("invoice"), 2, parts), "9205db2a-6de6-8138-88b0-7cf47eb6044a");
	assert_true(arena_used(arena) - used <= 80); /* scratch is given back */
	assert_text(id_derive(arena, TEXT("k"), 0, NULL), "42d9f8b6-3022-82b1-a4f0-869d68680ebb");
	assert_text(id_derive(arena, TEXT("k"), 1, none), "744f18c2-47b8-8e5c-85ce-c89dd667215f");
	assert_text(id_derive(arena, TEXT("k"), 2, ab_c), "f0539fd6-7dd2-82a4-ba30-f34428553f1a");
	assert_text(id_derive(arena, TEXT("k"), 2, a_bc), "a8a9b405-0b4d-8a08-bd5b-9c73d04b3dd9");
}

/* RFC 9562, appendix A.6: 2022-02-22T19:22:22Z, rand_a CC3, rand_b 18C4DC0C0C07398F. */
static void uuid7_is_the_one_of_the_rfc(void **state)
{
	(void)state;
	static const uint8_t random[10] = { 0xfc, 0xc3, 0xd8, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f };
	char buf[ID_UUID_SIZE], later[ID_UUID_SIZE];
	instant_t t;

	assert_true(instant_parse(TEXT("2022-02-22T19:22:22Z"), &t));
	assert_string_equal(id_uuid7(buf, t, random), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
	assert_true(strcmp(buf, id_uuid7(later, t + 1000, random)) < 0);
	assert_string_equal(id_uuid7(later, t + 999, random), buf);
}

/* GRid A1-2425G-ABC1234002-M of the IFPI standard uses MOD 37,36. */
static void L7_check_digit_known_answer(void **state)
{
	(void)state;
	char digit = '?';

	assert_true(id_check_digit(TEXT("A12425GABC1234002"), &digit));
	assert_int_equal(digit, 'M');
	assert_true(id_check_verify(TEXT("A1-2425G-ABC1234002-M")));
	assert_text(id_check_append(arena, TEXT("A12425GABC1234002")), "A12425GABC1234002M");
}

static void L7_check_digit_refuses_other_characters(void **state)
{
	(void)state;
	static const struct text bad[] = {
		TEXT(""), TEXT("-/"), TEXT("inv1"), TEXT("INV 1"), TEXT("INV.1"), TEXT("\xc3\x9c"), TEXT("A\0"),
	};
	char digit = '?';

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_false(id_check_digit(bad[i], &digit));
		assert_true(text_empty(id_check_append(arena, bad[i])));
		assert_false(id_check_verify(bad[i]));
	}
	assert_int_equal(digit, '?');
	assert_false(id_check_verify(TEXT_NONE));
	assert_false(id_check_verify(TEXT("7")));
	assert_false(id_check_verify(TEXT("-M")));
}

/*
 * A clerk types one character wrong: always found. Two neighbours swapped: all but a few
 * pairs (the price of one check character; ISO/IEC 7064 promises "nearly all").
 */
static void L7_check_digit_finds_typing_errors(void **state)
{
	(void)state;
	static const char alphabet[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	int swaps = 0, missed = 0;

	for (int serial = 0; serial < 300; serial++) {
		struct text number = id_check_append(arena, text_printf(arena, "IN26-%03d/%05d", serial, serial * 7919 % 100000));
		char typed[32];

		assert_true(number.n <= 16);
		assert_true(id_check_verify(number));
		for (size_t i = 0; i < number.n; i++) {
			memcpy(typed, number.s, number.n);
			if (number.s[i] == '-' || number.s[i] == '/')
				continue;
			for (size_t k = 0; k < sizeof(alphabet) - 1; k++) {
				typed[i] = alphabet[k];
				assert_int_equal(id_check_verify((struct text){ typed, number.n }), alphabet[k] == number.s[i]);
			}
		}
		for (size_t i = 0; i + 1 < number.n; i++) {
			memcpy(typed, number.s, number.n);
			typed[i] = number.s[i + 1];
			typed[i + 1] = number.s[i];
			if (typed[i] == typed[i + 1] || strpbrk(text_cstr(arena, (struct text){ typed + i, 2 }), "-/"))
				continue;
			swaps++;
			missed += id_check_verify((struct text){ typed, number.n });
		}
		arena_reset(arena);
	}
	assert_true(swaps > 1000);
	assert_true(missed * 100 < swaps);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256_known_answers),
		cmocka_unit_test(hex_is_read_back),
		cmocka_unit_test(derived_ids_are_golden),
		cmocka_unit_test(uuid7_is_the_one_of_the_rfc),
		cmocka_unit_test(L7_check_digit_known_answer),
		cmocka_unit_test(L7_check_digit_refuses_other_characters),
		cmocka_unit_test(L7_check_digit_finds_typing_errors),
	};

	return cmocka_run_group_tests_name("id", tests, setup, teardown);
}
