/* Clocks. Adapters get their time in the call instead.
 *
 * What is written down for people and providers is UTC. What is measured (leases, waits,
 * breakers, buckets) uses the time since the machine was booted, suspended time included,
 * so that setting the wall clock ends and prolongs nothing (clock_gettime(2),
 * CLOCK_BOOTTIME); such a time means something only together with its boot id. */
#ifndef SL_BASE_CLOCK_H
#define SL_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

int64_t sl_now_ms(void);  /* UTC, since 1970 */
int64_t sl_boot_ms(void); /* since the machine was booted */

/* What is dated later than so much from now was dated by a wall clock that was set back since. Less
 * is what a clock that is kept in step may do. */
enum { SL_SET_BACK_MS = 60000 };

enum { SL_BOOT_ID_SIZE = 37 }; /* a UUID and its NUL */

/* Names this boot (/proc/sys/kernel/random/boot_id); "unknown" where that is not there. */
void sl_boot_id(char id[SL_BOOT_ID_SIZE]);

/* Waits about this long, less if a signal comes. */
void sl_pause_us(int64_t us);

/* "2026-11-24T05:30:00Z", or with milliseconds where they are not 0. */
enum { SL_TIME_SIZE = 32 };
void sl_time_utc(int64_t ms, char text[SL_TIME_SIZE]);

/* RFC 3339 in a zone of the system's time zone database: "2026-11-24T08:30:00+03:00".
 * An unknown zone is taken for UTC. */
void sl_time_zone(int64_t ms, const char *zone, char text[SL_TIME_SIZE]);

/* "20260105143000" at a fixed distance from UTC, in minutes. */
void sl_time_compact(int64_t ms, int offset_minutes, char text[SL_TIME_SIZE]);

/* What --since takes: RFC 3339 (a zone is then required), a date (00:00 in `zone`), "today",
 * "30s", "15m", "2h", "3d" before now. Returns 0, or -1 if it is none of these. */
int sl_time_parse(const char *text, const char *zone, int64_t now_ms, int64_t *ms);

/* "90", "90s", "3m", "2h", "365d" as milliseconds; -1 if it is none of these, negative, or
 * longer than a hundred years. */
int64_t sl_duration_ms(const char *text);

#endif
