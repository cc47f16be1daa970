/* Between the files of the simulated Google Drive: requests and files in gdrive.c, searches in
 * gdrive_search.c, uploads in gdrive_upload.c. */
#ifndef SL_SANDBOX_GDRIVE_H
#define SL_SANDBOX_GDRIVE_H

#include <json-c/json.h>

#include "sandbox/table.h"
#include "sandbox/visit.h"

struct sl_drive_file {
    struct sl_drive_file *next; /* made before it */
    const char *id, *name, *type;
    const char *parent; /* NULL: it is somebody's root */
    char *bytes;        /* NULL: a folder */
    size_t size;
    int64_t created_ms, modified_ms;
    bool trashed, everybody;
};

struct sl_drive {
    struct sl_arena *arena; /* all of it: until the reset */
    struct sl_drive_file *files;
    struct sl_table ids;      /* those that were given out */
    struct sl_table sessions; /* by upload_id */
};

struct sl_drive *sl_drive_of(struct sl_visit *visit);

/* The error envelope. */
void sl_drive_fail(struct sl_visit *visit, int status, const char *reason, const char *text);
void sl_drive_not_found(struct sl_visit *visit, const char *id);

/* One that is not there is NULL. Any id that begins with "sandbox-" is a folder, and a root. */
struct sl_drive_file *sl_drive_find(struct sl_visit *visit, const char *id);
bool sl_drive_trashed(struct sl_visit *visit, const struct sl_drive_file *file);

/* A file of that metadata, which is not in the lists yet; or NULL, and answered. */
struct sl_drive_file *sl_drive_new(struct sl_visit *visit, struct json_object *doc);
void sl_drive_add(struct sl_visit *visit, struct sl_drive_file *file);

/* What `fields` of the request asks to know: to be answered, or for the answer. */
struct json_object *sl_drive_shown(struct sl_visit *visit, const struct sl_drive_file *file);
void sl_drive_show(struct sl_visit *visit, const struct sl_drive_file *file);
void sl_drive_tell(struct sl_visit *visit, struct json_object *doc); /* and frees it */

void sl_drive_list(struct sl_visit *visit); /* GET /drive/v3/files */

/* True if the name asks for this by how it begins. */
bool sl_drive_asks(const struct sl_drive_file *file, const char *what);

/* /upload/…, with a token that is good. */
void sl_drive_upload(struct sl_visit *visit);

#endif
