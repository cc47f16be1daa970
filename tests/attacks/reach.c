/* Spellings of addresses that are not public, as the base of a request and as a mail server.
 * usage: reach
 * No packet leaves: what libcurl looks up and connects to ends in this file, where every name leads to 10.0.0.1
 * and every connection is refused. Each must be refused when it is set (lib/service/address.h), or else when it is about to be connected to, by
 * the address and not by its spelling. Prints tries and how many were not; on standard error which. */
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/adapter/mail.h"
#include "lib/base/crypto.h"
#include "lib/service/address.h"
#include "lib/transfer/transfer.h"

static const char *const spellings[] = {
    /* This machine, but for its two plain spellings and localhost */
    "2130706433",
    "0x7f000001",
    "0x7F000001",
    "017700000001",
    "0177.0.0.1",
    "0177.0.0.01",
    "0x7f.0.0.1",
    "0x7f.0x0.0x0.0x1",
    "127.1",
    "127.0.1",
    "127.0.0.01",
    "0",
    "0.0.0.0",
    "00000000000",
    "0x0",
    "127.0.0.1.",
    "2130706433.",
    "localhost.",
    "localhost.localdomain",
    "ip6-localhost",
    "[::]",
    "[::7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[2001:0:7f00:1::]",
    /* Private networks */
    "10.0.0.1",
    "10.1",
    "167772161",
    "0xa000001",
    "012.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "0xac100001",
    "192.168.1.1",
    "3232235777",
    "0xc0a80101",
    "0300.0250.1.1",
    "100.64.0.1",
    "198.18.0.1",
    "[fc00::1]",
    "[fd12:3456:789a::1]",
    "[::ffff:10.0.0.1]",
    "[::ffff:a00:1]",
    "[0:0:0:0:0:ffff:192.168.1.1]",
    "[64:ff9b::a00:1]",
    "[2002:a00:1::1]",
    "[2002:c0a8:101::]",
    "[fec0::1]",
    /* Links, and what clouds keep their secrets at */
    "169.254.169.254",
    "2852039166",
    "0xa9fea9fe",
    "0251.0376.0251.0376",
    "169.254.43518",
    "[::ffff:169.254.169.254]",
    "[::ffff:a9fe:a9fe]",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "[fe80::a9fe:a9fe]",
    "100.100.100.200",
    "192.0.0.192",
    /* Nobody's, and several at once */
    "192.0.2.1",
    "203.0.113.1",
    "198.51.100.1",
    "[2001:db8::1]",
    "224.0.0.1",
    "255.255.255.255",
    "240.0.0.1",
    "[ff02::1]",
    /* Tricks of users, dots and letters */
    "school.example@127.0.0.1",
    "school.example:80@127.0.0.1",
    "127.0.0.1\\@school.example",
    "127.0.0.1%23@x",
    "127%2e0%2e0%2e1",
    "127\xe3\x80\x82"
    "0\xe3\x80\x82"
    "0\xe3\x80\x82"
    "1",
    "\xe2\x91\xa0\xe2\x91\xa1\xe2\x91\xa6.0.0.1",
    "xn--127-.0.0.1",
    "rebinding.school.example",
    "[::1%25lo]",
    "[::1%lo]",
    "[127.0.0.1]",
    "127.0.0.1 .school.example",
    "127.0.0.1\t",
    "",
};

/* ---- In the place of the C library's ----------------------------------------------------------- */

static size_t n_connected;

int connect(int fd, const struct sockaddr *to, socklen_t n)
{
    (void)fd, (void)to, (void)n;
    n_connected++;
    errno = ECONNREFUSED;
    return -1;
}

/* A name server that says what the attacker likes. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *wanted,
                struct addrinfo **found)
{
    union {
        void *symbol;
        int (*call)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    } real = { .symbol = dlsym(RTLD_NEXT, "getaddrinfo") };
    struct addrinfo numeric = *wanted;

    numeric.ai_flags |= AI_NUMERICHOST;
    if (real.call(name, service, &numeric, found) == 0)
        return 0;
    return real.call("10.0.0.1", service, &numeric, found);
}

/* ---- Trying ------------------------------------------------------------------------------------- */

/* What became of one try, by a request or a mail. */
static bool is_kept_away(struct sl_transfer *transfer, struct sl_request *request)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const struct sl_send send = { .request = request,
                                  .arena = arena,
                                  .connect_ms = 5000,
                                  .answer_ms = 5000,
                                  .most_answer = 1000 };
    size_t before = n_connected;
    struct sl_sent sent = { 0 };
    struct sl_err err;

    if (sl_transfer_start(transfer, &send, &err) < 0)
        return true; /* no address at all */
    while (!sl_transfer_next(transfer, &sent))
        sl_transfer_wait(transfer, 1000);
    if (n_connected == before)
        return true;
    (void)fprintf(stderr, "reach: %s: %s\n", request->base, sent.exchange.transport);
    return false;
}

/* Or nothing would be shown by nobody being connected to. */
static bool can_connect(struct sl_transfer *transfer)
{
    struct sl_request request = { .method = "GET", .base = "https://8.8.8.8", .path = "/" };

    return !is_kept_away(transfer, &request);
}

int main(void)
{
    SL_AUTO(sl_transfer_close) struct sl_transfer *transfer = NULL;
    size_t tries = 0, reached = 0;
    struct sl_err err;

    sl_crypto_init();
    if (sl_transfer_open(&transfer, &err) < 0)
        return 70;
    if (!can_connect(transfer)) {
        (void)fprintf(stderr, "reach: a public address is not connected to either\n");
        return 70;
    }
    for (size_t i = 0; i < SL_COUNT(spellings); i++) {
        SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
        const struct sl_smtp smtp = { .from = "", .starttls = true };
        const char *url = sl_arena_printf(arena, "https://%s", spellings[i]);
        struct sl_request request = { .method = "GET", .base = url, .path = "/" };
        struct sl_request mail = { .method = "NOOP",
                                   .base = sl_arena_printf(arena, "smtp://%s:25", spellings[i]),
                                   .path = "/school.example",
                                   .smtp = &smtp };

        tries += 2;
        if (sl_address_check_url(url, &err) == 0)
            reached += !is_kept_away(transfer, &request);
        reached += !is_kept_away(transfer, &mail);
        if (sl_address_check_url(sl_arena_printf(arena, "http://%s", spellings[i]), &err) == 0) {
            (void)fprintf(stderr, "reach: http://%s is taken for this machine\n", spellings[i]);
            reached++;
        }
    }
    (void)printf("%zu %zu\n", tries, reached);
    return 0;
}
