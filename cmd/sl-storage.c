/* sl-storage: files, kept by a school's storage provider. */
#include <string.h>

#include "cmd/common/get_verb.h"
#include "cmd/common/open.h"
#include "cmd/common/storage.h"
#include "lib/base/clock.h"
#include "lib/base/crypto.h"
#include "lib/cli/terminal.h"
#include "lib/service/spool.h"
#include "lib/service/storage.h"
#include "lib/text/key.h"

/* ---- put ------------------------------------------------------------------------------------- */

struct put_options {
    const char *type;
    bool no_clobber;
};

static const struct sl_opt put_options[] = {
    { "type", 0, SL_OPT_TEXT, offsetof(struct put_options, type), "MIME",
      .help = "What it is; without it the end of the key tells" },
    { "no-clobber", 0, SL_OPT_FLAG, offsetof(struct put_options, no_clobber), NULL,
      .help = "Refuse if the key is there already" },
    { 0 },
};

static int use_spool(struct sl_service *service, const struct sl_item *item, void *opaque,
                     struct sl_err *err)
{
    const struct sl_asking *asking = opaque;
    const struct sl_storing *storing = asking->opaque;

    return storing->spooled ? sl_spool_use(service, storing->spooled, item->id, err) : 0;
}

static int put_source(struct sl_storing *storing, const struct sl_put_source *source,
                      bool no_clobber, struct sl_err *err)
{
    const struct sl_cli *cli = storing->asking.cli;
    struct sl_once once =
        sl_asking_once(&storing->asking, "storage.put",
                       sl_storage_put_json(cli->arena, cli->operands[1], source, no_clobber));
    int status;

    once.must_be_done = true;
    once.recorded = use_spool;
    storing->spooled = source->modified_ns < 0 ? &source->file : NULL;
    storing->drawing = true;
    sl_progress_begin(&storing->bar, cli, source->file.size);
    status = sl_asking_run(&storing->asking, &once, err);
    sl_progress_end(&storing->bar);
    return status < 0 ? -1 : sl_asking_print(&storing->asking, err);
}

static int put_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct put_options *options = opaque;
    SL_AUTO(sl_storing_end) struct sl_storing storing = { 0 };
    const char *path = cli->operands[0], *key = cli->operands[1];
    struct sl_put_source source;

    if (sl_key_check(key, err) < 0 || sl_storing_begin(&storing, cli, err) < 0 ||
        sl_storage_source(storing.asking.service, cli->arena, path, key, &source, err) < 0)
        return -1;
    source.file.type = options->type ? options->type : sl_media_type(key);
    return put_source(&storing, &source, options->no_clobber, err);
}

/* ---- ls, stat, url ----------------------------------------------------------------------------- */

static int ls_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    SL_AUTO(sl_storing_end) struct sl_storing storing = { 0 };
    const char *prefix = cli->n_operands > 0 ? cli->operands[0] : "";

    (void)opaque;
    if (sl_key_check_prefix(prefix, err) < 0 || sl_storing_begin(&storing, cli, err) < 0)
        return -1;
    return sl_asking_show(&storing.asking, "storage.list", sl_storage_key_json(cli->arena, prefix),
                          SL_SHAPE_LIST, err);
}

static int print_one(const struct sl_cli *cli, const char *operation, const char *payload,
                     struct sl_err *err)
{
    SL_AUTO(sl_storing_end) struct sl_storing storing = { 0 };

    if (sl_key_check(cli->operands[0], err) < 0 || sl_storing_begin(&storing, cli, err) < 0)
        return -1;
    return sl_asking_show(&storing.asking, operation, payload, SL_SHAPE_OBJECT, err);
}

static int stat_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    (void)opaque;
    return print_one(cli, "storage.stat", sl_storage_key_json(cli->arena, cli->operands[0]), err);
}

struct url_options {
    const char *expires;
    bool is_public;
};

static const struct sl_opt url_options[] = {
    { "expires", 0, SL_OPT_TEXT, offsetof(struct url_options, expires), "AGE",
      .help = "How long it opens: 1h (default), 7d" },
    { "public", 0, SL_OPT_FLAG, offsetof(struct url_options, is_public), NULL,
      .help = "Let everybody read it for good, where the provider has no other way" },
    { 0 },
};

static int url_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct url_options *options = opaque;
    int64_t expires_ms = sl_duration_ms(options->expires ? options->expires : "1h");

    if (expires_ms < 1000)
        return sl_err_set(err, SL_ERR_DATA, "--expires takes 1h or 7d, not '%s'", options->expires);
    return print_one(cli, "storage.url",
                     sl_storage_url_json(cli->arena, cli->operands[0], expires_ms / 1000,
                                         options->is_public),
                     err);
}

/* ---- rm ------------------------------------------------------------------------------------------ */

static int rm_some(struct sl_storing *storing, const char *const *keys, size_t n,
                   struct sl_err *err)
{
    struct sl_once once = sl_asking_once(&storing->asking, "storage.remove",
                                         sl_storage_keys_json(storing->asking.cli->arena, keys, n));

    once.must_be_done = true;
    return sl_asking_run(&storing->asking, &once, err);
}

static int rm_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    SL_AUTO(sl_storing_end) struct sl_storing storing = { 0 };
    size_t most, n;

    (void)opaque;
    for (size_t i = 0; i < cli->n_operands; i++)
        if (sl_key_check(cli->operands[i], err) < 0)
            return -1;
    if (sl_storing_begin(&storing, cli, err) < 0)
        return -1;
    most = storing.asking.account.limits.batch_size > 0
               ? (size_t)storing.asking.account.limits.batch_size
               : 1;
    for (size_t i = 0; i < cli->n_operands; i += n) {
        n = cli->n_operands - i < most ? cli->n_operands - i : most;
        if (rm_some(&storing, cli->operands + i, n, err) < 0)
            return -1;
    }
    return 0;
}

/* ---- The program ----------------------------------------------------------------------------------- */

static const struct sl_verb verbs[] = {
    { .name = "put",
      .operands = "FILE|- KEY",
      .summary = "Store a file, or what a pipe gives, under a key",
      .options = put_options,
      .options_size = sizeof(struct put_options),
      .min_operands = 2,
      .max_operands = 2,
      .run = put_run,
      .common = SL_NEEDS_SCHOOL | SL_USES_PROVIDER },
    { .name = "get",
      .operands = "KEY [FILE|-]",
      .summary = "Fetch a file",
      .min_operands = 1,
      .max_operands = 2,
      .run = sl_get_run,
      .common = SL_NEEDS_SCHOOL | SL_USES_PROVIDER },
    { .name = "ls",
      .operands = "[PREFIX]",
      .summary = "List what is stored, or what begins with PREFIX",
      .max_operands = 1,
      .run = ls_run,
      .common = SL_NEEDS_SCHOOL | SL_USES_PROVIDER },
    { .name = "stat",
      .operands = "KEY",
      .summary = "Show what is known of one",
      .min_operands = 1,
      .max_operands = 1,
      .run = stat_run,
      .common = SL_NEEDS_SCHOOL | SL_USES_PROVIDER },
    { .name = "rm",
      .operands = "KEY...",
      .summary = "Remove; what is not there is no failure",
      .min_operands = 1,
      .max_operands = SIZE_MAX,
      .run = rm_run,
      .common = SL_NEEDS_SCHOOL | SL_USES_PROVIDER },
    { .name = "url",
      .operands = "KEY",
      .summary = "Make an address that opens it for a while",
      .options = url_options,
      .options_size = sizeof(struct url_options),
      .min_operands = 1,
      .max_operands = 1,
      .run = url_run,
      .common = SL_NEEDS_SCHOOL | SL_USES_PROVIDER },
};

static const struct sl_program program = {
    .name = "sl-storage",
    .summary = "Stored files",
    .verbs = verbs,
    .n_verbs = SL_COUNT(verbs),
    .complete = sl_complete,
    .see_also = "sl-config(1), sl-queue(1), sl-queue-run(1), sl-logs(1)",
};

int main(int argc, char **argv)
{
    sl_crypto_init();
    return sl_cli_main(argc, argv, &program);
}
