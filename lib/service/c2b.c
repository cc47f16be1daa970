#include "lib/service/c2b.h"

#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/json.h"
#include "lib/service/endpoints.h"
#include "lib/service/enqueue.h"
#include "lib/service/job.h"
#include "lib/service/payments_private.h"

/* ---- Recording ----------------------------------------------------------------------------- */

static int plan_for(struct sl_service *service, struct sl_arena *arena,
                    const struct sl_school *school, const char *provider, struct payment_plan *plan,
                    struct sl_err *err)
{
    struct sl_config_row row;

    if (sl_config_choose(service, arena, school, SL_PAYMENT, provider, &row, err) < 0)
        return -1;
    plan->school_id = school->id;
    plan->provider_id = row.provider_id;
    return payment_plan(service, arena, plan, err);
}

/* `token` NULL: it is about no endpoint. */
static int record(struct sl_service *service, struct sl_arena *arena,
                  const struct payment_plan *plan, const char *payload, const char *token,
                  int64_t *item_id, struct sl_err *err)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    int64_t now_ms = sl_now_ms();
    struct sl_item item = {
        .school_id = plan->school_id,
        .provider_id = plan->provider_id,
        .operation = plan->operation,
        .payload = payload,
        .public_id = payment_new_id(arena, now_ms),
        .account = plan->account.account,
    };
    int added;

    if (sl_tx_begin(&tx, service->db, err) < 0)
        return -1;
    added = token ? sl_enqueue_for_endpoint(service, &item, token, now_ms, err)
                  : sl_enqueue(service, plan->op, &item, now_ms, err);
    if (added < 0 || sl_tx_commit(&tx, err) < 0)
        return -1;
    *item_id = item.id;
    return 0;
}

int sl_c2b_register(struct sl_service *service, struct sl_arena *arena,
                    const struct sl_school *school, const char *provider, int64_t *endpoint_id,
                    int64_t *item_id, struct sl_err *err)
{
    struct payment_plan plan = { .operation = "c2b.register", .for_endpoint = true };
    struct sl_endpoint_made made;

    if (plan_for(service, arena, school, provider, &plan, err) < 0 ||
        sl_endpoint_add(service, arena, school, plan.account.adapter->code, "C2B", &made, err) < 0)
        return -1;
    *endpoint_id = made.id;
    return record(service, arena, &plan, "{}", made.token, item_id, err);
}

int sl_c2b_simulate(struct sl_service *service, struct sl_arena *arena,
                    const struct sl_school *school, const struct sl_c2b_request *request,
                    int64_t *item_id, struct sl_err *err)
{
    struct sl_c2b_pay pay = { .reference = request->reference };
    struct payment_plan plan = { .operation = "c2b.simulate", .in.c2b = &pay };
    SL_AUTO(sl_json_free) struct json_object *payload = NULL;

    if (sl_payments_amount(request->amount, &pay.amount_minor, err) < 0 ||
        payment_phone(arena, school, request->phone, &pay.phone, err) < 0 ||
        plan_for(service, arena, school, request->provider, &plan, err) < 0)
        return -1;
    payload = sl_json_new_object();
    sl_json_put_text(payload, "phone", pay.phone);
    sl_json_put_int(payload, "amount_minor", pay.amount_minor);
    sl_json_put_text(payload, "reference", pay.reference);
    return record(service, arena, &plan, sl_json_print(arena, payload), NULL, item_id, err);
}

/* ---- The domain ---------------------------------------------------------------------------- */

static int load_simulate(struct sl_service *service, struct sl_job *job, struct sl_err *err)
{
    struct sl_c2b_pay *pay = SL_NEW(job->arena, struct sl_c2b_pay, 1);

    (void)service;
    *pay = (struct sl_c2b_pay){
        .phone = sl_json_text(job->payload, "phone"),
        .amount_minor = sl_json_int(job->payload, "amount_minor", 0),
        .reference = sl_json_text(job->payload, "reference"),
    };
    if (!pay->phone || !pay->reference)
        return sl_err_set(err, SL_ERR_DATA, "the row holds no payment");
    job->call.in.c2b = pay;
    job->n_items = 1;
    return 1;
}

const struct sl_domain sl_c2b_simulate_domain = {
    .operation = "c2b.simulate",
    .load = load_simulate,
};
