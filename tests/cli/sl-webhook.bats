load helpers
# What providers and persons see of sl-webhook: answers, errors, exit status, what is stored.

setup() {
    fresh
    school
    daemon=
    printf 'public_url: https://school.example\n' >> "$SL_CONFIG"
    printf '%s\n' username=greenhill api_key=key-of-a-test |
        sl-config set -s greenhill -p africastalking --from - --quiet > /dev/null
}

teardown() { stop; }

# serve [OPTION...]: starts the daemon; $url is where it listens.
serve() {
    : > "$BATS_TEST_TMPDIR/said" # an earlier daemon has said the same
    sl-webhook serve --listen 127.0.0.1:0 "$@" 2> "$BATS_TEST_TMPDIR/said" 3>&- &
    daemon=$!
    listening
    url=http://$address
}

listening() {
    for _ in $(seq 400); do
        address=$(sed -n 's/^listening on //p' "$BATS_TEST_TMPDIR/said")
        [ -z "$address" ] || return 0
        kill -0 "$daemon" || break
        read -rt 0.02 <> <(:) || true
    done
    cat "$BATS_TEST_TMPDIR/said" >&2
    return 1
}

# stop [SIGNAL]: the daemon's exit status is this one's.
stop() {
    local pid=$daemon
    daemon=
    [ -n "$pid" ] || return 0
    kill -"${1:-TERM}" "$pid"
    wait "$pid"
}

# endpoint PROVIDER: makes one; $token is in its addresses.
endpoint() {
    token=$(sl-config webhook add -s greenhill -p "$1" -f json 2> /dev/null | field url | grep -Eo '[0-9a-f]{32}')
}

# status CURL-OPTION...: of the answer.
status() { curl -sS -o /dev/null -w '%{http_code}' "$@"; }

# settled SQL WANTED: waits for what the daemon does behind its answers.
settled() {
    for _ in $(seq 400); do
        [ "$(sql "$1")" != "$2" ] || return 0
        read -rt 0.02 <> <(:) || true
    done
    echo "it is $(sql "$1")" >&2
    return 1
}

report='phoneNumber=%2B254711000001&retryCount=0&id=ATXid_1&status=Success&networkCode=63902'
validation='{"TransID":"RKL51ZDR4F","TransAmount":"5.00","BusinessShortCode":"174379","BillRefNumber":"ADM1024","MSISDN":"2547 ***** 126"}'

# ---- The daemon

@test "it says where it listens, and SIGTERM and SIGINT end it with status 0" {
    serve
    [ "$(grep -c '^listening on 127.0.0.1:[0-9]*$' "$BATS_TEST_TMPDIR/said")" -eq 1 ]
    [ "$(curl -sS "$url/healthz")" = ok ]
    stop TERM
    run curl -sS "$url/healthz"
    [ "$status" -ne 0 ]
    serve
    stop INT
}

@test "it serves plain HTTP to this machine only" {
    for listen in 0.0.0.0:0 '[::]:0' 192.0.2.1:8480; do
        run --separate-stderr sl-webhook serve --listen "$listen"
        [ "$status" -eq 78 ]
        [[ "$stderr" == *--tls-cert* ]]
    done
    for listen in nonsense :80 127.0.0.1 127.0.0.1:99999 unix:relative localhost.example:80; do
        run sl-webhook serve --listen "$listen"
        [ "$status" -eq 65 ]
    done
    run sl-webhook serve --tls-cert "$SL_CONFIG"
    [ "$status" -eq 64 ]
    run sl-webhook serve --listen 0.0.0.0:0 --tls-cert "$SL_CONFIG" --tls-key "$SL_CONFIG"
    [ "$status" -eq 78 ]
    run sl-webhook serve --trust-proxy 10.0.0.0/33
    [ "$status" -eq 65 ]
    [[ "$output" == *10.0.0.0/33* ]]
}

@test "an address that is taken is an error that names it" {
    serve
    run sl-webhook serve --listen "$address"
    [ "$status" -eq 69 ]
    [[ "$output" == *"$address"* ]]
    run sl-sandbox serve --listen "$address"
    [ "$status" -eq 69 ]
    run sl-webhook serve --listen "unix:$BATS_TEST_TMPDIR/none/socket"
    [ "$status" -eq 73 ]
}

@test "it speaks HTTPS with a certificate of its own" {
    cd "$BATS_TEST_TMPDIR"
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout key.pem -out cert.pem \
        -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 2> /dev/null
    serve --tls-cert cert.pem --tls-key key.pem
    [ "$(curl -sS --cacert cert.pem "https://$address/healthz")" = ok ]
}

@test "it listens on a socket file, takes a stale one's place and removes its own" {
    socket=$BATS_TEST_TMPDIR/sock
    for how in KILL TERM; do
        : > "$BATS_TEST_TMPDIR/said"
        sl-webhook serve --listen "unix:$socket" 2> "$BATS_TEST_TMPDIR/said" 3>&- &
        daemon=$!
        listening
        [ "$address" = "unix:$socket" ]
        [ "$(stat -c %a "$socket")" = 660 ]
        [ "$(curl -sS --unix-socket "$socket" http://localhost/healthz)" = ok ]
        stop "$how" || [ "$how" = KILL ]
    done
    [ ! -e "$socket" ]
}

@test "a closed stdout, stdin or stderr is no trouble" {
    sl-webhook serve --listen 127.0.0.1:0 2> "$BATS_TEST_TMPDIR/said" 3>&- < /dev/null >&- <&- &
    daemon=$!
    listening
    [ "$(status "http://$address/healthz")" -eq 200 ]
    stop
}

@test "without a database or the webhook ring it says what is missing" {
    mv "$SL_KEYRING.webhook" "$SL_KEYRING.away"
    run sl-webhook serve --listen 127.0.0.1:0
    [ "$status" -eq 78 ]
    mv "$SL_KEYRING.away" "$SL_KEYRING.webhook"
    run sl-webhook serve --listen 127.0.0.1:0 --database "$BATS_TEST_TMPDIR/none.db"
    [ "$status" -eq 78 ]
    [[ "$output" == *"sl-config init"* ]]
}

@test "the webhook ring is all that it opens" {
    mv "$SL_KEYRING" "$SL_KEYRING.away"
    serve
    [ "$(status "$url/healthz")" -eq 200 ]
}

# ---- What is refused

@test "what is not for us is refused by status, and none of it is echoed" {
    endpoint africastalking
    serve
    hook=$url/hooks/at/$token/dlr
    [ "$(status "$url/")" -eq 404 ]
    [ "$(status "$url/hooks/at/00000000000000000000000000000000/dlr" -d "$report")" -eq 404 ]
    [ "$(status "$url/webhooks/sms/delivery" -d "$report")" -eq 404 ]
    [ "$(status "$hook")" -eq 405 ]
    [ "$(status -X PUT "$hook" -d "$report")" -eq 405 ]
    [ "$(status -X TRACE "$url/x")" -eq 405 ]
    [ "$(status "$hook" -d status=Success)" -eq 400 ]
    [[ "$(curl -sSi "$hook")" == *"Allow: POST"* ]]
    run curl -sSi -H 'Host: evil.example' "$url/evil-path?evil-query"
    [[ "$output" != *evil* ]]
    [ "$(sql "SELECT count(*) FROM webhook_events WHERE kind <> 'unreadable'")" -eq 0 ]
    [ "$(sql "SELECT count(*) FROM integration_logs WHERE direction = 'inbound' AND status_code >= 400 AND ip_address = '127.0.0.1'")" -ge 7 ]
    [ "$(sql "SELECT count(*) FROM integration_logs WHERE request_data LIKE '%$token%'")" -eq 0 ]
}

@test "what cannot be read is answered as M-Pesa wants it, and is seen among the events" {
    mpesa greenhill callback_base_url=http://127.0.0.1:8480
    endpoint mpesa
    serve
    hook=$url/hooks/k/$token/confirm json='Content-Type: application/json'
    [ "$(curl -sS -H "$json" "$hook" -d '<html>')" = '{"ResultCode":0,"ResultDesc":"Success"}' ]
    [ "$(curl -sS -H "$json" "$hook" -d '<html>')" = '{"ResultCode":0,"ResultDesc":"Success"}' ]
    [ "$(status "$hook" -d "$validation")" -eq 415 ] # a form, as curl says
    run --separate-stderr sl-webhook events -f json
    [ "$(jq -c 'map([.provider, .kind, .state])' <<< "$output")" = '[["mpesa","unreadable","ignored"]]' ]
    [[ "$(field note <<< "$output")" == *TransID* ]]
    [ "$(sql "SELECT count(*) FROM payments")" -eq 0 ]
}

@test "a body over 4 MiB is refused with 413, announced or not; one of 4 MiB is read" {
    endpoint africastalking
    serve
    hook=$url/hooks/at/$token/dlr
    { printf '%s&pad=' "$report"; head -c 4194304 /dev/zero | tr '\0' x; } > "$BATS_TEST_TMPDIR/large"
    [ "$(status "$hook" --data-binary "@$BATS_TEST_TMPDIR/large")" -eq 413 ]
    [ "$(status -H 'Transfer-Encoding: chunked' "$hook" --data-binary "@$BATS_TEST_TMPDIR/large")" -eq 413 ]
    truncate -s 4194304 "$BATS_TEST_TMPDIR/large"
    [ "$(status "$hook" --data-binary "@$BATS_TEST_TMPDIR/large")" -eq 200 ]
}

@test "a request that says twice how long it is is refused" {
    endpoint africastalking
    serve
    hook=$url/hooks/at/$token/dlr length="Content-Length: ${#report}"
    [ "$(status "$hook" -d "$report" -H "$length" -H "$length")" -eq 400 ]
    [ "$(status "$hook" -d "$report" -H "$length" -H 'Transfer-Encoding: chunked')" -eq 400 ]
    [ "$(status "$hook" -d "$report" -H 'Transfer-Encoding: chunked' -H 'Transfer-Encoding: identity')" -eq 400 ]
    [ "$(sql "SELECT count(*) FROM webhook_events")" -eq 0 ]
    [ "$(status "$hook" -d "$report" -H 'Transfer-Encoding: chunked')" -eq 200 ]
}

@test "who has something to say is not kept out by connections that say nothing" {
    serve
    ulimit -n 4096
    for _ in $(seq 2100); do exec {silent}<> "/dev/tcp/${address%:*}/${address##*:}"; done
    [ "$(curl -sS -m 5 "$url/healthz")" = ok ]
}

@test "an address is taken as it was sent: with escapes it is none of ours" {
    endpoint africastalking
    serve
    for path in "/hooks%2fat/$token/dlr" "/hook%73/at/$token/dlr" "/hooks/at/$token/dlr%00x" "/x/../hooks/at/$token/dlr"; do
        [ "$(status --path-as-is "$url$path" -d "$report")" -eq 404 ]
    done
    [ "$(status "$url/hooks/at/$token/dlr?x=%2f" -d "$report")" -eq 200 ]
}

@test "a head over 32 KiB is refused" {
    serve
    code=$(status -H "X-Large: $(head -c 40000 /dev/zero | tr '\0' x)" "$url/healthz")
    [ "$code" -eq 431 ] || [ "$code" -eq 413 ]
    [ "$(status "$url/healthz")" -eq 200 ]
}

@test "what cannot be stored is answered with 503, to come again" {
    endpoint africastalking
    serve
    sql "CREATE TRIGGER no BEFORE INSERT ON webhook_requests BEGIN SELECT RAISE(ABORT, 'no'); END"
    hook=$url/hooks/at/$token/dlr
    run curl -sSi "$hook" -d "$report"
    [[ "$output" == *" 503 "*"Retry-After: "* ]]
    sql 'DROP TRIGGER no'
    [ "$(status "$hook" -d "$report")" -eq 200 ]
}

# ---- What is taken

@test "a report for a message that nobody knows yet is held" {
    endpoint africastalking
    serve
    [ "$(status "$url/hooks/at/$token/dlr" -d "$report")" -eq 200 ]
    settled "SELECT state FROM webhook_events" held
    run --separate-stderr sl-webhook events -p africastalking -f json
    [ "$(field kind <<< "$output")" = delivery ]
    [ "$(field state <<< "$output")" = held ]
    [ "$(field external_reference <<< "$output")" = ATXid_1 ]
    [ "$(field school <<< "$output")" = greenhill ]
    [ "$(jq length <<< "$output")" -eq 1 ]
    run --separate-stderr sl-webhook events -p mpesa -f json
    [ "$output" = '[]' ] || [ "$(jq length <<< "$output")" -eq 0 ]
}

@test "what comes twice is answered alike and stored once" {
    endpoint africastalking
    serve
    for path in "hooks/at/$token/dlr" "webhooks/sms/delivery/$token" "hooks/at/$token/dlr/"; do
        [ "$(status "$url/$path" -d "$report")" -eq 200 ]
    done
    [ "$(sql 'SELECT count(*) FROM webhook_events')" -eq 1 ]
    [ "$(sql 'SELECT count(*) FROM webhook_requests')" -eq 1 ]
    [ "$(sql 'SELECT receive_count FROM integration_webhooks')" -eq 3 ]
}

@test "an opt-out and a text that says STOP are in the list of the school" {
    endpoint africastalking
    serve
    [ "$(status "$url/hooks/at/$token/optout" -d 'senderId=G&phoneNumber=%2B254711000009')" -eq 200 ]
    [ "$(status "$url/hooks/at/$token/in" -d 'from=%2B254711000010&to=1&id=5&text=stop+it')" -eq 200 ]
    [ "$(status "$url/hooks/at/$token/in" -d 'from=%2B254711000011&to=1&id=6&text=Hello')" -eq 200 ]
    settled "SELECT count(*) FROM webhook_events WHERE state = 'done'" 3
    [ "$(sql "SELECT group_concat(address) FROM (SELECT address FROM optouts WHERE source = 'africastalking' ORDER BY address)")" = +254711000009,+254711000010 ]
}

@test "what was answered is not lost when the daemon is killed at once" {
    endpoint africastalking
    serve
    for i in 1 2 3 4 5; do
        [ "$(status "$url/hooks/at/$token/optout" -d "phoneNumber=%2B25471100000$i")" -eq 200 ]
    done
    stop KILL || true
    [ "$(sql 'SELECT count(*) FROM webhook_events')" -eq 5 ]
    serve
    settled "SELECT count(*) FROM optouts" 5
}

@test "only a trusted proxy is believed who the client is" {
    endpoint africastalking
    printf 'callback_cidrs=198.51.100.7\n' | sl-config set -s greenhill -p africastalking --from - -q > /dev/null
    serve
    post() { status -H "X-Forwarded-For: $1" "$url/hooks/at/$token/dlr" -d "$report"; }
    [ "$(post 198.51.100.7)" -eq 403 ]
    stop
    serve --trust-proxy 127.0.0.0/8,10.0.0.0/8
    [ "$(post 198.51.100.7)" -eq 200 ]
    [ "$(post '198.51.100.7, 10.0.0.3')" -eq 200 ]
    [ "$(post '198.51.100.7, 203.0.113.9')" -eq 403 ]
    [ "$(post nonsense)" -eq 403 ]
    [ "$(sql "SELECT count(*) FROM integration_logs WHERE ip_address = '203.0.113.9'")" -eq 1 ]
}

@test "a school's program says whether a payment may come, and one that hangs stops nobody" {
    cd "$BATS_TEST_TMPDIR"
    printf '#!/bin/sh\ncase $(cat) in *ADM1024*) exit 0 ;; *HANG*) echo $$ > pid; exec sleep 60 ;; esac\nexit 1\n' > may
    chmod +x may
    mpesa greenhill "c2b_validation=exec:$PWD/may"
    endpoint mpesa
    serve
    hook=$url/hooks/k/$token/validate json='Content-Type: application/json'
    status -m 20 -H "$json" "$hook" -d "${validation//ADM1024/HANG}" > hangs 3>&- &
    hanging=$!
    [[ "$(curl -sS -H "$json" "$hook" -d "$validation")" == *Accepted* ]]
    [[ "$(curl -sS -H "$json" "$hook" -d "${validation//ADM1024/ADM9}")" == *Rejected* ]]
    until [ -s pid ]; do read -rt 0.02 <> <(:) || true; done
    kill "$(cat pid)"
    wait "$hanging"
    [ "$(cat hangs)" -eq 503 ]
    [ "$(sql 'SELECT count(*) FROM webhook_events')" -eq 2 ]
}

# ---- By hand

@test "an event is applied again by its id, and an unknown id is refused" {
    endpoint africastalking
    serve
    [ "$(status "$url/hooks/at/$token/optout" -d 'phoneNumber=%2B254711000009')" -eq 200 ]
    settled "SELECT count(*) FROM optouts" 1
    sl-sms optout remove -s greenhill +254711000009 || sql 'DELETE FROM optouts'
    run --separate-stderr sl-webhook replay 1 -f json
    [ "$status" -eq 0 ]
    [ "$(field state <<< "$output")" = "done" ]
    [ "$(sql 'SELECT count(*) FROM optouts')" -eq 1 ]
    run --separate-stderr sl-webhook replay --request 1 -f json
    [ "$(jq length <<< "$output")" -eq 1 ]
    for id in 99 -1 one; do
        run sl-webhook replay -- "$id"
        [ "$status" -eq 65 ]
    done
    run sl-webhook replay
    [ "$status" -eq 64 ]
    run sl-webhook events -p nobody
    [ "$status" -eq 78 ]
}
