-- The whole schema, as a new installation gets it. Compiled into the programs; an older
-- database is brought here by the numbered migrations of lib/store/migrate.c.
--
-- Times are milliseconds UTC unless their name says boot_ms: those count from the start of the
-- machine that boot_id names. Money is in minor units of its currency; what a message cost is
-- in 10^-6. Sealed columns hold the text of lib/service/seal.h.
--
-- Where rows are written by the thousand the words of a column are checked one by one: for IN
-- with more than two SQLite makes a table of them, anew in every statement.

CREATE TABLE schools (
    id         INTEGER PRIMARY KEY,
    code       TEXT    NOT NULL UNIQUE CHECK (code <> ''),
    name       TEXT    NOT NULL CHECK (name <> ''),
    country    TEXT    NOT NULL CHECK (length(country) = 2),
    timezone   TEXT    NOT NULL,
    currency   TEXT    NOT NULL CHECK (length(currency) = 3),
    status     TEXT    NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'closed')),
    receipt_template TEXT, -- the text that thanks for a payment; null: none is sent
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    keep_days  TEXT -- 'bodies=90,messages=365': how long personal data stays; null: the setting
) STRICT;

CREATE TABLE integration_providers (
    id            INTEGER PRIMARY KEY,
    category      TEXT    NOT NULL CHECK (category IN
                      ('payment', 'sms', 'email', 'push', 'whatsapp', 'storage', 'lms')),
    name          TEXT    NOT NULL,
    code          TEXT    NOT NULL UNIQUE,
    adapter_class TEXT    NOT NULL,
    config_schema TEXT    CHECK (config_schema IS NULL OR json_valid(config_schema)),
    is_global     INTEGER NOT NULL DEFAULT 0 CHECK (is_global IN (0, 1)),
    is_active     INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
    created_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX integration_providers_category ON integration_providers (category);

CREATE TABLE integration_configs (
    id               INTEGER PRIMARY KEY,
    school_id        INTEGER NOT NULL REFERENCES schools (id) ON DELETE CASCADE,
    provider_id      INTEGER NOT NULL REFERENCES integration_providers (id) ON DELETE CASCADE,
    config_encrypted TEXT    NOT NULL,
    environment      TEXT    NOT NULL DEFAULT 'sandbox' CHECK (environment IN ('sandbox', 'production')),
    is_enabled       INTEGER NOT NULL DEFAULT 1 CHECK (is_enabled IN (0, 1)),
    is_primary       INTEGER NOT NULL DEFAULT 0 CHECK (is_primary IN (0, 1)),
    rank             INTEGER NOT NULL DEFAULT 0, -- the order of failover; 0: not ranked
    account          TEXT    NOT NULL,
    last_tested_at   INTEGER,
    last_test_status TEXT,
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL,
    UNIQUE (school_id, provider_id)
) STRICT;

CREATE TABLE integration_queue (
    id              INTEGER PRIMARY KEY,
    school_id       INTEGER NOT NULL REFERENCES schools (id) ON DELETE CASCADE,
    provider_id     INTEGER REFERENCES integration_providers (id) ON DELETE CASCADE,
    operation       TEXT    NOT NULL,
    payload         TEXT    NOT NULL CHECK (json_valid(payload)),
    priority        INTEGER NOT NULL DEFAULT 0,
    attempts        INTEGER NOT NULL DEFAULT 0,
    max_attempts    INTEGER NOT NULL DEFAULT 5,
    status          TEXT    NOT NULL DEFAULT 'pending' CHECK (status = 'pending' OR
                        status = 'processing' OR status = 'completed' OR status = 'failed' OR
                        status = 'cancelled'),
    next_attempt_at INTEGER,
    last_attempt_at INTEGER,
    error_log       TEXT    CHECK (error_log IS NULL OR json_valid(error_log)),
    completed_at    INTEGER,
    created_at      INTEGER NOT NULL,
    -- ours
    public_id       TEXT    NOT NULL, -- of the operation, the same on every attempt
    account         TEXT    NOT NULL DEFAULT '',
    lane            TEXT    NOT NULL DEFAULT 'urgent' CHECK (lane IN ('urgent', 'bulk')),
    batch_id        INTEGER REFERENCES message_batches (id) ON DELETE CASCADE,
    subject_id      INTEGER, -- the payment, refund or hook event that it is about
    idempotency_key TEXT,
    payload_hash    TEXT,
    step            INTEGER NOT NULL DEFAULT 0,
    asks            INTEGER NOT NULL DEFAULT 0, -- how often a query was sent after it
    memory          TEXT,    -- sealed
    callback_token  TEXT,    -- SHA-256 of the token in its callback's address
    dedupe_key      TEXT,
    runner          INTEGER, -- who has it; not a reference: a runner that is gone is forgotten
    in_flight       INTEGER NOT NULL DEFAULT 0 CHECK (in_flight IN (0, 1)),
    waits_for       TEXT    CHECK (waits_for = 'callback' OR waits_for = 'query' OR waits_for = 'person'),
    accepted        INTEGER NOT NULL DEFAULT 0 CHECK (accepted IN (0, 1)), -- while it waits: taken, not lost
    expires_at      INTEGER,
    result          TEXT    CHECK (result IS NULL OR json_valid(result))
) STRICT;
CREATE INDEX integration_queue_due ON integration_queue (status, next_attempt_at);
CREATE INDEX integration_queue_school ON integration_queue (school_id);
CREATE INDEX integration_queue_claim
    ON integration_queue (lane, account, school_id, priority DESC, next_attempt_at)
    WHERE status = 'pending' AND batch_id IS NULL;
CREATE INDEX integration_queue_batch ON integration_queue (batch_id, next_attempt_at)
    WHERE status = 'pending' AND batch_id IS NOT NULL;
CREATE INDEX integration_queue_runner ON integration_queue (runner) WHERE runner IS NOT NULL;
CREATE INDEX integration_queue_waits ON integration_queue (next_attempt_at)
    WHERE waits_for IS NOT NULL;
CREATE UNIQUE INDEX integration_queue_key ON integration_queue (school_id, operation, idempotency_key)
    WHERE idempotency_key IS NOT NULL;
CREATE UNIQUE INDEX integration_queue_callback ON integration_queue (callback_token)
    WHERE callback_token IS NOT NULL;
CREATE UNIQUE INDEX integration_queue_dedupe ON integration_queue (dedupe_key)
    WHERE dedupe_key IS NOT NULL AND status IN ('pending', 'processing');

CREATE TABLE integration_logs (
    id                 INTEGER PRIMARY KEY,
    school_id          INTEGER REFERENCES schools (id) ON DELETE CASCADE,
    provider_id        INTEGER REFERENCES integration_providers (id) ON DELETE CASCADE,
    direction          TEXT    NOT NULL CHECK (direction IN ('outbound', 'inbound')),
    operation          TEXT    NOT NULL,
    reference_type     TEXT,
    reference_id       TEXT,
    request_data       TEXT    CHECK (request_data IS NULL OR json_valid(request_data)),
    response_data      TEXT    CHECK (response_data IS NULL OR json_valid(response_data)),
    status             TEXT    NOT NULL DEFAULT 'pending' CHECK (status = 'success' OR
                           status = 'failed' OR status = 'timeout' OR status = 'pending'),
    status_code        INTEGER,
    error_message      TEXT,
    duration_ms        INTEGER,
    external_reference TEXT,
    ip_address         TEXT,
    created_at         INTEGER NOT NULL,
    -- ours
    attempt            INTEGER,
    actor              TEXT,
    salt               TEXT    NOT NULL,
    body_digest        TEXT    NOT NULL, -- of salt, request, response and phones
    previous_hash      TEXT    NOT NULL,
    hash               TEXT    NOT NULL
) STRICT;
CREATE INDEX integration_logs_operation ON integration_logs (school_id, operation);
CREATE INDEX integration_logs_external ON integration_logs (external_reference);
CREATE INDEX integration_logs_created ON integration_logs (created_at);
CREATE INDEX integration_logs_reference ON integration_logs (reference_id);

-- By log row, not by phone: written with every call, and looked through only when a person
-- searches for one, a few bytes a row.
CREATE TABLE log_phones (
    log_id     INTEGER NOT NULL REFERENCES integration_logs (id) ON DELETE CASCADE,
    phone_hash BLOB    NOT NULL, -- keyed
    PRIMARY KEY (log_id, phone_hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE log_anchors (
    id         INTEGER PRIMARY KEY,
    last_id    INTEGER NOT NULL, -- the last row that was removed
    hash       TEXT    NOT NULL, -- and its hash
    removed    INTEGER NOT NULL, -- how many rows went with it
    signature  TEXT    NOT NULL, -- keyed hash over the three
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE integration_webhooks (
    id               INTEGER PRIMARY KEY,
    school_id        INTEGER REFERENCES schools (id) ON DELETE CASCADE,
    provider_id      INTEGER NOT NULL REFERENCES integration_providers (id) ON DELETE CASCADE,
    endpoint_path    TEXT    NOT NULL UNIQUE, -- SHA-256 of the token in its address
    secret_key       TEXT,                    -- sealed: what proves a callback
    events           TEXT    CHECK (events IS NULL OR json_valid(events)),
    is_active        INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
    last_received_at INTEGER,
    receive_count    INTEGER NOT NULL DEFAULT 0,
    created_at       INTEGER NOT NULL,
    name             TEXT,   -- what a person calls it
    route            TEXT    -- keyed hash of what its events are found by, where a path serves several
) STRICT;
CREATE INDEX integration_webhooks_route ON integration_webhooks (route) WHERE route IS NOT NULL;

CREATE TABLE oauth_tokens (
    id            INTEGER PRIMARY KEY,
    school_id     INTEGER NOT NULL REFERENCES schools (id) ON DELETE CASCADE,
    provider_id   INTEGER NOT NULL REFERENCES integration_providers (id) ON DELETE CASCADE,
    access_token  TEXT    NOT NULL, -- sealed
    refresh_token TEXT,             -- sealed
    token_type    TEXT    NOT NULL DEFAULT 'Bearer',
    expires_at    INTEGER,
    scopes        TEXT    CHECK (scopes IS NULL OR json_valid(scopes)),
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    -- ours
    account       TEXT    NOT NULL UNIQUE,
    version       INTEGER NOT NULL DEFAULT 1,
    renewed_at    INTEGER NOT NULL,
    UNIQUE (school_id, provider_id)
) STRICT;

-- Breaker, bucket, block and the lock of the grant: what all schools on one account share.
CREATE TABLE accounts (
    account        TEXT    PRIMARY KEY,
    provider_id    INTEGER REFERENCES integration_providers (id) ON DELETE CASCADE, -- null: a hook's
    boot_id        TEXT    NOT NULL DEFAULT '', -- whose clock the boot_ms below are on
    failures       INTEGER NOT NULL DEFAULT 0,  -- in a row
    open_boot_ms   INTEGER NOT NULL DEFAULT 0,  -- the breaker is open until then
    opened         INTEGER NOT NULL DEFAULT 0,  -- how often in a row, for the length of the pause
    probe_runner   INTEGER,
    probe_boot_ms  INTEGER NOT NULL DEFAULT 0,  -- until then the probe is that runner's
    hold_boot_ms   INTEGER NOT NULL DEFAULT 0,  -- all wait until then
    level_milli    INTEGER NOT NULL DEFAULT 0,  -- the bucket, in thousandths
    filled_boot_ms INTEGER NOT NULL DEFAULT 0,
    blocked        TEXT,                        -- why nobody is called until a person acts
    lock_runner    INTEGER,
    lock_boot_ms   INTEGER NOT NULL DEFAULT 0,  -- until then the grant is that runner's
    held           TEXT,                        -- why all wait, where a person can cure it
    trouble        TEXT, -- the event that told that it is down; null: nothing was, or it is over
    balance_micro  INTEGER, -- what the provider said last, in 10^-6; null: nothing
    balance_currency TEXT,
    balance_at     INTEGER,
    balance_asked_at INTEGER -- when a program asked by itself
) STRICT, WITHOUT ROWID;

-- How much of its limit an account has sent since the first message of a day.
CREATE TABLE account_days (
    account TEXT    PRIMARY KEY REFERENCES accounts (account) ON DELETE CASCADE,
    sent    INTEGER NOT NULL,
    most    INTEGER NOT NULL, -- the limit when it was last counted
    ends_at INTEGER NOT NULL  -- 24 hours after the first
) STRICT, WITHOUT ROWID;

CREATE TABLE runners (
    id            INTEGER PRIMARY KEY,
    boot_id       TEXT    NOT NULL,
    pid           INTEGER NOT NULL,
    program       TEXT    NOT NULL,
    lease_boot_ms INTEGER NOT NULL,
    started_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE facts (
    account TEXT    NOT NULL,
    kind    TEXT    NOT NULL,
    key     TEXT    NOT NULL,
    value   TEXT    NOT NULL,
    until   INTEGER,
    PRIMARY KEY (account, kind, key)
) STRICT, WITHOUT ROWID;

-- Files that accepted operations will send: copies, named by their content.
CREATE TABLE spool (
    sha256  TEXT    PRIMARY KEY,
    size    INTEGER NOT NULL,
    used_at INTEGER NOT NULL -- when an operation last took it
) STRICT, WITHOUT ROWID;

CREATE TABLE spool_users (
    sha256   TEXT    NOT NULL REFERENCES spool (sha256) ON DELETE CASCADE,
    queue_id INTEGER NOT NULL REFERENCES integration_queue (id) ON DELETE CASCADE,
    PRIMARY KEY (sha256, queue_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX spool_users_queue ON spool_users (queue_id);

CREATE TABLE message_batches (
    id              INTEGER PRIMARY KEY,
    public_id       TEXT    NOT NULL UNIQUE,
    school_id       INTEGER NOT NULL REFERENCES schools (id) ON DELETE CASCADE,
    provider_id     INTEGER NOT NULL REFERENCES integration_providers (id) ON DELETE CASCADE,
    kind            TEXT    NOT NULL, -- "sms.send", "sms.bulk"
    state           TEXT    NOT NULL DEFAULT 'loading' CHECK (state IN
                        ('loading', 'ready', 'sending', 'done', 'cancelled')),
    idempotency_key TEXT,
    content_hash    TEXT,    -- of list and text, once it was read to its end
    text_hash       TEXT,    -- of text and options alone, from the start
    stopped         TEXT,    -- why the rest is not sent: an outcome that concerned the batch
    total           INTEGER NOT NULL DEFAULT 0,
    currency        TEXT,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    finished_at     INTEGER
) STRICT;
CREATE UNIQUE INDEX message_batches_key ON message_batches (school_id, kind, idempotency_key)
    WHERE idempotency_key IS NOT NULL;
CREATE INDEX message_batches_active ON message_batches (school_id) WHERE state IN ('ready', 'sending');

CREATE TABLE messages (
    id                 INTEGER PRIMARY KEY,
    batch_id           INTEGER NOT NULL REFERENCES message_batches (id) ON DELETE CASCADE,
    line               INTEGER NOT NULL,
    address_given      TEXT    NOT NULL,
    address            TEXT,    -- as sent; null where there is none to send to
    queue_id           INTEGER REFERENCES integration_queue (id) ON DELETE SET NULL,
    place              INTEGER NOT NULL DEFAULT 0, -- within its queue row
    dedupe             INTEGER, -- hash of address and text
    status             TEXT    NOT NULL CHECK (status = 'queued' OR status = 'sent' OR
                           status = 'delivered' OR status = 'sending' OR status = 'undelivered' OR
                           status = 'failed' OR status = 'unknown' OR status = 'cancelled' OR
                           status = 'skipped'),
    external_reference TEXT,
    segments           INTEGER,
    cost_micro         INTEGER, -- 10^-6 of the currency
    cost_text          TEXT,    -- as the provider wrote it
    currency           TEXT,
    error              TEXT,
    created_at         INTEGER NOT NULL,
    updated_at         INTEGER NOT NULL,
    UNIQUE (batch_id, line)
) STRICT;
CREATE INDEX messages_queue ON messages (queue_id, place) WHERE queue_id IS NOT NULL;
CREATE UNIQUE INDEX messages_dedupe ON messages (batch_id, dedupe) WHERE dedupe IS NOT NULL;
CREATE INDEX messages_external ON messages (external_reference) WHERE external_reference IS NOT NULL;
CREATE INDEX messages_unknown ON messages (dedupe) WHERE status = 'unknown';

CREATE TABLE optouts (
    school_id INTEGER NOT NULL REFERENCES schools (id) ON DELETE CASCADE,
    channel   TEXT    NOT NULL CHECK (channel IN ('sms', 'email', 'push', 'whatsapp')),
    address   TEXT    NOT NULL,
    source    TEXT    NOT NULL,
    since     INTEGER NOT NULL,
    PRIMARY KEY (school_id, channel, address)
) STRICT, WITHOUT ROWID;

CREATE TABLE payments (
    id                  INTEGER PRIMARY KEY,
    public_id           TEXT    NOT NULL UNIQUE,
    school_id           INTEGER NOT NULL REFERENCES schools (id) ON DELETE CASCADE,
    provider_id         INTEGER NOT NULL REFERENCES integration_providers (id) ON DELETE CASCADE,
    source              TEXT    NOT NULL CHECK (source IN ('request', 'c2b')),
    status              TEXT    NOT NULL CHECK (status IN ('initiated', 'pending', 'succeeded',
                            'failed', 'cancelled', 'expired', 'unknown', 'refunded')),
    amount_minor        INTEGER NOT NULL CHECK (amount_minor > 0), -- asked for, or accepted as paid
    currency            TEXT    NOT NULL,
    phone               TEXT,
    reference           TEXT    NOT NULL,
    description         TEXT,
    email               TEXT,
    payer               TEXT,
    meta                TEXT    CHECK (meta IS NULL OR json_valid(meta)),
    external_reference  TEXT,    -- what the provider's query asks by
    external_reference2 TEXT,
    receipt             TEXT,
    told_receipt        TEXT,    -- what a callback claims; counts once a query agrees
    told_amount_minor   INTEGER,
    told_state          TEXT,    -- the callback's, and …
    asked_state         TEXT,    -- … the query's last word
    mismatch            TEXT,    -- what does not fit; a person looks at it
    checkout_url        TEXT,
    error               TEXT,
    queue_id            INTEGER REFERENCES integration_queue (id) ON DELETE SET NULL,
    folded_into         INTEGER REFERENCES payments (id),
    created_at          INTEGER NOT NULL,
    updated_at          INTEGER NOT NULL,
    settled_at          INTEGER
) STRICT;
CREATE UNIQUE INDEX payments_receipt ON payments (school_id, provider_id, receipt)
    WHERE receipt IS NOT NULL;
CREATE INDEX payments_school ON payments (school_id, created_at);
CREATE INDEX payments_open ON payments (created_at)
    WHERE status IN ('initiated', 'pending', 'unknown');
CREATE INDEX payments_reference ON payments (school_id, reference);
CREATE INDEX payments_external ON payments (school_id, provider_id, external_reference)
    WHERE external_reference IS NOT NULL;

CREATE TABLE refunds (
    id                 INTEGER PRIMARY KEY,
    public_id          TEXT    NOT NULL UNIQUE,
    payment_id         INTEGER NOT NULL REFERENCES payments (id) ON DELETE CASCADE,
    status             TEXT    NOT NULL CHECK (status IN
                           ('initiated', 'pending', 'succeeded', 'failed', 'unknown')),
    amount_minor       INTEGER NOT NULL CHECK (amount_minor > 0),
    reason             TEXT    NOT NULL,
    external_reference TEXT,
    error              TEXT,
    queue_id           INTEGER REFERENCES integration_queue (id) ON DELETE SET NULL,
    created_at         INTEGER NOT NULL,
    updated_at         INTEGER NOT NULL
) STRICT;
CREATE INDEX refunds_payment ON refunds (payment_id);

-- What a payer may write as account number (C2B validation "known").
CREATE TABLE payment_references (
    school_id INTEGER NOT NULL REFERENCES schools (id) ON DELETE CASCADE,
    reference TEXT    NOT NULL, -- trimmed, upper case
    PRIMARY KEY (school_id, reference)
) STRICT, WITHOUT ROWID;

CREATE TABLE webhook_requests (
    id           INTEGER PRIMARY KEY,
    webhook_id   INTEGER REFERENCES integration_webhooks (id) ON DELETE SET NULL,
    school_id    INTEGER REFERENCES schools (id) ON DELETE CASCADE,
    provider_id  INTEGER REFERENCES integration_providers (id) ON DELETE CASCADE,
    queue_id     INTEGER, -- the operation whose token its path carried
    hook         TEXT    NOT NULL,
    method       TEXT    NOT NULL,
    query        TEXT    NOT NULL,
    content_type TEXT    NOT NULL,
    body         BLOB    NOT NULL,
    ip_address   TEXT,
    received_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE webhook_events (
    id          INTEGER PRIMARY KEY,
    request_id  INTEGER NOT NULL REFERENCES webhook_requests (id) ON DELETE CASCADE,
    scope       TEXT    NOT NULL, -- "w" and the webhook's id, or "q" and the operation's
    event_key   TEXT,
    place       INTEGER NOT NULL, -- within its request
    kind        TEXT    NOT NULL,
    external_reference TEXT,
    state       TEXT    NOT NULL DEFAULT 'new' CHECK (state = 'new' OR state = 'held' OR
                    state = 'done' OR state = 'ignored'),
    note        TEXT,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX webhook_events_key ON webhook_events (scope, event_key) WHERE event_key IS NOT NULL;
CREATE INDEX webhook_events_request ON webhook_events (request_id);
CREATE INDEX webhook_events_open ON webhook_events (state, created_at) WHERE state IN ('new', 'held');
CREATE INDEX webhook_events_held ON webhook_events (external_reference)
    WHERE state = 'held' AND external_reference IS NOT NULL;

-- Who is told of events: a program or an address of another module (hook), a person (alert).
CREATE TABLE hooks (
    id         INTEGER PRIMARY KEY,
    school_id  INTEGER NOT NULL REFERENCES schools (id) ON DELETE CASCADE, -- everyone's: of all
    purpose    TEXT    NOT NULL CHECK (purpose IN ('hook', 'alert')),
    event      TEXT    NOT NULL, -- 'payment.failed'; 'trouble': of a provider; '*': all
    kind       TEXT    NOT NULL CHECK (kind IN ('url', 'exec', 'sms', 'email')),
    target     TEXT    NOT NULL,
    secret     TEXT,    -- sealed: what signs
    is_active  INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)), -- 0: it said that it is gone
    created_at INTEGER NOT NULL,
    removed_at INTEGER -- the row stays, so that no other hook gets its id
) STRICT;

-- What a person should see to and has been told of (lib/service/watch.h); gone when it is over.
CREATE TABLE watches (
    watch  TEXT    NOT NULL, -- 'queue', 'password' …; 'looked': when all were looked at last
    about  TEXT    NOT NULL,
    school TEXT    NOT NULL, -- code
    since  INTEGER NOT NULL,
    PRIMARY KEY (watch, about)
) STRICT, WITHOUT ROWID;

CREATE TABLE hook_events (
    id         INTEGER PRIMARY KEY,
    public_id  TEXT    NOT NULL UNIQUE,
    event_key  TEXT    NOT NULL UNIQUE, -- what happened to what, and when: it is told once
    school_id  INTEGER NOT NULL REFERENCES schools (id) ON DELETE CASCADE,
    event      TEXT    NOT NULL,
    payload    TEXT    NOT NULL CHECK (json_valid(payload)), -- as it is sent
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE key_ids (
    key_id     TEXT    PRIMARY KEY,
    purpose    TEXT    NOT NULL CHECK (purpose IN ('seal', 'webhook')),
    first_seen INTEGER NOT NULL,
    retired_at INTEGER
) STRICT, WITHOUT ROWID;
