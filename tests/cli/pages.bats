load helpers
load running
# Payments by Flutterwave and Pesapal, with real processes: a link is given, somebody pays on its page
# or does not, and a notification that says nothing makes the query due.

setup() { start_all; }
teardown() { stop_all; }

# ask PROVIDER PHONE [OPTION...]: the whole payment, as JSON.
ask() {
    sl-pay request -p "$1" --phone "$2" --amount 100 --reference ADM1024 --name 'Jane Wanjiru' -f json \
        "${@:3}" 2> /dev/null
}

# told PROVIDER: how many of its callbacks are applied.
told() { sql "SELECT count(*) FROM webhook_events e JOIN webhook_requests r ON r.id = e.request_id JOIN integration_providers p ON p.id = r.provider_id WHERE p.code = '$1' AND e.state = 'done'"; }
was_told() { [ "$(told "$1")" -ge "${2:-1}" ]; }

# works_to ID STATUS: without anybody asking by hand.
works_to() { work && payment_is "$1" "$2"; }

# seen PROVIDER OPERATION: how often.
seen() { sl-sandbox seen "$1" | jq -s --arg op "$2" 'map(select(.operation == $op)) | length'; }

@test "whichever provider is primary, the same line asks, and each payment is paid and known" {
    for code in mpesa flutterwave pesapal; do
        sl-config primary -s greenhill -p "$code" > /dev/null
        id=$(request 0711000001)
        [ "$(payment "$id" provider)" = "$code" ]
        until_true works_to "$id" succeeded
        [ "$(payment "$id" receipt)" != null ]
        sl-pay receipt "$id" > /dev/null
        sl-pay verify "$id" > /dev/null
    done
    [ "$(sl-pay list -s greenhill -f ndjson | wc -l)" -eq 3 ]
    sl-logs verify > /dev/null
}

@test "a link is printed and pending, and its notification alone makes the query due" {
    for code in flutterwave pesapal; do
        run ask "$code" 0711000002
        [ "$status" -eq 0 ]
        id=$(field id <<< "$output")
        [ "$(field status <<< "$output")" = pending ]
        [[ "$(field checkout_url <<< "$output")" == "$SL_SANDBOX_URL/$code/"* ]]
        until_true was_told "$code"
        [ "$(payment "$id" receipt)" = null ] # a notification settles nothing by itself
        [[ "$(payment "$id" status)" == pending || "$(payment "$id" status)" == succeeded ]]
        until_true works_to "$id" succeeded
        [ "$(sql "SELECT asks FROM integration_queue WHERE operation = 'payment.request' AND public_id = '$id'")" -eq 0 ]
    done
}

@test "a page on which a try failed is pending, and paid by the next" {
    for code in flutterwave pesapal; do
        asked=$(ask "$code" 0799900003)
        id=$(field id <<< "$asked")
        until_true was_told "$code"
        work
        sl-pay verify "$id" > /dev/null
        payment_is "$id" pending
        curl -sS -o /dev/null "$(field checkout_url <<< "$asked")"
        until_true works_to "$id" succeeded
    done
}

@test "another amount than was asked for is flagged and never a success" {
    for code in flutterwave pesapal; do
        id=$(ask "$code" 0799900011 | field id)
        until_true works_to "$id" unknown
        [[ "$(payment "$id" mismatch)" == *"101.00, not 100.00"* ]]
        sl-pay verify "$id" > /dev/null || true
        payment_is "$id" unknown
    done
}

@test "a prompt by Flutterwave, refused by the payer" {
    sl-config set -s greenhill -p flutterwave charge=mpesa > /dev/null
    asked=$(ask flutterwave 0799900001)
    [ "$(field checkout_url <<< "$asked")" = null ]
    id=$(field id <<< "$asked")
    until_true works_to "$id" failed
    [[ "$(payment "$id" error)" == *terminated_by_user* ]]
    id=$(ask flutterwave 0711000004 | field id)
    until_true works_to "$id" succeeded
}

@test "a charge whose answer was lost is found by our reference, not charged again" {
    sl-config set -s greenhill -p flutterwave charge=mpesa > /dev/null
    run ask flutterwave 0799900015
    [ "$status" -eq 75 ]
    id=$(field id <<< "$output")
    until_true works_to "$id" succeeded
    sl-pay verify "$id" > /dev/null
    [ "$(seen flutterwave charge)" -eq 1 ]
}

# overdue ID: the questions of a lost request have been asked, and its patience is over.
overdue() {
    sql "UPDATE integration_queue SET next_attempt_at = 1, last_attempt_at = last_attempt_at - 3600000 WHERE public_id = '$1' AND operation = 'payment.request' AND status = 'processing'"
}

@test "a charge that was never made is made once more, after the provider said so" {
    sl-config set -s greenhill -p flutterwave charge=mpesa > /dev/null
    sl-sandbox scenario server-error > /dev/null
    run ask flutterwave 0711000005
    [ "$status" -eq 75 ]
    id=$(field id <<< "$output")
    sl-sandbox scenario ok > /dev/null
    [ "$(seen flutterwave charge)" -eq 0 ]
    sl-pay verify "$id" > /dev/null # which finds that nobody has heard of it
    [ "$(sql "SELECT asked_state FROM payments WHERE public_id = '$id'")" = absent ]
    payment_is "$id" unknown
    overdue "$id"
    until_true works_to "$id" succeeded
    [ "$(seen flutterwave charge)" -eq 1 ]
}

@test "what nobody has been asked about is not sent again" {
    sl-config set -s greenhill -p flutterwave charge=mpesa > /dev/null
    sl-sandbox scenario server-error > /dev/null
    id=$(ask flutterwave 0711000006 | field id) || true
    sl-sandbox scenario ok > /dev/null
    overdue "$id"
    work
    payment_is "$id" unknown
    [ "$(seen flutterwave charge)" -eq 0 ]
}

# sent_again ID: whether it has a link, after its pause is cut short.
sent_again() {
    sql "UPDATE integration_queue SET next_attempt_at = 1 WHERE status = 'pending'"
    work
    [ "$(payment "$1" checkout_url)" != null ]
}

@test "an order whose answer was lost is made anew under another id" {
    ask pesapal 0711000001 > /dev/null # the address is registered now
    sl-sandbox scenario lost-answer > /dev/null
    run ask pesapal 0711000002
    [ "$status" -eq 75 ]
    id=$(field id <<< "$output")
    sl-sandbox scenario ok > /dev/null
    until_true sent_again "$id"
    sl-sandbox seen pesapal | jq -e -s --arg id "$id" 'map(select(.operation == "order").reference) | index($id + "-2")'
    until_true works_to "$id" succeeded
}

@test "the address for notifications is registered once, and again when a person removed it" {
    ask pesapal 0711000007 > /dev/null
    ask pesapal 0711000008 > /dev/null
    [ "$(seen pesapal register_ipn)" -eq 1 ]
    sql "SELECT kind, key, value FROM facts" > "$BATS_TEST_TMPDIR/facts"
    grep -q '^ipn|' "$BATS_TEST_TMPDIR/facts"
    ! grep -q /hooks/ "$BATS_TEST_TMPDIR/facts"
    curl -sS -X POST "$SL_SANDBOX_URL/_sandbox/reset" > /dev/null # it is gone there
    sql "DELETE FROM oauth_tokens"
    id=$(ask pesapal 0711000009 | field id)
    [ "$(seen pesapal register_ipn)" -eq 1 ]
    until_true works_to "$id" succeeded
}

@test "notifications by GET" {
    sl-config set -s greenhill -p pesapal notification_method=GET > /dev/null
    id=$(ask pesapal 0711000010 | field id)
    until_true was_told pesapal
    until_true works_to "$id" succeeded
}

@test "an order that nobody paid for a day is cancelled and has expired" {
    asked=$(ask pesapal 0799900005)
    id=$(field id <<< "$asked")
    sl-pay verify "$id" > /dev/null
    payment_is "$id" pending
    sql "UPDATE payments SET created_at = created_at - 86400000 WHERE public_id = '$id'"
    sl-pay verify "$id" > /dev/null
    payment_is "$id" expired
    [ "$(seen pesapal cancel)" -eq 1 ]
    [ "$(curl -sS -o /dev/null -w '%{http_code}' "$(field checkout_url <<< "$asked")")" = 410 ]
    # Flutterwave's links die by themselves
    id=$(ask flutterwave 0799900005 | field id)
    sl-pay verify "$id" > /dev/null
    payment_is "$id" pending
    sql "UPDATE payments SET created_at = created_at - 93600000 WHERE public_id = '$id'"
    sl-pay verify "$id" > /dev/null
    payment_is "$id" expired
}

@test "a refund by Flutterwave, in two parts" {
    id=$(ask flutterwave 0711000011 | field id)
    until_true works_to "$id" succeeded
    run sl-pay refund "$id" --amount 40 -f json
    [ "$status" -eq 0 ]
    [ "$(field status <<< "$output")" = succeeded ]
    payment_is "$id" succeeded
    run sl-pay refund "$id" --amount 70
    [ "$status" -eq 65 ]
    sl-pay refund "$id" --amount 60 > /dev/null
    payment_is "$id" refunded
    [ "$(seen flutterwave refund)" -eq 2 ]
}

@test "a refund by Pesapal is taken, and done when its people have done it" {
    id=$(ask pesapal 0711000012 | field id)
    until_true works_to "$id" succeeded
    run --separate-stderr sl-pay refund "$id" --amount 40
    [ "$status" -eq 65 ] # in full, or by force
    run sl-pay refund "$id" --reason 'Paid twice' -f json
    [ "$status" -eq 0 ]
    [ "$(field status <<< "$output")" = pending ]
    refund=$(field id <<< "$output")
    run --separate-stderr sl-pay refund "$id"
    [ "$status" -eq 65 ]
    curl -sS "$SL_SANDBOX_URL/_sandbox/fire/pesapal" -d "{\"event\":\"approve\",\"reference\":\"$id\"}" > /dev/null
    until_true sql "UPDATE integration_queue SET next_attempt_at = 1 WHERE operation = 'payment.refund'"
    until_true sh -c "sl-queue-run -q; sl-pay status $refund -f json | grep -q '\"status\":\"succeeded\"'"
    payment_is "$id" refunded
}

# post PATH HEADER BODY: the status and body of the answer.
post() { curl -sS -w ' %{http_code}' "http://$hooks$1" -H "$2" -H 'Content-Type: application/json' -d "$3"; }

@test "a notification finds payments of its own school and provider alone" {
    id=$(ask pesapal 0799900006 | field id) # its own notification never comes
    tracking=$(payment "$id" external_reference)
    school hillside
    { printf '%s\n' consumer_key=sandbox-key consumer_secret=sandbox-secret callback_url=https://hillside.example/paid; } |
        sl-config set -s hillside -p pesapal --from - --quiet > /dev/null
    url=$(sl-config webhook add -s hillside -p pesapal -f json 2> /dev/null | field url)
    path=/${url#*//*/}
    body="{\"OrderNotificationType\":\"IPNCHANGE\",\"OrderTrackingId\":\"$tracking\",\"OrderMerchantReference\":\"$id\"}"
    run post "$path" X-Nothing:1 "$body"
    [ "$output" = "{\"orderNotificationType\":\"IPNCHANGE\",\"orderTrackingId\":\"$tracking\",\"orderMerchantReference\":\"$id\",\"status\":200} 200" ]
    until_true sh -c "sqlite3 '$SL_DATABASE' \"SELECT note FROM webhook_events WHERE state = 'ignored'\" | grep -q 'no payment of this school'"
    [ "$(sql "SELECT count(*) FROM payments WHERE told_state IS NOT NULL")" -eq 0 ]
    [ "$(sql "SELECT count(*) FROM integration_queue WHERE operation = 'payment.verify'")" -eq 0 ]
}

@test "a callback of Flutterwave without its secret is refused" {
    id=$(ask flutterwave 0799900006 | field id)
    url=$(sl-config webhook add -s greenhill -p flutterwave -f json 2> /dev/null | field url)
    path=/${url#*//*/}
    body="{\"event\":\"charge.completed\",\"data\":{\"id\":1,\"tx_ref\":\"$id\",\"status\":\"successful\",\"amount\":100,\"currency\":\"KES\"}}"
    [ "$(post "$path" 'verif-hash: sandbox-hasi' "$body")" = ' 401' ]
    [ "$(post "$path" 'X-Nothing: 1' "$body")" = ' 401' ]
    [ "$(sql "SELECT count(*) FROM webhook_events")" -eq 0 ]
    [ "$(post "$path" 'verif-hash: sandbox-hash' "$body")" = ' 200' ]
    until_true was_told flutterwave
    work # asks, and nobody has paid yet but the sandbox's payer
    [[ "$(payment "$id" status)" == pending || "$(payment "$id" status)" == succeeded ]]
}

@test "the address that webhook add makes is a setting, sealed and not shown" {
    sl-config show -s greenhill -p pesapal -f json > "$BATS_TEST_TMPDIR/shown"
    ! grep -Eq '[0-9a-f]{32}' "$BATS_TEST_TMPDIR/shown"
    url=$(sl-config webhook add -s greenhill -p pesapal -f json 2> /dev/null | field url)
    token=$(grep -oE '[0-9a-f]{32}' <<< "$url")
    ! strings "$SL_DATABASE" "$SL_DATABASE-wal" | grep -q "$token"
    id=$(ask pesapal 0711000013 | field id)
    until_true works_to "$id" succeeded
    ! strings "$SL_DATABASE" "$SL_DATABASE-wal" | grep -q "$token"
}

@test "test tells what is set up and what is not" {
    run --separate-stderr sl-config test -s greenhill -p flutterwave
    [ "$status" -eq 0 ]
    [[ "$stderr" == *"knows the secret key"* ]]
    run --separate-stderr sl-config test -s greenhill -p pesapal
    [ "$status" -eq 0 ]
    [[ "$stderr" == *"key, secret and environment fit"* ]]
    printf 'consumer_secret=wrong-secret-0000\n' | sl-config set -s greenhill -p pesapal --from - --quiet > /dev/null
    run --separate-stderr sl-config test -s greenhill -p pesapal
    [ "$status" -eq 77 ]
}

@test "settings of everyone cannot hold an address of one school" {
    { printf '%s\n' consumer_key=sandbox-key consumer_secret=sandbox-secret callback_url=https://all.example/paid; } |
        sl-config set -s everyone -p pesapal --from - --quiet > /dev/null
    school hillside
    run --separate-stderr sl-config webhook add -s hillside -p pesapal
    [ "$status" -eq 78 ]
    [[ "$stderr" == *"none of its own"* ]]
    [ "$(sql "SELECT count(*) FROM integration_webhooks w JOIN schools s ON s.id = w.school_id WHERE s.code = 'hillside'")" -eq 0 ]
}
