/* usage: sim SEED [-v]    one history, told with -v
 *        sim FIRST LAST   all of these, by as many processes as there are processors
 *
 * Each history runs in a process of its own, forked from one that has the installation open: it
 * begins as every other does, whatever the ones before left behind, and a crash is only its own. */
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/crypto.h"
#include "lib/base/text.h"
#include "tests/sim/sim.h"

enum { KEPT = 64 << 20 };

static bool on_disk(void *opaque, enum disk_op op, const char *name)
{
    static const int64_t us[] = {
        [DISK_OPEN] = 20,   [DISK_READ] = 1,    [DISK_WRITE] = 5, [DISK_TRUNCATE] = 20,
        [DISK_SYNC] = 1000, [DISK_DELETE] = 20, [DISK_LOCK] = 2,  [DISK_SHARE] = 2
    };

    (void)opaque, (void)name;
    if (op != DISK_READ)
        sim_step((uint64_t)op, us[op]);
    return true;
}

static uint64_t draw(void *opaque)
{
    (void)opaque;
    return sim_draw();
}

static void sleep_us(void *opaque, int64_t us)
{
    (void)opaque;
    if (sim.current)
        sim_wait(us);
}

static void prepare(const char *folder)
{
    (void)mallopt(M_TRIM_THRESHOLD, KEPT); /* a history is short: nothing is given back */
    (void)mallopt(M_MMAP_THRESHOLD, KEPT);
    (void)mallopt(M_TOP_PAD, KEPT / 64);
    sl_crypto_init();
    sim.disk = (struct disk){ .step = on_disk, .random = draw, .sleep = sleep_us };
    sim_install(folder);
    disk_mount(&sim.disk);
    history_prepare();
}

/* ---- Histories in processes ----------------------------------------------------------------------------- */

struct end {
    uint64_t trace;
    int64_t n_steps;
};

/* In the child. Twice the same seed is twice the same hash. */
static struct end live(uint64_t seed, bool told)
{
    sim.told = told;
    sqlite3_randomness(0, NULL); /* SQLite's own chance begins anew, with ours */
    history_run(seed);
    history_check();
    return (struct end){ sim.trace, sim.n_steps };
}

/* False: it failed, and has said why. */
static bool run(uint64_t seed, bool told, struct end *end)
{
    int ends[2], status = -1;
    pid_t child;

    if (pipe(ends) != 0)
        return false;
    (void)fflush(stdout);
    child = fork();
    if (child == 0) {
        *end = live(seed, told);
        (void)fflush(stdout);
        _Exit(write(ends[1], end, sizeof *end) == (ssize_t)sizeof *end ? 0 : 2);
    }
    (void)close(ends[1]);
    if (child < 0 || read(ends[0], end, sizeof *end) != (ssize_t)sizeof *end)
        status = 1;
    (void)close(ends[0]);
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    if (child > 0 && WIFSIGNALED(status))
        (void)fprintf(stderr, "seed %llu: it ends by signal %d\n", (unsigned long long)seed,
                      WTERMSIG(status));
    return status == 0;
}

static int run_one(uint64_t seed, bool told)
{
    struct end first, second;

    if (!run(seed, told, &first) || !run(seed, false, &second))
        return 1;
    if (first.trace != second.trace) {
        (void)fprintf(stderr, "seed %llu: not the same when it comes again\n",
                      (unsigned long long)seed);
        return 1;
    }
    (void)printf("%016llx, %lld steps\n", (unsigned long long)first.trace,
                 (long long)first.n_steps);
    return 0;
}

/* Every n-th seed. One in a thousand is lived twice, to see that it is the same. */
static int run_share(uint64_t first, uint64_t last, uint64_t n)
{
    int failed = 0;

    for (uint64_t seed = first; seed <= last && failed < 5; seed += n) {
        struct end end, again;

        if (!run(seed, false, &end))
            failed++;
        else if (seed % 1000 == 0 && (!run(seed, false, &again) || again.trace != end.trace)) {
            (void)fprintf(stderr, "seed %llu: not the same when it comes again\n",
                          (unsigned long long)seed);
            failed++;
        }
    }
    return failed > 0;
}

static int run_all(uint64_t first, uint64_t last)
{
    uint64_t n = (uint64_t)sysconf(_SC_NPROCESSORS_ONLN);
    struct timespec from, to;
    int failed = 0, status;
    double seconds;

    (void)clock_gettime(CLOCK_MONOTONIC, &from);
    for (uint64_t i = 0; i < n; i++)
        if (fork() == 0)
            _Exit(run_share(first + i, last, n));
    while (wait(&status) > 0)
        failed += status != 0;
    (void)clock_gettime(CLOCK_MONOTONIC, &to);
    seconds = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
    (void)printf("%llu histories in %.1f s, %.0f a second: %s\n",
                 (unsigned long long)(last - first + 1), seconds,
                 (double)(last - first + 1) / seconds, failed ? "FAILED" : "all as promised");
    return failed > 0;
}

/* ---- The line -------------------------------------------------------------------------------------------- */

static void remove_folder(const char *folder)
{
    static const char *const names[] = { "sl.yaml", "sl.db", "keyring", "keyring.webhook" };
    char path[128];

    for (size_t i = 0; i < SL_COUNT(names); i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(folder);
}

int main(int argc, char **argv)
{
    char folder[] = "/tmp/shulelabs-sim-XXXXXX";
    bool told = argc == 3 && strcmp(argv[2], "-v") == 0;
    int64_t first = 0, last = 0;
    int status;

    if (argc < 2 || argc > 3 || !sl_parse_int(argv[1], 0, INT64_MAX / 2, &first) ||
        (argc == 3 && !told && !sl_parse_int(argv[2], first, INT64_MAX / 2, &last))) {
        (void)fprintf(stderr, "usage: sim SEED [-v] | sim FIRST LAST\n");
        return 64;
    }
    if (!mkdtemp(folder)) {
        (void)fprintf(stderr, "%s: %s\n", folder, strerror(errno));
        return 1;
    }
    prepare(folder);
    status = argc == 3 && !told ? run_all((uint64_t)first, (uint64_t)last)
                                : run_one((uint64_t)first, told);
    remove_folder(folder);
    return status;
}
