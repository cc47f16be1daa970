/* What lib/adapter/rsa.h promises; libgcrypt decrypts, with a throw-away key. */
#include "tests/unit/data_file.h"

#include <gcrypt.h>
#include <stdio.h>
#include <string.h>

#include "lib/adapter/rsa.h"
#include "lib/base/crypto.h"
#include "lib/base/text.h"

static const char certificate[] = "tests/data/rsa-cert.pem";
static const char password[] = "Safaricom999!*!";
static const unsigned char seed[SL_RSA_SEED_SIZE] = { 7, 1, 8 };

static char *encrypt_text(struct sl_arena *arena, const char *text, struct sl_err *err)
{
    return sl_rsa_encrypt_pkcs1(arena, text, strlen(text), password, strlen(password), seed, err);
}

static char *encrypt_to(struct sl_arena *arena, const char *path, struct sl_err *err)
{
    return encrypt_text(arena, read_file(arena, path), err);
}

/* Asserts that the text is what the key of rsa-cert.pem decrypts to the message. */
static void assert_decrypts(struct sl_arena *arena, const char *text, const void *message, size_t n)
{
    gcry_sexp_t key, data, plain;
    unsigned char *bytes;
    const char *found;
    size_t n_bytes, n_found;

    assert_non_null(text);
    bytes = sl_unbase64(arena, text, &n_bytes);
    assert_non_null(bytes);
    assert_int_equal(n_bytes, 256);
    found = read_file(arena, "tests/data/rsa-test-key.sexp");
    assert_int_equal(gcry_sexp_new(&key, found, strlen(found), 1), 0);
    assert_int_equal(gcry_pk_testkey(key), 0);
    assert_int_equal(gcry_sexp_build(&data, NULL, "(enc-val(flags pkcs1)(rsa(a%b)))", (int)n_bytes,
                                     bytes),
                     0);
    assert_int_equal(gcry_pk_decrypt(&plain, data, key), 0);
    found = gcry_sexp_nth_data(plain, 1, &n_found);
    assert_int_equal(n_found, n);
    assert_memory_equal(found, message, n);
    gcry_sexp_release(plain);
    gcry_sexp_release(data);
    gcry_sexp_release(key);
}

static void a_password_decrypts_to_itself(void **state)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_err err;
    char *text = encrypt_to(arena, certificate, &err);

    (void)state;
    assert_decrypts(arena, text, password, strlen(password));
    assert_int_equal(strlen(text), 344);
    assert_null(strpbrk(text, "\r\n "));
}

static void many_seeds_give_as_many_texts_that_all_decrypt(void **state)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    unsigned char other[SL_RSA_SEED_SIZE] = { 0 };
    const char *pem = read_file(arena, certificate), *text, *before = "";
    struct sl_err err;

    (void)state;
    for (unsigned i = 0; i < 100; i++) { /* one ciphertext in 256 begins with a zero */
        other[31] = (unsigned char)i;
        text =
            sl_rsa_encrypt_pkcs1(arena, pem, strlen(pem), password, strlen(password), other, &err);
        assert_decrypts(arena, text, password, strlen(password));
        assert_string_not_equal(text, before);
        before = text;
    }
}

static void the_same_seed_gives_the_same_text(void **state)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_err err;

    (void)state;
    assert_string_equal(encrypt_to(arena, certificate, &err), encrypt_to(arena, certificate, &err));
}

static void messages_up_to_the_keys_room_and_no_longer(void **state)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const char *pem = read_file(arena, certificate);
    char message[246] = { 0 }; /* zeros are data */
    struct sl_err err;

    (void)state;
    message[3] = 'x';
    assert_decrypts(arena, sl_rsa_encrypt_pkcs1(arena, pem, strlen(pem), message, 245, seed, &err),
                    message, 245);
    assert_null(sl_rsa_encrypt_pkcs1(arena, pem, strlen(pem), message, 246, seed, &err));
    assert_int_equal(err.code, SL_ERR_CONFIG);
    assert_non_null(strstr(err.text, "1 to 245"));
    assert_null(sl_rsa_encrypt_pkcs1(arena, pem, strlen(pem), "", 0, seed, &err));
    assert_int_equal(err.code, SL_ERR_CONFIG);
}

static void an_expired_certificate_of_version_1_serves(void **state)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_err err;
    char *text = encrypt_to(arena, "tests/data/mpesa-test-cert.cer", &err);

    (void)state;
    assert_non_null(text);
    assert_int_equal(strlen(text), 344);
}

static void a_longer_key_gives_a_longer_text(void **state)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_err err;
    char *text = encrypt_to(arena, "tests/data/rsa-cert-4096.pem", &err);

    (void)state;
    assert_non_null(text);
    assert_int_equal(strlen(text), 684);
}

/* ---- Forms of the certificate -------------------------------------------------------- */

static char *base64_of(struct sl_arena *arena, const char *pem)
{
    const char *begin = strchr(pem, '\n') + 1, *end = strstr(pem, "-----END");

    return sl_arena_memdup(arena, begin, (size_t)(end - begin));
}

static void pem_base64_and_der_are_the_same_certificate(void **state)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const char *pem = read_file(arena, certificate), *base64 = base64_of(arena, pem);
    const char *forms[] = {
        sl_arena_printf(arena,
                        "\xef\xbb\xbf"
                        "Bag Attributes: none\n%s\nand text behind\n",
                        pem),
        replace_newlines(arena, pem, "\r\n"),
        replace_newlines(arena, pem, "\\n"),
        base64,
        replace_newlines(arena, base64, ""),
    };
    struct sl_err err;
    size_t n_der;
    const unsigned char *der = sl_unbase64(arena, base64, &n_der);
    const char *expected = encrypt_text(arena, pem, &err), *text;

    (void)state;
    for (size_t i = 0; i < SL_COUNT(forms); i++) {
        text = encrypt_text(arena, forms[i], &err);
        assert_non_null(text);
        assert_string_equal(text, expected);
    }
    text = sl_rsa_encrypt_pkcs1(arena, (const char *)der, n_der, password, strlen(password), seed,
                                &err);
    assert_non_null(text);
    assert_string_equal(text, expected);
}

/* ---- Refusals ----------------------------------------------------------------------- */

static void assert_refused(const char *text, const char *reason)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_err err = { 0 };

    assert_null(encrypt_text(arena, text, &err));
    assert_int_equal(err.code, SL_ERR_CONFIG);
    if (!strstr(err.text, reason))
        fail_msg("'%s' says nothing of '%s'", err.text, reason);
    assert_null(strstr(err.text, password));
}

static void keys_that_will_not_do_are_refused_by_name(void **state)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();

    (void)state;
    assert_refused(read_file(arena, "tests/data/rsa-cert-1024.pem"), "1024 bits");
    assert_refused(read_file(arena, "tests/data/ec-cert.pem"), "not an RSA key");
}

static void what_is_no_certificate_is_refused(void **state)
{
    (void)state;
    assert_refused("", "no");
    assert_refused("password", "no X.509");
    assert_refused("-----BEGIN CERTIFICATE-----\nMIID", "no certificate");
    assert_refused("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----", "no X.509");
    assert_refused("-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----", "no certificate");
    assert_refused("-----BEGIN PRIVATE KEY-----\nMIID\n-----END PRIVATE KEY-----",
                   "no certificate");
}

/* Each goes to the sanitizers; what is neither refused nor good would end the test. */
static void damaged_and_cut_certificates_do_no_harm(void **state)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const char *base64 = base64_of(arena, read_file(arena, certificate));
    struct sl_err err;
    size_t n, refused = 0;
    char *der = (char *)sl_unbase64(arena, base64, &n);

    (void)state;
    for (size_t cut = 0; cut < n; cut++) {
        char *copy = sl_arena_memdup(arena, der, cut);

        assert_null(sl_rsa_encrypt_pkcs1(arena, copy, cut, password, 1, seed, &err));
    }
    for (size_t i = 0; i < n; i++) {
        SL_AUTO(sl_arena_free) struct sl_arena *once = sl_arena_new();

        der[i] = (char)(der[i] ^ 0x55);
        refused += !sl_rsa_encrypt_pkcs1(once, der, n, password, 1, seed, &err);
        der[i] = (char)(der[i] ^ 0x55);
    }
    assert_true(refused > 20); /* every length and tag on the way to the key */
}

static int start(void **state)
{
    (void)state;
    sl_crypto_init();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_password_decrypts_to_itself),
        cmocka_unit_test(many_seeds_give_as_many_texts_that_all_decrypt),
        cmocka_unit_test(the_same_seed_gives_the_same_text),
        cmocka_unit_test(messages_up_to_the_keys_room_and_no_longer),
        cmocka_unit_test(an_expired_certificate_of_version_1_serves),
        cmocka_unit_test(a_longer_key_gives_a_longer_text),
        cmocka_unit_test(pem_base64_and_der_are_the_same_certificate),
        cmocka_unit_test(keys_that_will_not_do_are_refused_by_name),
        cmocka_unit_test(what_is_no_certificate_is_refused),
        cmocka_unit_test(damaged_and_cut_certificates_do_no_harm),
    };

    return cmocka_run_group_tests(tests, start, NULL);
}
