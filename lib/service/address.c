#include "lib/service/address.h"

#include <stdbool.h>
#include <string.h>

#include "lib/base/arena.h"
#include "lib/base/cidr.h"
#include "lib/base/text.h"

/* ---- URLs ---------------------------------------------------------------------------- */

struct host {
    const char *name; /* an IPv6 address without its brackets; n_name bytes, borrowed */
    size_t n_name;
    const char *port; /* behind the colon, n_port bytes; NULL: none is named */
    size_t n_port;
};

/* Splits HOST[:PORT]; false if it is not that. */
static bool split_host(const char *text, size_t n, struct host *host)
{
    const char *end = text + n, *after;

    *host = (struct host){ .name = text };
    if (n > 0 && *text == '[') {
        after = memchr(text, ']', n);
        if (!after)
            return false;
        host->name++;
        host->n_name = (size_t)(after - host->name);
        after++;
    } else {
        after = memchr(text, ':', n);
        after = after ? after : end;
        host->n_name = (size_t)(after - text);
    }
    if (after < end && *after != ':')
        return false;
    if (after < end) {
        host->port = after + 1;
        host->n_port = (size_t)(end - host->port);
    }
    return host->n_name > 0;
}

static bool is_port(struct sl_arena *arena, const struct host *host)
{
    int64_t number;

    return !host->port ||
           sl_parse_int(sl_arena_memdup(arena, host->port, host->n_port), 1, 65535, &number);
}

static bool is_name(const char *name)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_");

    return !name[n] && *name != '.' && *name != '-' && !strstr(name, "..");
}

static bool is_loopback(const char *name)
{
    struct sl_ip ip;

    return strcasecmp(name, "localhost") == 0 || (sl_ip_parse(&ip, name) && sl_ip_is_loopback(&ip));
}

static int check_host(const char *text, size_t n, bool plain, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_ip six;
    struct host host;
    const char *name;

    if (memchr(text, '@', n))
        return sl_err_set(err, SL_ERR_DATA, "an address holds no user and no password");
    if (!split_host(text, n, &host) || !is_port(arena, &host))
        return sl_err_set(err, SL_ERR_DATA, "is not written like https://host/path");
    name = sl_arena_memdup(arena, host.name, host.n_name);
    if (*text == '[' ? !strchr(name, ':') || !sl_ip_parse(&six, name) : !is_name(name))
        return sl_err_set(err, SL_ERR_DATA, "'%s' is no name of a host", name);
    if (plain && !is_loopback(name))
        return sl_err_set(err, SL_ERR_DATA,
                          "must be https; plain http is for loopback addresses only");
    return 0;
}

int sl_address_check_url(const char *url, struct sl_err *err)
{
    bool plain = strncasecmp(url, "http://", 7) == 0;
    const char *host = url + (plain ? 7 : 8);

    if (!plain && strncasecmp(url, "https://", 8) != 0)
        return sl_err_set(err, SL_ERR_DATA, "is not written like https://host/path");
    for (const char *at = url; *at; at++)
        if (*at <= ' ' || *at > '~' || strchr("\\\"<>^`{}|#", *at))
            return sl_err_set(err, SL_ERR_DATA, "has a character that no address may have");
    return check_host(host, strcspn(host, "/?"), plain, err);
}

/* ---- Networks ------------------------------------------------------------------------ */

int sl_address_check_cidrs(const char *list, struct sl_err *err)
{
    int n;
    const char *wrong = sl_cidrs_wrong(list, &n);

    if (!wrong)
        return 0;
    return sl_err_set(err, SL_ERR_DATA, "'%.*s' is no address or network like 196.201.0.0/16", n,
                      wrong);
}
