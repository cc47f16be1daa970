/* Adds rows to an installation's audit trail, as the programs write them: one text to one parent each.
 * usage: fill_log SCHOOL ROWS */
#include <stdio.h>
#include <stdlib.h>

#include "lib/base/clock.h"
#include "lib/base/crypto.h"
#include "lib/base/text.h"
#include "lib/service/audit.h"
#include "lib/store/schools.h"

enum { ROWS_A_TX = 10000 };

static int add(struct sl_service *service, int64_t school_id, int64_t i, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const char *phone = sl_arena_printf(arena, "+25471%07lld", (long long)i % 10000000);
    const struct sl_log log = {
        .school_id = school_id,
        .direction = "outbound",
        .operation = "sms.send",
        .reference_type = "message",
        .reference_id = sl_arena_printf(arena, "01KAXYZ-%lld", (long long)i),
        .request_data = "{\"method\":\"POST\",\"url\":\"https://api.africastalking.com/version1/"
                        "messaging\",\"headers\":{\"apiKey\":\"••••\"},\"body\":{\"username\":"
                        "\"greenhill\",\"to\":\"2547••••0001\",\"message\":\"Dear parent\"}}",
        .response_data =
            "{\"body\":{\"SMSMessageData\":{\"Message\":\"Sent to 1/1\",\"Recipients\":"
            "[{\"statusCode\":101,\"status\":\"Success\",\"cost\":\"KES 0.8000\"}]}}}",
        .status = "success",
        .status_code = 201,
        .duration_ms = 120,
        .external_reference = sl_arena_printf(arena, "ATXid_%lld", (long long)i),
        .attempt = 1,
        .phones = &phone,
        .n_phones = 1,
        .created_at = sl_now_ms(),
    };

    return sl_audit_add(service, &log, err);
}

static int add_all(struct sl_service *service, const char *code, int64_t n, struct sl_err *err)
{
    struct sl_school school;

    if (sl_schools_find(service->db, service->arena, code, &school, err) < 0)
        return -1;
    for (int64_t i = 0; i < n;) {
        SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
        int64_t end = n - i > ROWS_A_TX ? i + ROWS_A_TX : n;

        if (sl_tx_begin(&tx, service->db, err) < 0)
            return -1;
        for (; i < end; i++)
            if (add(service, school.id, i, err) < 0)
                return -1;
        if (sl_tx_commit(&tx, err) < 0)
            return -1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    const struct sl_service_options options = { .keys = SL_WEBHOOK_KEYS };
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    struct sl_err err = { 0 };
    int64_t n;

    sl_crypto_init();
    if (argc != 3 || !sl_parse_int(argv[2], 1, 100000000, &n)) {
        (void)fputs("usage: fill_log SCHOOL ROWS\n", stderr);
        return SL_ERR_USAGE;
    }
    if (sl_service_open(&service, &options, &err) < 0 || add_all(service, argv[1], n, &err) < 0) {
        (void)fprintf(stderr, "fill_log: %s\n", err.text);
        return err.code ? (int)err.code : SL_ERR_DATA;
    }
    return 0;
}
