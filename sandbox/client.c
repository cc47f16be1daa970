#include "sandbox/client.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <string.h>

#include "lib/base/json.h"
#include "sandbox/callbacks.h"

enum { CONNECT_MS = 3000, SILENT_S = 30, MOST_REFUSAL = 4096 };

struct pour {
    CURL *curl;
    sl_sandbox_take *take;
    void *opaque;
    struct sl_buf refusal; /* the body of an answer that is none of 2xx */
    bool stopped;          /* by take(), which has set *err */
    struct sl_err *err;
};

static void close_curl(CURL **curl)
{
    curl_easy_cleanup(*curl);
}

static void free_headers(struct curl_slist **headers)
{
    curl_slist_free_all(*headers);
}

static long status_of(CURL *curl)
{
    long status = 0;

    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

static size_t arrive(char *bytes, size_t size, size_t n, void *opaque)
{
    struct pour *pour = opaque;

    (void)size; /* always 1 */
    if (status_of(pour->curl) / 100 != 2) {
        if (pour->refusal.len < MOST_REFUSAL)
            sl_buf_add(&pour->refusal, bytes, n);
        return n;
    }
    pour->stopped = pour->take && pour->take(pour->opaque, bytes, n, pour->err) < 0;
    return pour->stopped ? 0 : n;
}

static int refused(const struct pour *pour, const char *path)
{
    SL_AUTO(sl_json_free)
    struct json_object *doc = sl_json_parse(pour->refusal.data, pour->refusal.len);
    const char *why = sl_json_text(doc, "error");

    if (why)
        return sl_err_set(pour->err, SL_ERR_DATA, "the sandbox refuses: %s", why);
    return sl_err_set(pour->err, SL_ERR_UNAVAILABLE, "%s answers with status %ld: is it a sandbox?",
                      path, status_of(pour->curl));
}

static int perform(struct pour *pour, const struct sl_sandbox_ask *ask)
{
    CURLcode code = curl_easy_perform(pour->curl);

    if (pour->stopped)
        return -1;
    if (code != CURLE_OK) {
        (void)sl_err_set(pour->err, SL_ERR_UNAVAILABLE, "no sandbox answers at %s: %s", ask->url,
                         curl_easy_strerror(code));
        return sl_err_hint(pour->err, "start `sl-sandbox serve`, or give --url");
    }
    return status_of(pour->curl) / 100 == 2 ? 0 : refused(pour, ask->path);
}

/* A proxy of the environment would carry it off this machine. */
static void prepare(CURL *curl, const struct sl_sandbox_ask *ask, const char *url,
                    struct curl_slist *headers)
{
    (void)curl_easy_setopt(curl, CURLOPT_URL, url);
    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http");
    (void)curl_easy_setopt(curl, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    (void)curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)SILENT_S);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, arrive);
    (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    if (ask->body)
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, ask->body);
}

static const char *address(struct sl_arena *arena, const struct sl_sandbox_ask *ask)
{
    size_t n = strlen(ask->url);

    while (n > 0 && ask->url[n - 1] == '/')
        n--;
    return sl_arena_printf(arena, "%.*s%s", (int)n, ask->url, ask->path);
}

int sl_sandbox_pour(const struct sl_sandbox_ask *ask, sl_sandbox_take *take, void *opaque,
                    struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    SL_AUTO(free_headers) struct curl_slist *headers = NULL;
    SL_AUTO(close_curl) CURL *curl = NULL;
    const char *url = address(arena, ask);
    struct pour pour = { .take = take, .opaque = opaque, .refusal = sl_buf_new(arena), .err = err };

    if (!sl_callbacks_loopback(url)) {
        (void)sl_err_set(err, SL_ERR_USAGE, "'%s' is no address of this machine", ask->url);
        return sl_err_hint(err, "a sandbox is at one like http://127.0.0.1:8490");
    }
    headers = curl_slist_append(NULL, "Content-Type: application/json");
    curl = pour.curl = curl_easy_init();
    if (!curl || !headers)
        sl_out_of_memory();
    prepare(curl, ask, url, headers);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, &pour);
    return perform(&pour, ask);
}

static int keep(void *opaque, const char *bytes, size_t n, struct sl_err *err)
{
    (void)err;
    sl_buf_add(opaque, bytes, n);
    return 0;
}

const char *sl_sandbox_answer(const struct sl_sandbox_ask *ask, struct sl_arena *arena,
                              struct sl_err *err)
{
    struct sl_buf answer = sl_buf_new(arena);

    sl_buf_text(&answer, "");
    return sl_sandbox_pour(ask, keep, &answer, err) < 0 ? NULL : answer.data;
}
