#include "lib/service/school.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/service/act.h"
#include "lib/service/keep.h"
#include "lib/service/receipts.h"
#include "lib/text/phone.h"

enum { MOST_NAME = 200, MOST_TEMPLATE = 1600, MOST_CODE = 64 };

/* ---- Checks -------------------------------------------------------------------------- */

/* No number: what is all digits is an id. */
static int check_code(const char *code, struct sl_err *err)
{
    size_t n = strspn(code, "abcdefghijklmnopqrstuvwxyz0123456789-_");

    if (n > 0 && n <= MOST_CODE && !code[n] && code[strspn(code, "0123456789")] && *code != '-')
        return 0;
    return sl_err_set(err, SL_ERR_DATA,
                      "'%s' is no code for a school; use lower-case letters, digits, '-' and '_',"
                      " not digits alone",
                      code);
}

static int check_line(const char *what, const char *text, size_t most, struct sl_err *err)
{
    size_t n = strlen(text);

    if (text[strspn(text, " ")] == '\0')
        return sl_err_set(err, SL_ERR_DATA, "the %s is empty", what);
    if (!sl_utf8_valid(text, n) || n > most)
        return sl_err_set(err, SL_ERR_DATA, "the %s is no UTF-8 or longer than %zu bytes", what,
                          most);
    for (const char *at = text; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            return sl_err_set(err, SL_ERR_DATA, "the %s has a control character in it", what);
    return 0;
}

static int check_capitals(const char *what, const char *text, size_t n, const char *like,
                          struct sl_err *err)
{
    if (strlen(text) == n && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == n)
        return 0;
    return sl_err_set(err, SL_ERR_DATA, "'%s' is no %s like %s", text, what, like);
}

/* Whether the list of ISO 3166 that comes with the time zones has it; true where there is none. */
static bool is_listed(const char *country)
{
    FILE *list = fopen("/usr/share/zoneinfo/iso3166.tab", "re");
    char line[256];
    bool found = !list;

    while (!found && fgets(line, sizeof line, list))
        found = strncmp(line, country, 2) == 0 && line[2] == '\t';
    if (list)
        (void)fclose(list);
    return found;
}

static int check_country(const char *country, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();

    if (check_capitals("country", country, 2, "KE", err) < 0)
        return -1;
    if (sl_phone_country_known(country) || is_listed(country))
        return 0;
    (void)sl_err_set(err, SL_ERR_DATA, "'%s' is no country of ISO 3166", country);
    return sl_err_hint(err, "numbers are read as they are written in %s; elsewhere only with +",
                       sl_phone_countries(arena));
}

/* A zone of the system's database. */
static int check_zone(const char *zone, struct sl_err *err)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/_+-";
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const char *path = sl_arena_printf(arena, "/usr/share/zoneinfo/%s", zone);

    if (*zone && *zone != '/' && !zone[strspn(zone, letters)] && access(path, R_OK) == 0)
        return 0;
    return sl_err_set(err, SL_ERR_DATA, "'%s' is no time zone like Africa/Nairobi", zone);
}

/* The alphabetic codes of ISO 4217, without funds, metals and those for tests; each ends with a
 * blank. */
static const char currencies[] =
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB "
    "BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP CRC CUC CUP CVE CZK DJF DKK "
    "DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK "
    "HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD "
    "KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN "
    "MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD "
    "RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB "
    "TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF "
    "XCD XCG XOF XPF YER ZAR ZMW ZWL ";

static int check_currency(const char *currency, struct sl_err *err)
{
    if (check_capitals("currency", currency, 3, "KES", err) < 0)
        return -1;
    for (size_t at = 0; currencies[at]; at += 4)
        if (strncmp(currencies + at, currency, 3) == 0)
            return 0;
    return sl_err_set(err, SL_ERR_DATA, "'%s' is no currency of ISO 4217, like KES", currency);
}

int sl_school_check(const struct sl_school *school, struct sl_err *err)
{
    struct sl_keep keep;

    if (check_code(school->code, err) < 0 || check_line("name", school->name, MOST_NAME, err) < 0 ||
        check_country(school->country, err) < 0 || check_zone(school->timezone, err) < 0 ||
        check_currency(school->currency, err) < 0)
        return -1;
    if (school->receipt_template &&
        (check_line("receipt template", school->receipt_template, MOST_TEMPLATE, err) < 0 ||
         sl_receipts_check(school->receipt_template, err) < 0))
        return -1;
    if (sl_keep_read(school->keep_days, &keep, err) < 0)
        return -1;
    if (!school->status || strcmp(school->status, "active") == 0 ||
        strcmp(school->status, "closed") == 0)
        return 0;
    return sl_err_set(err, SL_ERR_DATA, "status: '%s' is neither active nor closed",
                      school->status);
}

int sl_school_open(const struct sl_school *school, struct sl_err *err)
{
    if (strcmp(school->status, "closed") != 0)
        return 0;
    (void)sl_err_set(err, SL_ERR_CONFIG, "the school %s is closed", school->code);
    return sl_err_hint(err, "open it with `sl-config school edit %s --status active`",
                       school->code);
}

/* ---- Acts ---------------------------------------------------------------------------- */

static void add_change(struct sl_buf *changes, const char *name, const char *before,
                       const char *after)
{
    if (sl_act_differs(before, after))
        sl_act_change(changes, name, before, after);
}

static int record(struct sl_service *service, const char *operation, const struct sl_school *before,
                  const struct sl_school *after, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_buf changes = sl_buf_new(arena);
    struct sl_act act = {
        .operation = operation,
        .school_id = after->id,
        .kind = "school",
        .id = after->code,
    };

    add_change(&changes, "name", before->name, after->name);
    add_change(&changes, "country", before->country, after->country);
    add_change(&changes, "timezone", before->timezone, after->timezone);
    add_change(&changes, "currency", before->currency, after->currency);
    add_change(&changes, "status", before->status, after->status);
    add_change(&changes, "receipt_template", before->receipt_template, after->receipt_template);
    add_change(&changes, "keep_days", before->keep_days, after->keep_days);
    act.changes = sl_act_changes(&changes);
    return sl_act_record(service, &act, err);
}

int sl_school_add(struct sl_service *service, const struct sl_school *school, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    const struct sl_school nothing = { 0 };
    struct sl_school made;

    if (sl_school_check(school, err) < 0 || sl_tx_begin(&tx, service->db, err) < 0 ||
        sl_schools_add(service->db, school, sl_now_ms(), err) < 0 ||
        sl_schools_find(service->db, arena, school->code, &made, err) < 0 ||
        record(service, "school.add", &nothing, &made, err) < 0)
        return -1;
    return sl_tx_commit(&tx, err);
}

int sl_school_edit(struct sl_service *service, const struct sl_school *school, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    struct sl_school before;

    if (sl_school_check(school, err) < 0 || sl_tx_begin(&tx, service->db, err) < 0 ||
        sl_schools_find(service->db, arena, school->code, &before, err) < 0 ||
        sl_schools_edit(service->db, school, sl_now_ms(), err) < 0 ||
        record(service, "school.edit", &before, school, err) < 0)
        return -1;
    return sl_tx_commit(&tx, err);
}
