load helpers
load running
# What happened is told: to other modules by hooks, to people by alerts.

setup() { start_all; }
teardown() { stop_all; }

# hook EVENT [PATH]: a hook of the sandbox; its secret in $secret.
hook() {
    secret=$(sl-config hook add --event "$1" --url "$SL_SANDBOX_URL/hook${2:-}" -f json 2> /dev/null | field secret)
}

# heard [FILTER]: what the sandbox was told, one event a line.
heard() { sl-sandbox seen hook | jq -c "select(${1:-true})"; }
heard_n() { [ "$(heard "$2" | wc -l)" -eq "$1" ]; }
heard_after_work() { work; heard_n "$@"; }

# program TEXT: a script that hooks run; its path in $program.
program() {
    program=$BATS_TEST_TMPDIR/program
    printf '#!/bin/sh\n%s\n' "$1" > "$program"
    chmod +x "$program"
}

delivered() {
    id=$(sl-sms send -m 'School opens on Monday' 0711000001 -f json | field id)
    until_true sh -c "sl-sms status $id -f json | grep -q '\"status\":\"delivered\"'"
}

# rows STATUS: how many rows of hooks have it.
rows() { sql "SELECT count(*) FROM integration_queue WHERE operation IN ('hook', 'alert') AND status = '$1'"; }
rows_are() { [ "$(rows "$1")" -eq "$2" ]; }
due_again() { sql "UPDATE integration_queue SET next_attempt_at = 1 WHERE operation IN ('hook', 'alert') AND status = 'pending'"; }

@test "a payment that succeeds is told with its record, its meta, and a signature that openssl agrees with" {
    hook payment.succeeded
    id=$(request 0711000001 --meta invoice=INV-7)
    until_true heard_after_work 1 . # by callback and query: the schedule asks later
    payment_is "$id" succeeded
    event=$(heard)
    body=$(jq -r .body <<< "$event")
    [ "$(jq -r .type <<< "$body")" = payment.succeeded ]
    [ "$(jq -r .school <<< "$body")" = greenhill ]
    [ "$(jq -r .id <<< "$body")" = "$(jq -r .id <<< "$event")" ]
    [ "$(jq -r .data.meta.invoice <<< "$body")" = INV-7 ]
    [ "$(jq -S .data <<< "$body")" = "$(sl-pay status "$id" -f json | jq -S 'if type == "array" then .[0] else . end | del(.awaited)')" ]
    key=$(base64 -d <<< "${secret#whsec_}" | od -An -tx1 | tr -d ' \n')
    signature=$(printf '%s.%s.%s' "$(jq -r .id <<< "$event")" "$(jq -r .timestamp <<< "$event")" "$body" |
        openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | base64)
    [ "$(jq -r .signature <<< "$event")" = "v1,$signature" ]
    work
    heard_n 1 .
}

@test "a message that is delivered is told with the fields of its status" {
    hook message.delivered
    delivered
    until_true heard_after_work 1 .
    [ "$(heard | jq -r .body | jq -S .data)" = "$(sl-sms status "$id" -f json | jq -S '.[0] | del(.awaited)')" ]
}

@test "a failure and an opt-out are told, and * hears of both" {
    hook '*'
    run sl-sms send -m hello +254799900403 -f json
    sl-sms optout add 0711000009 2> /dev/null
    until_true heard_after_work 2 .
    [ "$(heard | jq -r .body | jq -r .type | sort | paste -sd ' ')" = "message.failed optout.added" ]
    [ "$(heard | jq -r .body | jq -r 'select(.type == "optout.added") | .data.address')" = +254711000009 ]
}

@test "what is not taken is told again under the same id, and a dead letter can be revived" {
    hook optout.added
    sl-sandbox scenario server-error > /dev/null
    sl-sms optout add 0711000009 2> /dev/null
    work
    heard_n 1 '.status == 500'
    rows_are pending 1
    sql "UPDATE integration_queue SET max_attempts = 2 WHERE operation = 'hook'"
    due_again
    work
    rows_are failed 1
    item=$(sql "SELECT id FROM integration_queue WHERE operation = 'hook'")
    [ "$(sl-queue show "$item" -f json | jq -r '.error_log | map(.error) | join(",")')" = "HTTP 500,HTTP 500" ]
    sl-sandbox scenario ok > /dev/null
    sql "UPDATE integration_queue SET expires_at = 1 WHERE id = $item" # three days have passed
    sl-queue retry --failed > /dev/null
    work
    rows_are completed 1
    [ "$(heard | jq -r .id | sort -u | wc -l)" -eq 1 ]
    heard_n 3 .
}

@test "a receiver that cannot be reached uses its tries up all the same" {
    sl-config hook add --event optout.added --url http://127.0.0.1:9/ > /dev/null 2>&1
    sl-sms optout add 0711000009 2> /dev/null
    work
    [ "$(sql "SELECT attempts FROM integration_queue WHERE operation = 'hook'")" -eq 1 ]
}

@test "410 disables the hook: what waits is cancelled, and nothing more is told" {
    hook optout.added /410
    sl-sms optout add 0711000008 0711000009 2> /dev/null
    sl-queue-run -q --max 1
    [ "$(sl-config hook list -f json | field is_active)" = false ]
    sl-config doctor | grep -q '^hook 1 .*410'
    rows_are failed 1
    rows_are cancelled 1
    sl-sms optout add 0711000007 2> /dev/null
    work
    heard_n 1 .
}

@test "a runner that is killed while it tells has told it, or another does, under the same id" {
    hook optout.added
    curl -sS "$SL_SANDBOX_URL/_sandbox/settings" -d '{"latency_ms":3000}' > /dev/null
    sl-sms optout add 0711000009 2> /dev/null
    start_quietly runner sl-queue-run -q
    until_true in_flight
    kill -KILL "$runner"
    curl -sS "$SL_SANDBOX_URL/_sandbox/settings" -d '{"latency_ms":0}' > /dev/null
    until_true told_by_another
    [ "$(heard | jq -r .id | sort -u | wc -l)" -eq 1 ]
}
in_flight() { [ "$(sql "SELECT count(*) FROM integration_queue WHERE operation = 'hook' AND in_flight = 1")" -eq 1 ]; }
told_by_another() { work; due_again; rows_are completed 1; }

# start_quietly NAME COMMAND...: as start, of what says nothing.
start_quietly() {
    "${@:2}" 3>&- &
    printf -v "$1" %s $!
    echo $! >> "$BATS_TEST_TMPDIR/pids"
}

@test "a program gets the event on stdin, and nothing of our environment" {
    program "cat > '$BATS_TEST_TMPDIR/told'; env > '$BATS_TEST_TMPDIR/environment'"
    sl-config hook add --event optout.added --exec "$program" > /dev/null
    sl-sms optout add 0711000009 2> /dev/null
    work
    rows_are completed 1
    [ "$(jq -r .data.address "$BATS_TEST_TMPDIR/told")" = +254711000009 ]
    [ "$(grep -c '^SL_' "$BATS_TEST_TMPDIR/environment")" -eq 0 ]
    sl-logs list --operation hook -f json | jq -e '.[0].status == "success"' > /dev/null
}

@test "a program that every user can change by now is not run" {
    program "touch '$BATS_TEST_TMPDIR/ran'"
    sl-config hook add --event optout.added --exec "$program" > /dev/null
    chmod 777 "$program"
    sl-sms optout add 0711000009 2> /dev/null
    work
    rows_are pending 1
    [ ! -e "$BATS_TEST_TMPDIR/ran" ]
    [[ "$(sl-queue list -f json | field error)" == *"can be changed by every user"* ]]
}

@test "a program that ends with another status, or is not there, is tried again" {
    program 'exit 75'
    sl-config hook add --event optout.added --exec "$program" > /dev/null
    sl-sms optout add 0711000009 2> /dev/null
    work
    rows_are pending 1
    [ "$(sl-queue list --operation hook -f json | field error)" = 'exit status 75' ]
    rm "$program"
    due_again
    work
    [[ "$(sl-queue list --operation hook -f json | field error)" == *"No such file"* ]]
    program 'exit 0'
    due_again
    work
    rows_are completed 1
}

@test "a program that takes its time holds nobody up" {
    mkfifo "$BATS_TEST_TMPDIR/gate"
    program "cat '$BATS_TEST_TMPDIR/gate'"
    sl-config hook add --event optout.added --exec "$program" > /dev/null
    hook optout.added
    sl-sms optout add 0711000009 2> /dev/null
    start_quietly runner sl-queue-run -q
    until_true heard_n 1 .
    rows_are completed 1
    kill -0 "$runner"
    echo > "$BATS_TEST_TMPDIR/gate"
    until_true rows_are completed 2
}

@test "a bad line adds no hook, and says why" {
    refused() {
        run --separate-stderr "${@:3}"
        [ "$status" -eq "$1" ]
        [[ "$stderr" == *"$2"* ]]
    }
    refused 64 '--url or --exec' sl-config hook add --event '*'
    refused 64 '--url or --exec' sl-config hook add --event '*' --url https://a.example --exec /bin/true
    refused 65 "did you mean 'payment.failed'" sl-config hook add --event payment.faild --url https://a.example
    refused 65 'must be https' sl-config hook add --event '*' --url http://a.example/x
    refused 65 'no absolute path' sl-config hook add --event '*' --exec true
    refused 65 'No such file' sl-config hook add --event '*' --exec /nowhere/at/all
    refused 65 'no mail address' sl-config alert add --to head@greenhill..example
    refused 65 'would never end' sl-config alert add --to head@greenhill.example --event '*'
    refused 65 'cannot be texted' sl-config alert add --to 0711
    refused 65 'would never end' sl-config alert add --to 0711000001 --event message.failed
    refused 65 'there is no hook 77' sl-config hook remove 77
    SL_SCHOOL='' refused 64 'name the school' sl-config alert add --to 0711000001
    SL_SCHOOL='' refused 64 'name the school' sl-config alert add --to head@greenhill.example
    [ "$(sql 'SELECT count(*) FROM hooks')" -eq 0 ]
}

@test "a person who is forgotten is told of to nobody, and is in no key" {
    hook optout.added
    sl-sms optout add 0711000009 2> /dev/null
    sl-logs forget -s greenhill --phone 0711000009 --yes > /dev/null 2>&1
    work
    rows_are failed 1
    heard_n 0 .
    ! sql "SELECT event_key, payload FROM hook_events" | grep -q 711000009
    sl-sms optout add 0711000008 2> /dev/null
    work
    sl-logs list --phone 0711000008 --operation hook -f json | jq -e 'length == 1' > /dev/null
}

@test "the secret is shown once, sealed, and the acts are in the audit trail" {
    hook '*'
    [[ "$secret" == whsec_* ]]
    [ "$(sql 'SELECT substr(secret, 1, 4) FROM hooks')" = sl1: ]
    sl-config hook list -f json | jq -e '.[0] | has("secret") | not' > /dev/null
    ! grep -aq "$secret" "$SL_DATABASE" "$SL_DATABASE-wal"
    sl-config key rotate > /dev/null
    sl-sms optout add 0711000009 2> /dev/null
    work
    heard_n 1 .
    sl-config hook remove 1
    [ "$(sl-config hook list -f json | jq length)" -eq 0 ]
    [ "$(sl-logs list -f json | jq -r '.[].operation' | grep -c '^hook\.\(add\|remove\)$')" -eq 2 ]
    sl-logs verify > /dev/null
}

@test "people are told once that a provider is down, and once that it works again" {
    sl-config alert add --to 0722000001 > /dev/null
    sl-config alert add --to "$SL_SANDBOX_URL/hook" > /dev/null 2>&1
    sl-sandbox scenario busy > /dev/null
    for i in 1 2 3 4 5 6; do run -75 sl-sms send -m "text $i" 071100000$i; done
    sl-queue stats --check | grep -q '1 breakers open, .* (africastalking is '
    [ "$(sql "SELECT count(*) FROM hook_events")" -eq 1 ]
    sl-sandbox scenario ok > /dev/null
    until_true told_of_the_end
    [ "$(heard | jq -r .body | jq -r .type | paste -sd ' ')" = "provider.down provider.up" ]
    until_true texted 'works again'
    [ "$(sl-sandbox seen africastalking | grep -c 'ShuleLabs: africastalking does not answer')" -eq 1 ]
    [ "$(sl-sandbox seen africastalking | grep -c 'ShuleLabs: africastalking works again')" -eq 1 ]
}
texted() { work; sl-sandbox seen africastalking | grep -q "$1"; }
told_of_the_end() {
    sql "UPDATE accounts SET open_boot_ms = 0, probe_boot_ms = 0" # its pause is over
    sql "UPDATE integration_queue SET next_attempt_at = 1 WHERE status = 'pending'"
    work
    heard_n 2 '.status == 200'
}

@test "credentials that are refused are trouble, until others are taken" {
    sl-config alert add --to "$SL_SANDBOX_URL/hook" > /dev/null 2>&1
    echo api_key=wrong-key-of-nobody | sl-config set -p africastalking --from - -q > /dev/null
    run sl-sms send -m hello 0711000001
    [ "$status" -eq 77 ]
    run sl-sms send -m again 0711000001
    work
    heard_n 1 .
    [ "$(heard | jq -r .body | jq -r .type)" = token.trouble ]
    echo api_key=sandbox-key | sl-config set -p africastalking --from - -q > /dev/null
    until_true heard_after_work 2 .
    [ "$(heard | jq -r .body | jq -r .type | paste -sd ' ')" = "token.trouble provider.up" ]
    sl-sms send -m hello 0711000001 > /dev/null
}

# looks: the queue is worked, a minute after it was last looked at.
looks() {
    sql "UPDATE watches SET since = 1 WHERE watch = 'looked'"
    work
}
mailed() { looks; [ "$(sl-sandbox seen smtp | grep -c "$1")" -eq 1 ]; }

@test "people are mailed once that a balance runs low, and once that it does not any more" {
    sl-config primary -s greenhill -p smtp > /dev/null
    sl-config alert add --to head@greenhill.example > /dev/null
    sl-config set -p africastalking low_balance=1000000000 -q > /dev/null
    until_true mailed 'balance: KES'
    run -1 sl-config doctor
    [[ "$output" == *"africastalking for greenhill: balance"*"low_balance"* ]]
    looks
    sl-config set -p africastalking low_balance=1 -q > /dev/null
    until_true mailed 'well again'
    [ "$(sl-sandbox seen smtp | grep -c 'balance: KES')" -eq 1 ]
    [ "$(sql "SELECT count(*) FROM integration_queue WHERE operation = 'balance'")" -eq 1 ]
    [ "$(sql "SELECT group_concat(event, ' ') FROM hook_events")" = "attention.needed attention.over" ]
}
