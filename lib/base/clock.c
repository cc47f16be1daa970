#include "lib/base/clock.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/base/arena.h"

/* ---- Writing ------------------------------------------------------------------------ */

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static void write_time(const struct tm *tm, int64_t ms, const char *tail, char text[SL_TIME_SIZE])
{
    char fraction[8] = "";
    int rest = (int)(ms - floor_div(ms, 1000) * 1000);

    if (rest)
        (void)snprintf(fraction, sizeof fraction, ".%03d", rest % 1000);
    (void)snprintf(text, SL_TIME_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d%s%s",
                   (tm->tm_year + 1900) % 10000, tm->tm_mon + 1, tm->tm_mday, tm->tm_hour,
                   tm->tm_min, tm->tm_sec, fraction, tail);
}

void sl_time_utc(int64_t ms, char text[SL_TIME_SIZE])
{
    time_t seconds = (time_t)floor_div(ms, 1000);
    struct tm tm = { 0 };

    (void)gmtime_r(&seconds, &tm);
    write_time(&tm, ms, "Z", text);
}

/* Sets the process's zone: these programs have one thread. */
static void set_zone(const char *zone)
{
    char name[80];

    (void)snprintf(name, sizeof name, ":%s", zone && *zone ? zone : "UTC");
    (void)setenv("TZ", name, 1);
    tzset();
}

void sl_time_zone(int64_t ms, const char *zone, char text[SL_TIME_SIZE])
{
    time_t seconds = (time_t)floor_div(ms, 1000);
    struct tm tm = { 0 };
    char tail[16];
    int minutes;

    set_zone(zone);
    (void)localtime_r(&seconds, &tm);
    minutes = (int)(tm.tm_gmtoff / 60) % 6000;
    (void)snprintf(tail, sizeof tail, "%c%02d:%02d", minutes < 0 ? '-' : '+', abs(minutes) / 60,
                   abs(minutes) % 60);
    write_time(&tm, floor_div(ms, 1000) * 1000, tail, text);
}

void sl_time_compact(int64_t ms, int offset_minutes, char text[SL_TIME_SIZE])
{
    time_t seconds = (time_t)(floor_div(ms, 1000) + (int64_t)offset_minutes * 60);
    struct tm tm = { 0 };

    (void)gmtime_r(&seconds, &tm);
    (void)snprintf(text, SL_TIME_SIZE, "%04d%02d%02d%02d%02d%02d", (tm.tm_year + 1900) % 10000,
                   tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* ---- Reading ------------------------------------------------------------------------ */

static const struct {
    char unit;
    int64_t ms;
} units[] = { { 's', 1000 }, { 'm', 60000 }, { 'h', 3600000 }, { 'd', 86400000 } };

int64_t sl_duration_ms(const char *text)
{
    const int64_t most = 36500LL * 86400000;
    int64_t unit = 1000;
    char *end;
    long long n;

    if (!isdigit((unsigned char)*text))
        return -1;
    errno = 0;
    n = strtoll(text, &end, 10);
    if (errno || (*end && end[1]))
        return -1;
    if (*end) {
        unit = 0;
        for (size_t i = 0; i < SL_COUNT(units); i++)
            if (units[i].unit == *end)
                unit = units[i].ms;
    }
    return unit && n <= most / unit ? n * unit : -1;
}

static int64_t midnight(struct tm tm, const char *zone)
{
    set_zone(zone);
    tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
    tm.tm_isdst = -1;
    return (int64_t)mktime(&tm) * 1000;
}

/* "Z", "+03:00"; minutes from UTC, or -1 behind *fine. */
static int read_offset(const char *text, int *fine)
{
    int hours, minutes, n = 0;

    *fine = 1;
    if (strcmp(text, "Z") == 0 || strcmp(text, "z") == 0)
        return 0;
    if ((*text == '+' || *text == '-') &&
        sscanf(text + 1, "%2d:%2d%n", &hours, &minutes, &n) == 2 && n == 5 && !text[6] &&
        hours < 15 && minutes < 60)
        return (*text == '-' ? -1 : 1) * (hours * 60 + minutes);
    *fine = 0;
    return 0;
}

/* strptime() takes 30 February, and mktime() makes 2 March of it. */
static bool is_day(struct tm tm)
{
    int day = tm.tm_mday;

    (void)timegm(&tm);
    return tm.tm_mday == day;
}

/* strptime() takes "26-1-1" and blanks too. '0' stands for a digit. */
static bool has_shape(const char *text, const char *shape)
{
    while (*shape && (*shape == '0' ? isdigit((unsigned char)*text) : *text == *shape)) {
        text++;
        shape++;
    }
    return !*shape;
}

/* The date, and what is behind it; NULL if it is none. */
static const char *read_date(const char *text, struct tm *tm)
{
    const char *rest = has_shape(text, "0000-00-00") ? strptime(text, "%Y-%m-%d", tm) : NULL;

    return rest && is_day(*tm) ? rest : NULL;
}

/* "T08:30:00.123", and what is behind it; NULL if it is none. */
static const char *read_hour(const char *text, struct tm *tm)
{
    if ((*text != 'T' && *text != ' ') || !has_shape(text + 1, "00:00:00"))
        return NULL;
    text = strptime(text + 1, "%H:%M:%S", tm);
    if (text && *text == '.')
        text += 1 + strspn(text + 1, "0123456789");
    return text;
}

int sl_time_parse(const char *text, const char *zone, int64_t now_ms, int64_t *ms)
{
    time_t now = (time_t)floor_div(now_ms, 1000);
    int64_t ago = sl_duration_ms(text);
    struct tm tm = { 0 };
    const char *rest;
    int fine, offset;

    if (ago >= 0 && !isdigit((unsigned char)text[strlen(text) - 1])) {
        *ms = now_ms - ago;
        return 0;
    }
    if (strcmp(text, "today") == 0) {
        set_zone(zone);
        (void)localtime_r(&now, &tm);
        *ms = midnight(tm, zone);
        return 0;
    }
    rest = read_date(text, &tm);
    if (!rest)
        return -1;
    if (!*rest) {
        *ms = midnight(tm, zone);
        return 0;
    }
    rest = read_hour(rest, &tm);
    offset = rest ? read_offset(rest, &fine) : 0;
    if (!rest || !fine)
        return -1;
    *ms = ((int64_t)timegm(&tm) - offset * 60) * 1000;
    return 0;
}
