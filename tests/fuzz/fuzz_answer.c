/* Any bytes as the answer of a provider of one category (CATEGORY) to what its wire cases ask: no
 * crash, no leak, nothing out of range, and no step that follows can be made to send what is no
 * line of HTTP. Behind the case comes a byte that says in what way the answer came. */
#include "tests/fuzz/wire.h"

#include "lib/transfer/smtp.h"

enum how { AS_IT_CAME, OTHER_STATUS, CUT, NEVER, HEADERS, BY_A_PAGE, OTHER_ERROR, TOO_LARGE };

static const int statuses[] = { 200, 201, 204, 302, 308, 400, 401, 403,
                                404, 409, 412, 413, 422, 429, 500, 503 };

static void keep_answered(struct wire_case *wire)
{
    struct sl_request request = { 0 };
    struct sl_err err;

    if (wire->step && wire->step->build(&wire->call, &request, &err) == 0)
        keep_case(wire);
}

/* The replies of a mail server, as libcurl tells them: lines with '>' in front are what it sent. */
static void tell_mail(struct fuzz *fuzz, struct sl_exchange *exchange)
{
    struct smtp_log log;

    smtp_log_begin(&log, fuzz->arena);
    while (fuzz->n > 0) {
        const char *line = fuzz_line(fuzz);
        bool ours = *line == '>';
        char *exact = strdup(line + ours);

        must(exact != NULL);
        (void)smtp_log_hear(NULL, ours ? CURLINFO_HEADER_OUT : CURLINFO_HEADER_IN, exact,
                            strlen(exact), &log);
        free(exact);
    }
    smtp_tell(&log, exchange->reach == SL_ANSWERED ? CURLE_OK : CURLE_RECV_ERROR, exchange);
}

static void change(struct fuzz *fuzz, unsigned char byte, struct sl_exchange *exchange)
{
    struct sl_pair *headers = SL_NEW(fuzz->arena, struct sl_pair, exchange->n_headers + 1);

    switch ((enum how)(byte % 8)) {
    case AS_IT_CAME: break;
    case OTHER_STATUS: exchange->status = statuses[byte / 8 % SL_COUNT(statuses)]; break;
    case CUT: exchange->reach = SL_CUT; break;
    case NEVER: exchange->reach = byte / 8 % 2 ? SL_SENT : SL_NOT_SENT; break;
    case HEADERS:
        exchange->retry_after_ms = byte > 127 ? 7000 : -1;
        for (size_t i = 0; i < exchange->n_headers; i++)
            headers[i] = (struct sl_pair){ exchange->headers[i].name, fuzz_line(fuzz) };
        exchange->headers = headers;
        break;
    case BY_A_PAGE: exchange->content_type = "text/html; charset=utf-8"; break;
    case OTHER_ERROR: exchange->error = byte / 8; break;
    case TOO_LARGE: exchange->too_large = true; break;
    }
}

static void look_at(const struct sl_result *result, size_t n_items)
{
    must(result->n_items == n_items && result->n_findings <= SL_MOST_FINDINGS &&
         result->n_facts <= SL_MOST_FACTS && result->next <= SL_STEP_NEXT);
    for (size_t i = 0; i < n_items; i++) {
        const struct sl_outcome *item = &result->items[i];

        must(item->verdict <= SL_ABSENT && item->concerns <= SL_ACCOUNT && item->cure <= SL_HALVE &&
             item->learned <= SL_OPTED_OUT && item->after_ms >= 0 && item->segments >= 0);
        (void)(touch(item->code) + touch(item->text) + touch(item->external) + touch(item->cost) +
               touch(item->currency));
    }
    for (size_t i = 0; i < result->n_findings; i++)
        (void)touch(result->findings[i].text);
    for (size_t i = 0; i < result->n_facts; i++)
        (void)(touch(result->facts[i].kind) + touch(result->facts[i].key) +
               touch(result->facts[i].value));
    look_at_news(&result->payment);
    (void)(touch(result->balance) + touch(result->balance_currency) + touch(result->token.access) +
           touch(result->token.refresh) + touch(result->token.type));
}

static void expect_lines(const struct sl_request *request)
{
    must(request->n_headers <= SL_MOST_HEADERS);
    for (size_t i = 0; i < request->n_headers; i++)
        must(!strpbrk(request->headers[i].value, "\r\n"));
    if (request->method && !request->files && !request->smtp)
        must(!strpbrk(request->base, "\r\n \t") && !strpbrk(request->path, "\r\n \t"));
}

/* What the step that comes next makes of what this one remembers. */
static void go_on(const struct wire_case *wire, struct sl_call call, const struct sl_result *result)
{
    const struct sl_op *op = sl_adapter_op(wire->adapter, sl_json_text(wire->line, "op"));
    const struct sl_step *step = wire->step + (result->next == SL_STEP_NEXT);
    struct sl_request request = { 0 };
    struct sl_err err;

    if (!op || result->next == SL_DONE || step == op->steps + op->n_steps)
        return;
    call.memory = result->memory;
    if (step->build(&call, &request, &err) == 0)
        expect_lines(&request);
}

static void read_as_answer(const struct wire_case *wire, struct fuzz *fuzz)
{
    struct sl_call call = wire->call;
    struct sl_exchange exchange = read_answer(wire);
    struct sl_result result = no_result(wire);
    char *body;

    change(fuzz, fuzz_byte(fuzz), &exchange);
    if (sl_json_at(wire->line, "answer.replies"))
        tell_mail(fuzz, &exchange);
    body = fuzz_exact(fuzz);
    exchange.body = body;
    exchange.n_body = fuzz->n;
    wire->step->parse(&call, &exchange, &result);
    free(body);
    look_at(&result, wire->n_items);
    go_on(wire, call, &result);
    free_result(&result);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct fuzz fuzz = fuzz_begin(arena, data, size);

    load_cases(CATEGORY, keep_answered);
    if (size > CHOOSING) {
        struct wire_case wire = choose_case(&fuzz);

        read_as_answer(&wire, &fuzz);
    }
    return 0;
}
