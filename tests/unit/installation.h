/* A whole installation in a temporary folder, for tests: key rings, database, one school. The
 * test brings its own adapters: it defines sl_adapters[]. */
#ifndef SL_TESTS_INSTALLATION_H
#define SL_TESTS_INSTALLATION_H

#include <stdarg.h> /* cmocka.h wants these four before it */
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/service/config.h"
#include "lib/service/install.h"
#include "lib/service/service.h"
#include "lib/store/schools.h"

struct installation {
    char folder[64];
    char config[96], database[96], keyring[96];
    struct sl_arena *arena;
    struct sl_service *service;
    struct sl_school school; /* "greenhill" */
};

static inline void add_school(struct installation *in, const char *code, struct sl_school *school)
{
    const struct sl_school made = { .code = code,
                                    .name = "Greenhill School",
                                    .country = "KE",
                                    .timezone = "Africa/Nairobi",
                                    .currency = "KES",
                                    .status = "active" };
    struct sl_err err;

    assert_int_equal(sl_schools_add(in->service->db, &made, 1000, &err), 0);
    assert_int_equal(sl_schools_find(in->service->db, in->arena, code, school, &err), 0);
}

/* Another process, as it were: it has the rings as they are now. */
static inline struct sl_service *open_again(const struct installation *in,
                                            enum sl_service_keys keys)
{
    const struct sl_service_options options = { .config = in->config,
                                                .database = in->database,
                                                .keys = keys };
    struct sl_service *service = NULL;
    struct sl_err err;

    if (sl_service_open(&service, &options, &err) < 0)
        fail_msg("%s", err.text);
    return service;
}

static inline int installation_setup(void **state)
{
    struct installation *in = calloc(1, sizeof *in);
    struct sl_installed parts[SL_INSTALL_PARTS];
    struct sl_service_options options;
    struct sl_err err;

    (void)strcpy(in->folder, "/tmp/shulelabs-XXXXXX");
    assert_non_null(mkdtemp(in->folder));
    (void)snprintf(in->config, sizeof in->config, "%s/sl.yaml", in->folder);
    (void)snprintf(in->database, sizeof in->database, "%s/sl.db", in->folder);
    (void)snprintf(in->keyring, sizeof in->keyring, "%s/keyring", in->folder);
    (void)setenv("SL_KEYRING", in->keyring, 1);
    (void)unsetenv("SL_CONFIG");
    (void)unsetenv("SL_DATABASE");
    options = (struct sl_service_options){ .config = in->config,
                                           .database = in->database,
                                           .keys = SL_ALL_KEYS };
    in->arena = sl_arena_new();
    if (sl_install(in->arena, &options, SL_INSTALL_SAFELY, parts, &err) < 0)
        fail_msg("%s", err.text);
    in->service = open_again(in, SL_ALL_KEYS);
    add_school(in, "greenhill", &in->school);
    *state = in;
    return 0;
}

static inline int installation_teardown(void **state)
{
    static const char *const files[] = { "sl.yaml",   "sl.db",   "sl.db-wal",
                                         "sl.db-shm", "keyring", "keyring.webhook" };
    struct installation *in = *state;
    char path[160];

    sl_service_close(&in->service);
    sl_arena_free(&in->arena);
    for (size_t i = 0; i < SL_COUNT(files); i++) {
        (void)snprintf(path, sizeof path, "%s/%s", in->folder, files[i]);
        (void)unlink(path);
    }
    (void)rmdir(in->folder);
    free(in);
    return 0;
}

#endif
