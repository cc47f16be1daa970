/* One request as a simulated provider sees it, and the answer that it is given.
 *
 * A visit lives in the frame (sandbox/http.c); a provider reads its upper half, fills the
 * lower one and returns. Everything it needs meanwhile comes from visit->arena, which is
 * wiped when the answer has left. */
#ifndef SL_SANDBOX_VISIT_H
#define SL_SANDBOX_VISIT_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/arena.h"
#include "sandbox/scenario.h"

struct MHD_Connection;
struct sl_simulator;
struct sl_seen_kind;

/* How the answer leaves. */
enum sl_ending {
    SL_ENDING_WHOLE,
    SL_ENDING_CUT,  /* the connection ends after half of it */
    SL_ENDING_NONE, /* the connection ends instead */
};

struct sl_visit {
    struct sl_sandbox *box;
    const struct sl_simulator *simulator; /* NULL: control, or a path that is nobody's */
    void *state;                          /* what simulator->open() made */
    const char *method;
    const char *path;   /* decoded, without query and without /CODE before it */
    const char *target; /* path and query as they were sent: for signatures over them */
    char *body;         /* NUL-ended; a provider may decode in place */
    size_t n_body;
    struct sl_arena *arena;

    enum sl_scenario scenario; /* that in force; a provider puts the request's own here */
    bool recorded;             /* sl_seen_add() was called for it */
    int status;
    const char *type;     /* Content-Type; NULL: none */
    struct sl_buf answer; /* empty, in arena */
    struct {
        const char *name, *value;
    } headers[4]; /* more of the answer's; unused ones are zero */
    enum sl_ending ending;
    struct sl_seen_cursor *pour; /* not NULL: the records are the answer */

    /* The frame's own. */
    struct MHD_Connection *connection;
    struct sl_visit *next; /* in the pool */
    size_t room;           /* of body */
    int holds;
    bool begun, answered, suspended, too_large;
};

/* Of the request: NULL if it is not there. The frame's, as is sl_visit_release(). */
const char *sl_visit_header(const struct sl_visit *visit, const char *name);
const char *sl_visit_query(const struct sl_visit *visit, const char *name);

/* The whole answer at once, `text` is copied; or status and type before visit->answer is
 * written piece by piece. */
void sl_visit_answer(struct sl_visit *visit, int status, const char *type, const char *text);
void sl_visit_begin(struct sl_visit *visit, int status, const char *type);
void sl_visit_add_header(struct sl_visit *visit, const char *name, const char *value);

/* The answer waits until as many releases have come. */
void sl_visit_hold(struct sl_visit *visit);
void sl_visit_release(struct sl_visit *visit);

/* How a provider that works by the scenario in force refuses this request before it looks
 * at it. Asked once a request, after its credentials. */
enum sl_refusal { SL_REFUSE_NOT, SL_REFUSE_RATE, SL_REFUSE_BUSY, SL_REFUSE_BROKEN };
enum sl_refusal sl_visit_refusal(struct sl_visit *visit);

/* Has the simulator of visit->path answer, and spoils that as the scenario wants. The frame has
 * set all that the visit knows of the request, simulator and state. */
void sl_visit_run(struct sl_visit *visit);

/* Makes of a good answer what the scenario wants: a page, nothing, half of it, too much. */
void sl_visit_spoil(struct sl_visit *visit);

#endif
