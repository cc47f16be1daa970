/* What lib/service/seal.h promises. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/arena.h"
#include "lib/base/text.h"
#include "lib/service/seal.h"

static const char secret[] = "{\"consumer_secret\":\"fake\"}";

static const struct sl_seal_place here = {
    .table = "integration_configs",
    .column = "config",
    .school_id = 1,
    .provider_id = 2,
    .row_id = 3,
};

struct world {
    char folder[64], path[96];
    struct sl_keyring *keyring;
    struct sl_arena *arena;
};

static int make_world(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    struct sl_keyring_made made;
    struct sl_err err;

    if (!world)
        return -1;
    (void)snprintf(world->folder, sizeof world->folder, "/tmp/sl-seal-XXXXXX");
    if (!mkdtemp(world->folder))
        return -1;
    (void)snprintf(world->path, sizeof world->path, "%s/keyring", world->folder);
    world->arena = sl_arena_new();
    *state = world;
    if (sl_keyring_create(world->path, 1795498200000, &made, &err) < 0)
        return -1;
    return sl_keyring_load(&world->keyring, world->path, SL_KEYRING_WHOLE, &err);
}

static int remove_world(void **state)
{
    struct world *world = *state;

    (void)unlink(world->path);
    (void)unlink(sl_arena_printf(world->arena, "%s.webhook", world->path));
    (void)rmdir(world->folder);
    sl_keyring_free(&world->keyring);
    sl_arena_free(&world->arena);
    free(world);
    return 0;
}

static char *seal(struct world *world, const struct sl_seal_place *place)
{
    struct sl_err err;
    char *text =
        sl_seal(world->keyring, SL_KEY_SEAL, world->arena, secret, strlen(secret), place, &err);

    if (!text)
        fail_msg("%s", err.text);
    return text;
}

static void assert_opens(struct world *world, const char *text, const struct sl_seal_place *place)
{
    struct sl_err err;
    char *opened;
    size_t n;

    opened = sl_unseal(world->keyring, SL_KEY_SEAL, world->arena, text, place, &n, &err);
    if (!opened)
        fail_msg("%s", err.text);
    assert_string_equal(opened, secret);
    assert_int_equal(n, strlen(secret));
}

static void assert_stays_shut(struct world *world, const char *text,
                              const struct sl_seal_place *place, const char *reason)
{
    struct sl_err err = { 0 };

    assert_null(sl_unseal(world->keyring, SL_KEY_SEAL, world->arena, text, place, NULL, &err));
    assert_int_equal(err.code, SL_ERR_CONFIG);
    if (!strstr(err.text, reason))
        fail_msg("'%s' says nothing of '%s'", err.text, reason);
    assert_null(strstr(err.text, "consumer"));
}

/* ---- Sealing ------------------------------------------------------------------------- */

static void what_is_sealed_opens_where_it_was_sealed(void **state)
{
    struct world *world = *state;
    const struct sl_key *key = sl_keyring_find(world->keyring, SL_KEY_SEAL, NULL);
    char *text = seal(world, &here), *head;

    head = sl_arena_printf(world->arena, "sl1:%s:", key->id);
    assert_int_equal(strncmp(text, head, strlen(head)), 0);
    assert_null(strstr(text, "consumer"));
    assert_opens(world, text, &here);
}

static void bytes_of_every_length_come_back_with_their_zeros(void **state)
{
    struct world *world = *state;
    char bytes[70], *text, *opened;
    struct sl_err err;
    size_t n_opened;

    for (size_t n = 0; n <= sizeof bytes; n++) {
        memset(bytes, n % 2 ? 0 : 0xfe, sizeof bytes);
        text = sl_seal(world->keyring, SL_KEY_SEAL, world->arena, bytes, n, &here, &err);
        assert_non_null(text);
        opened = sl_unseal(world->keyring, SL_KEY_SEAL, world->arena, text, &here, &n_opened, &err);
        assert_non_null(opened);
        assert_int_equal(n_opened, n);
        assert_memory_equal(opened, bytes, n);
        assert_int_equal(opened[n], 0);
    }
}

static void two_seals_of_one_text_differ_from_the_first_byte(void **state)
{
    struct world *world = *state;
    const char *one = strrchr(seal(world, &here), ':'), *other = strrchr(seal(world, &here), ':');

    assert_int_equal(strlen(one), strlen(other));
    assert_memory_not_equal(one, other, 17);                         /* nonce */
    assert_memory_not_equal(one + 17, other + 17, strlen(one) - 17); /* and what it hides */
}

static void elsewhere_it_does_not_open(void **state)
{
    static const struct sl_seal_place elsewhere[] = {
        { "oauth_tokens", "config", 1, 2, 3 },        { "integration_configs", "memory", 1, 2, 3 },
        { "integration_configs", "config", 9, 2, 3 }, { "integration_configs", "config", 1, 9, 3 },
        { "integration_configs", "config", 1, 2, 9 }, { "integration_configs", "config", 2, 1, 3 },
        { "integration_configs", "config", 1, 3, 2 }, { "integration_configs", "config", -1, 2, 3 },
        { "integration_config", "sconfig", 1, 2, 3 }, { "", "", 1, 2, 3 },
    };
    struct world *world = *state;
    char *text = seal(world, &here);

    for (size_t i = 0; i < SL_COUNT(elsewhere); i++)
        assert_stays_shut(world, text, &elsewhere[i], "moved or altered");
    assert_opens(world, text, &here);
}

static void names_that_run_together_are_other_places(void **state)
{
    static const struct sl_seal_place pairs[][2] = {
        { { "a", "b c", 0, 0, 0 }, { "a b", "c", 0, 0, 0 } },
        { { "a", "bc", 0, 0, 0 }, { "ab", "c", 0, 0, 0 } },
        { { "a", "b", 1, 23, 0 }, { "a", "b", 12, 3, 0 } },
        { { "a", "b 1", 2, 3, 4 }, { "a", "b", 1, 2, 3 } },
    };
    struct world *world = *state;

    for (size_t i = 0; i < SL_COUNT(pairs); i++)
        assert_stays_shut(world, seal(world, &pairs[i][0]), &pairs[i][1], "moved or altered");
}

static void every_flipped_bit_keeps_it_shut(void **state)
{
    struct world *world = *state;
    char *text = seal(world, &here);
    struct sl_err err;

    for (size_t i = 0; text[i]; i++)
        for (int bit = 0; bit < 8; bit++) {
            SL_AUTO(sl_arena_free) struct sl_arena *once = sl_arena_new();

            text[i] = (char)(text[i] ^ (1 << bit));
            assert_null(sl_unseal(world->keyring, SL_KEY_SEAL, once, text, &here, NULL, &err));
            assert_int_equal(err.code, SL_ERR_CONFIG);
            text[i] = (char)(text[i] ^ (1 << bit));
        }
    assert_opens(world, text, &here);
}

static void another_way_to_write_the_same_bytes_stays_shut(void **state)
{
    struct world *world = *state;
    char *text = seal(world, &here);

    assert_stays_shut(world, sl_arena_printf(world->arena, "%s\n", text), &here, "no sealed value");
    assert_stays_shut(world, sl_arena_printf(world->arena, " %s", text), &here, "no sealed value");
    assert_stays_shut(world, sl_arena_printf(world->arena, "%s====", text), &here,
                      "no sealed value");
    for (size_t cut = 0; cut < strlen(text); cut++)
        assert_null(sl_unseal(world->keyring, SL_KEY_SEAL, world->arena,
                              sl_arena_memdup(world->arena, text, cut), &here, NULL,
                              &(struct sl_err){ 0 }));
}

static void what_was_never_sealed_says_so_and_names_its_place(void **state)
{
    static const char *const texts[] = {
        "",        "sl1:",        "sl1::",       "sl1:k1",
        "sl1:k1:", "sl1:K1:AAAA", "sl2:k1:AAAA", "{\"consumer_secret\":\"plain\"}"
    };
    struct world *world = *state;

    for (size_t i = 0; i < SL_COUNT(texts); i++) {
        assert_stays_shut(world, texts[i], &here, "no sealed value");
        assert_stays_shut(world, texts[i], &here, "integration_configs.config in row 3");
    }
}

/* ---- Keys ---------------------------------------------------------------------------- */

static void an_unknown_key_is_named(void **state)
{
    struct world *world = *state;
    char *base64 = strrchr(seal(world, &here), ':');

    assert_stays_shut(world, sl_arena_printf(world->arena, "sl1:k9-other%s", base64), &here,
                      "'k9-other'");
}

static void a_key_of_another_purpose_does_not_open(void **state)
{
    struct world *world = *state;
    struct sl_err err;
    char *text =
        sl_seal(world->keyring, SL_KEY_WEBHOOK, world->arena, secret, strlen(secret), &here, &err);

    assert_non_null(text);
    assert_stays_shut(world, text, &here, "which the key ring has not");
    assert_string_equal(sl_unseal(world->keyring, SL_KEY_WEBHOOK, world->arena, text, &here, NULL,
                                  &err),
                        secret);
}

static void the_webhook_ring_alone_neither_seals_nor_opens_settings(void **state)
{
    struct world *world = *state;
    char *text = seal(world, &here);
    struct sl_err err;

    sl_keyring_free(&world->keyring);
    assert_int_equal(sl_keyring_load(&world->keyring, world->path, SL_KEYRING_WEBHOOK, &err), 0);
    assert_stays_shut(world, text, &here, "which the key ring has not");
    assert_null(sl_seal(world->keyring, SL_KEY_SEAL, world->arena, "x", 1, &here, &err));
    assert_int_equal(err.code, SL_ERR_CONFIG);
}

static void after_a_rotation_the_old_opens_and_the_new_key_seals(void **state)
{
    struct world *world = *state;
    char *old = seal(world, &here), *new;
    char active[SL_KEY_ID_SIZE], id[SL_KEY_ID_SIZE], old_id[SL_KEY_ID_SIZE];
    struct sl_err err;

    assert_int_equal(sl_keyring_rotate(world->path, SL_KEY_SEAL, 1795498200000, active, &err), 0);
    assert_int_equal(sl_keyring_reload(&world->keyring, &err), 0);
    new = seal(world, &here);
    assert_opens(world, old, &here);
    assert_opens(world, new, &here);
    assert_true(sl_seal_key_id(new, id));
    assert_string_equal(id, active);
    assert_true(sl_seal_key_id(old, old_id));
    assert_string_not_equal(old_id, active);
    assert_int_equal(sl_keyring_retire(world->path, old_id, &err), 0);
    assert_int_equal(sl_keyring_reload(&world->keyring, &err), 0);
    assert_stays_shut(world, old, &here, old_id);
    assert_opens(world, new, &here);
}

static void the_key_of_a_text_without_one_is_empty(void **state)
{
    static const char *const texts[] = { "",
                                         "sl1:",
                                         "sl1::AAAA",
                                         "k1:AAAA",
                                         "sl1:k1",
                                         "sl1:k 1:A",
                                         "sl1:k12345678901234567890123456789012345:AAAA" };
    char id[SL_KEY_ID_SIZE];

    (void)state;
    for (size_t i = 0; i < SL_COUNT(texts); i++) {
        memset(id, 'x', sizeof id);
        assert_false(sl_seal_key_id(texts[i], id));
        assert_string_equal(id, "");
    }
}

/* ---- Hashes to find by --------------------------------------------------------------- */

static void an_index_hash_is_the_hmac_of_label_and_text(void **state)
{
    struct world *world = *state;
    const struct sl_key *key = sl_keyring_find(world->keyring, SL_KEY_INDEX, NULL);
    unsigned char expected[SL_SHA256_SIZE], bytes[SL_SHA256_SIZE];
    char hex[SL_INDEX_HEX_SIZE], expected_hex[SL_INDEX_HEX_SIZE];

    sl_hmac_sha256(key->bytes, sizeof key->bytes, "phone\0+254711000001", 19, expected);
    sl_hex(expected, sizeof expected, expected_hex);
    for (int i = 0; i < 2; i++) {
        sl_index_hash(world->keyring, "phone", "+254711000001", hex);
        assert_string_equal(hex, expected_hex);
        sl_index_hash_bytes(world->keyring, "phone", "+254711000001", 13, bytes);
        assert_memory_equal(bytes, expected, sizeof expected);
    }
}

static void labels_and_texts_do_not_run_together(void **state)
{
    static const char *const others[][2] = {
        { "phone", "2" }, { "account", "1" }, { "phone1", "" }, { "phon", "e1" }, { "", "phone1" }
    };
    struct world *world = *state;
    char hex[SL_INDEX_HEX_SIZE], other[SL_INDEX_HEX_SIZE];

    sl_index_hash(world->keyring, "phone", "1", hex);
    for (size_t i = 0; i < SL_COUNT(others); i++) {
        sl_index_hash(world->keyring, others[i][0], others[i][1], other);
        assert_string_not_equal(hex, other);
    }
}

static void rotations_change_no_index_hash_and_another_ring_does(void **state)
{
    struct world *world = *state;
    char before[SL_INDEX_HEX_SIZE], after[SL_INDEX_HEX_SIZE], id[SL_KEY_ID_SIZE];
    struct sl_keyring_made made;
    struct sl_err err;

    sl_index_hash(world->keyring, "phone", "1", before);
    assert_int_equal(sl_keyring_rotate(world->path, SL_KEY_WEBHOOK, 1795498200000, id, &err), 0);
    assert_int_equal(sl_keyring_rotate(world->path, SL_KEY_SEAL, 1795498200000, id, &err), 0);
    assert_int_equal(sl_keyring_reload(&world->keyring, &err), 0);
    sl_index_hash(world->keyring, "phone", "1", after);
    assert_string_equal(before, after);
    assert_int_equal(unlink(sl_arena_printf(world->arena, "%s.webhook", world->path)), 0);
    assert_int_equal(sl_keyring_create(world->path, 1795498200000, &made, &err), 0);
    assert_int_equal(sl_keyring_reload(&world->keyring, &err), 0);
    sl_index_hash(world->keyring, "phone", "1", after);
    assert_string_not_equal(before, after);
}

static int start(void **state)
{
    (void)state;
    sl_crypto_init();
    return 0;
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, make_world, remove_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(what_is_sealed_opens_where_it_was_sealed),
        IN_WORLD(bytes_of_every_length_come_back_with_their_zeros),
        IN_WORLD(two_seals_of_one_text_differ_from_the_first_byte),
        IN_WORLD(elsewhere_it_does_not_open),
        IN_WORLD(names_that_run_together_are_other_places),
        IN_WORLD(every_flipped_bit_keeps_it_shut),
        IN_WORLD(another_way_to_write_the_same_bytes_stays_shut),
        IN_WORLD(what_was_never_sealed_says_so_and_names_its_place),
        IN_WORLD(an_unknown_key_is_named),
        IN_WORLD(a_key_of_another_purpose_does_not_open),
        IN_WORLD(the_webhook_ring_alone_neither_seals_nor_opens_settings),
        IN_WORLD(after_a_rotation_the_old_opens_and_the_new_key_seals),
        IN_WORLD(the_key_of_a_text_without_one_is_empty),
        IN_WORLD(an_index_hash_is_the_hmac_of_label_and_text),
        IN_WORLD(labels_and_texts_do_not_run_together),
        IN_WORLD(rotations_change_no_index_hash_and_another_ring_does),
    };

    return cmocka_run_group_tests(tests, start, NULL);
}
