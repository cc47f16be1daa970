#include "cmd/common/optout_verbs.h"

#include "cmd/common/batch.h"
#include "cmd/common/open.h"
#include "lib/base/email.h"
#include "lib/base/clock.h"
#include "lib/cli/output.h"
#include "lib/service/audit.h"
#include "lib/service/optout.h"
#include "lib/text/phone.h"

/* As it is sent to; NULL and why it is none. */
static const char *read_address(struct sl_arena *arena, const struct sl_channel *channel,
                                const char *text, const char *country, const char **why)
{
    struct sl_phone phone;

    if (channel->category == SL_EMAIL)
        return sl_email_read(arena, text, why);
    phone = sl_phone_read(arena, text, country);
    *why = phone.reason;
    return phone.e164;
}

static int log_optout(struct sl_service *service, const struct sl_cli *cli,
                      const struct sl_school *school, const char *operation,
                      const char *const *phones, size_t n, struct sl_err *err)
{
    return sl_audit_add(service,
                        &(struct sl_log){ .school_id = school->id,
                                          .direction = "inbound",
                                          .operation = operation,
                                          .status = "success",
                                          .duration_ms = -1,
                                          .actor = sl_audit_actor(cli->arena),
                                          .phones = phones,
                                          .n_phones = n,
                                          .created_at = sl_now_ms() },
                        err);
}

/* What is to be changed, and what came of it. */
struct change {
    const struct sl_channel *channel;
    struct sl_school school;
    bool add;
    const char **addresses; /* one for each operand */
    bool *changed;
};

static int read_addresses(const struct sl_cli *cli, struct change *change, struct sl_err *err)
{
    const char *why;

    change->addresses = SL_NEW(cli->arena, const char *, cli->n_operands);
    change->changed = SL_NEW(cli->arena, bool, cli->n_operands);
    for (size_t i = 0; i < cli->n_operands; i++) {
        change->addresses[i] = read_address(cli->arena, change->channel, cli->operands[i],
                                            change->school.country, &why);
        if (!change->addresses[i])
            return sl_err_set(err, SL_ERR_DATA, "'%s' is no %s: %s", cli->operands[i],
                              change->channel->category == SL_EMAIL ? "mail address"
                                                                    : "phone number",
                              why);
    }
    return 0;
}

/* All of them or, if one is no number, none. */
static int apply(struct sl_service *service, const struct sl_cli *cli, struct change *change,
                 struct sl_err *err)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    const char *channel = change->channel->name;
    bool phones = change->channel->category != SL_EMAIL;

    if (sl_tx_begin(&tx, service->db, err) < 0)
        return -1;
    for (size_t i = 0; i < cli->n_operands; i++) {
        const struct sl_optout optout = { change->addresses[i], "admin", sl_now_ms() };
        int changed = change->add ? sl_optout_add(service, change->school.id, channel, &optout, err)
                                  : sl_optouts_remove(service->db, change->school.id, channel,
                                                      change->addresses[i], err);

        if (changed < 0)
            return -1;
        change->changed[i] = changed > 0;
    }
    if (log_optout(service, cli, &change->school, change->add ? "optout.add" : "optout.remove",
                   change->addresses, phones ? cli->n_operands : 0, err) < 0)
        return -1;
    return sl_tx_commit(&tx, err);
}

static int print_change(const struct sl_cli *cli, const struct change *change, struct sl_err *err)
{
    const struct sl_column columns[] = { { change->channel->address, SL_TEXT, 0 },
                                         { "status", SL_TEXT, 0 } };
    static const char *const status[][2] = { { "absent", "removed" }, { "present", "added" } };
    SL_AUTO(sl_output_free) struct sl_output *output = NULL;
    size_t n = 0;

    if (cli->format != SL_FORMAT_TABLE) /* for a person the line below says it */
        output = sl_output_open(cli, SL_SHAPE_LIST, columns, SL_COUNT(columns), NULL);
    for (size_t i = 0; i < cli->n_operands; i++) {
        n += change->changed[i];
        if (output &&
            sl_output_row(output,
                          (struct sl_value[]){ sl_text(change->addresses[i]),
                                               sl_text(status[change->add][change->changed[i]]) },
                          err) < 0)
            return -1;
    }
    if (change->add)
        sl_say(cli, "%zu added, %zu there already", n, cli->n_operands - n);
    else if (n > 0)
        sl_say(cli, "%zu removed, %zu had not opted out", n, cli->n_operands - n);
    else
        sl_say(cli, "nothing was changed: %s",
               cli->n_operands == 1
                   ? sl_arena_printf(cli->arena, "%s had not opted out", change->addresses[0])
                   : "none of them had opted out");
    return output ? sl_output_end(&output, err) : 0;
}

static int change_optouts(const struct sl_cli *cli, bool add, struct sl_err *err)
{
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    struct change change = { .channel = sl_batch_channel(cli), .add = add };

    if (sl_open_school(cli, SL_ALL_KEYS, &service, &change.school, err) < 0 ||
        read_addresses(cli, &change, err) < 0 || apply(service, cli, &change, err) < 0)
        return -1;
    return print_change(cli, &change, err);
}

int sl_optout_add_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    (void)opaque;
    return change_optouts(cli, true, err);
}

int sl_optout_remove_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    (void)opaque;
    return change_optouts(cli, false, err);
}

int sl_optout_list_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct sl_channel *channel = sl_batch_channel(cli);
    const struct sl_column columns[] = { { channel->address, SL_TEXT, 0 },
                                         { "source", SL_TEXT, 0 },
                                         { "since", SL_TIME, 0 } };
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    SL_AUTO(sl_output_free) struct sl_output *output = NULL;
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_school school;
    struct sl_optout optout;
    int more;

    (void)opaque;
    if (sl_open_service(cli, SL_NO_KEYS, &service, err) < 0 ||
        sl_schools_find(service->db, cli->arena, cli->school, &school, err) < 0)
        return -1;
    output = sl_output_open(cli, SL_SHAPE_LIST, columns, SL_COUNT(columns), school.timezone);
    if (sl_optouts_list(&rows, service->db, school.id, channel->name, err) < 0)
        return -1;
    while ((more = sl_optouts_next(&rows, &optout, err)) > 0)
        if (sl_output_row(output,
                          (struct sl_value[]){ sl_text(optout.address), sl_text(optout.source),
                                               sl_time(optout.since) },
                          err) < 0)
            return -1;
    return more < 0 ? -1 : sl_output_end(&output, err);
}
