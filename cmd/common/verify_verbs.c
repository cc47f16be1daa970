#include "cmd/common/verify_verbs.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "cmd/common/open.h"
#include "cmd/common/pay.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/service/inbound.h"
#include "lib/service/payments.h"

/* ---- verify ------------------------------------------------------------------------------- */

static int match(struct sl_service *service, const struct sl_payment *payment, struct sl_err *err)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };

    if (sl_tx_begin(&tx, service->db, err) < 0 ||
        sl_payments_match(service, payment->id, sl_now_ms(), err) < 0)
        return -1;
    return sl_tx_commit(&tx, err);
}

/* Asks the provider, or finds what else there is to know. As the exit status. */
static int find_out(const struct sl_cli *cli, struct sl_service *service,
                    struct sl_payment *payment, struct sl_err *err)
{
    struct sl_once_end end = { 0 };
    int64_t item_id;

    if (sl_payments_ask(service, payment, &item_id, err) < 0)
        return -1;
    if (item_id ? sl_pay_run(cli, service, item_id, &end, err) < 0
                : match(service, payment, err) < 0)
        return -1;
    if (sl_pay_again(cli, service, payment, err) < 0)
        return -1;
    return item_id ? sl_pay_row_status(cli, &end) : 0;
}

const struct sl_opt sl_pay_verify_options[] = {
    { "accept", 0, SL_OPT_TEXT, offsetof(struct sl_pay_verify_options, accept), "RECEIPT",
      .help = "It is paid by this receipt, with the amount that a callback tells of it" },
    { "amount", 0, SL_OPT_TEXT, offsetof(struct sl_pay_verify_options, amount), "AMOUNT",
      .help = "With --accept: this amount, where callbacks tell several, or nothing of it" },
    { 0 },
};

enum { MOST_RECEIPT = 64 };

/* No callback tells it: it is the person's word, who has the provider's statement before them. */
static int take_word(const struct sl_pay_verify_options *given, int64_t amount_minor,
                     const struct sl_payment *payment, struct sl_payment_news *claim,
                     struct sl_err *err)
{
    size_t n = strlen(given->accept);

    if (!given->amount) {
        (void)sl_err_set(err, SL_ERR_DATA, "no callback of payment %s tells receipt '%s'",
                         payment->public_id, given->accept);
        return sl_err_hint(err,
                           "`sl-pay status %s -f json` shows what they tell, as mismatch; with "
                           "--amount the provider's statement is taken for it",
                           payment->public_id);
    }
    if (n == 0 || n > MOST_RECEIPT)
        return sl_err_set(err, SL_ERR_DATA,
                          "the receipt '%s' is empty, or longer than %d characters", given->accept,
                          MOST_RECEIPT);
    for (size_t i = 0; i < n; i++)
        if (!isgraph((unsigned char)given->accept[i]))
            return sl_err_set(err, SL_ERR_DATA, "the receipt '%s' has a blank or strange character",
                              given->accept);
    *claim = (struct sl_payment_news){ .receipt = given->accept, .amount_minor = amount_minor };
    return 0;
}

/* A person has compared what the callbacks tell with the provider's statement. */
static int accept(const struct sl_cli *cli, struct sl_service *service,
                  const struct sl_pay_verify_options *given, struct sl_payment *payment,
                  struct sl_err *err)
{
    struct sl_payment_news claim;
    int64_t amount_minor = -1;
    int found;

    if (given->amount && sl_payments_amount(given->amount, &amount_minor, err) < 0)
        return -1;
    found = sl_inbound_claim(service, cli->arena, payment->queue_id, given->accept, amount_minor,
                             &claim, err);
    if (found < 0)
        return err->code == SL_ERR_DATA ? sl_err_hint(err, "--amount names the right one") : -1;
    if (found == 0 && take_word(given, amount_minor, payment, &claim, err) < 0)
        return -1;
    if (sl_payments_accept(service, payment->id, &claim, sl_now_ms(), err) < 0)
        return -1;
    return sl_pay_again(cli, service, payment, err);
}

static int conclude_verify(const struct sl_cli *cli, const struct sl_payment *payment, int status)
{
    if (sl_pay_tell_contested(cli, payment))
        return 1;
    if (sl_pay_is_open(payment) && !sl_payments_can_ask(payment)) {
        sl_say(cli, "%s: the provider gave no id to ask by; only its callback can tell",
               cli->program);
        return 1;
    }
    return status;
}

int sl_pay_verify_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct sl_pay_verify_options *given = opaque;
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    struct sl_payment payment;
    struct sl_school school;
    int status;

    if (given->amount && !given->accept)
        return sl_err_set(err, SL_ERR_USAGE, "--amount belongs to --accept");
    if (sl_open_service(cli, SL_ALL_KEYS, &service, err) < 0 ||
        sl_pay_find(cli, service, cli->operands[0], &payment, &school, err) < 0)
        return -1;
    status = given->accept ? accept(cli, service, given, &payment, err)
                           : find_out(cli, service, &payment, err);
    if (status < 0 || sl_pay_print(cli, service, &payment, school.timezone, err) < 0)
        return -1;
    return conclude_verify(cli, &payment, status);
}

/* ---- reconcile ---------------------------------------------------------------------------- */

enum { GIVEN_UP_MS = 86400000, PAGE = 100 };

const struct sl_opt sl_pay_reconcile_options[] = {
    { "older-than", 0, SL_OPT_TEXT, offsetof(struct sl_pay_reconcile_options, older_than),
      "DURATION", .help = "Leave newer ones alone: 90s, 3m, 2h; without it 3m" },
    { 0 },
};

/* What nobody can be asked about, and nothing was heard of for a day, is a person's. */
static int reconcile_one(const struct sl_cli *cli, struct sl_service *service,
                         struct sl_payment *payment, struct sl_err *err)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    int status = find_out(cli, service, payment, err);

    if (status < 0 || !sl_pay_is_open(payment) || sl_pay_is(payment, "initiated") ||
        sl_payments_can_ask(payment) || payment->created_at + GIVEN_UP_MS > sl_now_ms())
        return status;
    if (sl_tx_begin(&tx, service->db, err) < 0 ||
        sl_payments_give_up(service, payment->id, sl_now_ms(), err) < 0 ||
        sl_tx_commit(&tx, err) < 0 || sl_pay_again(cli, service, payment, err) < 0)
        return -1;
    return status;
}

/* Once credentials are refused, nobody else is asked. */
static int reconcile(const struct sl_cli *cli, struct sl_service *service,
                     struct sl_open_filter *filter, struct sl_output *output, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const volatile sig_atomic_t *stop = sl_stop_flag();
    struct sl_cli one = *cli;
    int n = PAGE, worst = 0;

    one.arena = arena; /* of a page */
    while (n == PAGE && worst != SL_ERR_AUTH && !*stop) {
        struct sl_payment *page;

        sl_arena_reset(arena);
        page = SL_NEW(arena, struct sl_payment, PAGE);
        n = sl_payments_open(service->db, arena, filter, PAGE, page, err);
        for (int i = 0; i < n && worst != SL_ERR_AUTH && !*stop; i++) {
            int status = reconcile_one(&one, service, &page[i], err);

            if (status < 0 || sl_pay_row(&one, service, output, &page[i], err) < 0)
                return -1;
            worst = status > worst ? status : worst;
            filter->after_ms = page[i].created_at;
            filter->after_id = page[i].id;
        }
    }
    return n < 0 ? -1 : worst;
}

/* Those that were not asked about: the newer ones, and what came behind an end before its time. */
static int tell_left(const struct sl_cli *cli, struct sl_service *service,
                     const struct sl_open_filter *filter, const char *age, struct sl_err *err)
{
    const struct sl_open_filter newer = { .school_id = filter->school_id,
                                          .before_ms = INT64_MAX,
                                          .after_ms = filter->before_ms,
                                          .after_id = INT64_MAX };
    int64_t n_newer, n_cut;

    if (sl_payments_open_count(service->db, &newer, &n_newer, err) < 0 ||
        sl_payments_open_count(service->db, filter, &n_cut, err) < 0)
        return -1;
    if (n_newer > 0)
        sl_say(cli,
               "%s: %" PRId64 " left alone, asked for less than %s ago; --older-than 0s takes "
               "them too",
               cli->program, n_newer, age);
    if (n_cut > 0)
        sl_say(cli, "%s: %" PRId64 " left, because it was stopped or credentials were refused",
               cli->program, n_cut);
    return 0;
}

int sl_pay_reconcile_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct sl_pay_reconcile_options *given = opaque;
    const char *age = given->older_than ? given->older_than : "3m";
    int64_t age_ms = sl_duration_ms(age);
    struct sl_open_filter filter = { .before_ms = sl_now_ms() - age_ms };
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    SL_AUTO(sl_output_free) struct sl_output *output = NULL;
    struct sl_school school = { .timezone = "UTC" };
    int worst;

    if (age_ms < 0)
        return sl_err_set(err, SL_ERR_DATA, "--older-than '%s' is no duration like 90s, 3m or 2h",
                          given->older_than);
    if (sl_open_service(cli, SL_ALL_KEYS, &service, err) < 0 ||
        (cli->school && sl_schools_find(service->db, cli->arena, cli->school, &school, err) < 0))
        return -1;
    filter.school_id = school.id;
    output = sl_pay_open(cli, SL_SHAPE_LIST, school.timezone);
    worst = reconcile(cli, service, &filter, output, err);
    if (worst < 0 || sl_output_end(&output, err) < 0 ||
        tell_left(cli, service, &filter, age, err) < 0)
        return -1;
    return worst;
}
