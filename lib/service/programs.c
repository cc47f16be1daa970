/* Programs that run beside the loop: hooks of this machine. Each is waited for like an exchange. */
#include <stdlib.h>

#include "lib/service/engine_private.h"
#include "lib/service/spawn.h"

struct program {
    struct program *next;
    struct sl_job *job;
    struct sl_spawn spawn;
    int64_t started_ms, until_ms; /* boot clock */
};

static void remove_program(struct program **at)
{
    struct program *program = *at;

    sl_spawn_stop(&program->spawn);
    *at = program->next;
    free(program);
}

void programs_stop(struct engine *engine)
{
    while (engine->programs) {
        struct sl_job *job = engine->programs->job;

        remove_program(&engine->programs);
        engine_free_job(engine, &job);
    }
}

/* As an exchange; `why` NULL: it ended, with that status. */
static void end(struct engine *engine, struct sl_job *job, enum sl_reach reach, int status,
                const char *why)
{
    job->sent.exchange = (struct sl_exchange){ .reach = reach,
                                               .status = status,
                                               .retry_after_ms = -1,
                                               .content_type = "",
                                               .body = "",
                                               .transport = why };
    engine_answered(engine, job);
}

int programs_start(struct engine *engine, struct sl_job *job, int64_t most_ms, struct sl_err *err)
{
    const struct sl_request *request = &job->request;
    struct program *program = calloc(1, sizeof *program);
    struct sl_err why;

    if (!program)
        sl_out_of_memory();
    program->job = job;
    program->started_ms = sl_boot_ms();
    program->until_ms = program->started_ms + most_ms;
    if (sl_spawn_start(&program->spawn, request->program, request->body, request->n_body, &why) <
        0) {
        free(program);
        end(engine, job, SL_NOT_SENT, 0, sl_arena_strdup(job->arena, why.text));
        return 0;
    }
    program->next = engine->programs;
    engine->programs = program;
    return sl_transfer_watch(engine->transfer, program->spawn.fd, err);
}

void programs_collect(struct engine *engine)
{
    struct program **at = &engine->programs;

    while (*at) {
        struct program *program = *at;
        struct sl_job *job = program->job;
        bool late = engine->now.ms >= program->until_ms;
        int status = 0;

        if (!sl_spawn_ended(&program->spawn, &status) && !late) {
            at = &program->next;
            continue;
        }
        late = program->spawn.pid != 0;
        job->sent.duration_ms = engine->now.ms - program->started_ms;
        remove_program(at);
        if (late)
            end(engine, job, SL_SENT, 0, "it did not end in time, and was stopped");
        else
            end(engine, job, SL_ANSWERED, status, NULL);
    }
}
