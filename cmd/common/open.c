#include "cmd/common/open.h"

#include <stdio.h>
#include <string.h>

#include "lib/store/configs.h"
#include "lib/store/messages.h"
#include "lib/text/csv.h"

static void tell(void *cli, int level, const char *text)
{
    sl_say_verbose(cli, level, "%s", text);
}

int sl_open_service(const struct sl_cli *cli, enum sl_service_keys keys,
                    struct sl_service **service, struct sl_err *err)
{
    const struct sl_service_options options = {
        .config = cli->config,
        .database = cli->database,
        .keys = keys,
        .trace = { .level = cli->verbose, .tell = tell, .opaque = (void *)cli },
    };

    return sl_service_open(service, &options, err);
}

int sl_open_school(const struct sl_cli *cli, enum sl_service_keys keys, struct sl_service **service,
                   struct sl_school *school, struct sl_err *err)
{
    if (sl_open_service(cli, keys, service, err) < 0)
        return -1;
    return sl_schools_find((*service)->db, cli->arena, cli->school, school, err);
}

/* ---- Stopping --------------------------------------------------------------------------- */

static volatile sig_atomic_t stop_asked;

static void on_stop(int number)
{
    (void)number;
    stop_asked = 1;
}

const volatile sig_atomic_t *sl_stop_flag(void)
{
    struct sigaction action = { .sa_handler = on_stop, .sa_flags = (int)SA_RESETHAND };

    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    return &stop_asked;
}

/* ---- Completion ------------------------------------------------------------------------- */

static void complete_schools(struct sl_service *service)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_school school;
    struct sl_err ignored;

    if (sl_schools_list(&rows, service->db, &ignored) < 0)
        return;
    while (sl_schools_next(&rows, &school, &ignored) > 0)
        (void)puts(school.code);
}

static void complete_providers(struct sl_service *service)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_provider provider;
    struct sl_err ignored;

    if (sl_providers_list(&rows, service->db, NULL, &ignored) < 0)
        return;
    while (sl_providers_next(&rows, &provider, &ignored) > 0)
        if (provider.is_active)
            (void)puts(provider.code);
}

/* Those of the program's channel: "sl-sms" → "sms". */
static void complete_batches(const struct sl_cli *cli, struct sl_service *service)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_batch batch;
    struct sl_err ignored;

    if (sl_batches_list(&rows, service->db, 0, cli->program + strlen("sl-"), &ignored) < 0)
        return;
    for (int n = 0; n < 20 && sl_batches_next(&rows, &batch, &ignored) > 0; n++)
        (void)puts(batch.public_id);
}

/* The columns of the file that the line names. */
static void complete_columns(const struct sl_cli *cli)
{
    SL_AUTO(sl_csv_close) struct sl_csv *csv = NULL;
    struct sl_err ignored;
    FILE *file = NULL;

    for (size_t i = 0; i + 1 < cli->n_operands; i++)
        if (strcmp(cli->operands[i], "--file") == 0)
            file = fopen(cli->operands[i + 1], "re");
    if (file && sl_csv_open(&csv, file, NULL, NULL, &ignored) == 0)
        for (size_t i = 0; i < sl_csv_columns(csv)->n; i++)
            (void)puts(sl_csv_columns(csv)->names[i]);
    if (file)
        (void)fclose(file);
}

void sl_complete(const struct sl_cli *cli, const char *kind)
{
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    struct sl_err ignored;

    if (strncmp(kind, "COLUMN", 6) == 0) {
        complete_columns(cli);
        return;
    }
    if (sl_open_service(cli, SL_NO_KEYS, &service, &ignored) < 0)
        return;
    if (strncmp(kind, "SCHOOL", 6) == 0)
        complete_schools(service);
    else if (strncmp(kind, "PROVIDER", 8) == 0)
        complete_providers(service);
    else if (strstr(kind, "BATCH"))
        complete_batches(cli, service);
}
