/* libcurl's multi interface by sockets, in the loop of the server. */
#include "sandbox/callbacks.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "lib/base/clock.h"
#include "sandbox/box.h"
#include "sandbox/visit.h"

struct job {
    struct job *next; /* in the queue */
    struct job *then; /* to be posted when this one has ended */
    struct sl_callbacks *callbacks;
    struct sl_visit *holds; /* waits for this one; or NULL */
    sl_callback_fn *ended;
    void *thing;
    int64_t delay_ms;
    bool gets;                              /* instead of posting */
    const char *url, *type, *body, *header; /* behind the struct; header may be "" */
    char bytes[];
};

/* One transfer at a time, and the connections that its handle keeps. */
struct line {
    CURL *curl;
    struct curl_slist *headers;
    struct job *job; /* NULL: free */
    char *answer;    /* SL_CALLBACK_ANSWER bytes and a NUL */
    size_t n_answer;
};

struct sl_callbacks {
    struct sl_sandbox *box;
    int loop;
    CURLM *multi;
    int64_t due_ms; /* when curl wants to be called; -1: not */
    size_t n_jobs;  /* all there are */
    struct job *first, **last;
    struct line lines[SL_CALLBACKS_AT_ONCE];
};

/* ---- Jobs --------------------------------------------------------------------------- */

static char *copy_behind(char **at, const char *text)
{
    size_t n = strlen(text) + 1;
    char *copy = memcpy(*at, text, n);

    *at += n;
    return copy;
}

/* NULL, and told as unanswered, when too many are waiting. */
static struct job *make_job(struct sl_callbacks *callbacks, const struct sl_callback *from)
{
    const char *header = from->header ? from->header : "";
    const char *body = from->body ? from->body : "";
    size_t n = strlen(from->url) + strlen(from->type) + strlen(body) + strlen(header) + 4;
    struct job *job;
    char *at;

    if (callbacks->n_jobs >= SL_CALLBACKS_WAITING) {
        callbacks->box->counts.callbacks_dropped++;
        if (from->ended)
            from->ended(callbacks->box, from->thing, 0, "");
        return NULL;
    }
    job = calloc(1, sizeof *job + n);
    if (!job)
        sl_out_of_memory();
    at = job->bytes;
    job->callbacks = callbacks;
    job->ended = from->ended;
    job->thing = from->thing;
    job->delay_ms = from->delay_ms;
    job->holds = from->holds;
    if (job->holds)
        sl_visit_hold(job->holds);
    job->url = copy_behind(&at, from->url);
    job->type = copy_behind(&at, from->type);
    job->body = copy_behind(&at, body);
    job->gets = !from->body;
    job->header = copy_behind(&at, header);
    callbacks->n_jobs++;
    return job;
}

static void schedule(struct job *job);

static void end_job(struct job *job, int status, const char *answer)
{
    struct sl_callbacks *callbacks = job->callbacks;
    struct job *then = job->then;

    if (job->ended)
        job->ended(callbacks->box, job->thing, status, answer);
    if (job->holds)
        sl_visit_release(job->holds);
    callbacks->n_jobs--;
    free(job);
    if (then && status < 0)
        end_job(then, status, answer);
    else if (then)
        schedule(then);
}

static void enqueue(struct sl_sandbox *box, void *thing, enum sl_timer_end end)
{
    struct job *job = thing;

    if (end == SL_TIMER_CANCELLED) {
        end_job(job, -1, "");
    } else if (!sl_callbacks_loopback(job->url)) {
        box->counts.callbacks_forbidden++;
        end_job(job, 0, "");
    } else {
        *job->callbacks->last = job;
        job->callbacks->last = &job->next;
    }
}

/* Through the timers even without a delay: nothing ends while it is being made. */
static void schedule(struct job *job)
{
    sl_timers_add(job->callbacks->box->timers, job->delay_ms, enqueue, job);
}

void sl_callbacks_post(struct sl_callbacks *callbacks, const struct sl_callback *parts, size_t n)
{
    struct job *first = NULL, **next = &first;

    for (size_t i = 0; i < n; i++) {
        *next = make_job(callbacks, &parts[i]);
        if (*next)
            next = &(*next)->then;
    }
    if (first)
        schedule(first);
}

/* ---- Transfers ---------------------------------------------------------------------- */

static int on_socket(CURL *curl, curl_socket_t socket, int what, void *closure, void *known)
{
    struct sl_callbacks *callbacks = closure;
    struct epoll_event event = { .data.fd = socket };

    (void)curl;
    if (what != CURL_POLL_OUT)
        event.events |= EPOLLIN;
    if (what != CURL_POLL_IN)
        event.events |= EPOLLOUT;
    if (what == CURL_POLL_REMOVE)
        (void)epoll_ctl(callbacks->loop, EPOLL_CTL_DEL, socket, NULL);
    else
        (void)epoll_ctl(callbacks->loop, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, &event);
    (void)curl_multi_assign(callbacks->multi, socket, what == CURL_POLL_REMOVE ? NULL : callbacks);
    return 0;
}

static int on_timer(CURLM *multi, long wait_ms, void *closure)
{
    struct sl_callbacks *callbacks = closure;

    (void)multi;
    callbacks->due_ms = wait_ms < 0 ? -1 : sl_boot_ms() + wait_ms;
    return 0;
}

static size_t on_answer(char *bytes, size_t size, size_t n, void *closure)
{
    struct line *line = closure;
    size_t room = SL_CALLBACK_ANSWER - line->n_answer;
    size_t kept = n < room ? n : room;

    memcpy(line->answer + line->n_answer, bytes, kept);
    line->n_answer += kept;
    return size * n;
}

static bool set_up(struct line *line)
{
    line->curl = curl_easy_init();
    line->answer = malloc(SL_CALLBACK_ANSWER + 1);
    if (!line->curl || !line->answer)
        return false;
    (void)curl_easy_setopt(line->curl, CURLOPT_PRIVATE, line);
    (void)curl_easy_setopt(line->curl, CURLOPT_WRITEFUNCTION, on_answer);
    (void)curl_easy_setopt(line->curl, CURLOPT_WRITEDATA, line);
    (void)curl_easy_setopt(line->curl, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(line->curl, CURLOPT_NOPROXY, "*");
    (void)curl_easy_setopt(line->curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(line->curl, CURLOPT_TIMEOUT_MS, (long)SL_CALLBACK_MS);
    (void)curl_easy_setopt(line->curl, CURLOPT_SSL_VERIFYPEER, 0L);
    (void)curl_easy_setopt(line->curl, CURLOPT_SSL_VERIFYHOST, 0L);
    return true;
}

static void start(struct sl_callbacks *callbacks, struct line *line, struct job *job)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();

    line->job = job;
    line->n_answer = 0;
    line->headers = curl_slist_append(NULL, sl_arena_printf(arena, "Content-Type: %s", job->type));
    for (char *at = sl_arena_strdup(arena, job->header), *header; (header = strsep(&at, "\n"));)
        if (*header)
            line->headers = curl_slist_append(line->headers, header);
    (void)curl_easy_setopt(line->curl, CURLOPT_URL, job->url);
    (void)curl_easy_setopt(line->curl, CURLOPT_HTTPHEADER, line->headers);
    if (job->gets)
        (void)curl_easy_setopt(line->curl, CURLOPT_HTTPGET, 1L);
    else
        (void)curl_easy_setopt(line->curl, CURLOPT_POSTFIELDS, job->body);
    (void)curl_multi_add_handle(callbacks->multi, line->curl);
}

static void finish(struct sl_callbacks *callbacks, struct line *line, int status)
{
    struct job *job = line->job;

    (void)curl_multi_remove_handle(callbacks->multi, line->curl);
    curl_slist_free_all(line->headers);
    line->headers = NULL;
    line->job = NULL;
    line->answer[line->n_answer] = '\0';
    if (status >= 200 && status < 300)
        callbacks->box->counts.callbacks_answered++;
    else if (status >= 0)
        callbacks->box->counts.callbacks_failed++;
    end_job(job, status, line->answer);
}

static struct job *take_waiting(struct sl_callbacks *callbacks)
{
    struct job *job = callbacks->first;

    callbacks->first = job->next;
    if (!callbacks->first)
        callbacks->last = &callbacks->first;
    return job;
}

void sl_callbacks_ready(struct sl_callbacks *callbacks, int socket, unsigned events)
{
    int what = (events & (EPOLLIN | EPOLLHUP) ? CURL_CSELECT_IN : 0) |
               (events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
               (events & EPOLLERR ? CURL_CSELECT_ERR : 0);
    int running;

    (void)curl_multi_socket_action(callbacks->multi, socket, what, &running);
}

void sl_callbacks_run(struct sl_callbacks *callbacks)
{
    CURLMsg *message;
    int running, left;

    if (callbacks->due_ms >= 0 && callbacks->due_ms <= sl_boot_ms()) {
        callbacks->due_ms = -1;
        (void)curl_multi_socket_action(callbacks->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    while ((message = curl_multi_info_read(callbacks->multi, &left)) != NULL) {
        struct line *line = NULL;
        long status = 0;

        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&line);
        if (message->data.result == CURLE_OK)
            (void)curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE, &status);
        finish(callbacks, line, (int)status);
    }
    for (size_t i = 0; i < SL_CALLBACKS_AT_ONCE && callbacks->first; i++)
        if (!callbacks->lines[i].job)
            start(callbacks, &callbacks->lines[i], take_waiting(callbacks));
}

int64_t sl_callbacks_wait_ms(const struct sl_callbacks *callbacks)
{
    int64_t now_ms;

    if (callbacks->due_ms < 0)
        return -1;
    now_ms = sl_boot_ms();
    return callbacks->due_ms > now_ms ? callbacks->due_ms - now_ms : 0;
}

/* ---- Life --------------------------------------------------------------------------- */

void sl_callbacks_cancel(struct sl_callbacks *callbacks)
{
    while (callbacks->first)
        end_job(take_waiting(callbacks), -1, "");
    for (size_t i = 0; i < SL_CALLBACKS_AT_ONCE; i++)
        if (callbacks->lines[i].job)
            finish(callbacks, &callbacks->lines[i], -1);
}

struct sl_callbacks *sl_callbacks_new(struct sl_sandbox *box, int loop)
{
    struct sl_callbacks *callbacks = calloc(1, sizeof *callbacks);
    bool fine;

    if (!callbacks)
        sl_out_of_memory();
    callbacks->box = box;
    callbacks->loop = loop;
    callbacks->due_ms = -1;
    callbacks->last = &callbacks->first;
    callbacks->multi = curl_multi_init();
    fine = callbacks->multi != NULL;
    for (size_t i = 0; fine && i < SL_CALLBACKS_AT_ONCE; i++)
        fine = set_up(&callbacks->lines[i]);
    if (!fine)
        sl_out_of_memory();
    (void)curl_multi_setopt(callbacks->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    (void)curl_multi_setopt(callbacks->multi, CURLMOPT_SOCKETDATA, callbacks);
    (void)curl_multi_setopt(callbacks->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    (void)curl_multi_setopt(callbacks->multi, CURLMOPT_TIMERDATA, callbacks);
    return callbacks;
}

void sl_callbacks_free(struct sl_callbacks **callbacks)
{
    if (!*callbacks)
        return;
    sl_callbacks_cancel(*callbacks);
    for (size_t i = 0; i < SL_CALLBACKS_AT_ONCE; i++) {
        curl_easy_cleanup((*callbacks)->lines[i].curl);
        free((*callbacks)->lines[i].answer);
    }
    (void)curl_multi_cleanup((*callbacks)->multi);
    free(*callbacks);
    *callbacks = NULL;
}
