/* lib/transfer/transfer.h over the simulated network: what becomes of a request, and when. */
#include "lib/transfer/transfer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/clock.h"
#include "tests/sim/sim.h"

/* What the network does to an exchange. */
enum fate {
    FATE_GOOD,
    FATE_REFUSED, /* nobody could be connected to */
    FATE_BEFORE,  /* the connection broke before the provider had the request */
    FATE_AFTER,   /* … and after, before its answer */
    FATE_HALF,    /* … and amid its answer */
    FATE_LATE,    /* the answer is on its way when nobody waits any more */
    FATE_STUCK,   /* so is the request itself */
    N_FATES
};

static const char *const fates[N_FATES] = {
    "",
    "refused",
    "broken before",
    "broken after",
    "broken amid the answer",
    "answered too late",
    "stuck on its way",
};

struct flight {
    struct flight *next;
    uint64_t number;
    struct sl_send send;
    struct sl_exchange told;
    bool over;
    int64_t started_ms;
};

struct sl_transfer {
    struct flight *flights; /* in the order in which they began */
    size_t n_active;
};

/* What is known of a flight on its way: the process that it belongs to may be gone. */
struct letter {
    int64_t life;
    uint64_t number;
    enum fate fate;
    struct sim_request *request;
};

static uint64_t n_flights;

/* ---- Opening and closing -------------------------------------------------------------------------- */

int sl_transfer_open(struct sl_transfer **transfer, struct sl_err *err)
{
    (void)err;
    *transfer = calloc(1, sizeof **transfer);
    if (!*transfer)
        sl_out_of_memory();
    sim.current->transfer = *transfer;
    return 0;
}

void sl_transfer_drop(struct sl_transfer *transfer)
{
    struct flight *flight, *next;

    for (flight = transfer->flights; flight; flight = next) {
        next = flight->next;
        free(flight);
    }
    transfer->flights = NULL;
    transfer->n_active = 0;
}

void sl_transfer_close(struct sl_transfer **transfer)
{
    if (!*transfer)
        return;
    sl_transfer_drop(*transfer);
    free(*transfer);
    *transfer = NULL;
    sim.current->transfer = NULL;
}

/* The network has providers, and nobody else. */
void sl_transfer_reach(struct sl_transfer *transfer, const char *networks)
{
    (void)transfer, (void)networks;
}

/* ---- What comes back -------------------------------------------------------------------------------- */

/* The flight, if its process still waits for it. */
static struct flight *flight_of(const struct letter *letter, struct process **process)
{
    struct flight *flight;

    *process = sim_process(letter->life);
    flight = *process && (*process)->transfer ? (*process)->transfer->flights : NULL;
    while (flight && flight->number != letter->number)
        flight = flight->next;
    return flight && !flight->over ? flight : NULL;
}

static void end_flight(const struct letter *letter, const struct sl_exchange *told)
{
    struct process *process;
    struct flight *flight = flight_of(letter, &process);

    if (!flight)
        return;
    flight->told = *told;
    flight->over = true;
    sim_wake(process);
}

static struct letter *copy_letter(const struct letter *letter)
{
    struct letter *copy = malloc(sizeof *copy);

    if (!copy)
        sl_out_of_memory();
    *copy = *letter;
    return copy;
}

static void end_unanswered(void *thing)
{
    static const char *const words[N_FATES] = {
        [FATE_GOOD] = "Operation timed out",
        [FATE_REFUSED] = "Failed to connect: Connection refused",
        [FATE_BEFORE] = "Recv failure: Connection reset by peer",
        [FATE_AFTER] = "Recv failure: Connection reset by peer",
        [FATE_HALF] = "Operation timed out",
        [FATE_LATE] = "Operation timed out",
        [FATE_STUCK] = "Operation timed out",
    };
    struct letter *letter = thing;

    end_flight(letter, &(struct sl_exchange){
                           .reach = letter->fate == FATE_REFUSED ? SL_NOT_SENT : SL_SENT,
                           .retry_after_ms = -1,
                           .content_type = "",
                           .body = "",
                           .transport = words[letter->fate],
                       });
    free(letter);
}

/* What of the answer's headers is wanted. */
static void take_headers(struct flight *flight, const struct sim_answer *answer,
                         struct sl_exchange *told)
{
    const char *const *wanted = flight->send.answer_headers;
    struct sl_pair *pairs = SL_NEW(flight->send.arena, struct sl_pair, answer->n_headers + 1);

    for (size_t i = 0; i < answer->n_headers; i++) {
        const struct sl_pair *header = &answer->headers[i];

        if (strcasecmp(header->name, "Retry-After") == 0)
            told->retry_after_ms = atoi(header->value) * 1000;
        for (size_t j = 0; wanted && wanted[j]; j++)
            if (strcasecmp(header->name, wanted[j]) == 0)
                pairs[told->n_headers++] =
                    (struct sl_pair){ wanted[j],
                                      sl_arena_strdup(flight->send.arena, header->value) };
    }
    told->headers = pairs;
}

static void end_answered(struct letter *letter, const struct sim_answer *answer)
{
    struct process *process;
    struct flight *flight = flight_of(letter, &process);
    bool half = answer->cut || letter->fate == FATE_HALF;
    struct sl_exchange told = { .reach = half ? SL_CUT : SL_ANSWERED, .retry_after_ms = -1 };

    if (!flight)
        return;
    told.status = answer->status;
    told.n_body = half ? answer->n_body / 2 : answer->n_body;
    told.body = sl_arena_memdup(flight->send.arena, answer->body, told.n_body);
    told.content_type = sl_arena_strdup(flight->send.arena, answer->type ? answer->type : "");
    told.transport = half ? "transfer closed with outstanding read data remaining" : NULL;
    take_headers(flight, answer, &told);
    end_flight(letter, &told);
}

/* The provider has answered. Those who were to be kept waiting too long have a time-out coming. */
static void hear(void *thing, const struct sim_answer *answer)
{
    struct letter *letter = thing;

    if (letter->fate == FATE_AFTER || answer->status == 0) {
        letter->fate = FATE_AFTER;
        end_unanswered(letter);
        return;
    }
    if (letter->fate == FATE_GOOD || letter->fate == FATE_HALF)
        end_answered(letter, answer);
    free(letter);
}

static void arrive(void *thing)
{
    struct letter *letter = thing;

    sim_request_arrive(letter->request, hear, letter);
}

/* ---- What is sent ------------------------------------------------------------------------------------ */

static enum fate draw_fate(void)
{
    return sim_chance(4) ? (enum fate)sim_between(FATE_GOOD + 1, N_FATES - 1) : FATE_GOOD;
}

/* Before the first byte a process may die, and after the last. */
int sl_transfer_start(struct sl_transfer *transfer, const struct sl_send *send, struct sl_err *err)
{
    struct letter letter = { sim.current->life, ++n_flights, FATE_GOOD, NULL };
    struct flight *flight = calloc(1, sizeof *flight), **end = &transfer->flights;

    (void)err;
    if (!flight)
        sl_out_of_memory();
    sim_step('t', 100);
    letter.fate = draw_fate();
    *flight = (struct flight){ .number = letter.number, .send = *send };
    flight->started_ms = sl_boot_ms();
    while (*end)
        end = &(*end)->next;
    *end = flight;
    transfer->n_active++;
    sim_say("sends %s%s %s%s", send->request->base, send->request->path,
            letter.fate ? "to be " : "", fates[letter.fate]);
    if (letter.fate != FATE_REFUSED && letter.fate != FATE_BEFORE) {
        letter.request = sim_request_copy(send->request);
        sim_after(letter.fate == FATE_STUCK ? sim_between(50, 150) * 1000000
                                            : sim_between(1000, 80000),
                  arrive, copy_letter(&letter));
    }
    sim_after(letter.request ? send->answer_ms * 1000 : sim_between(500, 50000), end_unanswered,
              copy_letter(&letter));
    sim_step('T', 20);
    return 0;
}

size_t sl_transfer_active(const struct sl_transfer *transfer)
{
    return transfer->n_active;
}

int sl_transfer_watch(struct sl_transfer *transfer, int fd, struct sl_err *err)
{
    (void)transfer, (void)fd;
    return sl_err_set(err, SL_ERR_INTERNAL, "no programs run in a simulation");
}

static struct flight **first_over(struct sl_transfer *transfer)
{
    struct flight **at = &transfer->flights;

    while (*at && !(*at)->over)
        at = &(*at)->next;
    return at;
}

void sl_transfer_wait(struct sl_transfer *transfer, int64_t most_ms)
{
    sim_step('w', 5);
    if (!*first_over(transfer) && most_ms > 0)
        sim_wait(most_ms * 1000);
}

bool sl_transfer_next(struct sl_transfer *transfer, struct sl_sent *sent)
{
    struct flight **at = first_over(transfer), *flight = *at;

    if (!flight)
        return false;
    *at = flight->next;
    transfer->n_active--;
    *sent = (struct sl_sent){ .owner = flight->send.owner,
                              .exchange = flight->told,
                              .duration_ms = sl_boot_ms() - flight->started_ms };
    free(flight);
    return true;
}
