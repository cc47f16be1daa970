#include "lib/service/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/arena.h"

static void close_file(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

/* A file in memory, at its beginning: a pipe could fill, and somebody would have to wait. */
static int make_input(const char *input, size_t n, struct sl_err *err)
{
    SL_AUTO(close_file) int fd = memfd_create("input", MFD_CLOEXEC);
    ssize_t written = 0;
    int made;

    for (size_t at = 0; fd >= 0 && written >= 0 && at < n; at += (size_t)written)
        written = write(fd, input + at, n - at);
    if (fd < 0 || written < 0 || lseek(fd, 0, SEEK_SET) < 0)
        return sl_err_set(err, SL_ERR_INTERNAL, "the input of a command: %m");
    made = fd;
    fd = -1;
    return made;
}

/* We block and ignore signals; whoever is started must not. */
static int set_signals(posix_spawnattr_t *attributes)
{
    sigset_t none, all;

    (void)sigemptyset(&none);
    (void)sigfillset(&all);
    return posix_spawnattr_setsigmask(attributes, &none) ||
           posix_spawnattr_setsigdefault(attributes, &all) ||
           posix_spawnattr_setpgroup(attributes, 0) ||
           posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                    POSIX_SPAWN_SETPGROUP);
}

/* Ours would tell it where the keys are. */
static char *const environment[] = {
    (char *)"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    (char *)"LANG=C.UTF-8",
    NULL,
};

static int start(pid_t *pid, const char *program, int input)
{
    char *const argv[] = { (char *)program, NULL };
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    int failed;

    if (posix_spawn_file_actions_init(&files) || posix_spawnattr_init(&attributes))
        sl_out_of_memory();
    failed = posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO) ||
             posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0) ||
             set_signals(&attributes);
    if (failed)
        sl_out_of_memory();
    failed = posix_spawn(pid, program, &files, &attributes, argv, environment);
    (void)posix_spawn_file_actions_destroy(&files);
    (void)posix_spawnattr_destroy(&attributes);
    return failed;
}

int sl_spawn_check(const char *program, struct sl_err *err)
{
    struct stat about;

    if (*program != '/')
        return sl_err_set(err, SL_ERR_DATA, "'%s' is no absolute path", program);
    if (stat(program, &about) < 0)
        return sl_err_set(err, SL_ERR_DATA, "%s: %m", program);
    if (!S_ISREG(about.st_mode) || !(about.st_mode & 0111))
        return sl_err_set(err, SL_ERR_DATA, "%s is no program that can be run", program);
    if (!(about.st_mode & S_IWOTH))
        return 0;
    (void)sl_err_set(err, SL_ERR_DATA, "%s can be changed by every user (mode %04o)", program,
                     about.st_mode & 07777);
    return sl_err_hint(err, "chmod o-w %s", program);
}

int sl_spawn_start(struct sl_spawn *spawn, const char *program, const void *input, size_t n,
                   struct sl_err *err)
{
    SL_AUTO(close_file) int file = make_input(input, n, err);
    SL_AUTO(sl_spawn_stop) struct sl_spawn started = { 0 };
    int failed;

    if (file < 0)
        return -1;
    if (sl_spawn_check(program, err) < 0) {
        err->code = SL_ERR_CONFIG;
        return -1;
    }
    failed = start(&started.pid, program, file);
    if (failed) {
        started.pid = 0;
        return sl_err_set(err, SL_ERR_CONFIG, "%s: %s", program, strerror(failed));
    }
    started.fd = pidfd_open(started.pid, 0);
    if (started.fd < 0)
        return sl_err_set(err, SL_ERR_INTERNAL, "%s cannot be waited for: %m", program);
    *spawn = started;
    started.pid = 0; /* the caller's now */
    return 0;
}

static void forget(struct sl_spawn *spawn)
{
    close_file(&spawn->fd);
    spawn->pid = 0;
}

bool sl_spawn_ended(struct sl_spawn *spawn, int *status)
{
    int word;

    if (waitpid(spawn->pid, &word, WNOHANG) != spawn->pid)
        return false;
    *status = WIFEXITED(word) ? WEXITSTATUS(word) : 128 + WTERMSIG(word);
    forget(spawn);
    return true;
}

void sl_spawn_stop(struct sl_spawn *spawn)
{
    if (spawn->pid == 0)
        return;
    (void)kill(-spawn->pid, SIGKILL);
    while (waitpid(spawn->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    forget(spawn);
}
