#include "cmd/common/key_verbs.h"

#include <inttypes.h>
#include <string.h>

#include "cmd/common/open.h"
#include "lib/cli/output.h"
#include "lib/service/rotate.h"

static const struct sl_column key_columns[] = {
    { "id", SL_TEXT, 0 },         { "purpose", SL_TEXT, 0 },    { "state", SL_TEXT, 0 },
    { "created_at", SL_TIME, 0 }, { "retired_at", SL_TIME, 0 }, { "sealed", SL_INT, 0 },
};

int sl_key_list_run(const struct sl_cli *cli, const void *options, struct sl_err *err)
{
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    SL_AUTO(sl_output_free)
    struct sl_output *output =
        sl_output_open(cli, SL_SHAPE_LIST, key_columns, SL_COUNT(key_columns), NULL);
    struct sl_key_info info;
    int more;

    (void)options;
    if (sl_open_service(cli, SL_ALL_KEYS, &service, err) < 0)
        return -1;
    for (size_t i = 0; (more = sl_keys_info(service, i, &info, err)) > 0; i++)
        if (sl_output_row(output,
                          (struct sl_value[]){ sl_text(info.key->id),
                                               sl_text(sl_key_purpose_name(info.key->purpose)),
                                               sl_text(info.state), sl_time(info.key->created_ms),
                                               sl_time(info.retired_at), sl_int(info.sealed) },
                          err) < 0)
            return -1;
    return more < 0 ? -1 : sl_output_end(&output, err);
}

static const struct sl_column rotate_columns[] = {
    { "what", SL_TEXT, 0 },
    { "key", SL_TEXT, 0 },
    { "resealed", SL_INT, 0 },
    { "unopened", SL_INT, 0 }, /* left as they were: no key of the ring opens them */
};

static int print_rotation(const struct sl_cli *cli, const struct sl_rotation *rotation,
                          struct sl_err *err)
{
    SL_AUTO(sl_output_free)
    struct sl_output *output =
        sl_output_open(cli, SL_SHAPE_LIST, rotate_columns, SL_COUNT(rotate_columns), NULL);

    for (size_t i = 0; i < SL_SEALED_COLUMNS; i++) {
        const struct sl_sealed_place *place = sl_sealed_place((enum sl_sealed_column)i);
        bool webhook = strcmp(place->purpose, sl_key_purpose_name(SL_KEY_WEBHOOK)) == 0;

        if (sl_output_row(output,
                          (struct sl_value[]){
                              sl_text(place->name),
                              sl_text(webhook ? rotation->webhook_key : rotation->seal_key),
                              sl_int(rotation->resealed[i]), sl_int(rotation->unopened[i]) },
                          err) < 0)
            return -1;
    }
    return sl_output_end(&output, err);
}

int sl_key_rotate_run(const struct sl_cli *cli, const void *options, struct sl_err *err)
{
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    struct sl_rotation rotation;
    int64_t unopened = 0;

    (void)options;
    if (sl_open_service(cli, SL_ALL_KEYS, &service, err) < 0 ||
        sl_keys_rotate(service, &rotation, err) < 0 || print_rotation(cli, &rotation, err) < 0)
        return -1;
    if (rotation.continued)
        sl_say(cli, "an earlier rotation had been stopped; it is finished now");
    for (size_t i = 0; i < SL_SEALED_COLUMNS; i++)
        unopened += rotation.unopened[i];
    if (unopened > 0)
        sl_say(cli, "%" PRId64 " values do not open and were left alone; see `sl-config doctor`",
               unopened);
    return unopened > 0;
}

int sl_key_retire_run(const struct sl_cli *cli, const void *options, struct sl_err *err)
{
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;

    (void)options;
    if (sl_open_service(cli, SL_ALL_KEYS, &service, err) < 0 ||
        sl_keys_retire(service, cli->operands[0], err) < 0)
        return -1;
    sl_say(cli, "key %s is gone from the ring", cli->operands[0]);
    return 0;
}
