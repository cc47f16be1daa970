/* Outside commands: a school's validator, a hook. They run beside our loop, which waits for
 * them as for any other descriptor; nobody blocks.
 *
 *     SL_AUTO(sl_spawn_stop) struct sl_spawn spawn = { 0 };
 *     if (sl_spawn_start(&spawn, program, json, n_json, err) < 0) …
 *     … poll spawn.fd for reading, then sl_spawn_ended(&spawn, &status)
 *
 * A command gets its input on stdin, PATH and LANG for its environment, our stderr, no stdout, none
 * of our other descriptors, and the signals as a shell has them. It leads a process group of its own. */
#ifndef SL_SERVICE_SPAWN_H
#define SL_SERVICE_SPAWN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "lib/base/err.h"

struct sl_spawn {
    pid_t pid; /* 0: nothing runs */
    int fd;    /* readable once it has ended */
};

/* Whether it may be a command: SL_ERR_DATA says why not. It is an absolute path to a program that
 * can be run, and that not every user can change. */
int sl_spawn_check(const char *program, struct sl_err *err);

/* Starts the program of that path, without a shell or arguments. SL_ERR_CONFIG if it cannot be
 * run, or may not by sl_spawn_check(). The input is copied. */
int sl_spawn_start(struct sl_spawn *spawn, const char *program, const void *input, size_t n,
                   struct sl_err *err);

/* Whether it has ended; *status is then its exit status, or 128 and the signal that ended it.
 * Once true, nothing runs any more and the descriptor is closed. */
bool sl_spawn_ended(struct sl_spawn *spawn, int *status);

/* Kills it, and what it has started, unless it has ended. For SL_AUTO(). */
void sl_spawn_stop(struct sl_spawn *spawn);

#endif
