/* Ten thousand mutants of each genuine callback, given to what sl-webhook gives its requests to (without
 * ADDRESS), or to sl-webhook itself over HTTP.
 * usage: forged [ADDRESS:PORT] <events
 * An event is a line of tab-separated columns: scheme, Content-Type, path, the same hook's path of
 * another school, secret, body. Prints a row for each scheme and what was tried. What counts as accepted:
 *   forged   the proof was touched: any event that is stored, of any kind but "unreadable"
 *   replayed the proof is whole: again, again after a restart, with another body. An event that is stored
 *            where a proof counts once; else a payment that succeeds, or changes amount or receipt. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/adapter/form.h"
#include "lib/base/clock.h"
#include "lib/base/crypto.h"
#include "lib/base/text.h"
#include "lib/service/inbound.h"
#include "lib/store/sql.h"
#include "tests/attacks/genuine.h"
#include "tests/attacks/http.h"

enum { TRIES = 10000, HTTP_TRIES = 500, GROUP = 250, COLUMNS = 6, MOST_LINE = 8192 };

/* Who is attacked. */
struct target {
    struct sl_service *service; /* to look into the database, and without http */
    struct sl_inbox *inbox;     /* NULL: over HTTP */
    struct connection http;
    bool open; /* a transaction is */
    size_t n_in_group;
    size_t tries, accepted;
    int64_t before; /* what was counted before the group */
    const char *counted;
};

static const char count_events[] = "SELECT count(*) FROM webhook_events WHERE kind <> 'unreadable'";
static const char count_money[] =
    "SELECT coalesce(sum(amount_minor + 1000000 * (receipt IS NOT NULL) + 100000000 *"
    " (status IN ('succeeded', 'refunded')) + 10000000000), 0) FROM payments";

static void die(const struct sl_err *err)
{
    (void)fprintf(stderr, "forged: %s\n", err->text);
    exit(70);
}

#define TRY(call)                                                                                  \
    do {                                                                                           \
        struct sl_err err;                                                                         \
        if ((call) < 0)                                                                            \
            die(&err);                                                                             \
    } while (0)

/* ---- Delivering ------------------------------------------------------------------------------- */

static const char *header_of(const void *opaque, const char *name)
{
    const struct callback *callback = opaque;

    for (size_t i = HEADER; i < N_PARTS; i++)
        if (callback->parts[i].text && strcmp(callback->parts[i].name, name) == 0)
            return callback->parts[i].text;
    return NULL;
}

/* A process as it begins. */
static void start(struct target *target)
{
    const struct sl_service_options options = { .keys = SL_WEBHOOK_KEYS };

    TRY(sl_service_open(&target->service, &options, &err));
    target->inbox = sl_inbox_new(target->service);
}

static int deliver_here(struct target *target, struct sl_arena *arena,
                        const struct callback *callback, const char *method)
{
    struct sl_received received = { .arena = arena,
                                    .method = method,
                                    .path = callback->parts[PATH].text,
                                    .query = "",
                                    .content_type = callback->type,
                                    .body = callback->parts[BODY].text,
                                    .n_body = callback->parts[BODY].n,
                                    .ip_address = "192.0.2.7",
                                    .header = header_of,
                                    .opaque = callback };

    if (!target->open)
        TRY(sl_inbox_begin(target->inbox, &err));
    target->open = true;
    TRY(sl_inbound_receive(target->inbox, &received, &err));
    return received.reply.status;
}

static int deliver_there(struct target *target, struct sl_arena *arena,
                         const struct callback *callback, const char *method)
{
    struct sl_buf head = sl_buf_new(arena);

    sl_buf_printf(&head, "%s %s HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: %zu\r\n",
                  method, callback->parts[PATH].text, callback->type, callback->parts[BODY].n);
    for (size_t i = HEADER; i < N_PARTS; i++)
        if (callback->parts[i].text)
            sl_buf_printf(&head, "%s: %s\r\n", callback->parts[i].name, callback->parts[i].text);
    sl_buf_text(&head, "\r\n");
    sl_buf_add(&head, callback->parts[BODY].text, callback->parts[BODY].n);
    return http_ask(&target->http, head.data, head.len);
}

/* What the group changed is counted; without `counted` it begins a new count. */
static void judge(struct target *target, const char *counted)
{
    int64_t now;

    target->n_in_group = 0;
    if (target->open)
        TRY(sl_inbox_commit(target->inbox, &err));
    target->open = false;
    for (int n = 1; n > 0;)
        TRY(n = sl_inbound_apply(target->service, &err));
    if (target->counted) {
        TRY(sl_db_number(target->service->db, target->counted, SL_NO_PARAMS, &now, &err));
        target->accepted += now > target->before ? (size_t)(now - target->before) : 0;
        target->accepted += now < target->before;
    }
    target->counted = counted;
    if (counted)
        TRY(sl_db_number(target->service->db, counted, SL_NO_PARAMS, &target->before, &err));
}

static int deliver_by(struct target *target, const struct callback *callback, const char *method)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    int status = target->inbox ? deliver_here(target, arena, callback, method)
                               : deliver_there(target, arena, callback, method);

    target->tries++;
    if (++target->n_in_group == GROUP)
        judge(target, target->counted);
    return status;
}

static void deliver(struct target *target, const struct callback *callback)
{
    (void)deliver_by(target, callback, "POST");
}

/* ---- Mutants of bits ---------------------------------------------------------------------------- */

static bool is_same_part(const struct part *a, const struct part *b)
{
    return !a->text || memcmp(a->text, b->text, a->n) == 0;
}

/* Whether it says the same: several bits may undo each other, and in a form %2b is %2B. */
static bool says_the_same(struct sl_arena *arena, const struct callback *a,
                          const struct callback *b)
{
    struct sl_pair *left, *right;
    int n;

    for (size_t i = 0; i < N_PARTS; i++)
        if (i != BODY && !is_same_part(&a->parts[i], &b->parts[i]))
            return false;
    if (is_same_part(&a->parts[BODY], &b->parts[BODY]))
        return true;
    if (strcmp(a->type, "application/x-www-form-urlencoded") != 0)
        return false;
    n = sl_form_fields(arena, a->parts[BODY].text, a->parts[BODY].n, &left);
    if (n < 0 || sl_form_fields(arena, b->parts[BODY].text, b->parts[BODY].n, &right) != n)
        return false;
    for (int i = 0; i < n; i++)
        if (strcmp(left[i].name, right[i].name) != 0 || strcmp(left[i].value, right[i].value) != 0)
            return false;
    return true;
}

/* Where a mutant may be touched: the proven bytes of all parts, or those of the body that are not. */
static size_t room_of(const struct callback *callback, bool proven)
{
    size_t room = 0;

    if (!proven)
        return callback->parts[BODY].n - callback->parts[BODY].proven;
    for (size_t i = 0; i < N_PARTS; i++)
        room += callback->parts[i].text ? callback->parts[i].proven : 0;
    return room;
}

static void flip(struct callback *callback, bool proven, size_t place, unsigned bit)
{
    size_t i = PATH;

    if (!proven) {
        callback->parts[BODY].text[callback->parts[BODY].proven + place] ^= (char)(1 << bit);
        return;
    }
    while (!callback->parts[i].text || place >= callback->parts[i].proven) {
        place -= callback->parts[i].text ? callback->parts[i].proven : 0;
        i++;
    }
    callback->parts[i].text[place] ^= (char)(1 << bit);
}

/* The n-th: each bit alone, then several by chance. */
static struct callback mutate(struct sl_arena *arena, const struct callback *from, bool proven,
                              size_t n)
{
    struct callback mutant = *from;
    size_t room = room_of(from, proven);

    for (size_t i = 0; i < N_PARTS; i++)
        if (from->parts[i].text)
            mutant.parts[i].text = sl_arena_memdup(arena, from->parts[i].text, from->parts[i].n);
    if (n < 8 * room) {
        flip(&mutant, proven, n / 8, n % 8);
        return mutant;
    }
    for (long more = 1 + random() % 4; more >= 0; more--)
        flip(&mutant, proven, (size_t)random() % room, (unsigned)(random() % 8));
    return mutant;
}

/* Up to that many tries: over HTTP each so-and-so-many-th. */
static void flip_bits(struct target *target, const struct callback *from, bool proven, size_t tries)
{
    size_t step = target->inbox ? 1 : TRIES / HTTP_TRIES;

    for (size_t n = 0; target->tries < tries; n += step) {
        SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
        const struct callback mutant = mutate(arena, from, proven, n);

        if (!says_the_same(arena, from, &mutant))
            deliver(target, &mutant);
    }
}

/* ---- Mutants of sense ---------------------------------------------------------------------------- */

/* Proofs that prove nothing. */
static void try_proofs(struct target *target, const struct callback *from)
{
    static const char *const none[] = { "",
                                        "none",
                                        "null",
                                        "sha256=",
                                        "sha1=",
                                        "0",
                                        "true",
                                        "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.e30.",
                                        "Bearer eyJhbGciOiJub25lIn0.e30.",
                                        "*",
                                        "' OR '1'='1" };

    for (size_t i = HEADER; i < N_PARTS; i++) {
        struct callback mutant = *from;
        char *given = from->parts[i].text;
        SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();

        if (!given)
            continue;
        for (size_t j = 0; j < SL_COUNT(none); j++) {
            mutant.parts[i].text = sl_arena_strdup(arena, none[j]);
            deliver(target, &mutant);
        }
        for (size_t n = 0; n < from->parts[i].n; n++) {
            mutant.parts[i].text = sl_arena_memdup(arena, given, n);
            deliver(target, &mutant);
        }
        mutant.parts[i].text = sl_arena_printf(arena, "%s%s", given, given);
        deliver(target, &mutant);
        mutant.parts[i].text = NULL;
        deliver(target, &mutant);
    }
}

static void try_secrets(struct target *target, const struct scheme *scheme,
                        const struct event *event, int64_t now_s)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    size_t n = strlen(event->secret);
    const char *const wrong[] = { "", "another-school's",
                                  sl_arena_memdup(arena, event->secret, n - 1),
                                  sl_arena_printf(arena, "%s0", event->secret), event->path };
    struct event other = *event;

    for (size_t i = 0; i < SL_COUNT(wrong); i++) {
        struct callback mutant;

        other.secret = wrong[i];
        if (strcmp(scheme->name, "sendgrid") == 0)
            break; /* signed by a key: the other school's path shows it */
        mutant = genuine(arena, scheme, &other, now_s);
        deliver(target, &mutant);
    }
    other = *event; /* by this school's secret, for the other one */
    other.path = event->other_path;
    for (int again = 0; again < 2; again++) {
        struct callback mutant = genuine(arena, scheme, again ? &other : event, now_s);

        mutant.parts[PATH].text = sl_arena_strdup(arena, event->other_path);
        deliver(target, &mutant);
    }
}

static void try_times(struct target *target, const struct scheme *scheme, const struct event *event,
                      int64_t now_s)
{
    static const int64_t off_s[] = { -30 * 365 * 86400LL, -30 * 86400, -26 * 3600, 3600, 86400,
                                     10 * 365 * 86400LL };
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();

    for (size_t i = 0; scheme->timed && i < SL_COUNT(off_s); i++) {
        const struct callback mutant = genuine(arena, scheme, event, now_s + off_s[i]);

        deliver(target, &mutant);
    }
}

/* The token, at every other address that there is. */
static void try_paths(struct target *target, const struct callback *from, bool is_signed)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const char *token = strstr(from->parts[PATH].text, "/hooks/");

    token = strchr(token + strlen("/hooks/"), '/') + 1;
    token = sl_arena_memdup(arena, token, strcspn(token, "/"));
    for (size_t i = 0; sl_adapters[i]; i++) {
        const struct sl_adapter *adapter = sl_adapters[i];
        bool own = strcmp(adapter->code, from->provider) == 0;

        for (size_t j = 0; j < adapter->n_hooks && (!own || is_signed); j++) {
            struct callback mutant = *from;

            mutant.parts[PATH].text = sl_arena_printf(arena, "/hooks/%s/%s/%s", adapter->hook_alias,
                                                      token, adapter->hooks[j].word);
            if (strcmp(mutant.parts[PATH].text, from->parts[PATH].text) != 0)
                deliver(target, &mutant);
        }
    }
}

static void try_methods(struct target *target, const struct callback *from)
{
    static const char *const methods[] = { "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "POSt" };

    for (size_t i = 0; i < SL_COUNT(methods); i++)
        (void)deliver_by(target, from, methods[i]);
}

/* ---- One event -------------------------------------------------------------------------------------- */

static void report(struct target *target, const char *what, const struct scheme *scheme)
{
    judge(target, NULL);
    (void)printf("%s %s%s\t%zu\t%zu\t0\t-\t-\n", what, scheme->name,
                 target->inbox ? "" : ", over HTTP", target->tries, target->accepted);
    target->tries = target->accepted = 0;
}

static void forge(struct target *target, const struct scheme *scheme, const struct event *event,
                  int64_t now_s)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const struct callback real = genuine(arena, scheme, event, now_s);

    judge(target, count_events);
    try_paths(target, &real, scheme->sign != NULL);
    try_methods(target, &real);
    if (scheme->sign) {
        try_proofs(target, &real);
        try_secrets(target, scheme, event, now_s);
        try_times(target, scheme, event, now_s);
    }
    flip_bits(target, &real, true, target->inbox ? TRIES : HTTP_TRIES);
    report(target, "forged", scheme);
}

/* The genuine one must be taken, or the rest would show nothing. */
static void take_real(struct target *target, const struct callback *real)
{
    judge(target, count_events);
    deliver(target, real);
    judge(target, NULL);
    if (target->accepted == 0) {
        (void)fprintf(stderr, "forged: the genuine callback of %s was not taken\n", real->provider);
        exit(1);
    }
    target->tries = target->accepted = 0;
}

static void restart(struct target *target)
{
    if (!target->inbox)
        return;
    judge(target, target->counted);
    sl_inbox_free(&target->inbox);
    sl_service_close(&target->service);
    start(target);
}

static void replay(struct target *target, const struct scheme *scheme, const struct event *event,
                   int64_t now_s)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const struct callback real = genuine(arena, scheme, event, now_s);
    struct callback other = real;

    if (target->inbox)
        take_real(target, &real);
    judge(target, scheme->keyed ? count_events : count_money);
    deliver(target, &real);
    restart(target);
    deliver(target, &real);
    other.parts[PATH].text = sl_arena_strdup(arena, event->other_path);
    deliver(target, &other);
    if (room_of(&real, false) > 0)
        flip_bits(target, &real, false, target->inbox ? TRIES : HTTP_TRIES);
    report(target, "replayed", scheme);
}

/* ---- Time ---------------------------------------------------------------------------------------------- */

static int by_number(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

    return left < right ? -1 : left > right;
}

static int64_t time_of(const char *a, const char *b, size_t n)
{
    volatile bool equal = false;
    struct timespec from, to;

    (void)clock_gettime(CLOCK_MONOTONIC, &from);
    for (int i = 0; i < 200; i++)
        equal = sl_equal_secret(a, b, n);
    (void)equal;
    (void)clock_gettime(CLOCK_MONOTONIC, &to);
    return (to.tv_sec - from.tv_sec) * 1000000000LL + to.tv_nsec - from.tv_nsec;
}

/* Genuine, wrong in the first digit, wrong in the last: medians that alternate. */
static void compare_times(void)
{
    enum { ROUNDS = 4001, N = 64 };
    static int64_t took[3][ROUNDS];
    char right[N], given[3][N];
    double first, last;

    memset(right, '7', N);
    memset(given, '7', sizeof given);
    given[1][0] = '8';
    given[2][N - 1] = '8';
    for (size_t i = 0; i < ROUNDS; i++)
        for (size_t j = 0; j < 3; j++)
            took[j][i] = time_of(right, given[j], N);
    for (size_t j = 0; j < 3; j++)
        qsort(took[j], ROUNDS, sizeof took[j][0], by_number);
    first = (double)took[1][ROUNDS / 2] / (double)took[0][ROUNDS / 2];
    last = (double)took[2][ROUNDS / 2] / (double)took[0][ROUNDS / 2];
    (void)printf("time of forged to genuine: %.2f, %.2f\t%d\t%d\t0\t-\t-\n", first, last, ROUNDS,
                 first < 0.9 || first > 1.1 || last < 0.9 || last > 1.1);
}

/* ---- All of them ------------------------------------------------------------------------------------------ */

/* False if the line is no event. */
static bool read_event(char *line, struct event *event)
{
    char *columns[COLUMNS], *at = line;

    line[strcspn(line, "\n")] = '\0';
    for (size_t i = 0; i < COLUMNS; i++) {
        columns[i] = strsep(&at, "\t");
        if (!columns[i])
            return false;
    }
    *event = (struct event){ .provider = columns[0],
                             .type = columns[1],
                             .path = columns[2],
                             .other_path = columns[3],
                             .secret = columns[4],
                             .body = columns[5] };
    return true;
}

int main(int argc, char **argv)
{
    struct target target = { 0 };
    int64_t now_s = sl_now_ms() / 1000;
    char line[MOST_LINE], *base;
    struct event event;

    sl_crypto_init();
    start(&target);
    base = strdup(target.service->settings.public_url);
    if (!base)
        return 70;
    if (argc > 1) {
        sl_inbox_free(&target.inbox);
        http_to(&target.http, argv[1]);
    }
    while (fgets(line, sizeof line, stdin)) {
        const struct scheme *scheme = read_event(line, &event) ? scheme_find(event.provider) : NULL;

        if (!scheme) {
            (void)fprintf(stderr, "forged: no event: %s\n", line);
            return 65;
        }
        event.base = base;
        forge(&target, scheme, &event, now_s);
        replay(&target, scheme, &event, now_s);
    }
    if (target.inbox)
        compare_times();
    sl_inbox_free(&target.inbox);
    sl_service_close(&target.service);
    free(base);
    return 0;
}
