/* Google Drive v3 (docs/providers/gdrive.md).
 *
 * Wire: HTTP with a bearer token, JSON both ways; files as multipart/related or by a resumable
 * session. Ids instead of paths, names that are not unique, limits that come as 403. Everything
 * may be repeated: what is made has its id before it is made. */
#include "adapters/storage/gdrive.h"

#include <string.h>

#include "adapters/registry.h"
#include "lib/adapter/form.h"
#include "lib/adapter/google.h"
#include "lib/base/text.h"

enum { CHUNK_UNIT = 256 * 1024, GIB = 1 << 30 };

static const struct sl_field fields[GDRIVE_FIELDS] = {
    [GDRIVE_AUTH] = { .name = "auth",
                      .help = "A service account, or a user who consents",
                      .otherwise = "service_account",
                      .choices = "service_account user",
                      .kind = SL_FIELD_CHOICE,
                      .identity = true },
    [GDRIVE_SERVICE_ACCOUNT] = { .name = "service_account",
                                 .help = "IAM > Service accounts > Keys > Add key > JSON",
                                 .kind = SL_FIELD_FILE,
                                 .secret = true,
                                 .identity = true },
    [GDRIVE_IMPERSONATE] = { .name = "impersonate",
                             .help = "Workspace user to act as, by domain-wide delegation",
                             .identity = true },
    [GDRIVE_CLIENT_ID] = { .name = "client_id",
                           .help = "auth=user: OAuth client of type Desktop app",
                           .identity = true },
    [GDRIVE_CLIENT_SECRET] = { .name = "client_secret",
                               .help = "auth=user: shown with the client",
                               .secret = true,
                               .identity = true },
    [GDRIVE_REFRESH_TOKEN] = { .name = "refresh_token",
                               .help =
                                   "auth=user: what consent gives; `sl-config authorize` gets it",
                               .secret = true,
                               .identity = true },
    [GDRIVE_SCOPE] = { .name = "scope",
                       .help = "drive, or drive.file (only what we make); else by auth: "
                               "service_account drive, user drive.file",
                       .choices = "drive drive.file",
                       .kind = SL_FIELD_CHOICE,
                       .identity = true },
    [GDRIVE_FOLDER_ID] = { .name = "folder_id",
                           .help = "Our folder: the end of its address; of a shared drive its id",
                           .required = true },
    [GDRIVE_DRIVE_ID] = { .name = "drive_id", .help = "Of a shared drive: 0A…" },
    [GDRIVE_DELETE_MODE] = { .name = "delete_mode",
                             .help = "trash keeps what is removed for 30 days",
                             .otherwise = "trash",
                             .choices = "trash delete",
                             .kind = SL_FIELD_CHOICE },
    [GDRIVE_CHUNK_SIZE] = { .name = "chunk_size",
                            .help = "Bytes of one request of a long upload: whole times 262144",
                            .otherwise = "8388608",
                            .kind = SL_FIELD_INT,
                            .least = CHUNK_UNIT,
                            .most = GIB },
    [GDRIVE_TOKEN_URL] = { .name = "token_url",
                           .help = "Where tokens are asked for; else Google's",
                           .kind = SL_FIELD_URL },
};

static const struct sl_wire_field wire_fields[] = {
    { "Authorization", SL_SHOW_SECRET }, { "assertion", SL_SHOW_SECRET },
    { "access_token", SL_SHOW_SECRET },  { "refresh_token", SL_SHOW_SECRET },
    { "client_secret", SL_SHOW_SECRET }, { "upload_id", SL_SHOW_SECRET },
    { "Location", SL_SHOW_SECRET },      { "code_verifier", SL_SHOW_SECRET },
    { "device_code", SL_SHOW_SECRET },   { "user_code", SL_SHOW_SECRET },
};

/* ---- Settings ------------------------------------------------------------------------------ */

static bool is_user(const struct sl_settings *settings)
{
    const char *auth = settings->values[GDRIVE_AUTH];

    return auth && strcmp(auth, "user") == 0;
}

static bool is_id(const char *text)
{
    return *text && !text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                       "0123456789-_")];
}

static int check_ids(const struct sl_settings *settings, struct sl_err *err)
{
    static const enum gdrive_field ids[] = { GDRIVE_FOLDER_ID, GDRIVE_DRIVE_ID };

    for (size_t i = 0; i < SL_COUNT(ids); i++) {
        const char *id = settings->values[ids[i]];

        if (id && !is_id(id))
            return sl_err_set(err, SL_ERR_CONFIG,
                              "%s '%s' is no id: give the last part of the folder's address",
                              fields[ids[i]].name, id);
    }
    return 0;
}

/* The refresh token may come later: `sl-config authorize` needs the client first. */
static int check_credentials(struct sl_arena *arena, const struct sl_settings *settings,
                             struct sl_err *err)
{
    const char *const *values = settings->values;

    if (values[GDRIVE_SERVICE_ACCOUNT] &&
        sl_service_account_check(arena, values[GDRIVE_SERVICE_ACCOUNT], err) < 0)
        return -1;
    if (!is_user(settings) && !values[GDRIVE_SERVICE_ACCOUNT])
        return sl_err_set(err, SL_ERR_CONFIG, "service_account is missing; or set auth=user");
    if (is_user(settings) && (!values[GDRIVE_CLIENT_ID] || !values[GDRIVE_CLIENT_SECRET]))
        return sl_err_set(err, SL_ERR_CONFIG, "auth=user needs client_id and client_secret");
    return 0;
}

static int check(struct sl_arena *arena, const struct sl_settings *settings, struct sl_err *err)
{
    const char *chunk = settings->values[GDRIVE_CHUNK_SIZE];
    int64_t bytes = CHUNK_UNIT;

    if (chunk && (!sl_parse_int(chunk, CHUNK_UNIT, GIB, &bytes) || bytes % CHUNK_UNIT != 0))
        return sl_err_set(err, SL_ERR_CONFIG, "chunk_size %s is no whole multiple of %d", chunk,
                          CHUNK_UNIT);
    if (check_ids(settings, err) < 0)
        return -1;
    return check_credentials(arena, settings, err);
}

/* ---- The token -------------------------------------------------------------------------------- */

static const char *scope_of(const struct sl_call *call)
{
    const char *scope = call->settings->values[GDRIVE_SCOPE];

    if (!scope)
        scope = is_user(call->settings) ? "drive.file" : "drive";
    return sl_arena_printf(call->arena, "https://www.googleapis.com/auth/%s", scope);
}

static int build_refresh(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    const char *const *values = call->settings->values, *url = values[GDRIVE_TOKEN_URL];
    struct sl_buf form = sl_buf_new(call->arena);

    if (!values[GDRIVE_REFRESH_TOKEN])
        return sl_err_set(err, SL_ERR_CONFIG, "nobody has consented yet: `sl-config authorize`");
    sl_form_add(&form, "refresh_token", values[GDRIVE_REFRESH_TOKEN]);
    sl_form_add(&form, "client_id", values[GDRIVE_CLIENT_ID]);
    sl_form_add(&form, "client_secret", values[GDRIVE_CLIENT_SECRET]);
    sl_form_add(&form, "grant_type", "refresh_token");
    request->method = "POST";
    request->base = url ? url : "https://oauth2.googleapis.com/token";
    request->path = "";
    sl_request_header(request, "Accept", "application/json");
    sl_request_form(request, &form);
    return 0;
}

static int build_grant(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    const struct sl_service_grant grant = {
        .account = call->settings->values[GDRIVE_SERVICE_ACCOUNT],
        .scope = scope_of(call),
        .subject = call->settings->values[GDRIVE_IMPERSONATE],
        .token_url = call->settings->values[GDRIVE_TOKEN_URL],
    };

    if (is_user(call->settings))
        return build_refresh(call, request, err);
    return sl_service_grant_build(call, &grant, request, err);
}

static const struct sl_grant grant = {
    .step = { build_grant, sl_google_grant_parse, .ambiguous = { .last = SL_RESEND } },
    .renew_before_s = 300,
};

/* Beside a token_url of ours, which is a sandbox, is all the rest. */
static const char *address(const struct sl_call *call, const char *theirs, const char *path)
{
    const char *url = call->settings->values[GDRIVE_TOKEN_URL];
    size_t n = url ? (size_t)(strrchr(url, '/') - url) : 0;

    return sl_arena_printf(call->arena, "%.*s%s", url ? (int)n : (int)strlen(theirs),
                           url ? url : theirs, path);
}

static int ask_consent(const struct sl_call *call, struct sl_consent_ask *ask, struct sl_err *err)
{
    const char *const *values = call->settings->values;

    if (!is_user(call->settings))
        return sl_err_set(err, SL_ERR_CONFIG, "a service account needs nobody's consent");
    *ask = (struct sl_consent_ask){
        .authorize_url = address(call, "https://accounts.google.com", "/o/oauth2/v2/auth"),
        .token_url = address(call, "https://oauth2.googleapis.com", "/token"),
        .device_url = address(call, "https://oauth2.googleapis.com", "/device/code"),
        .client_id = values[GDRIVE_CLIENT_ID],
        .client_secret = values[GDRIVE_CLIENT_SECRET],
        .scope = scope_of(call),
        .extra = "access_type=offline&prompt=consent",
    };
    return 0;
}

static const struct sl_consent consent = { .setting = "refresh_token", .ask = ask_consent };

/* ---- The test ----------------------------------------------------------------------------------- */

static int build_about(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    (void)err;
    gdrive_request(call, request, "GET",
                   "/drive/v3/about?fields=user%28emailAddress%2CdisplayName%29%2CstorageQuota");
    return 0;
}

static void parse_about(const struct sl_call *call, const struct sl_exchange *exchange,
                        struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    const char *email;

    if (!gdrive_good(call, exchange, result, &doc))
        return;
    email = sl_json_text(doc, "user.emailAddress");
    if (!email) {
        gdrive_fail(result, SL_PERMANENT, "what answers there is no Drive");
        return;
    }
    result->next = SL_STEP_NEXT;
    result->memory = sl_json_new_object();
    sl_json_put_text(result->memory, "user", email);
    sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK });
}

static int build_root(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    static const char mask[] = "id,name,mimeType,trashed,driveId,capabilities(canAddChildren)";

    (void)err;
    gdrive_request(call, request, "GET",
                   sl_arena_printf(call->arena,
                                   "/drive/v3/files/%s?fields=%s&supportsAllDrives=true",
                                   call->settings->values[GDRIVE_FOLDER_ID],
                                   sl_percent_encode(call->arena, mask)));
    return 0;
}

static const char *fault_of_root(struct json_object *folder)
{
    if (!gdrive_is_folder(folder))
        return "folder_id is not the id of a folder";
    if (json_object_get_boolean(sl_json_at(folder, "trashed")))
        return "the folder is in the trash";
    if (!json_object_get_boolean(sl_json_at(folder, "capabilities.canAddChildren")))
        return "the account may not write into the folder: share it with the account";
    return NULL;
}

static void parse_root(const struct sl_call *call, const struct sl_exchange *exchange,
                       struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    const char *fault, *name, *user = sl_json_text(call->memory, "user");

    if (!gdrive_good(call, exchange, result, &doc))
        return;
    fault = fault_of_root(doc);
    if (fault) {
        gdrive_fail(result, SL_PERMANENT, fault);
        return;
    }
    sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK });
    name = sl_json_text(doc, "name");
    name = sl_printable(call->arena, name, name ? strlen(name) : 0, 80);
    sl_result_found(result, (struct sl_finding){
                                SL_FINDING_GOOD,
                                sl_arena_printf(call->arena, "%s may write into the folder %s",
                                                user ? user : "the account", name) });
    if (!is_user(call->settings) && !call->settings->values[GDRIVE_IMPERSONATE] &&
        !sl_json_text(doc, "driveId"))
        sl_result_found(result,
                        (struct sl_finding){ SL_FINDING_WARN,
                                             "a service account has no room of its own: use a "
                                             "shared drive, or impersonate" });
}

/* ---- The table ------------------------------------------------------------------------------------ */

static const struct sl_step steps_test[] = {
    { build_about, parse_about, .ambiguous = { .last = SL_RESEND } },
    { build_root, parse_root, .ambiguous = { .last = SL_RESEND } },
};

static const struct sl_op ops[] = {
    { .name = "storage.put",
      .input = SL_INPUT_STORAGE,
      .steps = gdrive_put_steps,
      .n_steps = 1,
      .keeps = true },
    { .name = "storage.get", .input = SL_INPUT_STORAGE, .steps = gdrive_get_steps, .n_steps = 1 },
    { .name = "storage.stat", .input = SL_INPUT_STORAGE, .steps = gdrive_stat_steps, .n_steps = 1 },
    { .name = "storage.list", .input = SL_INPUT_STORAGE, .steps = gdrive_list_steps, .n_steps = 1 },
    { .name = "storage.remove",
      .input = SL_INPUT_STORAGE,
      .steps = gdrive_remove_steps,
      .n_steps = 1 },
    { .name = "storage.url", .input = SL_INPUT_STORAGE, .steps = gdrive_url_steps, .n_steps = 1 },
    { .name = "test", .steps = steps_test, .n_steps = SL_COUNT(steps_test) },
};

const struct sl_adapter sl_gdrive = {
    .code = "gdrive",
    .name = "Google Drive",
    .adapter_class = "GoogleDriveAdapter",
    .category = SL_STORAGE,
    .environment = "production", /* it has no other */
    .limits = { .rate_per_second = 10,
                .burst = 10,
                .max_in_flight = 4,
                .batch_size = 1,
                .most_items = 1 },
    .fields = fields,
    .n_fields = GDRIVE_FIELDS,
    .wire_fields = wire_fields,
    .n_wire_fields = SL_COUNT(wire_fields),
    .grant = &grant,
    .consent = &consent,
    .ops = ops,
    .n_ops = SL_COUNT(ops),
    .check = check,
};
