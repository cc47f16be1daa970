#include "lib/service/keyring.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/service/keyring_file.h"
#include "lib/service/keyring_text.h"

static const char *const suffixes[] = { [SL_RING_MAIN] = "", [SL_RING_WEBHOOK] = ".webhook" };

static const char letters[] = { [SL_KEY_SEAL] = 'k', [SL_KEY_WEBHOOK] = 'w', [SL_KEY_INDEX] = 'i' };

struct sl_keyring {
    char path[PATH_MAX];
    enum sl_keyring_part part;
    struct sl_hash index; /* begun when the ring is loaded */
    struct sl_ring_keys keys;
};

/* ---- In memory ---------------------------------------------------------------------- */

/* Memory of its own, so that it can be locked and left out of core files. */
static int ring_at(struct sl_keyring **keyring, const char *path, struct sl_err *err)
{
    size_t n = strlen(path);
    struct sl_keyring *made;

    if (n + sizeof ".webhook" > sizeof made->path)
        return sl_err_set(err, SL_ERR_CONFIG, "the path of the key ring is too long");
    made = mmap(NULL, sizeof *made, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (made == MAP_FAILED)
        sl_out_of_memory();
    (void)mlock(made, sizeof *made);
    (void)madvise(made, sizeof *made, MADV_DONTDUMP);
    memcpy(made->path, path, n + 1);
    *keyring = made;
    return 0;
}

void sl_keyring_free(struct sl_keyring **keyring)
{
    if (!*keyring)
        return;
    sl_hash_end(&(*keyring)->index);
    explicit_bzero(*keyring, sizeof **keyring);
    (void)munmap(*keyring, sizeof **keyring);
    *keyring = NULL;
}

const struct sl_key *sl_keyring_at(const struct sl_keyring *keyring, size_t i)
{
    return i < keyring->keys.n ? &keyring->keys.list[i] : NULL;
}

const struct sl_key *sl_keyring_find(const struct sl_keyring *keyring, enum sl_key_purpose purpose,
                                     const char *id)
{
    const struct sl_key *key =
        id ? sl_ring_named(&keyring->keys, id) : sl_ring_active(&keyring->keys, purpose);

    return key && key->purpose == purpose ? key : NULL;
}

struct sl_hash sl_keyring_index(const struct sl_keyring *keyring)
{
    return keyring->index;
}

/* ---- Loading ------------------------------------------------------------------------ */

static const char *file_of(struct sl_arena *arena, const char *path, enum sl_ring ring)
{
    return sl_arena_printf(arena, "%s%s", path, suffixes[ring]);
}

/* Adds the keys of one file. */
static int read_ring(struct sl_keyring *keyring, enum sl_ring ring, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const char *file = file_of(arena, keyring->path, ring);
    struct sl_buf text = { 0 };

    if (sl_keyring_file_read(arena, file, &text.data, &text.len, err) < 0)
        return -1;
    if (sl_ring_parse(&keyring->keys, ring, &text, err) < 0)
        return sl_err_context(err, "key ring %s", file);
    return 0;
}

int sl_keyring_load(struct sl_keyring **keyring, const char *path, enum sl_keyring_part part,
                    struct sl_err *err)
{
    SL_AUTO(sl_keyring_free) struct sl_keyring *loaded = NULL;
    const struct sl_key *index;

    if (ring_at(&loaded, path, err) < 0 ||
        (part == SL_KEYRING_WHOLE && read_ring(loaded, SL_RING_MAIN, err) < 0) ||
        read_ring(loaded, SL_RING_WEBHOOK, err) < 0)
        return -1;
    loaded->part = part;
    index = sl_ring_active(&loaded->keys, SL_KEY_INDEX);
    sl_hash_begin_keyed(&loaded->index, index->bytes, sizeof index->bytes);
    *keyring = loaded;
    loaded = NULL;
    return 0;
}

int sl_keyring_reload(struct sl_keyring **keyring, struct sl_err *err)
{
    struct sl_keyring *loaded = NULL;

    if (sl_keyring_load(&loaded, (*keyring)->path, (*keyring)->part, err) < 0)
        return -1;
    sl_keyring_free(keyring);
    *keyring = loaded;
    return 0;
}

const char *sl_keyring_path(struct sl_arena *arena, const char *named, const char *otherwise)
{
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    const char *path = sl_arena_printf(arena, "%s/keyring", folder ? folder : "");

    if (named)
        return sl_arena_strdup(arena, named);
    for (size_t i = 0; folder && i < SL_COUNT(suffixes); i++)
        if (access(file_of(arena, path, (enum sl_ring)i), F_OK) == 0)
            return path;
    return sl_arena_strdup(arena, otherwise);
}

/* ---- Changing ----------------------------------------------------------------------- */

/* In the locked folder. Returns as sl_keyring_file_write() does. */
static int write_ring(int folder, const struct sl_keyring *keyring, enum sl_ring ring,
                      enum sl_keyring_write how, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_buf text = sl_ring_print(arena, ring, &keyring->keys);

    return sl_keyring_file_write(folder, file_of(arena, keyring->path, ring), &text, how, err);
}

/* One more than the highest number of the purpose's ids. */
static unsigned long next_number(const struct sl_ring_keys *keys, enum sl_key_purpose purpose)
{
    unsigned long highest = 0;

    for (size_t i = 0; i < keys->n; i++) {
        unsigned long number = strtoul(keys->list[i].id + 1, NULL, 10);

        if (keys->list[i].purpose == purpose && number > highest)
            highest = number;
    }
    return highest % 100000 + 1;
}

/* Times are kept in whole seconds, as the file writes them. The caller knows of the room. */
static const struct sl_key *add_new_key(struct sl_ring_keys *keys, enum sl_key_purpose purpose,
                                        int64_t now_ms)
{
    struct sl_key *key = &keys->list[keys->n];
    unsigned char tail[2];
    char day[SL_TIME_SIZE];

    sl_time_compact(now_ms, 0, day);
    sl_random(tail, sizeof tail);
    sl_random(key->bytes, sizeof key->bytes);
    (void)snprintf(key->id, sizeof key->id, "%c%lu-%.8s-%02x%02x", letters[purpose],
                   next_number(keys, purpose), day, tail[0], tail[1]);
    key->purpose = purpose;
    key->state = SL_KEY_ACTIVE;
    key->created_ms = now_ms / 1000 * 1000;
    keys->n++;
    return key;
}

static int create_ring(const char *path, enum sl_ring ring, int64_t now_ms, bool *made,
                       struct sl_err *err)
{
    SL_AUTO(sl_keyring_free) struct sl_keyring *keyring = NULL;
    SL_AUTO(sl_keyring_folder_unlock) int folder = -1;
    int there;

    if (ring_at(&keyring, path, err) < 0 || sl_keyring_folder_lock(&folder, path, err) < 0)
        return -1;
    for (size_t i = 0; i < SL_COUNT(letters); i++)
        if (sl_ring_of((enum sl_key_purpose)i) == ring)
            (void)add_new_key(&keyring->keys, (enum sl_key_purpose)i, now_ms);
    there = write_ring(folder, keyring, ring, SL_KEYRING_NEW, err);
    if (there < 0)
        return -1;
    *made = there == 0;
    return 0;
}

int sl_keyring_create(const char *path, int64_t now_ms, struct sl_keyring_made *made,
                      struct sl_err *err)
{
    struct sl_keyring_made result = { 0 };

    if (create_ring(path, SL_RING_MAIN, now_ms, &result.main, err) < 0 ||
        create_ring(path, SL_RING_WEBHOOK, now_ms, &result.webhook, err) < 0)
        return -1;
    *made = result;
    return 0;
}

/* Locks the folder, then reads one file, so that nothing changes it in between. */
static int begin_change(struct sl_keyring **keyring, int *folder, const char *path,
                        enum sl_ring ring, struct sl_err *err)
{
    if (ring_at(keyring, path, err) < 0 || sl_keyring_folder_lock(folder, path, err) < 0)
        return -1;
    return read_ring(*keyring, ring, err);
}

int sl_keyring_rotate(const char *path, enum sl_key_purpose purpose, int64_t now_ms,
                      char id[SL_KEY_ID_SIZE], struct sl_err *err)
{
    SL_AUTO(sl_keyring_free) struct sl_keyring *keyring = NULL;
    SL_AUTO(sl_keyring_folder_unlock) int folder = -1;
    enum sl_ring ring = sl_ring_of(purpose);
    const struct sl_key *key;

    if (purpose == SL_KEY_INDEX)
        return sl_err_set(err, SL_ERR_USAGE, "the index key does not rotate");
    if (begin_change(&keyring, &folder, path, ring, err) < 0)
        return -1;
    if (keyring->keys.n >= SL_RING_FILE_KEYS)
        return sl_err_set(err, SL_ERR_CONFIG, "the key ring has %zu keys; retire old ones first",
                          keyring->keys.n);
    for (size_t i = 0; i < keyring->keys.n; i++)
        if (keyring->keys.list[i].purpose == purpose)
            keyring->keys.list[i].state = SL_KEY_RETIRED;
    key = add_new_key(&keyring->keys, purpose, now_ms);
    if (write_ring(folder, keyring, ring, SL_KEYRING_REPLACE, err) < 0)
        return -1;
    memcpy(id, key->id, SL_KEY_ID_SIZE);
    return 0;
}

/* Returns 1 if the file has no such key. */
static int retire_in(const char *path, enum sl_ring ring, const char *id, struct sl_err *err)
{
    SL_AUTO(sl_keyring_free) struct sl_keyring *keyring = NULL;
    SL_AUTO(sl_keyring_folder_unlock) int folder = -1;
    const struct sl_key *key;
    size_t i;

    if (begin_change(&keyring, &folder, path, ring, err) < 0)
        return -1;
    key = sl_ring_named(&keyring->keys, id);
    if (!key)
        return 1;
    if (key->state == SL_KEY_ACTIVE)
        return sl_err_set(err, SL_ERR_DATA, "key '%s' is active; only a retired one can go", id);
    i = (size_t)(key - keyring->keys.list);
    keyring->keys.n--;
    memmove(&keyring->keys.list[i], &keyring->keys.list[i + 1],
            (keyring->keys.n - i) * sizeof *key);
    return write_ring(folder, keyring, ring, SL_KEYRING_REPLACE, err);
}

int sl_keyring_retire(const char *path, const char *id, struct sl_err *err)
{
    for (size_t ring = 0; ring < SL_COUNT(suffixes); ring++) {
        int absent = retire_in(path, (enum sl_ring)ring, id, err);

        if (absent <= 0)
            return absent;
    }
    return sl_err_set(err, SL_ERR_DATA, "the key ring has no key '%s'", id);
}
