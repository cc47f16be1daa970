/* Any bytes as an address in the settings, or as a list of networks: no crash, and what is accepted
 * is to libcurl the host that it is to us. */
#include "tests/fuzz/fuzz.h"

#include <curl/curl.h>

#include "lib/adapter/page.h"
#include "lib/base/cidr.h"
#include "lib/service/address.h"

static void free_text(char **text)
{
    curl_free(*text);
}

static bool is_loopback(const char *host)
{
    char name[64] = "";
    struct sl_ip ip;

    if (strcasecmp(host, "localhost") == 0)
        return true;
    (void)snprintf(name, sizeof name, "%s", *host == '[' ? host + 1 : host);
    name[strcspn(name, "]")] = '\0';
    return sl_ip_parse(&ip, name) && sl_ip_is_loopback(&ip);
}

static void free_url(CURLU **url)
{
    curl_url_cleanup(*url);
}

static void expect_same_host(const char *text)
{
    SL_AUTO(free_url) CURLU *url = curl_url();
    SL_AUTO(free_text) char *scheme = NULL, *host = NULL, *user = NULL;

    must(url != NULL);
    if (curl_url_set(url, CURLUPART_URL, text, 0) != CURLUE_OK)
        return; /* nothing is sent there */
    must(curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK);
    must(curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK && *host);
    must(curl_url_get(url, CURLUPART_USER, &user, 0) != CURLUE_OK);
    must(strcmp(scheme, "https") == 0 || (strcmp(scheme, "http") == 0 && is_loopback(host)));
}

static void look_at_networks(const char *text)
{
    char again[SL_IP_SIZE];
    struct sl_ip ip, same;
    struct sl_err err;
    int n;

    (void)sl_cidrs_wrong(text, &n);
    (void)sl_address_check_cidrs(text, &err);
    if (!sl_ip_parse(&ip, text))
        return;
    sl_ip_print(&ip, again);
    must(sl_ip_parse(&same, again) && memcmp(&ip, &same, sizeof ip) == 0);
    must(sl_cidrs_have(again, &ip));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct fuzz fuzz = fuzz_begin(arena, data, size);
    const char *text = fuzz_rest(&fuzz);
    struct sl_err err;

    if (sl_address_check_url(text, &err) == 0)
        expect_same_host(text);
    else
        must(err.code == SL_ERR_DATA && *err.text);
    must(!sl_page_address(text) || fuzz_is_line(text));
    look_at_networks(text);
    return 0;
}
