/* What lib/service/keyring.h promises, on real files in a temporary folder. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/arena.h"
#include "lib/base/text.h"
#include "lib/service/keyring.h"

static const int64_t now_ms = 1795498200123; /* 2026-11-24T05:30:00.123Z */

struct place {
    char folder[64];
    char main[128];
    char webhook[128];
};

static int make_folder(void **state)
{
    struct place *place = calloc(1, sizeof *place);

    if (!place)
        return -1;
    (void)snprintf(place->folder, sizeof place->folder, "/tmp/sl-keyring-XXXXXX");
    if (!mkdtemp(place->folder))
        return -1;
    (void)snprintf(place->main, sizeof place->main, "%s/keyring", place->folder);
    (void)snprintf(place->webhook, sizeof place->webhook, "%s/keyring.webhook", place->folder);
    *state = place;
    return 0;
}

/* How many files are in the folder; takes them away if told so. */
static int count_files(const char *folder, int remove)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    int n = 0;

    assert_non_null(dir);
    for (entry = readdir(dir); entry; entry = readdir(dir)) {
        if (*entry->d_name == '.')
            continue;
        n++;
        if (remove)
            assert_int_equal(unlinkat(dirfd(dir), entry->d_name, 0), 0);
    }
    (void)closedir(dir);
    return n;
}

static int remove_folder(void **state)
{
    struct place *place = *state;

    (void)unsetenv("CREDENTIALS_DIRECTORY");
    (void)count_files(place->folder, 1);
    (void)rmdir(place->folder);
    free(place);
    return 0;
}

static void create(const struct place *place)
{
    struct sl_keyring_made made = { 0 };
    struct sl_err err;

    if (sl_keyring_create(place->main, now_ms, &made, &err) < 0)
        fail_msg("%s", err.text);
    assert_true(made.main);
    assert_true(made.webhook);
}

static struct sl_keyring *load(const struct place *place)
{
    struct sl_keyring *keyring = NULL;
    struct sl_err err;

    if (sl_keyring_load(&keyring, place->main, SL_KEYRING_WHOLE, &err) < 0)
        fail_msg("%s", err.text);
    return keyring;
}

static void assert_refused_as(const struct place *place, enum sl_keyring_part part,
                              const char *reason)
{
    struct sl_keyring *keyring = NULL;
    struct sl_err err = { 0 };

    assert_int_equal(sl_keyring_load(&keyring, place->main, part, &err), -1);
    assert_null(keyring);
    assert_int_equal(err.code, SL_ERR_CONFIG);
    if (!strstr(err.text, reason) && !strstr(err.hint, reason))
        fail_msg("'%s; %s' says nothing of '%s'", err.text, err.hint, reason);
}

static void assert_refused(const struct place *place, const char *reason)
{
    assert_refused_as(place, SL_KEYRING_WHOLE, reason);
}

static char *read_file(struct sl_arena *arena, const char *path, size_t *n)
{
    char *bytes = sl_arena_alloc(arena, 65536, 1);
    FILE *file = fopen(path, "re");

    assert_non_null(file);
    *n = fread(bytes, 1, 65535, file);
    (void)fclose(file);
    return bytes;
}

static void write_file(const char *path, const char *bytes, size_t n)
{
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0600), 0);
}

static mode_t mode_of(const char *path)
{
    struct stat about;

    assert_int_equal(lstat(path, &about), 0);
    return about.st_mode;
}

/* ---- Making -------------------------------------------------------------------------- */

static void both_files_are_made_for_their_owner_alone(void **state)
{
    const struct place *place = *state;
    mode_t mask = umask(0);

    create(place);
    (void)umask(0777);
    assert_int_equal(unlink(place->webhook), 0);
    assert_int_equal(sl_keyring_create(place->main, now_ms, &(struct sl_keyring_made){ 0 },
                                       &(struct sl_err){ 0 }),
                     0);
    (void)umask(mask);
    assert_int_equal(mode_of(place->main), S_IFREG | 0600);
    assert_int_equal(mode_of(place->webhook), S_IFREG | 0600);
    assert_int_equal(count_files(place->folder, 0), 2);
}

static void a_ring_is_text_as_the_header_shows_it(void **state)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const struct place *place = *state;
    size_t n;
    char *text;

    create(place);
    text = read_file(arena, place->main, &n);
    assert_int_equal(strncmp(text, "shulelabs-keyring 1 main ", 25), 0);
    text = strchr(text, '\n') + 1;
    assert_int_equal(strncmp(text, "seal k1-20261124-", 17), 0);
    assert_int_equal(strncmp(text + 21, " active 2026-11-24T05:30:00Z ", 29), 0);
    text = strchr(text, '\n') + 1;
    assert_int_equal(strncmp(text, "end ", 4), 0);
    assert_int_equal(strlen(text), 4 + 8 + 1);
}

static void each_purpose_has_one_active_key_of_its_own(void **state)
{
    const struct place *place = *state;
    struct sl_keyring *keyring;
    const struct sl_key *keys[3];

    create(place);
    keyring = load(place);
    for (size_t i = 0; i < 3; i++) {
        keys[i] = sl_keyring_find(keyring, (enum sl_key_purpose)i, NULL);
        assert_non_null(keys[i]);
        assert_int_equal(keys[i]->purpose, i);
        assert_int_equal(keys[i]->created_ms, 1795498200000);
        assert_ptr_equal(keys[i], sl_keyring_at(keyring, i));
        assert_ptr_equal(keys[i], sl_keyring_find(keyring, (enum sl_key_purpose)i, keys[i]->id));
        assert_null(sl_keyring_find(keyring, (enum sl_key_purpose)((i + 1) % 3), keys[i]->id));
        for (size_t other = 0; other < i; other++)
            assert_memory_not_equal(keys[i]->bytes, keys[other]->bytes, SL_AES_KEY_SIZE);
    }
    assert_null(sl_keyring_at(keyring, 3));
    assert_int_equal(strncmp(keys[0]->id, "k1-20261124-", 12), 0);
    assert_int_equal(strlen(keys[0]->id), 16);
    sl_keyring_free(&keyring);
    assert_null(keyring);
    sl_keyring_free(&keyring);
}

static void what_is_there_is_left_alone_and_reported(void **state)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const struct place *place = *state;
    struct sl_keyring_made made = { true, true };
    struct sl_err err;
    size_t n, n_again;
    const char *before;

    write_file(place->main, "anything", 8);
    assert_int_equal(sl_keyring_create(place->main, now_ms, &made, &err), 0);
    assert_false(made.main);
    assert_true(made.webhook);
    before = read_file(arena, place->webhook, &n);
    assert_int_equal(sl_keyring_create(place->main, now_ms, &made, &err), 0);
    assert_false(made.main);
    assert_false(made.webhook);
    assert_string_equal(read_file(arena, place->main, &n_again), "anything");
    assert_string_equal(read_file(arena, place->webhook, &n_again), before);
}

static void without_its_folder_nothing_is_made(void **state)
{
    const struct place *place = *state;
    struct sl_keyring_made made = { 0 };
    struct sl_err err;
    char path[160];

    (void)snprintf(path, sizeof path, "%s/none/keyring", place->folder);
    assert_int_equal(sl_keyring_create(path, now_ms, &made, &err), -1);
    assert_int_equal(err.code, SL_ERR_CREATE);
    assert_non_null(strstr(err.text, place->folder));
    assert_false(made.main);
}

/* ---- Refusing ------------------------------------------------------------------------ */

static void a_missing_ring_names_the_command_that_makes_one(void **state)
{
    const struct place *place = *state;

    assert_refused(place, "sl-config init");
    create(place);
    assert_int_equal(unlink(place->webhook), 0);
    assert_refused(place, "sl-config init");
    assert_refused(place, place->webhook);
}

static void a_ring_that_others_can_read_or_write_is_refused(void **state)
{
    const struct place *place = *state;
    struct sl_keyring *keyring;

    create(place);
    for (mode_t bit = 1; bit <= 040; bit <<= 1) {
        assert_int_equal(chmod(place->main, 0600 | bit), 0);
        assert_refused(place, "chmod 600");
    }
    assert_int_equal(chmod(place->main, 0400), 0);
    keyring = load(place);
    sl_keyring_free(&keyring);
    assert_int_equal(chmod(place->webhook, 0640), 0);
    assert_refused(place, "chmod 600");
}

/* Who asks, if not ourselves. Only root can give a file away; to be somebody else needs nobody. */
static uid_t pretended;

uid_t geteuid(void)
{
    return pretended ? pretended : getuid();
}

static void a_ring_of_somebody_else_is_refused(void **state)
{
    const struct place *place = *state;
    char said[64];
    struct stat about;

    create(place);
    if (getuid() == 0) /* root's own would be believed */
        assert_int_equal(chown(place->main, 65534, 65534), 0);
    assert_int_equal(stat(place->main, &about), 0);
    pretended = about.st_uid + 1;
    (void)snprintf(said, sizeof said, "belongs to user %u", about.st_uid);
    assert_refused(place, said);
    pretended = 0;
}

static void what_is_no_file_is_refused_without_waiting(void **state)
{
    const struct place *place = *state;

    assert_int_equal(mkfifo(place->main, 0600), 0);
    assert_refused(place, "not a file");
}

static void a_ring_in_the_place_of_the_other_is_refused(void **state)
{
    const struct place *place = *state;

    create(place);
    assert_int_equal(rename(place->main, place->webhook), 0);
    assert_refused_as(place, SL_KEYRING_WEBHOOK, "heading");
}

static void damage_at_every_byte(const struct place *place, const char *path)
{
    static const char flips[] = { 1, 0x20, (char)0x80 };
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    size_t n;
    char *bytes = read_file(arena, path, &n);

    for (size_t i = 0; i < n; i++)
        for (size_t flip = 0; flip < sizeof flips; flip++) {
            bytes[i] = (char)(bytes[i] ^ flips[flip]);
            write_file(path, bytes, n);
            assert_refused(place, "damaged at line");
            bytes[i] = (char)(bytes[i] ^ flips[flip]);
        }
    for (size_t cut = 0; cut < n; cut++) {
        write_file(path, bytes, cut);
        assert_refused(place, "damaged at line");
    }
    bytes[n] = '\n';
    write_file(path, bytes, n + 1);
    assert_refused(place, "damaged at line");
    write_file(path, bytes, n);
}

static void damage_at_every_byte_is_noticed(void **state)
{
    const struct place *place = *state;
    struct sl_keyring *keyring;

    create(place);
    damage_at_every_byte(place, place->main);
    damage_at_every_byte(place, place->webhook);
    keyring = load(place);
    sl_keyring_free(&keyring);
}

static void a_line_that_is_lost_or_doubled_is_noticed(void **state)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const struct place *place = *state;
    char id[SL_KEY_ID_SIZE];
    struct sl_err err;
    size_t n;
    char *bytes, *line, *next;

    create(place);
    assert_int_equal(sl_keyring_rotate(place->main, SL_KEY_SEAL, now_ms, id, &err), 0);
    bytes = read_file(arena, place->main, &n);
    for (line = bytes; *line; line = next) {
        struct sl_buf lost = sl_buf_new(arena), twice = sl_buf_new(arena);

        next = strchr(line, '\n') + 1;
        sl_buf_add(&lost, bytes, (size_t)(line - bytes));
        sl_buf_text(&lost, next);
        write_file(place->main, lost.data, lost.len);
        assert_refused(place, "damaged at line");
        sl_buf_add(&twice, bytes, (size_t)(next - bytes));
        sl_buf_text(&twice, line);
        write_file(place->main, twice.data, twice.len);
        assert_refused(place, "damaged at line");
    }
}

/* A main ring whose checksums are right, of lines that may not be. */
static void write_ring(const struct place *place, const char *const *lines, size_t n)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_buf text = sl_buf_new(arena);
    unsigned char hash[SL_SHA256_SIZE];
    char digits[9];

    for (size_t i = 0; i < n + 2; i++) {
        sl_buf_printf(&text, "%s ",
                      i == 0   ? "shulelabs-keyring 1 main"
                      : i <= n ? lines[i - 1]
                               : "end");
        sl_sha256(text.data, text.len, hash);
        sl_hex(hash, 4, digits);
        sl_buf_printf(&text, "%s\n", digits);
    }
    write_file(place->main, text.data, text.len);
}

#define HEX "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define GOOD "seal k1-x active 2026-11-24T05:30:00Z " HEX

static void lines_that_no_ring_has_are_refused_whatever_their_checksum(void **state)
{
    static const struct {
        const char *line, *reason;
    } bad[] = {
        { "seal k2-x retired 2026-11-24T05:30:00Z 00" HEX, "64 hexadecimal digits" },
        { "seal k2-x retired 2026-11-24T05:30:00Z 0011", "64 hexadecimal digits" },
        { "seal k2-x retired 2026-11-24T05:30:00Z", "too few words" },
        { "seal k2-x retired 2026-11-24T05:30:00Z " HEX " ", "no line of this ring" },
        { "seal k2-x lost 2026-11-24T05:30:00Z " HEX, "no line of this ring" },
        { "seal K2-x retired 2026-11-24T05:30:00Z " HEX, "no line of this ring" },
        { "seal k2-x retired then " HEX, "no line of this ring" },
        { "index k2-x retired 2026-11-24T05:30:00Z " HEX, "no line of this ring" },
        { "seal k1-x retired 2026-11-24T05:30:00Z " HEX, "twice" },
        { "seal k2-x active 2026-11-24T05:30:00Z " HEX, "second active" },
        { "seal 0123456789012345678901234567890123456789 retired 2026-11-24T05:30:00Z " HEX,
          "no line of this ring" },
    };
    const struct place *place = *state;
    const char *lines[2] = { GOOD };
    struct sl_keyring *keyring;

    create(place);
    write_ring(place, lines, 1);
    keyring = load(place);
    assert_int_equal(sl_keyring_find(keyring, SL_KEY_SEAL, "k1-x")->bytes[31], 0x1f);
    sl_keyring_free(&keyring);
    for (size_t i = 0; i < SL_COUNT(bad); i++) {
        lines[1] = bad[i].line;
        write_ring(place, lines, 2);
        assert_refused(place, bad[i].reason);
    }
}

static void a_ring_without_an_active_key_is_refused(void **state)
{
    static const char *const retired[] = { "seal k1-x retired 2026-11-24T05:30:00Z " HEX };
    const struct place *place = *state;

    create(place);
    write_ring(place, retired, 1);
    assert_refused(place, "no active seal key");
    write_ring(place, NULL, 0);
    assert_refused(place, "no active seal key");
}

/* ---- The webhook daemon's part ------------------------------------------------------- */

static void the_webhook_ring_alone_gives_no_key_of_the_main_one(void **state)
{
    const struct place *place = *state;
    struct sl_keyring *keyring = NULL;
    struct sl_err err;

    create(place);
    assert_int_equal(unlink(place->main), 0);
    assert_int_equal(sl_keyring_load(&keyring, place->main, SL_KEYRING_WEBHOOK, &err), 0);
    assert_null(sl_keyring_find(keyring, SL_KEY_SEAL, NULL));
    assert_non_null(sl_keyring_find(keyring, SL_KEY_WEBHOOK, NULL));
    assert_non_null(sl_keyring_find(keyring, SL_KEY_INDEX, NULL));
    sl_keyring_free(&keyring);
}

static void a_credential_is_used_when_nobody_named_a_path(void **state)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const struct place *place = *state;
    struct sl_keyring *keyring = NULL;
    struct sl_err err;

    (void)unsetenv("CREDENTIALS_DIRECTORY");
    assert_string_equal(sl_keyring_path(arena, NULL, "/etc/ring"), "/etc/ring");
    (void)setenv("CREDENTIALS_DIRECTORY", place->folder, 1);
    assert_string_equal(sl_keyring_path(arena, NULL, "/etc/ring"), "/etc/ring");
    create(place);
    assert_string_equal(sl_keyring_path(arena, NULL, "/etc/ring"), place->main);
    assert_string_equal(sl_keyring_path(arena, "/named", "/etc/ring"), "/named");
    assert_int_equal(unlink(place->main), 0);
    assert_string_equal(sl_keyring_path(arena, NULL, "/etc/ring"), place->main);
    assert_int_equal(chmod(place->webhook, 0440), 0); /* as systemd's ACL shows */
    assert_int_equal(sl_keyring_load(&keyring, place->main, SL_KEYRING_WEBHOOK, &err), 0);
    sl_keyring_free(&keyring);
    assert_int_equal(chmod(place->webhook, 0444), 0);
    assert_refused_as(place, SL_KEYRING_WEBHOOK, "chmod");
    assert_int_equal(chmod(place->webhook, 0460), 0);
    assert_refused_as(place, SL_KEYRING_WEBHOOK, "chmod");
}

/* ---- Rotation ------------------------------------------------------------------------ */

static void rotate(const struct place *place, enum sl_key_purpose purpose, char id[SL_KEY_ID_SIZE])
{
    struct sl_err err;

    if (sl_keyring_rotate(place->main, purpose, now_ms + 86400000, id, &err) < 0)
        fail_msg("%s", err.text);
}

/* Rotates one purpose: the other ring's file does not change, nor any key that was there. */
static void check_rotation(const struct place *place, enum sl_key_purpose purpose,
                           const char *other_file)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    SL_AUTO(sl_keyring_free) struct sl_keyring *before = load(place);
    SL_AUTO(sl_keyring_free) struct sl_keyring *after = NULL;
    const struct sl_key *was = sl_keyring_find(before, purpose, NULL), *is;
    size_t n_other, n_after;
    const char *other = read_file(arena, other_file, &n_other);
    char id[SL_KEY_ID_SIZE];

    rotate(place, purpose, id);
    after = load(place);
    is = sl_keyring_find(after, purpose, NULL);
    assert_string_equal(is->id, id);
    assert_int_equal(is->created_ms, 1795498200000 + 86400000);
    assert_memory_not_equal(is->bytes, was->bytes, SL_AES_KEY_SIZE);
    is = sl_keyring_find(after, purpose, was->id);
    assert_non_null(is);
    assert_int_equal(is->state, SL_KEY_RETIRED);
    assert_int_equal(is->created_ms, was->created_ms);
    assert_memory_equal(is->bytes, was->bytes, SL_AES_KEY_SIZE);
    assert_int_equal(was->state, SL_KEY_ACTIVE); /* a loaded ring stays as it is */
    assert_string_equal(read_file(arena, other_file, &n_after), other);
}

static void a_rotation_adds_a_key_and_keeps_the_old_one_to_open_with(void **state)
{
    const struct place *place = *state;

    create(place);
    check_rotation(place, SL_KEY_SEAL, place->webhook);
    check_rotation(place, SL_KEY_SEAL, place->webhook);
    check_rotation(place, SL_KEY_WEBHOOK, place->main);
    assert_int_equal(mode_of(place->main), S_IFREG | 0600);
    assert_int_equal(mode_of(place->webhook), S_IFREG | 0600);
    assert_int_equal(count_files(place->folder, 0), 2);
}

static void the_index_key_never_changes(void **state)
{
    const struct place *place = *state;
    struct sl_keyring *before, *after;
    char id[SL_KEY_ID_SIZE] = "as before";
    struct sl_err err;

    create(place);
    before = load(place);
    assert_int_equal(sl_keyring_rotate(place->main, SL_KEY_INDEX, now_ms, id, &err), -1);
    assert_string_equal(id, "as before");
    rotate(place, SL_KEY_WEBHOOK, id);
    after = load(place);
    assert_memory_equal(sl_keyring_find(before, SL_KEY_INDEX, NULL),
                        sl_keyring_find(after, SL_KEY_INDEX, NULL), sizeof(struct sl_key));
    sl_keyring_free(&before);
    sl_keyring_free(&after);
}

static void reloading_shows_a_rotation_and_keeps_the_old_ring_on_failure(void **state)
{
    const struct place *place = *state;
    struct sl_keyring *keyring;
    char id[SL_KEY_ID_SIZE];
    struct sl_err err;

    create(place);
    keyring = load(place);
    rotate(place, SL_KEY_SEAL, id);
    assert_null(sl_keyring_find(keyring, SL_KEY_SEAL, id));
    assert_int_equal(sl_keyring_reload(&keyring, &err), 0);
    assert_non_null(sl_keyring_find(keyring, SL_KEY_SEAL, id));
    assert_int_equal(chmod(place->main, 0644), 0);
    assert_int_equal(sl_keyring_reload(&keyring, &err), -1);
    assert_non_null(sl_keyring_find(keyring, SL_KEY_SEAL, id));
    sl_keyring_free(&keyring);
}

static void only_a_retired_key_leaves_the_ring(void **state)
{
    const struct place *place = *state;
    char ids[2][SL_KEY_ID_SIZE], old[SL_KEY_ID_SIZE];
    struct sl_keyring *keyring;
    struct sl_err err;

    create(place);
    rotate(place, SL_KEY_SEAL, old);
    rotate(place, SL_KEY_SEAL, ids[0]);
    rotate(place, SL_KEY_WEBHOOK, ids[1]);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(sl_keyring_retire(place->main, ids[i], &err), -1);
        assert_int_equal(err.code, SL_ERR_DATA);
        assert_non_null(strstr(err.text, "is active"));
    }
    assert_int_equal(sl_keyring_retire(place->main, "k9-none", &err), -1);
    assert_int_equal(err.code, SL_ERR_DATA);
    assert_non_null(strstr(err.text, "k9-none"));
    assert_int_equal(sl_keyring_retire(place->main, old, &err), 0);
    keyring = load(place);
    assert_null(sl_keyring_find(keyring, SL_KEY_SEAL, old));
    assert_non_null(sl_keyring_at(keyring, 4));
    assert_null(sl_keyring_at(keyring, 5)); /* two seal, two webhook, one index */
    sl_keyring_free(&keyring);
    rotate(place, SL_KEY_WEBHOOK, old);
    assert_int_equal(sl_keyring_retire(place->main, ids[1], &err), 0);
}

static void a_full_ring_says_to_retire_and_stays_good(void **state)
{
    const struct place *place = *state;
    struct sl_keyring *keyring;
    char id[SL_KEY_ID_SIZE];
    struct sl_err err;

    create(place);
    for (int i = 1; i < 64; i++)
        rotate(place, SL_KEY_SEAL, id);
    assert_int_equal(strncmp(id, "k64-", 4), 0);
    assert_int_equal(sl_keyring_rotate(place->main, SL_KEY_SEAL, now_ms, id, &err), -1);
    assert_non_null(strstr(err.text, "retire"));
    keyring = load(place);
    sl_keyring_free(&keyring);
}

static void a_symbolic_link_is_followed_but_not_replaced(void **state)
{
    const struct place *place = *state;
    struct sl_keyring *keyring;
    char id[SL_KEY_ID_SIZE], real[160];
    struct sl_err err;

    create(place);
    (void)snprintf(real, sizeof real, "%s/elsewhere", place->folder);
    assert_int_equal(rename(place->main, real), 0);
    assert_int_equal(symlink(real, place->main), 0);
    keyring = load(place);
    sl_keyring_free(&keyring);
    assert_int_equal(sl_keyring_rotate(place->main, SL_KEY_SEAL, now_ms, id, &err), -1);
    assert_non_null(strstr(err.text, "symbolic link"));
    assert_true(S_ISLNK(mode_of(place->main)));
}

static void what_a_killed_rotation_left_does_not_stop_the_next(void **state)
{
    const struct place *place = *state;
    char id[SL_KEY_ID_SIZE], left[160];

    create(place);
    (void)snprintf(left, sizeof left, "%s.new", place->main);
    write_file(left, "half a r", 8);
    rotate(place, SL_KEY_SEAL, id);
    assert_int_equal(count_files(place->folder, 0), 2);
}

/* ---- Several processes --------------------------------------------------------------- */

static void twenty_rotations_at_once_lose_no_key(void **state)
{
    const struct place *place = *state;
    struct sl_keyring *keyring;
    int status, failed = 0;

    create(place);
    for (int i = 0; i < 20; i++) {
        pid_t child = fork();

        assert_true(child >= 0);
        if (child == 0) {
            char id[SL_KEY_ID_SIZE];
            struct sl_err err;

            _exit(sl_keyring_rotate(place->main, SL_KEY_SEAL, now_ms, id, &err) < 0);
        }
    }
    while (wait(&status) > 0)
        failed += status != 0;
    assert_int_equal(failed, 0);
    keyring = load(place);
    assert_non_null(sl_keyring_at(keyring, 22)); /* 21 seal, webhook, index */
    assert_null(sl_keyring_at(keyring, 23));
    sl_keyring_free(&keyring);
}

static void rotate_until_killed(const struct place *place)
{
    char id[SL_KEY_ID_SIZE], before[SL_KEY_ID_SIZE] = "";
    struct sl_err err;

    (void)alarm(30); /* if the test failed and nobody kills it */
    for (;;) {
        if (sl_keyring_rotate(place->main, SL_KEY_SEAL, now_ms, id, &err) < 0)
            _exit(1);
        if (*before && sl_keyring_retire(place->main, before, &err) < 0)
            _exit(1);
        memcpy(before, id, sizeof before);
    }
}

static void readers_and_kill_never_meet_half_a_ring(void **state)
{
    const struct place *place = *state;
    struct sl_keyring *keyring;
    char id[SL_KEY_ID_SIZE];
    struct sl_err err;
    int status;

    create(place);
    for (int round = 0; round < 20; round++) {
        pid_t child = fork();

        assert_true(child >= 0);
        if (child == 0)
            rotate_until_killed(place);
        for (int i = 0; i < 20 + round; i++) {
            keyring = load(place);
            sl_keyring_free(&keyring);
        }
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status)); /* it did not end by an error of its own */
        keyring = load(place);
        sl_keyring_free(&keyring);
    }
    assert_int_equal(sl_keyring_rotate(place->main, SL_KEY_SEAL, now_ms, id, &err), 0);
}

static int start(void **state)
{
    (void)state;
    sl_crypto_init();
    return 0;
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(both_files_are_made_for_their_owner_alone),
        IN_FOLDER(a_ring_is_text_as_the_header_shows_it),
        IN_FOLDER(each_purpose_has_one_active_key_of_its_own),
        IN_FOLDER(what_is_there_is_left_alone_and_reported),
        IN_FOLDER(without_its_folder_nothing_is_made),
        IN_FOLDER(a_missing_ring_names_the_command_that_makes_one),
        IN_FOLDER(a_ring_that_others_can_read_or_write_is_refused),
        IN_FOLDER(a_ring_of_somebody_else_is_refused),
        IN_FOLDER(what_is_no_file_is_refused_without_waiting),
        IN_FOLDER(a_ring_in_the_place_of_the_other_is_refused),
        IN_FOLDER(damage_at_every_byte_is_noticed),
        IN_FOLDER(a_line_that_is_lost_or_doubled_is_noticed),
        IN_FOLDER(lines_that_no_ring_has_are_refused_whatever_their_checksum),
        IN_FOLDER(a_ring_without_an_active_key_is_refused),
        IN_FOLDER(the_webhook_ring_alone_gives_no_key_of_the_main_one),
        IN_FOLDER(a_credential_is_used_when_nobody_named_a_path),
        IN_FOLDER(a_rotation_adds_a_key_and_keeps_the_old_one_to_open_with),
        IN_FOLDER(the_index_key_never_changes),
        IN_FOLDER(reloading_shows_a_rotation_and_keeps_the_old_ring_on_failure),
        IN_FOLDER(only_a_retired_key_leaves_the_ring),
        IN_FOLDER(a_full_ring_says_to_retire_and_stays_good),
        IN_FOLDER(a_symbolic_link_is_followed_but_not_replaced),
        IN_FOLDER(what_a_killed_rotation_left_does_not_stop_the_next),
        IN_FOLDER(twenty_rotations_at_once_lose_no_key),
        IN_FOLDER(readers_and_kill_never_meet_half_a_ring),
    };

    return cmocka_run_group_tests(tests, start, NULL);
}
