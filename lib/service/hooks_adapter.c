/* What carries an event to a hook, as an adapter without a provider: pure, like those. */
#include <inttypes.h>
#include <string.h>

#include "lib/base/crypto.h"
#include "lib/base/text.h"
#include "lib/service/hooks.h"

enum { URL_ANSWER_S = 15, EXEC_ANSWER_S = 60 };

static const struct sl_field fields[] = {
    [SL_HOOK_TARGET] = { .name = "target", .help = "The address or the program" },
    [SL_HOOK_SECRET] = { .name = "secret", .help = "Signs what is sent", .secret = true },
};

/* ---- An address ----------------------------------------------------------------------------- */

static const char *sign(const struct sl_call *call, const char *timestamp, struct sl_err *err)
{
    static const char prefix[] = "whsec_";
    const char *secret = call->settings->values[SL_HOOK_SECRET];
    const char *signed_text =
        sl_arena_printf(call->arena, "%s.%s.%s", call->id, timestamp, call->in.event->body);
    unsigned char digest[SL_SHA256_SIZE], *key = NULL;
    size_t n_key;

    if (secret && strncmp(secret, prefix, strlen(prefix)) == 0)
        key = sl_unbase64(call->arena, secret + strlen(prefix), &n_key);
    if (!key) {
        (void)sl_err_set(err, SL_ERR_CONFIG, "its secret is none");
        return NULL;
    }
    sl_hmac_sha256(key, n_key, signed_text, strlen(signed_text), digest);
    return sl_arena_printf(call->arena, "v1,%s", sl_base64(call->arena, digest, sizeof digest));
}

static int build_post(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    const char *timestamp = sl_arena_printf(call->arena, "%" PRId64, call->now_ms / 1000);
    const char *signature = sign(call, timestamp, err);

    if (!signature)
        return -1;
    request->method = "POST";
    request->base = call->settings->values[SL_HOOK_TARGET];
    request->path = "";
    request->body = call->in.event->body;
    request->n_body = strlen(request->body);
    sl_request_header(request, "Content-Type", "application/json");
    sl_request_header(request, "webhook-id", call->id);
    sl_request_header(request, "webhook-timestamp", timestamp);
    sl_request_header(request, "webhook-signature", signature);
    return 0;
}

static void parse_post(const struct sl_call *call, const struct sl_exchange *exchange,
                       struct sl_result *result)
{
    struct sl_outcome outcome = { .verdict = SL_RETRY };
    int status = exchange->status;

    if (status >= 200 && status < 300) /* how the answer goes on does not matter */
        outcome.verdict = SL_OK;
    else if (exchange->reach != SL_ANSWERED)
        outcome.text = exchange->transport ? exchange->transport : "no answer came";
    else
        outcome.text = sl_arena_printf(call->arena, "HTTP %d", status);
    if (status == 410) {
        outcome.verdict = SL_PERMANENT;
        outcome.learned = SL_DEAD_ADDRESS;
    } else if (status == 429) {
        outcome.verdict = SL_RATE_LIMITED;
        outcome.concerns = SL_ACCOUNT;
    }
    if (exchange->retry_after_ms > 0)
        outcome.after_ms = exchange->retry_after_ms;
    sl_result_all(result, outcome);
}

static const struct sl_step post = {
    .build = build_post,
    .parse = parse_post,
    .ambiguous = { .last = SL_RESEND },
    .answer_s = URL_ANSWER_S,
};

/* ---- A program ------------------------------------------------------------------------------ */

static int build_run(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    (void)err;
    request->program = call->settings->values[SL_HOOK_TARGET];
    request->body = call->in.event->body;
    request->n_body = strlen(request->body);
    return 0;
}

static void parse_run(const struct sl_call *call, const struct sl_exchange *exchange,
                      struct sl_result *result)
{
    struct sl_outcome outcome = { .verdict = SL_RETRY, .text = exchange->transport };

    if (exchange->reach == SL_ANSWERED && exchange->status == 0)
        outcome.verdict = SL_OK;
    else if (exchange->reach == SL_ANSWERED)
        outcome.text = sl_arena_printf(call->arena, "exit status %d", exchange->status);
    sl_result_all(result, outcome);
}

static const struct sl_step run = {
    .build = build_run,
    .parse = parse_run,
    .ambiguous = { .last = SL_RESEND },
    .answer_s = EXEC_ANSWER_S,
};

/* ---- The two -------------------------------------------------------------------------------- */

/* By the purpose of the hook. */
#define OPS(step)                                                                                  \
    {                                                                                              \
        { .name = "hook", .input = SL_INPUT_EVENT, .steps = &(step), .n_steps = 1 },               \
            { .name = "alert", .input = SL_INPUT_EVENT, .steps = &(step), .n_steps = 1 },          \
    }

static const struct sl_op post_ops[] = OPS(post), run_ops[] = OPS(run);

static const struct sl_adapter adapters[] = {
    { .code = "url",
      .name = "Hook",
      .limits = { .max_in_flight = 4 },
      .fields = fields,
      .n_fields = SL_COUNT(fields),
      .ops = post_ops,
      .n_ops = SL_COUNT(post_ops) },
    { .code = "exec",
      .name = "Hook",
      .limits = { .max_in_flight = 2 },
      .fields = fields,
      .n_fields = SL_COUNT(fields),
      .ops = run_ops,
      .n_ops = SL_COUNT(run_ops) },
};

const struct sl_adapter *sl_hook_adapter(const char *kind)
{
    for (size_t i = 0; i < SL_COUNT(adapters); i++)
        if (strcmp(adapters[i].code, kind) == 0)
            return &adapters[i];
    return NULL;
}
