/* The providers, simulated on loopback: what sl-sandbox serves.
 *
 * One thread answers for every provider that sandbox/registry.c lists, refuses what the
 * provider refuses, calls back as it does, and keeps what it was sent, so that a test can
 * ask afterwards who got what, and how often. It listens on loopback only and calls back
 * to loopback only (127.0.0.0/8, ::1, localhost): a rehearsal reaches nobody.
 *
 * Scenarios. sl_sandbox_scenario() lists the names. One is in force for all requests
 * (--scenario, POST /_sandbox/scenario); a request that names a magic phone number has its
 * own instead, so that tests that run side by side do not disturb each other:
 *   +2547999000NN  scenario number NN, counted as sl_sandbox_scenario() does: 00 is "ok"
 *   +254799900CCC  Africa's Talking: this number is answered with statusCode CCC (403, 406 ...)
 *   +25479980CCCC  M-Pesa: the push ends in ResultCode CCCC (1032, 0017 ...)
 * A list of numbers takes the scenario of the whole answer from its first magic number; what
 * concerns one number (a code, its delivery report) is taken from that number. Reversal,
 * status and query have the scenario of the push that they are about. M-Pesa's token is
 * handed out under every scenario, so that what follows can be tried.
 *
 * Credentials. Africa's Talking: key "sandbox-key" or one that begins "atsk_sandbox", any
 * username but "wrong". M-Pesa: a key that begins "sandbox-key" with a secret that begins
 * "sandbox-secret"; shortcode 174379 with Safaricom's public passkey, any other with that
 * or "sandbox-passkey", 999999 does not exist; 600500 has its C2B URLs registered already;
 * initiator "wrong" is refused by the result. Twilio: any account with the auth token
 * "sandbox-token", or an API key with the secret "sandbox-secret"; AC and 32 times "e" has test
 * credentials. Its documented test numbers answer as they do for test credentials.
 * Flutterwave: a key that begins "FLWSECK_TEST-"; its
 * callbacks carry the secret hash "sandbox-hash". Pesapal: key and secret as M-Pesa's.
 * SendGrid: the key "SG.sandbox-key"; its events are signed by the P-256 key of sandbox/keys.h.
 * Mailgun: the key "sandbox-key", the domain mg.school.test; its webhooks are signed with
 * "sandbox-signing-key". An address of the domain "invalid" is refused by both.
 * FCM and APNs: tokens that the keys of sandbox/keys.h sign, checked with their public halves; a
 * device's token asks for what becomes of it by how it begins (sandbox/fcm.c, sandbox/apns.c).
 * Moodle: token 53616e64626f7820746f6b656e206f6b, which user "wsuser" gets with "sandbox-password"
 * for the service "shule".
 *
 * Pages. A payment by link is paid callback_ms later by itself, as a prompt is; in the scenarios in
 * which the payer fails, opening the link (GET) is the next try, and pays. With timeout or expired
 * nobody tries.
 *
 * Hooks. /hook is another module that is told of events (sandbox/hook.c); it keeps them like any
 * request, under the code "hook".
 *
 * Mail. At the port behind that of all else (or a free one: /_sandbox/health says it) a mail server
 * takes what anybody sends who signs in as sandbox/smtp.h says. Recipients whose names begin with
 * "nouser" or "grey" are refused, for good and for now; rate-limited, busy, server-error and
 * lost-answer hold there too.
 *
 * Paths are the providers' own; /CODE before them is understood too (two providers may
 * share a path). Control, JSON:
 *   GET  /_sandbox/health             {"status":"ok","scenario":...,"smtp_port":...}
 *   GET  /_sandbox/scenarios          [{"number":0,"name":"ok","meaning":...}]
 *   POST /_sandbox/scenario           {"name":...}
 *   POST /_sandbox/settings           any of latency_ms, fail_rate, callback_ms (100),
 *                                     late_ms (2000: late-callback), slow_ms (5000: slow-answer)
 *   GET  /_sandbox/seen[?provider=CODE]   NDJSON, one object a request, in order of arrival;
 *                                     for SMS one a recipient: at is ms since 1970
 *   GET  /_sandbox/counts             totals; "duplicated" counts SMS with number and text
 *                                     of an earlier accepted one
 *   POST /_sandbox/callbacks/CODE     africastalking: {"dlr":URL,"in":URL,"optout":URL};
 *                                     flutterwave: {"event":URL}; twilio: {"in":URL};
 *                                     sendgrid, mailgun: {"events":URL}
 *   POST /_sandbox/fire/CODE          africastalking: {"event":"optout","phone":...,"sender":...}
 *                                     or {"event":"in","phone":...,"to":...,"text":...};
 *                                     twilio: {"event":"in","phone":...,"text":...,
 *                                     "optout_type":...}; pesapal: {"event":"approve",
 *                                     "reference":...}: the refund that was asked for is made;
 *                                     sendgrid, mailgun: {"event":...,"email":...}
 *   POST /_sandbox/reset              forgets records, counts, tokens, payments, waiting
 *                                     callbacks and URLs; scenario and settings stay */
#ifndef SL_SANDBOX_SANDBOX_H
#define SL_SANDBOX_SANDBOX_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"

struct sl_sandbox_options {
    const char *listen;   /* "127.0.0.1:8490", "[::1]:0", "localhost:0"; NULL: the first */
    const char *scenario; /* NULL: "ok" */
    int64_t latency_ms;   /* that every answer waits */
    double fail_rate;     /* 0 to 1: the part of requests that is refused before anything is
                           * counted, as too many or as busy in turn: both may be repeated */
    int64_t seed;         /* of ids, receipts and fail_rate: the same seed, the same run; 0: a
                           * new one, so that no receipt comes again after a restart */
};

/* Serves until SIGTERM or SIGINT, then returns 0. Prints "listening on 127.0.0.1:8490" (the
 * real port where 0 was asked for) to stderr when it is ready. The process has no other
 * thread, and ignores SIGPIPE from then on. */
int sl_sandbox_serve(const struct sl_sandbox_options *options, struct sl_err *err);

/* Name and meaning of scenario number i, or NULL past the last; *meaning may be asked for. */
const char *sl_sandbox_scenario(size_t i, const char **meaning);

#endif
