#include "text/text.h"

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

static const struct {
	struct text name;
	int n;
} static_table[] = { { TEXT("one"), 1 }, { TEXT(""), 0 } };

static void literals_are_constants(void **state)
{
	(void)state;
	static const struct text alone = TEXT("alone");
	char out[32];

	assert_text(alone, "alone");
	assert_text(static_table[0].name, "one");
	assert_true(text_empty(static_table[1].name));
	assert_true(text_empty(text_of(NULL)));
	assert_text(text_of("abc"), "abc");
	snprintf(out, sizeof(out), "<" TEXT_FMT TEXT_FMT ">", TEXT_ARG(alone), TEXT_ARG(TEXT_NONE));
	assert_string_equal(out, "<alone>");
}

static void comparing(void **state)
{
	(void)state;
	assert_true(text_eq(TEXT_NONE, TEXT("")));
	assert_true(text_eq(TEXT("a\0b"), TEXT("a\0b")));
	assert_false(text_eq(TEXT("a\0b"), TEXT("a\0c")));
	assert_true(text_cmp(TEXT("a"), TEXT("ab")) < 0);
	assert_true(text_cmp(TEXT("b"), TEXT("ab")) > 0);
	assert_true(text_cmp(TEXT("\x80"), TEXT("a")) > 0);
	assert_true(text_cmp(TEXT_NONE, TEXT("")) == 0);
	assert_true(text_cmp(TEXT_NONE, TEXT("a")) < 0);
	assert_true(text_ieq(TEXT("Usd"), TEXT("uSD")));
	assert_false(text_ieq(TEXT("["), TEXT("{")));
	assert_true(text_starts(TEXT("abc"), TEXT("ab")));
	assert_true(text_starts(TEXT("abc"), TEXT_NONE));
	assert_false(text_starts(TEXT("a"), TEXT("ab")));
}

static void searching_and_trimming(void **state)
{
	(void)state;
	assert_int_equal(text_find(TEXT("a INV-7 b"), TEXT("INV")), 2);
	assert_int_equal(text_find(TEXT("abc"), TEXT("")), 0);
	assert_int_equal(text_find(TEXT_NONE, TEXT("")), 0);
	assert_true(text_find(TEXT("abc"), TEXT("abcd")) == TEXT_NOT_FOUND);
	assert_true(text_find(TEXT("abc"), TEXT("x")) == TEXT_NOT_FOUND);
	assert_text(text_trim(TEXT(" \t\r\n a b \v\f ")), "a b");
	assert_true(text_empty(text_trim(TEXT("  "))));
	assert_true(text_empty(text_trim(TEXT_NONE)));
}

static void hash_depends_on_bytes_and_seed(void **state)
{
	(void)state;
	assert_true(text_hash(TEXT("a"), 0) == text_hash(TEXT("a"), 0));
	assert_true(text_hash(TEXT("a"), 0) != text_hash(TEXT("b"), 0));
	assert_true(text_hash(TEXT("a"), 0) != text_hash(TEXT("a"), 1));
	assert_true(text_hash(TEXT_NONE, 5) == text_hash(TEXT(""), 5));
	assert_true(text_hash(TEXT("\0"), 0) != text_hash(TEXT("\0\0"), 0));

	/* Numbered keys spread over 256 slots by high and by low bits. */
	unsigned low[256] = { 0 }, high[256] = { 0 };

	for (int i = 0; i < 25600; i++) {
		uint64_t h = text_hash(text_printf(arena, "C-%05d", i), 1);

		low[h & 255]++;
		high[h >> 56]++;
	}
	for (int i = 0; i < 256; i++) {
		assert_in_range(low[i], 50, 150);
		assert_in_range(high[i], 50, 150);
	}
}

static void utf8_is_strict(void **state)
{
	(void)state;
	static const struct {
		struct text t;
		bool ok;
	} cases[] = {
		{ TEXT(""), true },
		{ TEXT("plain"), true },
		{ TEXT("M\xc3\xbcller \xe2\x82\xac \xf0\x9f\x92\xb0"), true },
		{ TEXT("\xed\x9f\xbf"), true }, /* U+D7FF */
		{ TEXT("\xee\x80\x80"), true }, /* U+E000 */
		{ TEXT("\xf4\x8f\xbf\xbf"), true }, /* U+10FFFF */
		{ TEXT("\xc0\x80"), false }, /* overlong NUL */
		{ TEXT("\xc1\xbf"), false },
		{ TEXT("\xe0\x9f\xbf"), false }, /* overlong */
		{ TEXT("\xf0\x8f\xbf\xbf"), false }, /* overlong */
		{ TEXT("\xed\xa0\x80"), false }, /* surrogate U+D800 */
		{ TEXT("\xed\xbf\xbf"), false }, /* surrogate U+DFFF */
		{ TEXT("\xf4\x90\x80\x80"), false }, /* U+110000 */
		{ TEXT("\xf5\x80\x80\x80"), false },
		{ TEXT("\xff"), false },
		{ TEXT("\x80"), false }, /* lone continuation */
		{ TEXT("a\xc3"), false }, /* cut */
		{ TEXT("\xe2\x82"), false },
		{ TEXT("\xf0\x9f\x92"), false },
		{ TEXT("\xc3("), false },
		{ TEXT("\xe2\x82("), false },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(text_is_utf8(cases[i].t, 0), cases[i].ok);
	assert_true(text_is_utf8(TEXT("a\0b"), 0));
	assert_false(text_is_utf8(TEXT("a\0b"), TEXT_NO_NUL));
}

static void control_characters_are_found(void **state)
{
	(void)state;
	assert_false(text_has_control(TEXT("M\xc3\xbcller \xc2\xa0 Co")));
	assert_true(text_has_control(TEXT("a\tb")));
	assert_true(text_has_control(TEXT("a\0b")));
	assert_true(text_has_control(TEXT("\x1b[2J")));
	assert_true(text_has_control(TEXT("\x7f")));
	assert_true(text_has_control(TEXT("\xc2\x9b"
					  "2J")));
	assert_false(text_has_control(TEXT_NONE));
}

static void copies_end_with_nul(void **state)
{
	(void)state;
	struct text part = { &"abcdef"[1], 3 };
	struct text copy = text_dup(arena, part);

	assert_text(copy, "bcd");
	assert_int_equal(copy.s[3], 0);
	assert_string_equal(text_cstr(arena, part), "bcd");
	assert_string_equal(text_cstr(arena, TEXT_NONE), "");
	assert_text(text_printf(arena, "%s-%d", "x", 5), "x-5");
	assert_text(text_printf(arena, "%200d", 5), text_cstr(arena, text_printf(arena, "%200d", 5)));
	assert_int_equal(text_printf(arena, "%200d", 5).n, 200);
	assert_text(text_concat(arena, 4, (struct text[]){ TEXT("a"), TEXT_NONE, TEXT("-"), TEXT("b") }), "a-b");
	assert_text(text_concat(arena, 0, NULL), "");
	assert_text(text_i64(arena, 0), "0");
	assert_text(text_i64(arena, -10), "-10");
	assert_text(text_i64(arena, INT64_MAX), "9223372036854775807");
	assert_text(text_i64(arena, INT64_MIN), "-9223372036854775808");
}

static void numbers_are_whole_and_checked(void **state)
{
	(void)state;
	int64_t i = 42;
	uint64_t u = 42;

	assert_true(text_parse_i64(TEXT("-9223372036854775808"), &i) && i == INT64_MIN);
	assert_true(text_parse_i64(TEXT("9223372036854775807"), &i) && i == INT64_MAX);
	assert_true(text_parse_i64(TEXT("-0"), &i) && i == 0);
	assert_true(text_parse_i64(TEXT("007"), &i) && i == 7);
	assert_true(text_parse_u64(TEXT("18446744073709551615"), &u) && u == UINT64_MAX);

	static const struct text bad[] = {
		TEXT(""),
		TEXT("-"),
		TEXT("+1"),
		TEXT(" 1"),
		TEXT("1 "),
		TEXT("1,000"),
		TEXT("1.0"),
		TEXT("0x1"),
		TEXT("--1"),
		TEXT("1e3"),
		TEXT("1\0"),
		TEXT("9223372036854775808"),
		TEXT("-9223372036854775809"),
		TEXT("99999999999999999999999"),
	};

	i = 42;
	for (size_t k = 0; k < ARRAY_LEN(bad); k++)
		assert_false(text_parse_i64(bad[k], &i));
	assert_int_equal(i, 42);
	u = 42;
	assert_false(text_parse_u64(TEXT("18446744073709551616"), &u));
	assert_false(text_parse_u64(TEXT("-1"), &u));
	assert_false(text_parse_u64(TEXT_NONE, &u));
	assert_int_equal(u, 42);
}

static void L4_names_are_normalised(void **state)
{
	(void)state;
	assert_text(text_normal_name(arena, TEXT("  Acme,  Inc. ")), "ACME INC");
	assert_text(text_normal_name(arena, TEXT("ACME INC")), "ACME INC");
	assert_text(text_normal_name(arena, TEXT("A&B-Co/2")), "A B CO 2");
	assert_text(text_normal_name(arena, TEXT("M\xc3\xbcller GmbH")), "M\xc3\xbcLLER GMBH");
	assert_text(text_normal_name(arena, TEXT("...")), "");
	assert_text(text_normal_name(arena, TEXT_NONE), "");
}

static void L4_references_are_normalised(void **state)
{
	(void)state;
	assert_text(text_normal_ref(arena, TEXT("inv-2026/001.")), "INV2026001");
	assert_text(text_normal_ref(arena, TEXT(" \xc3\xbc# ")), "");
	assert_text(text_normal_ref(arena, TEXT_NONE), "");
}

static void printable_is_safe_on_a_terminal(void **state)
{
	(void)state;
	assert_text(text_printable(arena, TEXT("Acme M\xc3\xbcller \xe2\x82\xac\\")), "Acme M\xc3\xbcller \xe2\x82\xac\\");
	assert_text(text_printable(arena, TEXT("\x1b[2Ja\nb\0")), "\\x1b[2Ja\\x0ab\\x00");
	assert_text(text_printable(arena, TEXT("\xc2\x9b"
					       "1m\x7f")),
		    "\\xc2\\x9b1m\\x7f");
	assert_text(text_printable(arena, TEXT("a\xe2\x80\xae"
					       "b")),
		    "a\\xe2\\x80\\xaeb"); /* U+202E */
	assert_text(text_printable(arena, TEXT("\xe2\x81\xa6\xd8\x9c\xe2\x80\x8f")), "\\xe2\\x81\\xa6\\xd8\\x9c\\xe2\\x80\\x8f");
	assert_text(text_printable(arena, TEXT("\xff\xc3(")), "\\xff\\xc3(");
	assert_text(text_printable(arena, TEXT_NONE), "");
}

static void json_strings(void **state)
{
	(void)state;
	struct buf b = { .arena = arena };

	buf_json_string(&b, TEXT("a\"b\\c\n\r\t\x01\x1f\x7f\0 M\xc3\xbc\xff/"));
	assert_text(buf_text(&b), "\"a\\\"b\\\\c\\n\\r\\t\\u0001\\u001f\\u007f\\u0000 M\xc3\xbc\\ufffd/\"");
	buf_clear(&b);
	buf_json_string(
		&b, TEXT("\xc2\x9b \xd8\x9c \xe2\x80\xae \xe2\x80\xa8 \xe2\x81\xa6 \xef\xbb\xbf \xe2\x80\x93 \xf0\x9f\x98\x80"));
	assert_text(buf_text(&b), "\"\\u009b \\u061c \\u202e \\u2028 \\u2066 \\ufeff \xe2\x80\x93 \xf0\x9f\x98\x80\"");
	buf_clear(&b);
	buf_json_string(&b, TEXT_NONE);
	assert_text(buf_text(&b), "\"\"");
	buf_clear(&b);
	buf_json_safe(&b, TEXT("{\"a\": [\"\xc2\x9b\xe2\x80\xae\x7f\", \"M\xc3\xbc\"]}"));
	assert_text(buf_text(&b), "{\"a\": [\"\\u009b\\u202e\\u007f\", \"M\xc3\xbc\"]}");
}

static void build(struct buf *b)
{
	assert_text(buf_text(b), "");
	for (int i = 0; i < 1000; i++) {
		buf_addc(b, 'a');
		buf_adds(b, "bc");
		buf_add(b, TEXT("d\0e"));
		buf_printf(b, "%03d", i);
		assert_int_equal(b->s[b->n], 0);
	}
	assert_int_equal(b->n, 9000);
	assert_memory_equal(b->s + 8991, "abcd\0e999", 10);
	buf_clear(b);
	assert_text(buf_text(b), "");
	buf_printf(b, "%*d", 5000, 1);
	assert_int_equal(b->n, 5000);
	buf_free(b);
	assert_text(buf_text(b), "");
	buf_adds(b, "again");
	assert_text(buf_text(b), "again");
}

static void buf_grows_in_an_arena_and_on_the_heap(void **state)
{
	(void)state;
	struct buf on_arena = { .arena = arena };
	_cleanup_(buf_free) struct buf on_heap = { 0 };

	build(&on_arena);
	build(&on_heap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(literals_are_constants),
		cmocka_unit_test(comparing),
		cmocka_unit_test(searching_and_trimming),
		cmocka_unit_test(hash_depends_on_bytes_and_seed),
		cmocka_unit_test(utf8_is_strict),
		cmocka_unit_test(control_characters_are_found),
		cmocka_unit_test(copies_end_with_nul),
		cmocka_unit_test(numbers_are_whole_and_checked),
		cmocka_unit_test(L4_names_are_normalised),
		cmocka_unit_test(L4_references_are_normalised),
		cmocka_unit_test(printable_is_safe_on_a_terminal),
		cmocka_unit_test(json_strings),
		cmocka_unit_test(buf_grows_in_an_arena_and_on_the_heap),
	};

	return cmocka_run_group_tests_name("text", tests, setup, teardown);
}
