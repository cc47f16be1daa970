/* What the files of Google Drive share. Nobody else includes this.
 *
 * Drive has ids and no paths, so every operation is a walk: from the folder that is our root, by
 * one request for each part of the key, to its file, and from there on its own way. Where a walk
 * stands is its memory:
 *   {"do": what comes next, "depth": parts that are found, "parent": the id of the folder there,
 *    "id": of the file that is replaced, "session", "offset": of an upload, "attempts", …}
 * The ids of folders and files are facts of the account, so most walks begin at their end. */
#ifndef ADAPTERS_STORAGE_GDRIVE_H
#define ADAPTERS_STORAGE_GDRIVE_H

#include "lib/adapter/adapter.h"

enum gdrive_field {
    GDRIVE_AUTH,
    GDRIVE_SERVICE_ACCOUNT,
    GDRIVE_IMPERSONATE,
    GDRIVE_CLIENT_ID,
    GDRIVE_CLIENT_SECRET,
    GDRIVE_REFRESH_TOKEN,
    GDRIVE_SCOPE,
    GDRIVE_FOLDER_ID,
    GDRIVE_DRIVE_ID,
    GDRIVE_DELETE_MODE,
    GDRIVE_CHUNK_SIZE,
    GDRIVE_TOKEN_URL,
    GDRIVE_FIELDS
};

/* ---- gdrive_answers.c ----------------------------------------------------------------- */

/* True for 200 to 299; *doc is its JSON then, the caller's to free, or NULL. Else what was refused
 * is settled for all items. */
bool gdrive_good(const struct sl_call *call, const struct sl_exchange *exchange,
                 struct sl_result *result, struct json_object **doc);
void gdrive_refuse(const struct sl_call *call, const struct sl_exchange *exchange,
                   struct sl_result *result);

/* Whether Drive itself, and no page in between, refuses with this status: 404 it is not there, 409
 * the id is taken. */
bool gdrive_says(const struct sl_exchange *exchange, int status);

void gdrive_fail(struct sl_result *result, enum sl_verdict verdict, const char *text);
bool gdrive_is_folder(struct json_object *file);
bool gdrive_is_document(struct json_object *file); /* one of Google's own, without bytes */

/* A file of theirs as a record of ours. */
struct json_object *gdrive_record(const char *key, struct json_object *file);

/* Which of two of one name counts: the oldest, then the smallest id. */
bool gdrive_is_before(struct json_object *a, struct json_object *b);

/* ---- gdrive_find.c -------------------------------------------------------------------- */

/* An operation's own way, from the end of the search on. */
struct gdrive_phase {
    const char *name; /* what memory's "do" says */
    void (*build)(const struct sl_call *call, struct sl_request *request);
    void (*parse)(const struct sl_call *call, const struct sl_exchange *exchange,
                  struct sl_result *result);
};
struct gdrive_way {
    const struct gdrive_phase *phases;
    size_t n_phases;
    /* What is next, where memory alone does not say it; NULL: it does. */
    const char *(*next)(const struct sl_call *call, const char *name);
    void (*found)(const struct sl_call *call, struct sl_result *result, struct json_object *file);
    void (*missing)(const struct sl_call *call, struct sl_result *result);
    const char
        *folder; /* what is next in the folder itself, where no file is looked for; or NULL */
};
int gdrive_build(const struct gdrive_way *way, const struct sl_call *call,
                 struct sl_request *request);
void gdrive_parse(const struct gdrive_way *way, const struct sl_call *call,
                  const struct sl_exchange *exchange, struct sl_result *result);

/* Facts of a key: the ids of its folder, of the one above, of its file, and the one that whatever is
 * made next will have. A listing has the first two. */
enum { GDRIVE_FACT_FOLDER, GDRIVE_FACT_ABOVE, GDRIVE_FACT_FILE, GDRIVE_FACT_NEW };
size_t gdrive_facts(const struct sl_call *call, struct sl_fact *wanted);
size_t gdrive_folder_facts(const struct sl_call *call, struct sl_fact *wanted);

/* Where the walk stands. */
struct gdrive_place {
    size_t depth;       /* how many folders of the key are found … */
    const char *parent; /* … and the id of the last */
};
struct gdrive_place gdrive_place(const struct sl_call *call);

const char *gdrive_key(const struct sl_call *call);
size_t gdrive_n_folders(const struct sl_call *call); /* of the key, or of a listing's prefix */
const char *gdrive_part(const struct sl_call *call, size_t i);
/* The first n parts as the key of a fact; all of them: that of the file. */
const char *gdrive_path(const struct sl_call *call, size_t n);

/* What goes on to be remembered, with "do" changed; the result's, to be added to. The second also
 * goes on with it at once. */
struct json_object *gdrive_remember(const struct sl_call *call, struct sl_result *result,
                                    const char *name);
struct json_object *gdrive_next(const struct sl_call *call, struct sl_result *result,
                                const char *name);
/* What was known of the key is not so any more: it is searched from the root, once. */
void gdrive_lost(const struct sl_call *call, struct sl_result *result);
void gdrive_learn(const struct sl_call *call, struct sl_result *result, const char *kind,
                  const char *key, const char *id);

/* Base, path and credentials; and what else a request is made of. */
void gdrive_request(const struct sl_call *call, struct sl_request *request, const char *method,
                    const char *path);
void gdrive_body(const struct sl_call *call, struct sl_request *request, struct json_object *doc);
void gdrive_search(const struct sl_call *call, struct sl_request *request, const char *query,
                   const char *order, int most);
void gdrive_trash(const struct sl_call *call, struct sl_request *request, const char *id);

#define GDRIVE_FILE "id,name,mimeType,size,md5Checksum,sha256Checksum,modifiedTime,trashed"
#define GDRIVE_FOLDER_TYPE "application/vnd.google-apps.folder"

/* ---- gdrive_put.c, and for it gdrive_session.c ------------------------------------------ */

const struct sl_file *gdrive_file(const struct sl_call *call);
/* The file that is replaced; NULL: a new one is made. */
const char *gdrive_replaced(const struct sl_call *call);
/* The id that the new one will have; a session was begun with its own. */
const char *gdrive_new_id(const struct sl_call *call);
/* What the file will be; of one that is there only the content changes. The caller's to free. */
struct json_object *gdrive_metadata(const struct sl_call *call);
void gdrive_upload(const struct sl_call *call, struct sl_request *request, const char *how);
/* True, and settled, if the id is taken: by an earlier try of ours, or by another put of this key. */
bool gdrive_is_taken(const struct sl_call *call, const struct sl_exchange *exchange,
                     struct sl_result *result);
/* Settles an upload that is answered with the file. */
void gdrive_finish(const struct sl_call *call, struct sl_result *result, struct json_object *file);

void gdrive_build_begin(const struct sl_call *call, struct sl_request *request);
void gdrive_parse_begin(const struct sl_call *call, const struct sl_exchange *exchange,
                        struct sl_result *result);
void gdrive_build_piece(const struct sl_call *call, struct sl_request *request);
void gdrive_parse_piece(const struct sl_call *call, const struct sl_exchange *exchange,
                        struct sl_result *result);
void gdrive_build_ask(const struct sl_call *call, struct sl_request *request);
void gdrive_parse_ask(const struct sl_call *call, const struct sl_exchange *exchange,
                      struct sl_result *result);

/* ---- The steps ------------------------------------------------------- */

extern const struct sl_step gdrive_put_steps[1];
extern const struct sl_step gdrive_get_steps[1];
extern const struct sl_step gdrive_stat_steps[1];
extern const struct sl_step gdrive_list_steps[1];
extern const struct sl_step gdrive_remove_steps[1];
extern const struct sl_step gdrive_url_steps[1];

#endif
