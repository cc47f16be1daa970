/* Any bytes as a callback of a provider of one category (CATEGORY), beside its wire cases: no crash,
 * no leak, nothing told that is not proven, and where the provider signs all of it, nothing proven
 * but what it signed. Behind the case comes a byte that says what the bytes are. */
#include "tests/fuzz/wire.h"

enum what { BODY, BODY_READ_AGAIN, HEADERS, QUERY, TYPE_AND_BODY, ADDRESS };

/* Those whose signature, a header, covers the whole body where it is asked for. */
static const char *const signers[] = { "sendgrid", "whatsapp" };

static void keep_heard(struct wire_case *wire)
{
    if (wire->hook)
        keep_case(wire);
}

static bool signs(const struct wire_case *wire, const struct sl_inbound *inbound)
{
    const char *proof = sl_json_text(wire->line, "proof");
    bool known = false;

    for (size_t i = 0; i < SL_COUNT(signers); i++)
        known |= strcmp(wire->adapter->code, signers[i]) == 0;
    return known && inbound->n_headers > 0 && !inbound->proven && strcmp(proof, "proven") == 0 &&
           strcmp(inbound->method, "POST") == 0;
}

static void change(struct fuzz *fuzz, struct sl_inbound *inbound, enum what what)
{
    struct sl_pair *headers = SL_NEW(fuzz->arena, struct sl_pair, inbound->n_headers + 1);

    switch (what) {
    case BODY: break;
    case BODY_READ_AGAIN: inbound->proven = true; break;
    case HEADERS:
        for (size_t i = 0; i < inbound->n_headers; i++)
            headers[i] = (struct sl_pair){ inbound->headers[i].name, fuzz_line(fuzz) };
        inbound->headers = headers;
        break;
    case QUERY:
        inbound->query = fuzz_line(fuzz);
        inbound->method = "GET";
        break;
    case TYPE_AND_BODY: inbound->content_type = fuzz_line(fuzz); break;
    case ADDRESS: inbound->url = fuzz_line(fuzz); break;
    }
}

static void look_at(const struct sl_heard *heard)
{
    must(heard->proof <= SL_MALFORMED);
    must(heard->proof == SL_PROVEN || heard->n_events == 0);
    (void)(touch(heard->why) + touch(heard->reply.body) + touch(heard->reply.content_type));
    for (size_t i = 0; i < heard->n_events; i++) {
        const struct sl_event *event = &heard->events[i];

        must(event->kind <= SL_EVENT_RESULT && event->delivery <= SL_DELIVERY_DELIVERED &&
             event->outcome.verdict <= SL_PERMANENT);
        look_at_news(&event->payment);
        (void)(touch(event->key) + touch(event->external) + touch(event->message) +
               touch(event->phone) + touch(event->text) + touch(event->code) +
               touch(event->result_text) + touch(event->owner) + touch(event->fact.kind) +
               touch(event->fact.key) + touch(event->fact.value));
    }
}

/* Headers may be written in other ways; what is signed may not. */
static bool is_genuine(const struct sl_inbound *genuine, const struct sl_inbound *inbound)
{
    return inbound->n_body == genuine->n_body &&
           memcmp(inbound->body, genuine->body, genuine->n_body) == 0;
}

static void hear(const struct wire_case *wire, struct fuzz *fuzz)
{
    struct sl_inbound genuine = read_inbound(wire), inbound = genuine;
    enum what what = (enum what)(fuzz_byte(fuzz) % 6);
    struct sl_heard heard = { 0 };
    char *body;

    change(fuzz, &inbound, what);
    if (what == HEADERS) /* the body stays as it was signed */
        *fuzz = (struct fuzz){ fuzz->arena, genuine.body, genuine.n_body };
    body = fuzz_exact(fuzz);
    inbound.body = body;
    inbound.n_body = fuzz->n;
    inbound.digest = digest_of(fuzz->arena, body, fuzz->n);
    wire->hook->hear(&inbound, &heard);
    must(!signs(wire, &inbound) || strcmp(inbound.method, "POST") != 0 ||
         heard.proof != SL_PROVEN || is_genuine(&genuine, &inbound));
    free(body);
    look_at(&heard);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct fuzz fuzz = fuzz_begin(arena, data, size);

    load_cases(CATEGORY, keep_heard);
    if (size > CHOOSING) {
        struct wire_case wire = choose_case(&fuzz);

        hear(&wire, &fuzz);
    }
    return 0;
}
