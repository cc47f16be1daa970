/* What a machine gives to its programs: the time, a pause, random bytes. Nothing else in lib/ asks
 * for them, so that a simulation (tests/sim) brings its own in the place of this one file. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "lib/base/clock.h"
#include "lib/base/crypto.h"

static int64_t read_clock(clockid_t clock)
{
    struct timespec now;

    (void)clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t sl_now_ms(void)
{
    return read_clock(CLOCK_REALTIME);
}

int64_t sl_boot_ms(void)
{
    return read_clock(CLOCK_BOOTTIME);
}

void sl_boot_id(char id[SL_BOOT_ID_SIZE])
{
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");

    if (!file || !fgets(id, SL_BOOT_ID_SIZE, file) || strlen(id) != SL_BOOT_ID_SIZE - 1)
        (void)snprintf(id, SL_BOOT_ID_SIZE, "unknown");
    if (file)
        (void)fclose(file);
}

void sl_pause_us(int64_t us)
{
    struct timespec pause = { .tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000 };

    (void)nanosleep(&pause, NULL);
}

/* Not gcry_randomize(), which takes twenty times as long for a nonce and has a state that a
 * fork would copy. A kernel without getrandom(2) is older than any that we run on: going on
 * with bytes that can be guessed is worse than not going on. */
void sl_random(void *bytes, size_t n)
{
    unsigned char *at = bytes;
    ssize_t got;

    while (n > 0) {
        got = getrandom(at, n, 0);
        if (got < 0 && errno != EINTR)
            abort();
        if (got < 0)
            continue;
        at += got;
        n -= (size_t)got;
    }
}
