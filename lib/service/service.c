#include "lib/service/service.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/crypto.h"
#include "lib/store/migrate.h"

/* Rings change by rename: another file is another inode. What is not there is all zeros. */
static void look_at_ring(const struct sl_service *service, struct sl_ring_seen seen[2])
{
    static const char *const suffixes[] = { "", ".webhook" };
    char path[PATH_MAX];
    struct stat about;

    for (size_t i = 0; i < SL_COUNT(suffixes); i++) {
        (void)snprintf(path, sizeof path, "%s%s", service->settings.keyring, suffixes[i]);
        seen[i] = (struct sl_ring_seen){ 0 };
        if (stat(path, &about) == 0)
            seen[i] =
                (struct sl_ring_seen){ about.st_dev, about.st_ino,
                                       about.st_ctim.tv_sec * 1000000000 + about.st_ctim.tv_nsec };
    }
}

static int reload_ring(struct sl_service *service, struct sl_err *err)
{
    struct sl_ring_seen seen[2];

    look_at_ring(service, seen); /* before it is read: a change in between is met again */
    if (sl_keyring_reload(&service->keyring, err) < 0)
        return -1;
    memcpy(service->seen, seen, sizeof seen);
    return 0;
}

static int open_parts(struct sl_service *service, const struct sl_service_options *options,
                      struct sl_err *err)
{
    const struct sl_installation *settings = &service->settings;
    enum sl_keyring_part part =
        options->keys == SL_ALL_KEYS ? SL_KEYRING_WHOLE : SL_KEYRING_WEBHOOK;

    if (sl_settings_read(service->arena, options->config, options->database, &service->settings,
                         err) < 0 ||
        sl_store_open(&service->db, settings->database, err) < 0)
        return -1;
    if (options->keys == SL_NO_KEYS)
        return 0;
    look_at_ring(service, service->seen);
    return sl_keyring_load(&service->keyring, settings->keyring, part, err);
}

int sl_service_open(struct sl_service **out, const struct sl_service_options *options,
                    struct sl_err *err)
{
    SL_AUTO(sl_service_close) struct sl_service *service = calloc(1, sizeof *service);

    if (!service)
        sl_out_of_memory();
    sl_crypto_init();
    service->arena = sl_arena_new();
    service->trace = options->trace;
    if (open_parts(service, options, err) < 0)
        return -1;
    *out = service;
    service = NULL; /* the caller's now */
    return 0;
}

void sl_service_close(struct sl_service **service)
{
    if (!*service)
        return;
    sl_keyring_free(&(*service)->keyring);
    sl_db_close(&(*service)->db);
    sl_arena_free(&(*service)->arena);
    free(*service);
    *service = NULL;
}

char *sl_service_seal(struct sl_service *service, enum sl_key_purpose purpose,
                      struct sl_arena *arena, const void *plaintext, size_t n,
                      const struct sl_seal_place *place, struct sl_err *err)
{
    struct sl_ring_seen seen[2];

    look_at_ring(service, seen);
    if (memcmp(seen, service->seen, sizeof seen) != 0 && reload_ring(service, err) < 0)
        return NULL;
    return sl_seal(service->keyring, purpose, arena, plaintext, n, place, err);
}

char *sl_service_unseal(struct sl_service *service, enum sl_key_purpose purpose,
                        struct sl_arena *arena, const char *text, const struct sl_seal_place *place,
                        size_t *n, struct sl_err *err)
{
    char id[SL_KEY_ID_SIZE];
    struct sl_err ignored; /* with the old ring it is told that the key is not there */

    if (sl_seal_key_id(text, id) && !sl_keyring_find(service->keyring, purpose, id))
        (void)reload_ring(service, &ignored);
    return sl_unseal(service->keyring, purpose, arena, text, place, n, err);
}
