/* What lib/adapter/keys.h and jwt.h promise; openssl verifies, with throw-away keys. */
#include "tests/unit/data_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stdbool.h>
#include <unistd.h>

#include "lib/adapter/jwt.h"
#include "lib/base/crypto.h"

#define KEYS "tests/data/keys/"

static const char rsa_key[] = KEYS "rsa2048-pkcs8.pem", ec_key[] = KEYS "AuthKey_TESTKEY123.p8";

static char *sign_es256(struct sl_arena *arena, const char *key, struct sl_err *err)
{
    return sl_jwt_sign(arena, SL_ES256, key, "{\"alg\":\"ES256\",\"kid\":\"TESTKEY123\"}",
                       "{\"iss\":\"TEAMTEST01\",\"iat\":1700000000}", err);
}

/* ---- Known signatures ---------------------------------------------------------------- */

/* Its s begins with a zero byte. */
static const char apple_token[] =
    "eyJhbGciOiJFUzI1NiIsImtpZCI6IlRFU1RLRVkxMjMifQ."
    "eyJpc3MiOiJURUFNVEVTVDAxIiwiaWF0IjoxNzAwMDAwMDAwfQ."
    "RjHBaJGvky7Z0u0OyqHW2HgG8iE2JCDfwA102_VLcxAADEwndxmJMs_f-NRsaFQrrCqL2Wv4Nh_ON1MdMqQLKA";

static void both_forms_of_apples_key_give_the_known_token(void **state)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_err err;

    (void)state;
    assert_string_equal(sign_es256(arena, read_file(arena, ec_key), &err), apple_token);
    assert_string_equal(sign_es256(arena, read_file(arena, KEYS "AuthKey_APPLEFORM1.p8"), &err),
                        apple_token);
}

static void an_rsa_key_gives_the_known_token(void **state)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_err err;
    const char *token = sl_jwt_sign(
        arena, SL_RS256, read_file(arena, rsa_key),
        "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"0123456789abcdef0123456789abcdef01234567\"}",
        "{\"iss\":\"shulelabs-test@demo-school.iam.gserviceaccount.com\",\"scope\":\"https://"
        "www.googleapis.com/auth/firebase.messaging\",\"aud\":\"https://oauth2.googleapis.com/"
        "token\",\"iat\":1700000000,\"exp\":1700003600}",
        &err);

    (void)state;
    assert_non_null(token);
    assert_string_equal(
        strrchr(token, '.') + 1,
        "DCqte2dgSFWlpPXJa73xJehAqe0ub5NNwTFIenUsi2fr0GCRTFVVaCSkqDt8MKjPM2ygfSv_"
        "ctHVazf0UHz7UhuuJWNSq4me3sIVC64IMXcSBCpjDlqSo5KfS1OUxQlf-YDv6ffyXAHbgoHX17JQ9en4ddQGrlbE4"
        "noj4zXI_qu4Dx3_CVmtCmW6n73oWDdf_nseetuXmOGR6BM_mZwqa6foqv83goN9UzmVECCrQoe5snKTQRQREeI2ZJ"
        "CbrW4uL5jmmThHoJHxgVaPI_NBkK1xXh03-9eOs3kg7F4ukIWLKH86vIN99iGje0-4QLSFGZma6sMmSIz7pwE1AVJ"
        "MBg");
}

/* ---- OpenSSL verifies ---------------------------------------------------------------- */

static void write_bytes(const char *path, const void *bytes, size_t n)
{
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

static bool openssl_verifies(struct sl_arena *arena, const char *public_key, const char *message,
                             const void *signature, size_t n)
{
    char folder[] = "/tmp/sl-keys-XXXXXX";
    const char *signed_path, *message_path;
    int status;

    assert_non_null(mkdtemp(folder));
    signed_path = sl_arena_printf(arena, "%s/signature", folder);
    message_path = sl_arena_printf(arena, "%s/message", folder);
    write_bytes(signed_path, signature, n);
    write_bytes(message_path, message, strlen(message));
    status = system(sl_arena_printf(arena,
                                    "openssl dgst -sha256 -verify %s -signature %s %s >%s/out 2>&1",
                                    public_key, signed_path, message_path, folder));
    assert_int_equal(system(sl_arena_printf(arena, "rm -r %s", folder)), 0);
    return status == 0;
}

/* SEQUENCE { INTEGER r, INTEGER s }, as OpenSSL wants it. */
static size_t to_der(const unsigned char *signature, unsigned char *der)
{
    size_t n = 2;

    for (size_t i = 0; i < 2; i++) {
        const unsigned char *number = signature + 32 * i, *end = number + 32;

        while (number < end - 1 && *number == 0)
            number++;
        der[n++] = 0x02;
        der[n++] = (unsigned char)((size_t)(end - number) + (*number >> 7));
        if (*number >> 7)
            der[n++] = 0;
        memcpy(der + n, number, (size_t)(end - number));
        n += (size_t)(end - number);
    }
    der[0] = 0x30;
    der[1] = (unsigned char)(n - 2);
    return n;
}

static void openssl_accepts_what_is_signed_and_nothing_else(void **state)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    unsigned char der[80], *signature;
    struct sl_err err;
    size_t n, n_der;

    (void)state;
    signature =
        sl_private_key_sign(arena, SL_RS256, read_file(arena, rsa_key), "Habari", 6, &n, &err);
    assert_int_equal(n, 256);
    assert_true(openssl_verifies(arena, KEYS "rsa2048-pub.pem", "Habari", signature, n));
    assert_false(openssl_verifies(arena, KEYS "rsa2048-pub.pem", "Habarj", signature, n));
    signature =
        sl_private_key_sign(arena, SL_ES256, read_file(arena, ec_key), "Habari", 6, &n, &err);
    assert_int_equal(n, 64);
    n_der = to_der(signature, der);
    assert_true(openssl_verifies(arena, KEYS "ec-p256-pub.pem", "Habari", der, n_der));
    assert_false(openssl_verifies(arena, KEYS "ec-p256-pub.pem", "Habarj", der, n_der));
}

/* One signature in 128 has a short r or s: all have to be as long as they are. */
static void short_numbers_are_padded(void **state)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const char *key = read_file(arena, ec_key);
    unsigned n_short = 0;
    struct sl_err err;

    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        unsigned char der[80];
        size_t n, n_der;
        const unsigned char *signature =
            sl_private_key_sign(arena, SL_ES256, key, &i, sizeof i, &n, &err);

        assert_non_null(signature);
        assert_int_equal(n, 64);
        n_der = to_der(signature, der);
        n_short += signature[0] == 0 || signature[32] == 0;
        assert_in_range(n_der, 60, 72);
    }
    assert_in_range(n_short, 1, 40);
}

/* ---- Forms of the file --------------------------------------------------------------- */

static void what_editors_and_environments_do_to_a_file_does_no_harm(void **state)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const char *key = read_file(arena, ec_key);
    const char *forms[] = {
        replace_newlines(arena, key, "\r\n"),
        replace_newlines(arena, key, "\\n"),
        replace_newlines(arena, key, "\\r\\n"),
        sl_arena_printf(arena, "\xef\xbb\xbf  %s\n\n  ", key),
    };
    struct sl_err err;

    (void)state;
    for (size_t i = 0; i < SL_COUNT(forms); i++)
        assert_string_equal(sign_es256(arena, forms[i], &err), apple_token);
}

/* ---- Refusals ------------------------------------------------------------------------ */

static const struct {
    const char *path;
    enum sl_signing signing;
    const char *text, *hint;
} refused[] = {
    { KEYS "rsa2048-pkcs1.pem", SL_RS256, "older form (PKCS#1)", "openssl pkcs8 -topk8 -nocrypt" },
    { KEYS "ec-p256-sec1.pem", SL_ES256, "older form (SEC1)", "openssl pkcs8 -topk8 -nocrypt" },
    { KEYS "rsa2048-encrypted.pem", SL_RS256, "has a passphrase", "openssl pkcs8" },
    { KEYS "ec-p384-pkcs8.pem", SL_ES256, "not a P-256 key", "" },
    { KEYS "rsa2048-pkcs8.pem", SL_ES256, "an RSA key, not a P-256 key", "" },
    { KEYS "AuthKey_TESTKEY123.p8", SL_RS256, "an elliptic curve key, not an RSA key", "" },
    { KEYS "apns-cert.pem", SL_RS256, "a certificate", "BEGIN PRIVATE KEY" },
    { KEYS "rsa2048-pub.pem", SL_RS256, "a public key", "BEGIN PRIVATE KEY" },
    { "tests/data/phones.jsonl", SL_RS256, "no private key", "BEGIN PRIVATE KEY" },
};

static void each_wrong_key_is_refused_with_what_to_do(void **state)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();

    (void)state;
    for (size_t i = 0; i < SL_COUNT(refused); i++) {
        struct sl_err err = { 0 };

        assert_int_equal(sl_private_key_check(refused[i].signing, read_file(arena, refused[i].path),
                                              &err),
                         -1);
        assert_int_equal(err.code, SL_ERR_CONFIG);
        if (!strstr(err.text, refused[i].text) || !strstr(err.hint, refused[i].hint))
            fail_msg("%s: %s (%s)", refused[i].path, err.text, err.hint);
    }
}

static void the_converting_command_gives_a_key_that_signs(void **state)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    char path[] = "/tmp/sl-keys-XXXXXX";
    struct sl_err err;
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    (void)close(fd);
    assert_int_equal(system(sl_arena_printf(arena, "openssl pkcs8 -topk8 -nocrypt -in %s -out %s",
                                            KEYS "ec-p256-sec1.pem", path)),
                     0);
    assert_string_equal(sign_es256(arena, read_file(arena, path), &err), apple_token);
    assert_int_equal(system(
                         sl_arena_printf(arena,
                                         "openssl pkcs8 -topk8 -nocrypt -in %s -passin pass:test "
                                         "-out %s",
                                         KEYS "rsa2048-encrypted.pem", path)),
                     0);
    assert_int_equal(sl_private_key_check(SL_RS256, read_file(arena, path), &err), 0);
    assert_int_equal(unlink(path), 0);
}

static void a_damaged_key_is_refused_or_signs_the_same(void **state)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    static const char end[] = "\n-----END PRIVATE KEY-----";
    const char *key = read_file(arena, rsa_key);
    size_t begin = (size_t)(strchr(key, '\n') - key) + 1, n = strlen(key), n_right, n_signature;
    struct sl_err err;
    const unsigned char *right = sl_private_key_sign(arena, SL_RS256, key, "a", 1, &n_right, &err);

    (void)state;
    for (size_t at = begin; at < n - 30; at += 37) {
        char *cut = sl_arena_printf(arena, "%.*s%s", (int)at, key, end);
        char *bent = sl_arena_strdup(arena, key);
        const unsigned char *signature;

        assert_int_equal(sl_private_key_check(SL_RS256, cut, &err), -1);
        if (bent[at] != '\n')
            bent[at] = bent[at] == 'A' ? 'B' : 'A';
        signature = sl_private_key_sign(arena, SL_RS256, bent, "a", 1, &n_signature, &err);
        if (signature) { /* what was damaged is not needed: an attribute, an exponent of CRT */
            assert_int_equal(n_signature, n_right);
            assert_memory_equal(signature, right, n_right);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_forms_of_apples_key_give_the_known_token),
        cmocka_unit_test(an_rsa_key_gives_the_known_token),
        cmocka_unit_test(openssl_accepts_what_is_signed_and_nothing_else),
        cmocka_unit_test(short_numbers_are_padded),
        cmocka_unit_test(what_editors_and_environments_do_to_a_file_does_no_harm),
        cmocka_unit_test(each_wrong_key_is_refused_with_what_to_do),
        cmocka_unit_test(the_converting_command_gives_a_key_that_signs),
        cmocka_unit_test(a_damaged_key_is_refused_or_signs_the_same),
    };

    sl_crypto_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
