/* The ceiling of anything built on libmicrohttpd: reads a body and answers 200. Nothing is
 * proved, stored or committed.
 * usage: bare_mhd PORT */
#include <microhttpd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static enum MHD_Result answer(void *opaque, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *body, size_t *n,
                              void **begun)
{
    (void)url, (void)method, (void)version, (void)body;
    if (!*begun || *n > 0) {
        *begun = connection;
        *n = 0;
        return MHD_YES;
    }
    return MHD_queue_response(connection, 200, opaque);
}

int main(int argc, char **argv)
{
    struct MHD_Response *empty = MHD_create_response_from_buffer(0, "", MHD_RESPMEM_PERSISTENT);
    struct MHD_Daemon *daemon;
    sigset_t stop;
    int signal;

    (void)sigemptyset(&stop);
    (void)sigaddset(&stop, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &stop, NULL);
    daemon = argc == 2 ? MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD,
                                          (unsigned short)atoi(argv[1]), NULL, NULL, answer, empty,
                                          MHD_OPTION_CONNECTION_LIMIT, 1000u, MHD_OPTION_END)
                       : NULL;
    if (!daemon)
        return fprintf(stderr, "usage: bare_mhd PORT\n"), 2;
    (void)fprintf(stderr, "listening\n");
    (void)sigwait(&stop, &signal);
    MHD_stop_daemon(daemon);
    return 0;
}
