/* What lib/base/crypto.h promises, by published vectors. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "lib/base/arena.h"
#include "lib/base/crypto.h"
#include "lib/base/text.h"

static void assert_hex(const unsigned char *bytes, size_t n, const char *expected)
{
    char hex[2 * 128 + 1];

    assert_true(n <= 128);
    sl_hex(bytes, n, hex);
    assert_string_equal(hex, expected);
}

static size_t unhex(const char *hex, unsigned char *bytes)
{
    assert_true(sl_unhex(hex, bytes, strlen(hex) / 2));
    return strlen(hex) / 2;
}

/* ---- SHA-256: FIPS 180-4's examples, from NIST's pages ------------------------------ */

static const struct {
    const char *message, *hash;
} sha256_vectors[] = {
    { "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
    { "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
    { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
};

static const char million_hash[] =
    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"; /* 10^6 times 'a' */

static void sha256_is_that_of_the_standard(void **state)
{
    unsigned char hash[SL_SHA256_SIZE];

    (void)state;
    for (size_t i = 0; i < SL_COUNT(sha256_vectors); i++) {
        sl_sha256(sha256_vectors[i].message, strlen(sha256_vectors[i].message), hash);
        assert_hex(hash, sizeof hash, sha256_vectors[i].hash);
    }
}

static void pieces_hash_like_the_whole_and_one_context_serves_many(void **state)
{
    SL_AUTO(sl_hash_end) struct sl_hash hash = { 0 };
    unsigned char out[SL_SHA256_SIZE];
    char piece[1000];

    (void)state;
    memset(piece, 'a', sizeof piece);
    sl_hash_begin(&hash);
    for (size_t i = 0; i < 1000; i++)
        sl_hash_add(&hash, piece, sizeof piece);
    sl_hash_result(&hash, out);
    assert_hex(out, sizeof out, million_hash);
    sl_hash_add(&hash, "a", 1);
    sl_hash_add(&hash, "", 0);
    sl_hash_add(&hash, "bc", 2);
    sl_hash_result(&hash, out);
    assert_hex(out, sizeof out, sha256_vectors[1].hash);
    sl_hash_result(&hash, out);
    assert_hex(out, sizeof out, sha256_vectors[0].hash);
}

/* ---- HMAC-SHA256: RFC 4231, section 4 ----------------------------------------------- */

static const struct {
    const char *key, *message, *mac;
} hmac_vectors[] = {
    { "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
      "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
    { "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
    { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
      "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
      "dddddddddddddddddddddddddddddddddddd",
      "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe" },
    { "0102030405060708090a0b0c0d0e0f10111213141516171819",
      "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
      "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
      "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b" },
};

/* Cases 6 and 7: 131 times 'aa', more than a block. */
static const struct {
    const char *message, *mac;
} long_key_vectors[] = {
    { "Test Using Larger Than Block-Size Key - Hash Key First",
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
    { "This is a test using a larger than block-size key and a larger than block-size data. The "
      "key needs to be hashed before being used by the HMAC algorithm.",
      "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2" },
};

/* Both ways, and twice from one context. */
static void check_hmac(const void *key, size_t n_key, const void *message, size_t n,
                       const char *mac)
{
    SL_AUTO(sl_hash_end) struct sl_hash hash = { 0 };
    unsigned char out[SL_SHA256_SIZE];

    sl_hmac_sha256(key, n_key, message, n, out);
    assert_hex(out, sizeof out, mac);
    sl_hash_begin_keyed(&hash, key, n_key);
    for (int i = 0; i < 2; i++) {
        sl_hash_add(&hash, message, n);
        sl_hash_result(&hash, out);
        assert_hex(out, sizeof out, mac);
    }
}

static void hmac_is_that_of_the_rfc(void **state)
{
    unsigned char key[131], message[64];

    (void)state;
    for (size_t i = 0; i < SL_COUNT(hmac_vectors); i++) {
        size_t n_key = unhex(hmac_vectors[i].key, key);
        size_t n = unhex(hmac_vectors[i].message, message);

        check_hmac(key, n_key, message, n, hmac_vectors[i].mac);
    }
    memset(key, 0xaa, sizeof key);
    for (size_t i = 0; i < SL_COUNT(long_key_vectors); i++)
        check_hmac(key, sizeof key, long_key_vectors[i].message,
                   strlen(long_key_vectors[i].message), long_key_vectors[i].mac);
}

/* RFC 2202, section 3: cases 2 and 6. */
static void hmac_sha1_is_that_of_the_rfc(void **state)
{
    static const char long_key[] = "Test Using Larger Than Block-Size Key - Hash Key First";
    unsigned char out[SL_SHA1_SIZE], key[80];

    (void)state;
    sl_hmac_sha1("Jefe", 4, "what do ya want for nothing?", 28, out);
    assert_hex(out, sizeof out, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    memset(key, 0xaa, sizeof key);
    sl_hmac_sha1(key, sizeof key, long_key, strlen(long_key), out);
    assert_hex(out, sizeof out, "aa4ae5e15272d00e95705637ce8a3b55ed402112");
}

static void keys_around_one_block_give_the_same_hmac_both_ways(void **state)
{
    unsigned char key[70], once[SL_SHA256_SIZE];
    char hex[2 * SL_SHA256_SIZE + 1];

    (void)state;
    memset(key, 0x5a, sizeof key);
    for (size_t n_key = 1; n_key <= sizeof key; n_key++) {
        sl_hmac_sha256(key, n_key, "abc", 3, once);
        sl_hex(once, sizeof once, hex);
        check_hmac(key, n_key, "abc", 3, hex);
    }
}

/* ---- AES-256-GCM: McGrew and Viega, "The Galois/Counter Mode", cases 13, 14, 16 ------ */

static const struct {
    const char *key, *nonce, *additional, *plain, *sealed;
} gcm_vectors[] = {
    { "0000000000000000000000000000000000000000000000000000000000000000",
      "000000000000000000000000", "", "", "530f8afbc74536b9a963b4f1c4cb738b" },
    { "0000000000000000000000000000000000000000000000000000000000000000",
      "000000000000000000000000", "", "00000000000000000000000000000000",
      "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919" },
    { "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
      "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
      "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
      "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
      "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
      "76fc6ece0f4e1768cddf8853bb2d551b" },
};

struct sealed {
    unsigned char key[SL_AES_KEY_SIZE], nonce[SL_GCM_NONCE_SIZE], additional[20], plain[64],
        bytes[80];
    size_t n_plain, n;
    struct sl_gcm gcm;
};

static void seal_vector(size_t i, struct sealed *sealed)
{
    struct sl_err err;

    (void)unhex(gcm_vectors[i].key, sealed->key);
    (void)unhex(gcm_vectors[i].nonce, sealed->nonce);
    sealed->gcm =
        (struct sl_gcm){ .key = sealed->key,
                         .nonce = sealed->nonce,
                         .additional = sealed->additional,
                         .n_additional = unhex(gcm_vectors[i].additional, sealed->additional) };
    sealed->n_plain = unhex(gcm_vectors[i].plain, sealed->plain);
    sealed->n = sealed->n_plain + SL_GCM_TAG_SIZE;
    assert_int_equal(sl_gcm_seal(&sealed->gcm, sealed->plain, sealed->n_plain, sealed->bytes, &err),
                     0);
}

static void gcm_seals_as_published_and_opens_again(void **state)
{
    struct sealed sealed;
    unsigned char opened[64];

    (void)state;
    for (size_t i = 0; i < SL_COUNT(gcm_vectors); i++) {
        seal_vector(i, &sealed);
        assert_hex(sealed.bytes, sealed.n, gcm_vectors[i].sealed);
        assert_true(sl_gcm_open(&sealed.gcm, sealed.bytes, sealed.n, opened));
        assert_memory_equal(opened, sealed.plain, sealed.n_plain);
    }
}

/* Turns each bit of the bytes once. */
static void assert_each_bit_matters(const struct sealed *sealed, unsigned char *bytes, size_t n)
{
    unsigned char opened[64];

    for (size_t bit = 0; bit < 8 * n; bit++) {
        memset(opened, 0xff, sizeof opened);
        bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        assert_false(sl_gcm_open(&sealed->gcm, sealed->bytes, sealed->n, opened));
        bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        for (size_t i = 0; i < sealed->n_plain; i++)
            assert_int_equal(opened[i], 0); /* nothing of a forgery gets out */
    }
    assert_true(sl_gcm_open(&sealed->gcm, sealed->bytes, sealed->n, opened));
}

static void gcm_does_not_open_with_any_bit_changed(void **state)
{
    struct sealed sealed;

    (void)state;
    seal_vector(2, &sealed);
    assert_each_bit_matters(&sealed, sealed.bytes, sealed.n);
    assert_each_bit_matters(&sealed, sealed.key, sizeof sealed.key);
    assert_each_bit_matters(&sealed, sealed.nonce, sizeof sealed.nonce);
    assert_each_bit_matters(&sealed, sealed.additional, sizeof sealed.additional);
}

static void gcm_does_not_open_what_is_cut(void **state)
{
    struct sealed sealed;
    unsigned char opened[64];

    (void)state;
    seal_vector(2, &sealed);
    for (size_t n = 0; n < sealed.n; n++)
        assert_false(sl_gcm_open(&sealed.gcm, sealed.bytes, n, opened));
    sealed.gcm.n_additional--;
    assert_false(sl_gcm_open(&sealed.gcm, sealed.bytes, sealed.n, opened));
}

/* ---- Randomness --------------------------------------------------------------------- */

static void random_bytes_fill_all_that_was_asked_for_and_differ(void **state)
{
    static unsigned char many[1000], seen[sizeof many], again[sizeof many];

    (void)state;
    sl_random(again, 0);
    for (int round = 0; round < 20; round++) { /* no byte stays 0 for twenty rounds */
        sl_random(many, sizeof many);
        for (size_t i = 0; i < sizeof many; i++)
            seen[i] |= many[i];
    }
    for (size_t i = 0; i < sizeof seen; i++)
        assert_int_not_equal(seen[i], 0);
    sl_random(again, sizeof again);
    assert_memory_not_equal(many, again, sizeof many);
}

static int start(void **state)
{
    (void)state;
    sl_crypto_init();
    sl_crypto_init(); /* again does nothing */
    return 0;
}

/* RFC 4648, sections 3.5 and 10: what is signed must not be had in a second spelling. */
static void base64_has_one_spelling(void **state)
{
    static const struct {
        const char *text, *bytes;
    } vectors[] = { { "", "" }, { "Zg==", "f" }, { "Zm8=", "fo" }, { "Zm9v", "foo" } };
    static const char *const wrong[] = { "Zh==", "Zm9=", "Zg=", "Z===", "Zg==Zg==", "Zm9v=" };
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    size_t n;

    (void)state;
    for (size_t i = 0; i < SL_COUNT(vectors); i++) {
        const unsigned char *bytes = sl_unbase64(arena, vectors[i].text, &n);

        assert_non_null(bytes);
        assert_int_equal(n, strlen(vectors[i].bytes));
        assert_memory_equal(bytes, vectors[i].bytes, n);
    }
    for (size_t i = 0; i < SL_COUNT(wrong); i++)
        assert_null(sl_unbase64(arena, wrong[i], &n));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_is_that_of_the_standard),
        cmocka_unit_test(pieces_hash_like_the_whole_and_one_context_serves_many),
        cmocka_unit_test(hmac_is_that_of_the_rfc),
        cmocka_unit_test(hmac_sha1_is_that_of_the_rfc),
        cmocka_unit_test(keys_around_one_block_give_the_same_hmac_both_ways),
        cmocka_unit_test(gcm_seals_as_published_and_opens_again),
        cmocka_unit_test(gcm_does_not_open_with_any_bit_changed),
        cmocka_unit_test(gcm_does_not_open_what_is_cut),
        cmocka_unit_test(random_bytes_fill_all_that_was_asked_for_and_differ),
        cmocka_unit_test(base64_has_one_spelling),
    };

    return cmocka_run_group_tests(tests, start, NULL);
}
