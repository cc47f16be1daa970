/* What operations are about: one typed request for each kind, the same for every provider of
 * a category. Strings are UTF-8 and borrowed until the outcome is stored. */
#ifndef SL_ADAPTER_INPUTS_H
#define SL_ADAPTER_INPUTS_H

#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>

struct sl_pair {
    const char *name, *value;
};

/* A file that an operation hands on. Adapters read nothing of it: they name it in a piece. */
struct sl_file {
    const char *path;   /* the library's own copy */
    const char *name;   /* for the recipient: no folder, no control characters */
    const char *type;   /* "application/pdf" */
    int64_t size;       /* bytes */
    const char *sha256; /* of its content, 64 lower-case hex digits */
};

enum sl_input_kind {
    SL_INPUT_NONE, /* test, balance, c2b.register, a grant */
    SL_INPUT_SMS,
    SL_INPUT_PAYMENT,
    SL_INPUT_REFUND,
    SL_INPUT_C2B,
    SL_INPUT_STORAGE,
    SL_INPUT_MESSAGES,
    SL_INPUT_EVENT,
    SL_INPUT_PUSH,
    SL_INPUT_EMAIL,
    SL_INPUT_LMS,
    SL_INPUT_WHATSAPP,
};

/* sms.send */
struct sl_sms_send {
    const char *from; /* sender id, or NULL: the provider's own */
    const char *text;
    const char *const *to; /* E.164, "+2547…"; n_to is at least 1 and within the limits */
    size_t n_to;
};

/* payment.request and payment.verify */
struct sl_payment_ask {
    const char *phone; /* E.164 */
    int64_t amount_minor;
    const char *currency;
    const char *reference;            /* what the payer sees: an admission or invoice number */
    const char *description;          /* never NULL */
    const char *email, *name;         /* of the payer, or NULL */
    const char *external, *external2; /* payment.verify: what the request's answer or the
                                          * callback told; may be NULL */
    const char *receipt;              /* payment.verify: if it is known; or NULL */
    const char *checkout_url;         /* payment.verify: the page that it is paid on; or NULL */
    int64_t asked_ms;                 /* payment.verify: when it was asked for, UTC */
};

/* payment.refund and payment.refund_status */
struct sl_refund_ask {
    const char *receipt;                              /* of the payment */
    const char *external;                             /* the refund's own, once accepted; or NULL */
    const char *payment_external, *payment_external2; /* as payment.verify is given them */
    int64_t amount_minor;                             /* to give back */
    int64_t paid_minor;                               /* of the payment */
    const char *currency;
    const char *reason;    /* never NULL */
    const char *reference; /* of the payment */
    bool requested;        /* we asked for the payment; else it came by itself, as C2B does */
    int64_t asked_ms;      /* when the refund was asked for, UTC */
};

/* c2b.simulate */
struct sl_c2b_pay {
    const char *phone; /* E.164 */
    int64_t amount_minor;
    const char *reference;
};

/* storage.put get stat list remove url. Keys have been checked by sl_key_check(). Records are
 * {"key", "size", "type", "checksum" ("sha256:HEX", "md5:HEX", "etag:…"), "modified_at" (ms UTC),
 * "url"}; what is not known is not there. */
struct sl_storage_ask {
    const char *key;         /* list: what keys begin with, or "" */
    const char *const *keys; /* remove: n_keys of them, an item each */
    size_t n_keys;
    const struct sl_file *file; /* put; its type is that of the object */
    bool no_clobber;            /* put: not over one that is there */
    const char *sink;           /* get: where it goes */
    int64_t expires_s;          /* url */
    bool is_public;             /* url: for everybody and for good, where there is no other way */
};

/* sms.status: messages of one request whose answer was lost; call->id is that of the request. Or one
 * that the provider has: then its reference is all that is known. */
struct sl_message_asked {
    const char *id; /* our own, "01K…-17" */
    const char *to;
    const char *external; /* the provider's reference, if it is known; or NULL */
};
struct sl_messages_ask {
    const char *from; /* as in the request; NULL: the provider's own */
    const char *text; /* never NULL */
    const struct sl_message_asked *messages;
    size_t n_messages; /* at least 1; the items of the result */
    int64_t sent_ms;   /* UTC: just before the request left */
};

/* hook and alert */
struct sl_event_post {
    const char *body;  /* JSON */
    const char *phone; /* whom it is about, E.164; or NULL */
};

/* push.send and push.topic. Without title and body it is silent: the app is woken, and shows
 * nothing by itself. */
struct sl_push_send {
    const char *title, *body;   /* or NULL */
    const struct sl_pair *data; /* n_data of them, for the app */
    size_t n_data;
    const char *priority; /* "high", "normal"; NULL: as the provider does by itself */
    int64_t ttl_s;        /* how long it is worth delivering; -1: as long as it is kept */
    const char *collapse; /* a later one with the same replaces it; NULL: it is its own */
    const char *sound;    /* "default", or one of the app's; NULL: none */
    const char *image;    /* https, or NULL */
    const char *category; /* which of the app's actions are offered, or NULL */
    const char *thread;   /* what is shown together, or NULL */
    int64_t badge;        /* the number at the app's icon; -1: it stays */
    const char *to;       /* push.send: the device's token */
    const char *topic;    /* push.topic: its name; else NULL */
};

struct sl_mailbox {
    const char *address; /* "bursar@school.test": domains in ASCII, and all of it but for what
                          * SMTPUTF8 allows */
    const char *name;    /* "Wanjirũ, Jane", or NULL */
};

/* email.send. There is no control character in names, addresses, subject and file names. */
struct sl_email_send {
    struct sl_mailbox from; /* address NULL: the account's own; then there is no name either */
    const char *reply_to;   /* or NULL: the account's own, if it has one */
    const char *subject;
    const char *text, *html; /* UTF-8, lines that end with LF; at least one of them */
    const struct sl_file *files;
    size_t n_files;
    bool bulk;       /* one of a list */
    int64_t date_ms; /* UTC: when it was accepted; the same on every attempt */

    /* Whom the mail names. n_to 0: each recipient gets a mail of its own that names nobody else. */
    const struct sl_mailbox *to, *cc;
    size_t n_to, n_cc;

    /* Who is to get it now: the items. On a later attempt fewer than the mail names. */
    const struct sl_email_recipient {
        struct sl_mailbox box;
        const char *id; /* our own of this message, "01K…-17" */
        enum sl_email_kind { SL_EMAIL_TO, SL_EMAIL_CC, SL_EMAIL_BCC } kind;
    } * recipients;
    size_t n_recipients; /* at least 1 */
};

/* A person's account there. In an update NULL is "as it is". */
struct sl_lms_user {
    const char *id; /* update_users */
    const char *username, *firstname, *lastname, *email, *idnumber;
};

struct sl_lms_enrolment {
    const char *user, *course; /* ids */
    const char *role; /* "student", as the settings map it; NULL: the account's usual one */
    bool suspended;   /* kept with its grades, and closed */
};

struct sl_lms_group {
    const char *name, *idnumber;
};

struct sl_lms_member {
    const char *group, *user; /* ids */
};

/* lms.*: what an operation is about; the rest is NULL or 0. An operation on a list has an item for
 * each of it. Ids are the provider's, as text; what is not known, or may not be seen, is not in a
 * record:
 *   site           {"name", "url", "username", "version", "missing": functions that it does not offer}
 *   users          {"id", "username", "firstname", "lastname", "email", "idnumber", "suspended"}
 *   create_users   {"id", "username"} of each that is there now
 *   courses        {"id", "shortname", "fullname", "idnumber", "category", "visible"}
 *   enrolments     who takes part now, suspended ones left out: {"id", "username", "email",
 *                  "idnumber", "role": "student,teacher"}
 *   grades         {"course", "user", "name", "item", "type", "grade", "min", "max", "percent",
 *                  "graded_at" (ms UTC)}
 *   groups         {"id", "name", "idnumber"}
 *   members        {"group", "user"} */
struct sl_lms_ask {
    const char *field;         /* users: "username", "email" or "idnumber" … */
    const char *const *values; /* … which is one of these, n_values of them; 0: everybody */
    size_t n_values;
    const char *course;              /* courses: its short name; enrolments, grades: its id */
    const char *user;                /* grades: its id; NULL: everybody's */
    const char *text;                /* groups: in their name or idnumber */
    const char *group;               /* members: its id */
    const struct sl_lms_user *users; /* create_users, update_users */
    size_t n_users;
    const struct sl_lms_enrolment *enrolments; /* enrol, unenrol */
    size_t n_enrolments;
    const struct sl_lms_group *groups; /* create_groups */
    size_t n_groups;
    const struct sl_lms_member *members; /* add_members: who is one already stays one */
    size_t n_members;
};

/* A picture, document, video, audio or sticker: one of file, link and id says where it is. */
struct sl_whatsapp_media {
    const char *kind;           /* "image", "document", "video", "audio", "sticker" */
    const struct sl_file *file; /* to be uploaded; its name is what the recipient sees */
    const char *link;           /* https, fetched by the provider */
    const char *id;             /* the provider has it already */
    const char *name;           /* of a document by link or id, for the recipient; or NULL */
    const char *caption;        /* or NULL */
};

/* A value for the variable part of a template: of the body or the header, or of a button. */
struct sl_whatsapp_value {
    enum sl_whatsapp_place { SL_IN_HEADER, SL_IN_BODY, SL_IN_BUTTON } place;
    const char *name; /* of the variable; NULL: it has a number. Of a button its kind: "url",
                       * "quick_reply", "copy_code" */
    const char *text;
    int64_t button; /* which, from 0 */
};

struct sl_whatsapp_template {
    const char *name;
    const char *language;                   /* "en_US"; NULL: the setting's */
    const struct sl_whatsapp_value *values; /* n_values of them, those of a place in their order */
    size_t n_values;
};

struct sl_whatsapp_location {
    const char *latitude, *longitude; /* decimal degrees, "-1.2921" */
    const char *name, *address;       /* or NULL */
};

/* whatsapp.send, whatsapp.media (the same with a file), whatsapp.upload (the file alone),
 * whatsapp.read and whatsapp.templates. What is sent is one of text, template, media, location; a
 * template may have media as its header. */
struct sl_whatsapp_send {
    const char *to;                /* E.164; NULL where nothing is sent */
    const char *text;              /* or NULL */
    bool preview;                  /* of a link in the text */
    const struct sl_pair *choices; /* n_choices buttons under the text: what comes back, what is
                                    * shown */
    size_t n_choices;
    const struct sl_whatsapp_template *template; /* whatsapp.templates: its name, or NULL for all */
    const struct sl_whatsapp_media *media;
    const struct sl_whatsapp_location *location;
    const char *message; /* the provider's id of the one that is answered or, whatsapp.read, was
                          * read; or NULL */
    bool in_spite;       /* though it is not known that they wrote within a day */
};

union sl_input {
    const struct sl_sms_send *sms;
    const struct sl_payment_ask *payment;
    const struct sl_refund_ask *refund;
    const struct sl_c2b_pay *c2b;
    const struct sl_storage_ask *storage;
    const struct sl_messages_ask *asked;
    const struct sl_event_post *event;
    const struct sl_push_send *push;
    const struct sl_email_send *email;
    const struct sl_lms_ask *lms;
    const struct sl_whatsapp_send *whatsapp;
};

#endif
