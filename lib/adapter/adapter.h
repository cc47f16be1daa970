/* The adapter contract: what a provider is to the rest of the program.
 *
 * An adapter is one constant table and the pure functions that it points to. A function may
 * read its arguments, allocate from the arena that it is given and write its result; it opens
 * nothing, sends nothing, waits for nothing, reads no clock and keeps no state. Time and
 * randomness come in through the call. That is why every adapter is tested by data alone
 * (tests/wire/CODE.jsonl), and why one engine can run thousands of them in one thread.
 *
 * To add a provider: adapters/CATEGORY/CODE.c, its line in adapters/registry.c, and its
 * tests/wire/CODE.jsonl; nothing in lib/ knows its name. docs/adding-a-provider.md goes through
 * it step by step, the sandbox and the manual too; docs/design.md has the table of all those
 * against which this was made. */
#ifndef SL_ADAPTER_ADAPTER_H
#define SL_ADAPTER_ADAPTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/adapter/inputs.h"
#include "lib/base/arena.h"
#include "lib/base/err.h"
#include "lib/base/json.h"

/* ---- What the adapter says about itself --------------------------------------------- */

enum sl_category { SL_PAYMENT, SL_SMS, SL_EMAIL, SL_PUSH, SL_WHATSAPP, SL_STORAGE, SL_LMS };

enum sl_field_kind {
    SL_FIELD_TEXT,
    SL_FIELD_INT,    /* within least … most */
    SL_FIELD_BOOL,   /* true or false */
    SL_FIELD_CHOICE, /* one of `choices` */
    SL_FIELD_URL,    /* https, or http to a loopback address */
    SL_FIELD_FILE,   /* the content of a file: a path given to `set` is read and stored */
    SL_FIELD_CIDRS,  /* addresses or CIDRs, comma-separated */
    SL_FIELD_FOLDER, /* of this machine, absolute; no other settings have it, or one within it */
};

/* What the library takes from a setting where a message does not say it itself. */
enum sl_stands_for {
    SL_STANDS_FOR_NOTHING,
    SL_STANDS_FOR_COUNTRY,  /* of numbers without one, instead of the school's */
    SL_STANDS_FOR_LANGUAGE, /* of templates */
    SL_STANDS_FOR_TOPIC,    /* of notifications to all who follow one */
};

/* One setting. From this table come the prompts and checks of sl-config, the stored JSON
 * schema, what is masked in logs, and the provider's page in the manual. */
struct sl_field {
    const char *name;      /* "api_key": in the database, in JSON and in `sl-config set` */
    const char *help;      /* one line, for a person who has the provider's web page open */
    const char *otherwise; /* the default, or NULL */
    const char *choices;   /* SL_FIELD_CHOICE: the words, separated by blanks */
    int64_t least, most;   /* SL_FIELD_INT; both 0: any */
    enum sl_field_kind kind;
    enum sl_stands_for stands_for; /* one setting of an adapter for each */
    bool required;
    const char *needed_for; /* not required, but without it this operation is refused; or NULL */
    int ends_days;          /* the provider ends it this long after it was made; 0: it does not */
    bool certificate;       /* PEM; the provider refuses it when its time is over */
    bool runs;              /* SL_FIELD_TEXT: "exec:/PATH" names a program of this machine */
    bool secret;            /* sealed in the database, masked in logs, never on a command line */
    bool identity; /* part of what names the account: see sl_limits. A grant's secrets are too */
    bool callback; /* needed to judge callbacks: the daemon is given these, and no others */
    bool made;     /* a word of our own, which a person tells the provider: `sl-config webhook add`
                       * makes one where none is set, and shows it once */
    const char *hook; /* the word of a hook: `sl-config webhook add` writes the hook's address here,
                       * for the adapter to hand over. No part of the account; NULL: none */
};

enum sl_rate_unit { SL_PER_REQUEST, SL_PER_ITEM, SL_PER_SEGMENT };

/* For one account: schools whose identity fields are equal share bucket, breaker, token and
 * connections. The first four are the defaults of settings that every provider has, under
 * these names: rate_per_second, burst, max_in_flight, batch_size; a fifth, daily_limit, no adapter
 * has a default of. */
struct sl_limits {
    int rate_per_second; /* 0: no limit */
    int burst;
    int max_in_flight; /* requests at once; 0: what the engine has */
    int batch_size;    /* items a request; 0: as many as there are */
    int daily_limit;   /* messages in 24 hours; 0: no limit */
    enum sl_rate_unit unit;
    int most_items; /* what batch_size may be raised to; 0: any */
};

/* How a field of the wire is shown in the log. What no row names is shown as it is, but for what
 * looks like somebody's number; SL_SHOW_ID: an id of the provider's, whose digits are none (one that
 * hides a number in base64 is shown by its end). */
enum sl_shown { SL_SHOW_SECRET, SL_SHOW_PHONE, SL_SHOW_PHONES, SL_SHOW_ID };
struct sl_wire_field {
    const char *name; /* of a header, a form field or a JSON member at any depth */
    enum sl_shown shown;
};

/* ---- What an operation is given ----------------------------------------------------- */

struct sl_settings {
    const char *const *values; /* in the order of the adapter's fields; required ones and those
                                * with a default are never NULL */
    const char *environment;   /* "sandbox" or "production" */
    const char *base_url;      /* the setting, or NULL: the adapter's own */
    const char *country;       /* of the school, ISO 3166 */
    const char *currency;      /* of the school, ISO 4217 */
    const char *school;        /* its name, for what recipients see */
};

/* What is remembered of an account beyond one operation: Pesapal's ipn_id, the media that
 * WhatsApp has, the folders of Drive. Several schools on one account share it. */
struct sl_fact {
    const char *kind, *key; /* "ipn", its URL */
    const char *value;      /* NULL: it is to be forgotten */
    int64_t lives_ms;       /* from now; 0: until it is forgotten */
    bool first;             /* one that is known already stays: of those who make something at once,
                             * all use the first one's */
};

enum { SL_MOST_FACTS = 4 };

struct sl_call {
    struct sl_arena *arena; /* lives until the outcome is stored; wiped after */
    const struct sl_settings *settings;
    const char *token;         /* for providers with a grant; else NULL */
    const char *id;            /* of the operation, the same on every attempt: for idempotency keys,
                        * references and callback parameters. [0-9A-Z-]+ */
    int64_t attempts;          /* before this one, that came to nothing; one that a program did not
                                * live to see the end of is among them */
    int64_t now_ms;            /* UTC, since 1970 */
    unsigned char nonce[32];   /* random, new for each attempt; longer padding is derived */
    const char *callback_base; /* "https://host/hooks/k/HEX"; a hook's word goes behind it.
                                  * NULL where the operation has no callback */
    struct json_object *memory; /* what the last step remembered, or NULL; read only */
    const char *digest; /* SHA-256 of what the step's digest() named, 64 hex digits; or NULL */
    const char *facts[SL_MOST_FACTS]; /* the values of what the step's facts() named; NULL where
                                       * nothing is known */
    union sl_input in;                /* by the operation's input kind */
};

/* ---- What an operation makes -------------------------------------------------------- */

enum { SL_MOST_HEADERS = 16 };

/* A body that is too long for memory is a list of pieces, read while it is sent. */
enum sl_piece_kind {
    SL_PIECE_BYTES,
    SL_PIECE_FILE,   /* a range of a file, as it is */
    SL_PIECE_BASE64, /* the same in base64, without breaks (RFC 4648, section 4) */
    SL_PIECE_MIME,   /* the same in lines of 76 digits that end with CRLF (RFC 2045, section 6.8) */
};

struct sl_piece {
    enum sl_piece_kind kind;
    const char *bytes;          /* SL_PIECE_BYTES */
    const struct sl_file *file; /* the others */
    int64_t offset;             /* in the file */
    int64_t n;                  /* bytes, of what is encoded */
};

/* What is done to files of this machine instead of sending a request. Nothing outside of `root`
 * is touched, and no symbolic link followed. What it answers is JSON in the exchange's body:
 *   PROBE   {"free": BYTES}                     the folder is ours, and a file can be made in it
 *   PUT     {"size", "sha256", "modified_at"}   whole and on the disk under its key, or not there
 *   GET     {"size", "sha256", "modified_at"}   copied to the request's sink
 *   STAT    {"size", "modified_at"}
 *   LIST    {"entries": [{"key", "size", "modified_at"}], "more": BOOL}   in the order of bytes
 *   REMOVE  {"removed": BOOL}                   with the folders that it leaves empty
 * Times are in milliseconds UTC. What failed has its errno in the exchange's `error`. */
enum sl_file_act {
    SL_FILE_PROBE,
    SL_FILE_PUT,
    SL_FILE_GET,
    SL_FILE_STAT,
    SL_FILE_LIST,
    SL_FILE_REMOVE
};

struct sl_file_step {
    enum sl_file_act act;
    const char *root;           /* absolute */
    const char *key;            /* LIST: what keys begin with; "" with PROBE */
    const char *after;          /* LIST: only keys behind this one; NULL: all */
    size_t most;                /* LIST: entries */
    const struct sl_file *file; /* PUT: its content must have this SHA-256 (ESTALE) */
    unsigned file_mode, dir_mode;
    int64_t min_free; /* PUT: bytes that must stay free on the disk (ENOSPC) */
    bool sync;        /* PUT, REMOVE: on the disk before it is told */
    bool no_clobber;  /* PUT: EEXIST if the key is there */
};

struct sl_mail;

/* A mail transaction (RFC 5321) instead of a request of HTTP: `base` is "smtp://HOST:PORT" or
 * "smtps://HOST:PORT", `path` "/" and the name for EHLO, `method` "MAIL" or "NOOP", for the log. */
struct sl_smtp {
    const char *from;           /* of the envelope, without brackets; "" is the null sender */
    const char *const *to;      /* n_to of them, in the order of the items */
    size_t n_to;                /* 0: greeting, TLS, AUTH and NOOP, and no mail */
    const struct sl_mail *mail; /* lib/adapter/mail.h */
    int most_mails;             /* over one connection; 0: any number */
    bool starttls;              /* without it nothing is sent */
    const char *user;           /* NULL: no AUTH */
    const char *password;       /* NULL with a bearer */
    const char *bearer;         /* for XOAUTH2, or NULL */
    const char *mechanism;      /* "PLAIN", "LOGIN", "XOAUTH2"; NULL: whatever both can */
};

/* The certificate by which we prove who we are in TLS, instead of a header: PEM of it and of its
 * key in one text, or PKCS#12. */
struct sl_client_cert {
    const char *pem; /* NULL: it is p12 */
    const unsigned char *p12;
    size_t n_p12;         /* bytes */
    const char *password; /* of the key, or NULL */
};

struct sl_request {
    const char *method; /* NULL: there is nothing to send, parse() makes the result alone */
    const char *base;   /* scheme, host and path in front. Signatures may cover it: nobody
                         * changes it after build() */
    const char *path;   /* with the query, percent-encoded */
    struct sl_pair headers[SL_MOST_HEADERS];
    size_t n_headers;
    const char *body;              /* NULL if n_body is 0 */
    size_t n_body;                 /* bytes */
    const struct sl_piece *pieces; /* n_pieces of them instead of a body; 0: none */
    size_t n_pieces;
    const char *sink; /* a 2xx answer's body goes into this file and not into memory; NULL: not.
                       * The library's: adapters only hand it on */
    const struct sl_file_step *files; /* instead of all of this but method and sink; base and path
                                       * are for the log then. NULL: it is HTTP */
    const struct sl_smtp *smtp;       /* instead of headers and body. NULL: it is HTTP */
    const char *program; /* instead of an address: a program of this machine, which gets the body on
                          * stdin. Its exit status is the exchange's */
    const char *pool;    /* connections are shared by requests with the same pool, and by no others;
                       * NULL: by all that have none */
    const struct sl_client_cert *cert; /* NULL: none is shown */
    bool http2; /* over TLS any other version is a failure: the server is not who we mean */
};

/* Borrows both strings, which must live as long as the arena. At most SL_MOST_HEADERS. */
void sl_request_header(struct sl_request *request, const char *name, const char *value);

/* Authorization: Basic (RFC 7617). Both texts go into the arena. */
void sl_request_basic(struct sl_request *request, struct sl_arena *arena, const char *user,
                      const char *password);

/* What a mail server replied, to what. Its replies to AUTH are there, what we sent for it is not. */
struct sl_smtp_reply {
    enum sl_smtp_phase {
        SL_SMTP_GREETING,
        SL_SMTP_HELLO,
        SL_SMTP_STARTTLS,
        SL_SMTP_AUTH,
        SL_SMTP_FROM,
        SL_SMTP_TO,
        SL_SMTP_DATA, /* 354: the message may be sent */
        SL_SMTP_END,  /* of the message: from here on it is the server's */
        SL_SMTP_OTHER,
    } phase;
    size_t place;     /* SL_SMTP_TO: which recipient */
    int code;         /* 250, 451 */
    const char *text; /* behind the code, lines joined by blanks */
};

/* Why a connection was not good enough to send over. */
enum sl_fault {
    SL_NO_FAULT,
    SL_FAULT_CERTIFICATE, /* not trusted, or of another name */
    SL_FAULT_NO_TLS,      /* the server offers no STARTTLS */
    SL_FAULT_NO_AUTH,     /* no way to sign in that both sides can */
};

/* How far an exchange had come when it ended. SL_CUT: an answer began and did not end. */
enum sl_reach { SL_NOT_SENT, SL_SENT, SL_CUT, SL_ANSWERED };

/* The whole exchange: never curl's code alone. */
struct sl_exchange {
    enum sl_reach reach;
    int status;             /* HTTP status; 0 unless SL_ANSWERED or SL_CUT. Of a program: its own */
    int64_t retry_after_ms; /* -1 if the answer names none */
    const char *content_type; /* "" if the answer names none */
    const char *body;         /* never NULL; n_body bytes and then a NUL */
    size_t n_body;
    const struct sl_pair *headers; /* those of the step's answer_headers that came */
    size_t n_headers;
    const struct sl_smtp_reply *replies; /* of a mail transaction, in order; the last code is
                                          * `status` too */
    size_t n_replies;
    enum sl_fault fault;
    int64_t n_sunk; /* bytes that went into the sink */
    int error;      /* of a step on files, or of a file of the request that could not be opened:
                     * errno; 0: none */
    bool too_large; /* the answer was longer than the step takes; body has its start */
    bool reused;    /* it went over a connection that had been used before: the server may have been
                     * about to close it */
    const char *transport; /* why it ended early, for a person: "connection refused"; or NULL */
};

/* SL_AMBIGUOUS comes first because results start zeroed: an item that parse() does not
 * settle is neither believed done nor sent again. SL_ABSENT is for queries about a lost answer
 * alone: the provider has never heard of it. */
enum sl_verdict {
    SL_AMBIGUOUS,
    SL_OK,
    SL_RETRY,
    SL_RATE_LIMITED,
    SL_AUTH,
    SL_PERMANENT,
    SL_ABSENT
};

/* Whom an outcome concerns beside its own item. SL_BATCH: an unknown sender, an empty
 * balance: what waits in the same batch gets the same answer, so it is not asked for. */
enum sl_concerns { SL_ITEM, SL_BATCH, SL_ACCOUNT };

/* What helps at once, without counting as an attempt. SL_HALVE: one of the list spoils it for
 * all, or it is too long: two halves of it are tried, down to the one at fault. Of messages the engine
 * does that, of a roster who made the list (lib/service/sync_run.c). */
enum sl_cure { SL_NO_CURE, SL_FRESH_CONNECTION, SL_HALVE };

enum sl_learned { SL_NOTHING, SL_DEAD_ADDRESS, SL_OPTED_OUT };

/* How far a message came. Ranked: a status only moves up; of undelivered and failed the first stays. */
enum sl_delivery {
    SL_DELIVERY_NONE,
    SL_DELIVERY_SENT,
    SL_DELIVERY_UNDELIVERED, /* tried, and given up */
    SL_DELIVERY_FAILED,      /* never left the provider */
    SL_DELIVERY_DELIVERED
};

struct sl_outcome {
    enum sl_verdict verdict;
    enum sl_concerns concerns;
    enum sl_cure cure;
    enum sl_learned learned;
    int64_t after_ms;          /* SL_RETRY, SL_RATE_LIMITED: not sooner; 0: the queue's backoff */
    const char *code;          /* the provider's own, as text, or NULL */
    const char *text;          /* for a person, or NULL */
    const char *external;      /* the provider's reference for later questions, or NULL */
    const char *cost;          /* as the provider wrote it, "0.8000", or NULL */
    const char *currency;      /* of the cost, or NULL */
    int segments;              /* 0: not told */
    enum sl_delivery delivery; /* SL_OK of a query about a message; NONE: sent, no more is known */
};

/* Of a query about lost messages where the provider can be asked by no id of ours: something that
 * it has and that may be the item. The library leaves out what is another message's already, and
 * gives out the rest, oldest first, if there are as many as messages that are alike. */
struct sl_match {
    size_t item;
    struct sl_outcome outcome; /* SL_OK, with its external reference */
};

/* What is known of a payment, from an answer or a callback. */
enum sl_pay_state {
    SL_PAY_PENDING, /* not decided yet */
    SL_PAY_PAID,
    SL_PAY_FAILED,
    SL_PAY_CANCELLED, /* the payer's no */
    SL_PAY_EXPIRED,   /* no answer in time */
    SL_PAY_REFUNDED,  /* paid, and given back since */
    SL_PAY_UNKNOWN,   /* the provider says something we do not know: a query decides */
};

struct sl_payment_news {
    enum sl_pay_state state;
    const char *id;        /* call->id of the request, where the provider gives it back; or NULL */
    const char *external;  /* the provider's id to ask by (CheckoutRequestID), or NULL */
    const char *external2; /* a second one (MerchantRequestID), or NULL */
    const char *receipt;   /* or NULL: not told */
    const char *reference; /* as the payer or the provider wrote it, or NULL */
    const char *phone;     /* as the provider wrote it (may be masked), or NULL */
    const char *payer;     /* name, or NULL */
    const char *code, *text;
    const char *currency;
    int64_t amount_minor;      /* -1: not told */
    const char *amount_unread; /* what was told in its place and is no amount, "" if nothing was
                                * though this provider tells it always; amount_minor is -1 then.
                                * NULL: nothing is wrong */
    const char *checkout_url;
};

struct sl_token {
    const char *access, *refresh, *type; /* refresh and type may be NULL */
    int64_t lives_ms;                    /* from now */
};

/* A line of `sl-config test`. */
struct sl_finding {
    enum { SL_FINDING_GOOD, SL_FINDING_WARN } grade;
    const char *text;
};

enum { SL_MOST_FINDINGS = 8 };

struct sl_result {
    struct sl_outcome *items; /* one for each recipient, in the order of the call */
    size_t n_items;           /* 1 where an operation has no list */

    /* What comes next when the first item is SL_OK: */
    enum sl_next { SL_DONE, SL_STEP_AGAIN, SL_STEP_NEXT } next;
    struct json_object *memory;          /* owned by the result; NULL: nothing to remember */
    struct sl_fact facts[SL_MOST_FACTS]; /* learned by this step; stored with its outcome */
    size_t n_facts;

    /* The operation's own result, by the operation: */
    struct sl_payment_news payment; /* payment.request, payment.verify */
    struct sl_token token;          /* of a grant */
    const char *balance;            /* "1785.5000", with its currency; or NULL */
    const char *balance_currency;
    int64_t done_bytes;       /* how much of a long transfer is there by now, for progress */
    struct json_object *rows; /* owned by the result: an array of records with the fields of the
                               * category (lib/adapter/inputs.h); a page of a listing, or the one
                               * that was asked for. NULL: none */
    struct sl_finding findings[SL_MOST_FINDINGS];
    size_t n_findings;
    const struct sl_match *matches; /* sms.status: n_matches of them, oldest first */
    size_t n_matches;
};

/* ---- Operations ---------------------------------------------------------------------- */

/* What to do when nobody knows whether the request was carried out, after the callback was
 * waited for and the query asked. */
enum sl_on_unknown {
    SL_HOLD,             /* leave it to a person */
    SL_RESEND,           /* the provider recognises a repetition, or repeating does no harm */
    SL_RESEND_ONCE,      /* twice does less harm than never; a third time would not */
    SL_RESEND_IF_ABSENT, /* only if the last query said that the provider never heard of it */
};

enum { SL_MOST_ASKS = 10 };

/* How an operation is settled that has no outcome of its own yet: its answer was lost, or
 * only says that it was accepted. Tried in this order. */
struct sl_settle {
    const char *callback;       /* the word of the hook that may end it, or NULL */
    int wait_s;                 /* without a query: how long its callback is waited for */
    const char *query;          /* the operation that asks, or NULL */
    int ask_at_s[SL_MOST_ASKS]; /* when to ask, seconds after sending; ends with a 0 */
    int ask_every_s;            /* afterwards this often, or 0 … */
    int until_s;                /* … and then it is given up as unknown */
    enum sl_on_unknown last;
};

struct sl_step {
    /* Fills *request, which comes zeroed. Fails with SL_ERR_DATA or SL_ERR_CONFIG for what
     * this provider cannot express; nothing has been sent then, and nothing will be. */
    int (*build)(const struct sl_call *call, struct sl_request *request, struct sl_err *err);

    /* Settles what it can of *result. Cannot fail: an answer that makes no sense is left
     * ambiguous. Must stand any bytes (tests/fuzz). */
    void (*parse)(const struct sl_call *call, const struct sl_exchange *exchange,
                  struct sl_result *result);

    /* Names the facts that the step wants in call->facts: fills kind and key of at most
     * SL_MOST_FACTS, and returns how many. NULL: none. */
    size_t (*facts)(const struct sl_call *call, struct sl_fact *wanted);

    /* Names the range of a file whose SHA-256 the step wants in call->digest, and returns the file;
     * NULL: none now. NULL: never. */
    const struct sl_file *(*digest)(const struct sl_call *call, int64_t *offset, int64_t *n);

    const char *const *answer_headers; /* that parse() reads; ends with NULL. NULL: none */
    struct sl_settle ambiguous;
    int answer_s;       /* how long an answer may take; 0: 60 */
    int answer_item_ms; /* and for each item besides */
};

struct sl_op {
    const char *name; /* "sms.send" */
    enum sl_input_kind input;
    const struct sl_step *steps;
    size_t n_steps;
    bool callback;             /* it has a callback of its own: its URL carries a token */
    bool keeps;                /* its record is kept with its row: it holds nothing secret */
    bool accepts;              /* SL_OK only says accepted: `accepted` says how it ends */
    struct sl_settle accepted; /* unused unless `accepts` */
    int stale_s;               /* not sent when older than this; 0: no such age */
    bool by_our_id;            /* payment.verify: can ask by call->id alone, before any answer */
    bool in_part;              /* payment.refund: a part of a payment may be given back */
};

/* How the token of an account is got. The library runs it once for all processes. */
struct sl_grant {
    struct sl_step step;
    /* Whether these settings go by a token at all; without one call->token is NULL. NULL: always. */
    bool (*needed)(const struct sl_settings *settings);
    int renew_before_s; /* this long before it ends */
    int least_age_s;    /* how old it must be before there may be another; 0: any */
};

/* How a person's consent is had, once, before there can be a grant: OAuth 2.0 with PKCE, by a browser
 * that comes back to this machine (RFC 8252), or on another device (RFC 8628). The library asks. */
struct sl_consent_ask {
    const char *authorize_url, *token_url;
    const char *device_url; /* NULL: on another device it cannot be had */
    const char *client_id, *client_secret;
    const char *scope; /* separated by blanks */
    const char *extra; /* more of the authorisation request, "access_type=offline"; or NULL */
};

struct sl_consent {
    const char *setting; /* that the refresh token becomes: a secret */
    /* Fails with SL_ERR_CONFIG where these settings need nobody's consent, or lack what is asked
     * with. Texts are in the call's arena. */
    int (*ask)(const struct sl_call *call, struct sl_consent_ask *ask, struct sl_err *err);
};

/* ---- Callbacks ----------------------------------------------------------------------- */

/* What came, as it came. Nothing in it is believed yet. */
struct sl_inbound {
    struct sl_arena *arena;
    const struct sl_settings *settings; /* of the school of the path: fields with `callback`
                                         * set, all others NULL */
    const char *method, *query;         /* query without '?', or "" */
    const char *url;                    /* the address that the provider called, by public_url and
                                         * never by Host; with its query. "" without public_url */
    const char *content_type;           /* or "" */
    const struct sl_pair *headers;      /* those of the hook's headers that came */
    size_t n_headers;
    const char *body; /* n_body bytes and then a NUL */
    size_t n_body;
    const char *digest; /* the first 16 hex digits of the body's SHA-256 */
    int64_t now_ms;
    bool proven; /* it is read again from the store, and was proven when it came: its events are
                  * wanted, not its proof. Headers and url are not kept */
};

enum sl_event_kind {
    SL_EVENT_NOTE,       /* kept, changes nothing */
    SL_EVENT_DELIVERY,   /* a message's delivery report: external, status, text, phone */
    SL_EVENT_INCOMING,   /* a text from a parent: phone, text */
    SL_EVENT_OPTOUT,     /* phone */
    SL_EVENT_OPTIN,      /* phone: who opted out has changed their mind */
    SL_EVENT_PAYMENT,    /* news of the payment whose token the path carries; where that is the
                          * school's: of the one that payment.id or payment.external names */
    SL_EVENT_VALIDATION, /* may this be paid? Decided before the answer: payment */
    SL_EVENT_RECEIVED,   /* money that came without our asking (C2B): payment */
    SL_EVENT_RESULT,     /* how the operation whose token the path carries ended: outcome */
};

struct sl_event {
    enum sl_event_kind kind;
    const char *key; /* unique for this event at this hook; NULL: every one counts */
    const char *external;
    const char *message; /* SL_EVENT_DELIVERY: our own id of the message, "01K…-17", where the
                          * provider gives it back: it settles a lost answer; or NULL */
    const char *phone;   /* or, of a mail, its recipient's address */
    const char *text;    /* what was written, or why it failed; RECEIVED: what is odd of it */
    const char *code;
    enum sl_delivery delivery;
    struct sl_payment_news payment;
    struct sl_outcome outcome; /* SL_EVENT_RESULT */
    const char *result_text;   /* SL_EVENT_RESULT: what it told, for a person */
    struct sl_fact fact;       /* learned of the account; kind NULL: nothing */
    const char *owner; /* whose it is, where the hook's path serves several schools: the value of
                        * their setting `routed_by`; NULL: the path's own */
};

enum sl_proof { SL_PROVEN, SL_FORGED, SL_MALFORMED };

/* What a provider wants to hear. */
struct sl_reply {
    int status;
    const char *content_type; /* NULL: none */
    const char *body;         /* may be "" */
};

struct sl_heard {
    enum sl_proof proof;
    const char *why; /* not proven: for the log */
    struct sl_event *events;
    size_t n_events;
    struct sl_reply reply; /* made for this one request (a challenge, an echo, why it proves
                            * nothing), in the arena; status 0: the hook's own */
};

struct sl_hook {
    const char *word;      /* the last part of its neutral path: "stk", "dlr" */
    const char *endpoint;  /* the specification's path, "/webhooks/mpesa/callback"; HEX behind it */
    const char *methods;   /* "POST", or "GET POST" */
    bool per_operation;    /* the token of its path belongs to one operation, not to a school: one
                           * whose `callback` is this word … */
    const char *callback;  /* … or, instead of its own, this one; NULL: its own */
    const char *body_type; /* what its body is, "application/json": anything else is answered 415,
                            * but a request that does not say it is heard; NULL: whatever */
    const char *help;      /* for `sl-config webhook add`: where to enter this URL; NULL: we hand
                          * it over ourselves */
    void (*hear)(const struct sl_inbound *inbound, struct sl_heard *heard);
    const char *const *headers; /* that hear() reads; ends with NULL. NULL: none */
    const char *routed_by; /* one path serves several schools: the name of the setting (`callback`)
                            * by which each finds its events. Only schools whose own settings prove
                            * the request too get theirs. NULL: all are the path's */
    struct sl_reply taken; /* committed */
    struct sl_reply refused; /* SL_EVENT_VALIDATION: not to be paid */
    int forged_status;       /* what a forged one is answered; 0: 403 */
};

/* ---- The table ----------------------------------------------------------------------- */

struct sl_adapter {
    const char *code;          /* "africastalking": in the database, in URLs, after --provider */
    const char *name;          /* "Africa's Talking" */
    const char *adapter_class; /* "AfricasTalkingAdapter": the specification's name */
    enum sl_category category;
    const char *environment; /* the default one */
    struct sl_limits limits;
    const struct sl_field *fields; /* n_fields of them */
    size_t n_fields;
    const struct sl_wire_field *wire_fields;
    size_t n_wire_fields;
    const struct sl_grant *grant;     /* NULL: the requests carry the credentials themselves */
    const struct sl_consent *consent; /* NULL: nobody has to consent */
    const struct sl_op *ops;
    size_t n_ops;
    const char *hook_alias; /* "k": neutral paths /hooks/k/HEX/WORD; NULL: no callbacks */
    const struct sl_hook *hooks;
    size_t n_hooks;

    /* What the table of fields cannot say: one of two, required when, a key that does not
     * parse, a banned word. NULL: nothing more. Settings that are not given are NULL here,
     * required ones too. */
    int (*check)(struct sl_arena *arena, const struct sl_settings *settings, struct sl_err *err);
};

/* ---- Helpers for adapters ------------------------------------------------------------ */

/* Gives every item the same outcome. */
void sl_result_all(struct sl_result *result, struct sl_outcome outcome);

/* The one verdict that is the same everywhere. Returns true if there is no whole answer to
 * read: the items are then to be sent again (not sent) or left ambiguous. Called first. */
bool sl_result_unanswered(const struct sl_exchange *exchange, struct sl_result *result);

/* What an HTTP status says when the body says nothing: 401 and 403 auth, 429 rate limited (both
 * concern the account), 503 with Retry-After retry, other 5xx ambiguous, other 4xx refused, 2xx and 3xx ambiguous.
 * Called last. The body decides before it: Drive rates its limits 403, M-Pesa says 404 for a
 * dead token and 500 for "not yet", FCM 401 for another's key, Moodle and Pesapal fail in 200.
 * `text` is for the person, or NULL. */
void sl_result_from_status(const struct sl_exchange *exchange, const char *text,
                           struct sl_result *result);

/* For operations that may be repeated: what was left ambiguous becomes SL_RETRY. */
void sl_result_repeatable(struct sl_result *result);

/* The value of a header, whatever the case of its name; NULL if it did not come. */
const char *sl_exchange_header(const struct sl_exchange *exchange, const char *name);
const char *sl_inbound_header(const struct sl_inbound *inbound, const char *name);

/* At most 200 printable characters of a plain-text answer, for the error text. */
const char *sl_exchange_text(struct sl_arena *arena, const struct sl_exchange *exchange);

/* Adds a fact to what was learned. More than SL_MOST_FACTS are dropped. */
void sl_result_learned(struct sl_result *result, struct sl_fact fact);

/* Adds a line to what a test found. More than SL_MOST_FINDINGS are dropped. */
void sl_result_found(struct sl_result *result, struct sl_finding finding);

/* ---- The registry (adapters/registry.c) ---------------------------------------------- */

extern const struct sl_adapter *const sl_adapters[]; /* ends with NULL */
const struct sl_adapter *sl_adapter_find(const char *code);
const struct sl_op *sl_adapter_op(const struct sl_adapter *adapter, const char *name);
const struct sl_hook *sl_adapter_hook(const struct sl_adapter *adapter, const char *word);
bool sl_adapter_grants(const struct sl_adapter *adapter, const struct sl_settings *settings);

/* "payment", "sms" …; NULL ends the list. Indexed by enum sl_category. */
extern const char *const sl_category_names[];

#endif
