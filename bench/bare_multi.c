/* The ceiling of anything built on libcurl: every row of a CSV (phone,name,balance) as a form of
 * its own, over some kept-alive connections, from one thread. Nothing is recorded anywhere.
 * usage: bare_multi BASE-URL CSV CONNECTIONS
 * Prints "ROWS SECONDS FAILED". */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

struct sender {
    CURL *easy;
    char form[1024];
};

struct loop {
    CURLM *multi;
    int epoll;
    long wait_ms;
    FILE *csv;
    char url[256];
    struct curl_slist *headers;
    long sent, over, failed;
};

static double seconds(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int on_socket(CURL *easy, curl_socket_t socket, int what, void *opaque, void *known)
{
    struct loop *loop = opaque;
    struct epoll_event event = { .data.fd = socket };

    (void)easy;
    if (what == CURL_POLL_REMOVE)
        return epoll_ctl(loop->epoll, EPOLL_CTL_DEL, socket, &event), 0;
    event.events = (what & CURL_POLL_IN ? (unsigned)EPOLLIN : 0) |
                   (what & CURL_POLL_OUT ? (unsigned)EPOLLOUT : 0);
    if (epoll_ctl(loop->epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, &event) != 0)
        (void)epoll_ctl(loop->epoll, known ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, socket, &event);
    (void)curl_multi_assign(loop->multi, socket, loop);
    return 0;
}

static int on_timer(CURLM *multi, long ms, void *opaque)
{
    (void)multi;
    ((struct loop *)opaque)->wait_ms = ms;
    return 0;
}

static size_t on_body(char *bytes, size_t size, size_t n, void *opaque)
{
    (void)bytes, (void)opaque;
    return size * n;
}

static char *add_escaped(char *out, const char *text)
{
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;

        if ((byte | 32) >= 'a' && (byte | 32) <= 'z')
            *out++ = *text;
        else if ((byte >= '0' && byte <= '9') || strchr("*-._", byte))
            *out++ = *text;
        else
            out += sprintf(out, "%%%02X", byte);
    }
    *out = '\0';
    return out;
}

/* The next row becomes the handle's form. Returns 0 when there is none. */
static int next(struct loop *loop, struct sender *sender)
{
    char line[512], text[400], *phone, *name, *balance, *rest = line;

    if (!fgets(line, sizeof line, loop->csv))
        return 0;
    phone = strsep(&rest, ",");
    name = strsep(&rest, ",");
    balance = strsep(&rest, "\n");
    (void)snprintf(text, sizeof text, "Dear %s, your fees balance is KES %s. Pay by M-Pesa.",
                   name ? name : "", balance ? balance : "");
    (void)strcpy(sender->form, "username=sandbox&to=");
    (void)strcat(add_escaped(sender->form + strlen(sender->form), phone), "&message=");
    (void)strcat(add_escaped(sender->form + strlen(sender->form), text),
                 "&bulkSMSMode=1&enqueue=1");
    (void)curl_easy_setopt(sender->easy, CURLOPT_POSTFIELDSIZE, (long)strlen(sender->form));
    (void)curl_multi_add_handle(loop->multi, sender->easy);
    loop->sent++;
    return 1;
}

static void start(struct loop *loop, struct sender *sender)
{
    sender->easy = curl_easy_init();
    (void)curl_easy_setopt(sender->easy, CURLOPT_URL, loop->url);
    (void)curl_easy_setopt(sender->easy, CURLOPT_HTTPHEADER, loop->headers);
    (void)curl_easy_setopt(sender->easy, CURLOPT_POSTFIELDS, sender->form);
    (void)curl_easy_setopt(sender->easy, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(sender->easy, CURLOPT_PRIVATE, sender);
    (void)curl_easy_setopt(sender->easy, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(sender->easy, CURLOPT_PROXY, "");
    (void)next(loop, sender);
}

static void collect(struct loop *loop)
{
    struct sender *sender;
    CURLMsg *message;
    long status;
    int left;

    while ((message = curl_multi_info_read(loop->multi, &left)) != NULL) {
        CURLcode code = message->data.result;

        status = 0;
        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&sender);
        (void)curl_easy_getinfo(sender->easy, CURLINFO_RESPONSE_CODE, &status);
        loop->failed += code != CURLE_OK || status != 201;
        loop->over++;
        (void)curl_multi_remove_handle(loop->multi, sender->easy);
        (void)next(loop, sender);
    }
}

static void work(struct loop *loop)
{
    struct epoll_event events[128];
    int n = epoll_wait(loop->epoll, events, 128, loop->wait_ms < 0 ? 1000 : (int)loop->wait_ms);
    int running;

    if (n <= 0 || loop->wait_ms == 0) {
        loop->wait_ms = -1;
        (void)curl_multi_socket_action(loop->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    for (int i = 0; i < n; i++)
        (void)curl_multi_socket_action(loop->multi, events[i].data.fd,
                                       (events[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) |
                                           (events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0),
                                       &running);
    collect(loop);
}

int main(int argc, char **argv)
{
    struct loop loop = { .wait_ms = -1 };
    int n = argc == 4 ? atoi(argv[3]) : 0;
    struct sender *senders = calloc((size_t)(n > 0 ? n : 1), sizeof *senders);
    char header[512];
    double began;

    loop.csv = argc == 4 ? fopen(argv[2], "r") : NULL;
    if (!loop.csv || n < 1 || !senders || !fgets(header, sizeof header, loop.csv))
        return fprintf(stderr, "usage: bare_multi BASE-URL CSV CONNECTIONS\n"), 2;
    (void)snprintf(loop.url, sizeof loop.url, "%s/version1/messaging", argv[1]);
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
    loop.headers = curl_slist_append(NULL, "apiKey: sandbox-key");
    loop.headers = curl_slist_append(loop.headers, "Accept: application/json");
    loop.multi = curl_multi_init();
    loop.epoll = epoll_create1(0);
    (void)curl_multi_setopt(loop.multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    (void)curl_multi_setopt(loop.multi, CURLMOPT_SOCKETDATA, &loop);
    (void)curl_multi_setopt(loop.multi, CURLMOPT_TIMERFUNCTION, on_timer);
    (void)curl_multi_setopt(loop.multi, CURLMOPT_TIMERDATA, &loop);
    (void)curl_multi_setopt(loop.multi, CURLMOPT_MAXCONNECTS, (long)n);
    began = seconds();
    for (int i = 0; i < n; i++)
        start(&loop, &senders[i]);
    while (loop.over < loop.sent)
        work(&loop);
    (void)printf("%ld %.3f %ld\n", loop.over, seconds() - began, loop.failed);
    return loop.failed > 0;
}
