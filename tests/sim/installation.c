/* A school that texts and takes payments, and processes that have its database open before the first
 * history begins: opening it takes longer than most of what they do then. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/adapter/adapter.h"
#include "lib/base/json.h"
#include "lib/service/config.h"
#include "lib/service/endpoints.h"
#include "lib/service/install.h"
#include "lib/store/schools.h"
#include "sandbox/registry.h"
#include "tests/sim/sim.h"

static const char public_passkey[] =
    "bfb279f9aa9bdbcf158e97dd71a467cd2e0c893059b10f78e6b72ada1ed2c919";

static void must(int status, const struct sl_err *err)
{
    if (status < 0)
        history_fail("%s", err->text);
}

/* ---- Connections that are open already -------------------------------------------------------------- */

enum { MOST_OPEN = 16 };

static struct open {
    struct sl_service *service;
    enum sl_service_keys keys;
    int owner;
    bool used;
} opened[MOST_OPEN];
static size_t n_opened;

static struct sl_service *open_service(enum sl_service_keys keys, struct sl_err *err)
{
    const struct sl_service_options options = { .config = sim.config,
                                                .database = sim.database,
                                                .keys = keys };
    struct sl_service *service = NULL;

    return sl_service_open(&service, &options, err) < 0 ? NULL : service;
}

/* What the engine tells who watches. Not in the trace: it is made only for somebody. */
static void tell(void *opaque, int level, const char *text)
{
    (void)opaque, (void)level;
    (void)printf("%12.6f %-8s %s\n", (double)sim.now_us / 1e6, sim.current->name, text);
}

static struct sl_service *take(struct sl_service *service)
{
    if (service)
        service->trace = (struct sl_trace){ sim.told ? SL_TRACE_STEPS : 0, tell, NULL };
    return sim.current->service = service;
}

/* NULL: none that is free. */
static struct open *find_open(enum sl_service_keys keys)
{
    for (size_t i = 0; i < n_opened && !sim.cold; i++)
        if (!opened[i].used && opened[i].keys == keys)
            return &opened[i];
    return NULL;
}

struct sl_service *sim_service(enum sl_service_keys keys, struct sl_err *err)
{
    struct open *open = find_open(keys);

    if (!open)
        return take(open_service(keys, err));
    open->used = true;
    disk_rest(&sim.disk, open->owner, false);
    sim.disk.owner = sim.current->owner = open->owner;
    return take(open->service);
}

struct sl_service *sim_service_look(struct sl_err *err)
{
    const struct open *open = find_open(SL_ALL_KEYS);

    return open ? open->service : open_service(SL_ALL_KEYS, err);
}

void sim_service_end(void)
{
    struct process *me = sim.current;

    for (size_t i = 0; i < n_opened && !sim.cold; i++)
        if (opened[i].service == me->service) {
            opened[i].used = false;
            disk_rest(&sim.disk, opened[i].owner, true);
            me->service = NULL;
        }
    sl_service_close(&me->service);
}

void sim_service_keep(enum sl_service_keys keys)
{
    struct process *me = sim.current;

    opened[n_opened++] = (struct open){ me->service, keys, me->owner, false };
    disk_rest(&sim.disk, me->owner, true);
    me->service = NULL;
}

void sim_services_close(void)
{
    for (size_t i = 0; i < n_opened; i++)
        disk_kill(&sim.disk, opened[i].owner);
}

/* ---- The installation --------------------------------------------------------------------------------- */

static void set(struct sl_service *service, const char *provider, const struct sl_change *changes,
                size_t n)
{
    const struct sl_config_set all = { .changes = changes, .n_changes = n };
    struct sl_err err;

    must(sl_config_set(service, &sim.school, sl_adapter_find(provider), &all, &err), &err);
}

/* The school is in the arena. */
static void set_up_school(struct sl_service *service, struct sl_arena *arena)
{
    static const struct sl_change sms[] = { { "username", "sandbox" },
                                            { "api_key", "sandbox-key" },
                                            { "base_url", "http://127.0.0.1:8490" } };
    static const struct sl_change mpesa[] = { { "consumer_key", "sandbox-key" },
                                              { "consumer_secret", "sandbox-secret" },
                                              { "shortcode", "174379" },
                                              { "passkey", public_passkey },
                                              { "base_url", "http://127.0.0.1:8490" } };
    static const struct sl_school school = { .code = "greenhill",
                                             .name = "Greenhill School",
                                             .country = "KE",
                                             .timezone = "Africa/Nairobi",
                                             .currency = "KES",
                                             .status = "active" };
    struct sl_endpoint_made made;
    struct sl_err err;

    must(sl_schools_add(service->db, &school, 1000, &err), &err);
    must(sl_schools_find(service->db, arena, "greenhill", &sim.school, &err), &err);
    set(service, "africastalking", sms, SL_COUNT(sms));
    set(service, "mpesa", mpesa, SL_COUNT(mpesa));
    must(sl_endpoint_add(service, service->arena, &sim.school, "africastalking", NULL, &made, &err),
         &err);
    (void)snprintf(sim.dlr, sizeof sim.dlr, "%s", made.urls[0].url);
}

static void write_config(const char *path)
{
    FILE *file = fopen(path, "we");

    if (!file ||
        fprintf(file, "public_url: https://127.0.0.1:8443\nlease_seconds: %d\n", SIM_LEASE_S) < 0)
        history_fail("%s: %m", path);
    if (fclose(file) != 0)
        history_fail("%s: %m", path);
}

static void put_database(const char *path)
{
    FILE *file = fopen(path, "re");
    struct stat about;
    char *bytes;

    if (!file || fstat(fileno(file), &about) != 0)
        history_fail("%s: %m", path);
    bytes = malloc((size_t)about.st_size);
    if (!bytes || fread(bytes, 1, (size_t)about.st_size, file) != (size_t)about.st_size)
        history_fail("%s: it cannot be read", path);
    disk_put(&sim.disk, path, bytes, (size_t)about.st_size);
    free(bytes);
    (void)fclose(file);
}

static void tell_provider(void)
{
    struct sl_visit visit = { .state = sim.box.states[sl_simulator_find("africastalking")] };
    SL_AUTO(sl_json_free) struct json_object *doc = sl_json_new_object();
    const char *problem;

    sl_json_put_text(doc, "dlr", sim.dlr);
    problem = sl_sim_africastalking.set_callbacks(&visit, doc);
    if (problem)
        history_fail("%s", problem);
}

void sim_install(const char *folder)
{
    struct sl_arena *arena = sl_arena_new(); /* as long as the process */
    struct sl_service_options options = { .keys = SL_ALL_KEYS };
    struct sl_installed parts[SL_INSTALL_PARTS];
    struct sl_service *service;
    struct sl_err err;

    options.config = sim.config = sl_arena_printf(arena, "%s/sl.yaml", folder);
    options.database = sim.database = sl_arena_printf(arena, "%s/sl.db", folder);
    (void)setenv("SL_KEYRING", sl_arena_printf(arena, "%s/keyring", folder), 1);
    write_config(sim.config);
    must(sl_install(arena, &options, SL_INSTALL_SAFELY, parts, &err), &err);
    service = open_service(SL_ALL_KEYS, &err);
    must(service ? 0 : -1, &err);
    set_up_school(service, arena);
    sl_service_close(&service);
    must(sl_box_open(&sim.box, &(struct sl_sandbox_options){ .seed = 1 }, -1, &err), &err);
    tell_provider();
    put_database(sim.database);
}
