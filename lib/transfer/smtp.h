/* Mail transactions by libcurl, for exchange.c alone. */
#ifndef SL_TRANSFER_SMTP_H
#define SL_TRANSFER_SMTP_H

#include <curl/curl.h>

#include "lib/adapter/adapter.h"
#include "lib/base/text.h"

/* Which reply belongs to which command. libcurl gives both to its debug function. */
struct smtp_log {
    struct sl_arena *arena;
    enum sl_smtp_phase phase; /* of the command that was sent last */
    size_t n_to;              /* RCPT commands that were sent */
    int last_code;            /* of the replies; 0: there was none */
    bool leaving;             /* QUIT was sent: what is replied to it says nothing of the mail */
    bool accepted;            /* 354: the message is being sent */
    struct sl_buf text;       /* of the reply that is being read */
    struct sl_buf replies;    /* struct sl_smtp_reply each */
};

void smtp_log_begin(struct smtp_log *log, struct sl_arena *arena);

/* For CURLOPT_DEBUGFUNCTION, with the log as its data. */
int smtp_log_hear(CURL *easy, curl_infotype type, char *bytes, size_t n, void *log);

/* What a transaction needs beside address and time-outs. *list is the caller's to free. */
void smtp_set(CURL *easy, const struct sl_smtp *smtp, int64_t size, struct smtp_log *log,
              struct curl_slist **list);

/* What came of it: reach, status, replies, fault. */
void smtp_tell(const struct smtp_log *log, CURLcode code, struct sl_exchange *exchange);

#endif
