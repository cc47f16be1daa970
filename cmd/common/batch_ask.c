/* `status ID --ask`: what the provider says of one message. */
#include <inttypes.h>
#include <string.h>

#include "cmd/common/batch.h"
#include "cmd/common/open.h"
#include "lib/service/config.h"
#include "lib/service/once.h"

/* The number of the message, if it can be asked about. */
static int find_told(const struct sl_cli *cli, struct sl_service *service,
                     const struct sl_batch *batch, int64_t line, int64_t *id, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_message message;

    *id = 0;
    if (line == 0)
        return sl_err_set(err, SL_ERR_USAGE, "--ask asks about one message: '%s-LINE'",
                          cli->operands[0]);
    if (sl_messages_list(&rows, service->db, batch->id, line, err) < 0 ||
        sl_messages_next(&rows, &message, err) < 0)
        return -1;
    *id = message.id;
    return message.external_reference
               ? 0
               : sl_err_set(err, SL_ERR_DATA,
                            "the provider has told no reference of '%s' to ask by",
                            cli->operands[0]);
}

int sl_batch_ask(const struct sl_cli *cli, struct sl_service *service, const struct sl_batch *batch,
                 const struct sl_school *school, int64_t line, struct sl_err *err)
{
    struct sl_account account;
    struct sl_once once = { .school = school,
                            .account = &account,
                            .operation = sl_arena_printf(cli->arena, "%s.status",
                                                         cli->program + strlen("sl-")),
                            .engine = { .program = cli->program, .stop = sl_stop_flag() } };
    struct sl_once_end end;
    int64_t id;

    if (find_told(cli, service, batch, line, &id, err) < 0 ||
        sl_config_open(service, cli->arena, school->id, batch->provider_id, &account, err) < 0)
        return -1;
    once.payload = sl_arena_printf(cli->arena, "{\"message\":%" PRId64 "}", id);
    if (sl_once_run(service, cli->arena, &once, &end, err) < 0)
        return -1;
    return sl_once_error(&once, &end, err);
}
