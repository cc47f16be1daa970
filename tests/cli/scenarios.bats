load helpers
load running
# From a command to what the provider did and back, with real processes: sandbox, daemon, runner.

setup() { start_all; }
teardown() { stop_all; }

isnt() { [ "$("${@:2}")" != "$1" ]; }

# idle: works what is due; whether nothing is left that waits to be sent.
idle() {
    work
    [ "$(sql "SELECT count(*) FROM integration_queue WHERE status = 'pending' OR (status = 'processing' AND waits_for IS NULL AND runner IS NOT NULL)")" -eq 0 ]
}

# callbacks: how many the daemon has stored.
stored() { [ "$(sql "SELECT count(*) FROM webhook_events WHERE $1")" -ge "${2:-1}" ]; }

@test "STK push to recorded payment" {
    sl-config school edit greenhill --receipt-template 'Received {currency} {amount}, {receipt}' > /dev/null
    id=$(request 0711000001)
    settled "$id" succeeded
    until_true isnt null payment "$id" receipt
    [ "$(payment "$id" amount)" = 100.00 ]
    until_true sh -c "sl-queue-run -q; sl-sandbox seen africastalking | grep -q 'Received KES 100'"
    work
    [ "$(counted pushes)" -eq 1 ]
    [ "$(sl-sandbox seen africastalking | grep -c 'Received KES 100')" -eq 1 ]
    sl-logs verify > /dev/null
}

@test "SMS to delivered" {
    id=$(sl-sms send -m 'School opens on Monday' 0711000001 -f json | field id)
    until_true sh -c "sl-sms status $id -f json | grep -q '\"status\":\"delivered\"'"
    [ "$(sl-sms status "$id" -f json | field cost)" = 0.8000 ]
    # the log knows the call by the message's own id
    [ "$(sl-logs list --reference "$id" -f json | jq -r '[.[] | select(.direction == "outbound") | .reference_id] | join(" ")')" = "$id" ]
}

# paid CHECKOUT AMOUNT: a callback of the right shape.
paid() {
    printf '{"Body":{"stkCallback":{"MerchantRequestID":"x","CheckoutRequestID":"%s","ResultCode":0,"ResultDesc":"ok","CallbackMetadata":{"Item":[{"Name":"Amount","Value":%s},{"Name":"MpesaReceiptNumber","Value":"FORGED1234"},{"Name":"TransactionDate","Value":20260105143000},{"Name":"PhoneNumber","Value":254711000001}]}}}}' "$1" "$2"
}

# post URL BODY: the status of the answer.
post() { curl -s -o /dev/null -w '%{http_code}' "$1" -H 'Content-Type: application/json' -d "$2"; }

# overheard PHONE: asks for a payment; its id in $id, where its callback goes in $callback, as
# one who listens on the line would know it.
overheard() {
    local trace=$BATS_TEST_TMPDIR/trace
    strace -E ASAN_OPTIONS=detect_leaks=0 -f -s 4096 -e trace=sendto -o "$trace" \
        sl-pay request --phone "$1" --amount 100 --reference ADM1024 -f json > "$BATS_TEST_TMPDIR/asked"
    id=$(field id < "$BATS_TEST_TMPDIR/asked")
    callback=$(grep -o 'http:[\\/]*127[^"]*/stk' "$trace" | tr -d '\\' | tail -n 1)
    [[ "$callback" == "http://$hooks/hooks/k/"* ]]
}

@test "invalid webhook signature" {
    overheard 0799900006 # its genuine callback never comes
    checkout=$(payment "$id" external_reference)
    token=${callback%/stk}
    token=${token##*/}
    flipped=$(tr 0-9a-f 1-9a-f0 <<< "$token")
    for path in "/hooks/k/$flipped/stk" /hooks/k/0123456789abcdef0123456789abcdef/stk \
        /webhooks/mpesa/callback /hooks/k/stk "/hooks/at/$token/dlr"; do
        code=$(post "http://$hooks$path" "$(paid "$checkout" 100)")
        [ "$code" = 404 ] || [ "$code" = 403 ]
    done
    payment_is "$id" pending
    [ "$(sql 'SELECT count(*) FROM webhook_events')" -eq 0 ]
    [ "$(sql "SELECT count(*) FROM payments WHERE told_state IS NOT NULL OR told_receipt IS NOT NULL")" -eq 0 ]
    # and the right one is taken: the refusals were of the tokens, not of the body
    [ "$(post "$callback" "$(paid "$checkout" 100)")" = 200 ]
    until_true stored "state = 'done'"
}

@test "retry after failure" {
    sl-sandbox scenario busy > /dev/null
    run request 0711000002
    id=$output
    payment_is "$id" initiated
    sl-sandbox scenario ok > /dev/null
    sql "UPDATE integration_queue SET next_attempt_at = 1 WHERE status = 'pending'"
    settled "$id" succeeded
    [ "$(counted paid)" -eq 1 ]
}

@test "every second request fails, and each message still arrives once" {
    # 500 is unknown for a text, so only what was refused as busy may be sent again
    for n in 1 2 3 4; do sl-sms send -m "flaky $n" 0799900014 > /dev/null 2>&1 || true; done
    until_true idle
    [ "$(counted duplicated)" -eq 0 ]
    sent=$(sql "SELECT count(*) FROM messages WHERE status IN ('sent', 'delivered')")
    [ "$sent" -eq "$(counted distinct)" ]
    [ $((sent + $(sql "SELECT count(*) FROM messages WHERE status = 'unknown'"))) -eq 4 ]
    [ "$sent" -ge 2 ]
    # a payer who was asked by a flaky provider was asked once
    pay() { sl-pay request --phone 0799900014 --amount "10$1" --reference "FLAKY$1" > /dev/null 2>&1 || true; }
    for n in 1 2 3 4; do pay "$n"; done
    sql "UPDATE integration_queue SET next_attempt_at = 1 WHERE status = 'pending'"
    until_true idle
    until_true is "$(counted pushes)" counted paid
    [ "$(sl-sandbox seen mpesa | jq -r 'select(.operation == "stk_push").reference' | sort | uniq -d)" = "" ]
    [ "$(counted pushes)" -ge 2 ]
}

@test "too many requests hold the queue, cost no attempt, and all is sent afterwards" {
    sl-sandbox scenario rate-limited > /dev/null
    run -75 --separate-stderr sl-sms send -m limited 0711000001 -f json
    [ "$(field status <<< "$output")" = queued ]
    run -75 --separate-stderr sl-pay request --phone 0711000001 --amount 100 --reference ADM1024 -f json
    id=$(field id <<< "$output")
    [ "$(sql "SELECT sum(attempts) FROM integration_queue")" -eq 0 ]
    refused=$(counted refused)
    work # while the provider's hold lasts, it is left alone
    [ "$(counted refused)" -le $((refused + 1)) ]
    sl-sandbox scenario ok > /dev/null
    settled "$id" succeeded
    until_true idle
    [ "$(counted messages)" -eq 1 ]
    [ "$(counted pushes)" -eq 1 ]
}

@test "what was claimed before the provider said too many waits with the rest" {
    sl-sandbox scenario rate-limited > /dev/null
    printf 'phone,n\n%s\n' 0711000001,1 0711000002,2 0711000003,3 > "$BATS_TEST_TMPDIR/list"
    run -75 sl-sms bulk -m 'limited {n}' --file "$BATS_TEST_TMPDIR/list" --yes -q --detach
    sl-queue-run --quiet --connections 1 --max 3
    [ "$(counted refused)" -eq 1 ]
}

# retried: what is pending, and its account, need not wait any more.
retried() {
    sql "UPDATE integration_queue SET next_attempt_at = 1 WHERE status = 'pending'"
    sql "UPDATE accounts SET open_boot_ms = 0"
    work
}

@test "a provider that is away for longer than five attempts fails nothing, and when it is back all is sent once" {
    kill "$sandbox"
    wait "$sandbox" || true
    printf 'phone,name\n0711000001,A\n0711000002,B\n0711000003,C\n' > "$BATS_TEST_TMPDIR/list"
    run -75 sl-sms bulk -m 'Dear {name}' --yes --file "$BATS_TEST_TMPDIR/list"
    for _ in 1 2 3 4 5 6 7; do retried; done
    [ "$(sql "SELECT count(*), sum(attempts) FROM integration_queue WHERE status = 'pending'")" = '3|0' ]
    [ "$(sql "SELECT max(opened) FROM accounts")" -ge 4 ] # and was asked ever more rarely
    start sandbox sl-sandbox serve --listen "${SL_SANDBOX_URL#http://}"
    until_true sent_all
    [ "$(counted messages)" -eq 3 ]
    [ "$(counted duplicated)" -eq 0 ]
}
sent_all() {
    retried
    [ "$(sql "SELECT count(*) FROM messages WHERE status IN ('sent', 'delivered')")" -eq 3 ]
}

# at_once COMMAND...: three of it at the same time; each must succeed.
at_once() {
    local pids=() pid
    for _ in 1 2 3; do
        "$@" > /dev/null 2>> "$BATS_TEST_TMPDIR/at_once.err" 3>&- &
        pids+=($!)
    done
    for pid in "${pids[@]}"; do wait "$pid"; done
}

asks() { sl-pay request --phone 0711000004 --amount 100 --reference ADM1024; }

@test "token expiry" {
    [ -n "$(request 0711000003)" ]
    [ "$(counted tokens)" -eq 1 ]
    # somebody else asks for a token: ours is dead, and renewed once
    curl -sS -o /dev/null -u sandbox-key:sandbox-secret "$SL_SANDBOX_URL/oauth/v1/generate?grant_type=client_credentials"
    id=$(request 0711000004)
    settled "$id" succeeded
    [ "$(counted tokens)" -eq 3 ]
    [ "$(counted pushes)" -eq 2 ]
    # one that the provider forgot before its time: refused once, renewed, and the push made
    id=$(request 0799900020)
    settled "$id" succeeded
    [ "$(counted tokens)" -eq 4 ]
    [ "$(counted pushes)" -eq 3 ]
}

@test "a token that is over, dead or near its end is renewed once for all that need it" {
    # the others come while the first one waits for its answer
    curl -sS -o /dev/null "$SL_SANDBOX_URL/_sandbox/settings" -d '{"latency_ms":300}'
    at_once asks
    [ "$(counted tokens)" -eq 1 ]
    sql 'UPDATE oauth_tokens SET expires_at = 1000'
    at_once asks
    [ "$(counted tokens)" -eq 2 ]
    curl -sS -o /dev/null -u sandbox-key:sandbox-secret "$SL_SANDBOX_URL/oauth/v1/generate?grant_type=client_credentials"
    at_once asks
    [ "$(counted tokens)" -eq 4 ]
    # and one that ends soon is renewed ahead
    sql "UPDATE oauth_tokens SET expires_at = $(date +%s)000 + 200000"
    at_once sl-oauth-refresh
    [ "$(counted tokens)" -eq 5 ]
    [ "$(sql 'SELECT expires_at - renewed_at > 1000000 FROM oauth_tokens')" = 1 ]
    [ "$(counted pushes)" -eq 9 ]
}

@test "the payer's no, a wrong PIN and silence are told apart" {
    no=$(request 0799900001) pin=$(request 0799900002) unreached=$(request 0799900004)
    late=$(request 0799900005)
    settled "$no" cancelled
    settled "$pin" failed
    settled "$unreached" failed
    settled "$late" expired
    [[ "$(payment "$pin" error)" == *2001* ]]
}

@test "a forged callback, or one with another amount, never makes a payment succeed" {
    forged=$(request 0799900009) wrong=$(request 0799900011)
    settled "$forged" succeeded # by its genuine callback and the query
    until_true isnt null payment "$wrong" mismatch # else the query may be first, which is another case
    settled "$wrong" unknown
    [[ "$(payment "$wrong" error)" == "paid KES 99.00 of KES 100.00 by receipt "* ]]
}

@test "a right token that says paid is not believed while the query says cancelled" {
    overheard 0799900001
    settled "$id" cancelled
    [ "$(post "$callback" "$(paid "$(payment "$id" external_reference)" 100)")" = 200 ]
    until_true stored "kind = 'payment' AND state = 'done'" 2
    queries() { sl-sandbox seen mpesa | grep -c stk_query || true; }
    before=$(queries)
    work
    sl-pay reconcile --older-than 0s > /dev/null
    [ "$(queries)" -gt "$before" ] # it was asked, and believed
    payment_is "$id" cancelled
    [ "$(payment "$id" receipt)" = null ]
    [ "$(sl-sandbox seen africastalking)" = "" ]
}

@test "a right token with another amount is flagged, and never believed by itself" {
    overheard 0799900006
    checkout=$(payment "$id" external_reference)
    [ "$(post "$callback" "$(paid "$checkout" 1)")" = 200 ]
    until_true stored "state = 'done'"
    ! payment_is "$id" succeeded
    [ "$(payment "$id" mismatch)" != null ]
    [ "$(payment "$id" receipt)" = null ]
    work
    sl-pay reconcile --older-than 0s > /dev/null || true
    [ "$(payment "$id" receipt)" != FORGED1234 ]
    [ "$(payment "$id" amount)" = 100.00 ]
}

@test "an amount that cannot be read is flagged, keeps its receipt, and a person decides" {
    overheard 0799900006
    checkout=$(payment "$id" external_reference)
    for amount in -100 1e22 1e300 99.996 100.004 '"abc"' true; do
        [ "$(post "$callback" "$(paid "$checkout" "$amount")")" = 200 ]
    done
    [ "$(post "$callback" "$(paid "$checkout" 1 | sed 's/{"Name":"Amount","Value":1},//')")" = 200 ]
    until_true stored "state = 'done'" 8
    settled "$id" unknown
    for amount in -100 1e22 1e300 99.996 100.004 abc; do
        [[ "$(payment "$id" mismatch)" == *"a callback tells the amount '$amount' by receipt FORGED1234, not 100.00"* ]]
    done
    [[ "$(payment "$id" mismatch)" == *"a callback tells no amount that can be read by receipt FORGED1234"* ]]
    run -65 --separate-stderr sl-pay verify "$id" --accept FORGED1234
    [[ "$stderr" == *"no callback tells an amount"*"--amount names the right one"* ]]
    run -0 --separate-stderr sl-pay verify "$id" --accept FORGED1234 --amount 100 -f json
    [ "$(jq -r '[.status, .amount, .receipt] | join(" ")' <<< "$output")" = "succeeded 100.00 FORGED1234" ]
}

@test "another amount is the same doubt, whether it is told before the query or after" {
    overheard 0799900006
    settled "$id" succeeded
    checkout=$(payment "$id" external_reference)
    [ "$(post "$callback" "$(paid "$checkout" 1)")" = 200 ]
    until_true payment_is "$id" unknown
    run -1 --separate-stderr sl-pay verify "$id" -f json
    [ "$(field status <<< "$output")" = unknown ]
    [ "$(field error <<< "$output")" = "paid KES 1.00 of KES 100.00 by receipt FORGED1234, as its callback tells" ]
    [[ "$stderr" == *"sl-pay verify $id --accept RECEIPT"*"sl-pay refund $id"* ]]
    [ "$(field awaited <<< "$output")" = "a person: \`sl-pay verify $id --accept RECEIPT\`" ]
    run -65 sl-pay receipt "$id"
    [ "$(counted pushes)" -eq 1 ]
}

@test "a callback whose code cannot be read, or at another address, changes nothing of the payment" {
    overheard 0799900006
    before=$(sl-pay status "$id" -f json)
    body="{\"Body\":{\"stkCallback\":{\"CheckoutRequestID\":\"$(payment "$id" external_reference)\",\"ResultCode\":\"zero\",\"ResultDesc\":\"it is so\"}}}"
    [ "$(post "$callback" "$body")" = 200 ]
    for word in result timeout; do
        [ "$(post "${callback%stk}$word" '{"Result":{"ResultCode":0}}')" = 404 ]
    done
    [ "$(sl-webhook events -f json | jq -c 'map([.kind, .state])')" = '[["unreadable","ignored"]]' ]
    [ "$(sl-pay status "$id" -f json)" = "$before" ]
}

@test "the audit trail tells a question that was answered with an error, and ids as they are" {
    curl -sS "$SL_SANDBOX_URL/_sandbox/settings" -d '{"callback_ms":600000}' > /dev/null
    overheard 0711000001
    sl-pay verify "$id" > /dev/null 2>&1 || true # the payer has not decided yet
    [ "$(sql "SELECT status, status_code, error_message FROM integration_logs WHERE operation = 'payment.verify' ORDER BY id LIMIT 1")" = "failed|500|The transaction is being processed" ]
    body='{"Body":{"stkCallback":{"MerchantRequestID":"29115-712345678-1","CheckoutRequestID":"'$(payment "$id" external_reference)'","ResultCode":1032}}}'
    [ "$(post "$callback" "$body")" = 200 ]
    until_true is 1 sql "SELECT count(*) FROM integration_logs WHERE operation = 'webhook.stk' AND request_data LIKE '%29115-712345678-1%'"
}

# in_doubt: a payment of which KES 99 of 100 was paid; its id in $id, the receipt in $receipt.
in_doubt() {
    sql "UPDATE schools SET receipt_template = '{currency} {amount}, {receipt}'"
    id=$(request 0799900011)
    until_true isnt null payment "$id" mismatch
    settled "$id" unknown
    receipt=$(sl-sandbox seen mpesa | jq -r 'select(.operation == "stk_push").receipt')
}

@test "a person accepts another amount by its receipt, and the payer is told what was paid" {
    in_doubt
    run -65 --separate-stderr sl-pay verify "$id" --accept NOSUCH
    run -65 sl-pay verify "$id" --accept "$receipt" --amount 100
    run -65 sl-pay verify "$id" --accept "$receipt" --amount some
    run -64 sl-pay verify "$id" --amount 99
    payment_is "$id" unknown
    run -0 --separate-stderr sl-pay verify "$id" --accept "$receipt" -f json
    [ "$(jq -r '[.status, .amount, .receipt, .error] | map(. // "-") | join(" ")' <<< "$output")" = "succeeded 99.00 $receipt -" ]
    [ "$(sql "SELECT count(*) FROM integration_logs WHERE operation = 'payment.accept' AND actor IS NOT NULL")" -eq 1 ]
    run -65 sl-pay verify "$id" --accept "$receipt" # it is decided
    work
    [ "$(sl-sandbox seen africastalking | jq -r .text)" = "KES 99.00, $receipt" ]
    [[ "$(sl-pay receipt "$id")" == *"99.00"* ]]
}

@test "a forged receipt that came first is corrected by a person, also by the statement alone" {
    overheard 0799900006
    checkout=$(payment "$id" external_reference)
    [ "$(post "$callback" "$(paid "$checkout" 100)")" = 200 ]
    settled "$id" succeeded
    [ "$(payment "$id" receipt)" = FORGED1234 ]
    [ "$(post "$callback" "$(paid "$checkout" 100 | sed s/FORGED1234/GENUINE003/)")" = 200 ]
    until_true isnt null payment "$id" mismatch
    run -0 --separate-stderr sl-pay verify "$id" --accept GENUINE003 -f json
    [ "$(jq -r '[.status, .receipt] | join(" ")' <<< "$output")" = "succeeded GENUINE003" ]
    run -65 --separate-stderr sl-pay verify "$id" --accept NLJ7RT61SV
    [[ "$stderr" == *"no callback of payment $id tells receipt 'NLJ7RT61SV'"*"--amount"* ]]
    run -65 sl-pay verify "$id" --accept 'NLJ 7RT61SV' --amount 100
    run -0 sl-pay verify "$id" --accept NLJ7RT61SV --amount 100
    [ "$(payment "$id" receipt)" = NLJ7RT61SV ]
    [ "$(sql "SELECT count(*) FROM integration_logs WHERE operation = 'payment.accept' AND actor IS NOT NULL")" -eq 2 ]
}

@test "of another amount what was paid is given back, and no more" {
    in_doubt
    [ "$(payment "$id" awaited)" = "a person: \`sl-pay verify $id --accept RECEIPT\`" ]
    [ "$(sl-queue list --operation payment.request -f json | field awaited)" = "$(payment "$id" awaited)" ]
    run -65 sl-pay refund "$id" --amount 100
    run -0 --separate-stderr sl-pay refund "$id" --reason 'Wrong amount' -f json
    [ "$(field amount <<< "$output")" = 99.00 ]
    until_true payment_is "$id" refunded
    [ "$(payment "$id" amount)" = 99.00 ]
    [ "$(counted reversed)" -eq 1 ]
    [ "$(sl-sandbox seen mpesa | jq -r 'select(.operation == "reversal") | "\(.transaction_id) \(.amount)"')" = "$receipt 99" ]
}

@test "early, late, doubled and contradicting callbacks pay once" {
    early=$(request 0799900028) late=$(request 0799900007) twice=$(request 0799900008)
    both=$(request 0799900010)
    for id in "$early" "$late" "$twice" "$both"; do settled "$id" succeeded; done
    [ "$(sql "SELECT count(*) FROM payments WHERE status = 'succeeded'")" -eq 4 ]
    [ "$(sql "SELECT count(DISTINCT receipt) = count(receipt) FROM payments")" -eq 1 ]
}

@test "a push that was answered with an error is unknown, and says what is awaited" {
    sl-sandbox scenario server-error > /dev/null
    run -75 --separate-stderr sl-pay request --phone 0711000001 --amount 100 --reference ADM1024 -f json
    [ "$(field status <<< "$output")" = unknown ]
    [[ "$(field error <<< "$output")" == "the answer was lost ("*"): its callback is awaited" ]]
    [[ "$stderr" == *"whether the payer was asked is not known yet"* ]]
}

@test "a push whose answer was lost is not sent again; its callback settles it" {
    run -75 sl-pay request --phone 0799900015 --amount 100 --reference ADM1024
    id=$(sl-pay list -f json | field id)
    settled "$id" succeeded
    [ "$(counted pushes)" -eq 1 ]
}

@test "without a callback the query settles it, and the receipt stays unknown" {
    id=$(request 0799900006)
    settled "$id" succeeded
    [ "$(payment "$id" receipt)" = null ]
}

@test "what a provider answers in bad forms is never taken for success" {
    for scenario in 21 22 23 24 25; do
        run sl-sms send -m "scenario $scenario" "07999000$scenario" -f json
        [ "$(field status <<< "$output")" = unknown ]
    done
    run sl-sms send -m escapes 0799900026
    [[ "$output" != *$'\e'* ]]
}

@test "the blacklist, an unknown sender and an empty balance are told in words" {
    run -1 --separate-stderr sl-sms send -m hello 0799900018 -f json
    [[ "$(field error <<< "$output")" == *UserInBlacklist* ]]
    run -1 --separate-stderr sl-sms send -m hello 0799900019 -f json
    [[ "$(field error <<< "$output")" == *InvalidSenderId* ]]
    run -75 --separate-stderr sl-sms send -m hello 0799900017 -f json
    [[ "$(field error <<< "$output")" == *InsufficientBalance* ]]
}

# Nothing in the way of the account any more.
at_rest() { [ "$(sl-queue stats -f json 2> /dev/null | jq -c '[.held, .blocked, .breakers_open, .paused]')" = '[0,0,0,[]]' ]; }

@test "an empty balance holds the account; everybody says until when and why, and a test that passes lifts it" {
    sl-sandbox scenario insufficient-balance > /dev/null
    run -75 --separate-stderr sl-sms send -m hello 0711000001 -f json
    [[ "$stderr" == *"held until 20"*Z:*InsufficientBalance* ]]
    run -75 --separate-stderr sl-sms send -m hello 0711000002 -f json
    [[ "$stderr" == *"held until 20"*Z:*InsufficientBalance* ]]
    run --separate-stderr sl-queue stats -f json
    [ "$(field held <<< "$output")" -eq 1 ]
    [[ "$(jq -r '.paused[0].why' <<< "$output")" == "held until 20"*InsufficientBalance* ]]
    [[ "$stderr" == *"africastalking is held until"*InsufficientBalance* ]]
    run sl-queue stats --check
    [ "$status" -eq 1 ]
    [[ "$output" == "WARNING - "*"1 held (africastalking is held until"*InsufficientBalance*" | "* ]]
    [[ "$(sl-queue stats --metrics -)" == *'shulelabs_account_held{provider="africastalking",'*'} 1'* ]]
    run -1 sl-config doctor
    [[ "$output" == *"account at africastalking"*"held until"*InsufficientBalance* ]]
    work
    [ "$(counted messages)" -eq 0 ]
    sl-sandbox scenario ok > /dev/null
    run --separate-stderr sl-config test -p africastalking
    [ "$status" -eq 0 ]
    [[ "$stderr" == *"sent again"* ]]
    at_rest
    work
    [ "$(counted distinct)" -eq 2 ]
}

@test "after a top-up resume goes on at once, but not before the time that the provider asked for" {
    sl-sandbox scenario insufficient-balance > /dev/null
    run -75 --separate-stderr sl-sms send -m hello 0711000001 0711000002 -f json
    batch=$(field batch <<< "$output")
    sl-sandbox scenario ok > /dev/null
    sql "UPDATE accounts SET held = NULL"
    run -75 --separate-stderr sl-sms resume "$batch"
    [[ "$stderr" == *"held until"*"asked to wait"* ]]
    [ "$(counted messages)" -eq 0 ]
    sql "UPDATE accounts SET held = 'InsufficientBalance'"
    run -0 sl-sms resume "$batch"
    [ "$(counted distinct)" -eq 2 ]
    at_rest
}

@test "a list that the provider finds too long goes in halves, one each and as no attempt" {
    sl-sandbox scenario too-large > /dev/null
    cd "$BATS_TEST_TMPDIR"
    { echo phone; seq -f '+2547110%05.0f' 1 37; } > list.csv
    run -0 --separate-stderr sl-sms bulk -m 'School opens on Monday' --file list.csv --yes -f json
    [ "$(field sent <<< "$output")" -eq 37 ]
    [ "$(counted distinct)" -eq 37 ]
    [ "$(counted duplicated)" -eq 0 ]
    # 37 in one, then 19 and 18, then 10, 9, 9 and 9
    [ "$(sql "SELECT count(*), max(attempts), min(status) FROM integration_queue WHERE operation = 'sms.send'")" = '4|1|completed' ]
    [ "$(sql "SELECT count(*) FROM integration_logs WHERE operation = 'sms.send' AND status = 'failed'")" -eq 3 ]
    run -0 sl-logs verify
}

# refusing: how many of the two providers have an account that is blocked or left alone.
refusing() { sql "SELECT count(*) FROM accounts a JOIN integration_configs c USING (account) JOIN integration_providers p ON p.id = c.provider_id WHERE p.code IN ('mpesa', 'africastalking') AND (blocked IS NOT NULL OR opened > 0)"; }

@test "a test that a person asks for is sent in spite of a block or a breaker, and only what passes lifts them" {
    sql "UPDATE accounts SET blocked = 'refused', opened = 1, boot_id = '$(cat /proc/sys/kernel/random/boot_id)', open_boot_ms = $(($(cut -d. -f1 /proc/uptime) * 1000 + 60000))"
    echo api_key=wrong > "$BATS_TEST_TMPDIR/wrong"
    sl-config set -p africastalking --from "$BATS_TEST_TMPDIR/wrong" > /dev/null
    run -77 sl-config test -p africastalking
    [ "$(refusing)" -eq 2 ]
    run -77 sl-config test -p africastalking
    [ "$(refusing)" -eq 2 ]
    run -0 sl-config test -p mpesa
    [ "$(refusing)" -eq 1 ]
}

# queue_texts: two, for the timer.
queue_texts() {
    printf 'phone\n0711000001\n0711000002\n' | run -75 sl-sms bulk -m Hello --yes --detach
}

@test "nothing leaves for a closed school, and all of it goes on when it is open again" {
    queue_texts
    sl-config school edit greenhill --status closed > /dev/null
    work
    [ "$(sql "SELECT group_concat(DISTINCT status) FROM messages")" = queued ]
    [ "$(sql "SELECT group_concat(DISTINCT status || attempts) FROM integration_queue")" = pending0 ]
    [ -z "$(sl-sandbox seen africastalking)" ]
    [[ "$(sl-queue list -f json | field awaited)" == 'a person: the school greenhill is closed; open it with `sl-config school edit greenhill --status active`' ]]
    run --separate-stderr sl-config test -s greenhill -p africastalking
    [ "$status" -ne 0 ]
    [[ "$output$stderr" == *"the school greenhill is closed"* ]]
    sl-config school edit greenhill --status active > /dev/null
    work
    [ "$(sl-sandbox seen africastalking | jq -s length)" -ge 1 ]
    [ "$(sql "SELECT count(*) FROM messages WHERE status NOT IN ('sent', 'delivered')")" -eq 0 ]
}

@test "what is queued for a provider that is disabled waits until it is enabled, a query about money too" {
    id=$(request 0799900020)
    sl-config disable -p mpesa > /dev/null
    queue_texts
    sl-config disable -p africastalking > /dev/null
    sql "UPDATE integration_queue SET next_attempt_at = 1 WHERE next_attempt_at IS NOT NULL"
    work
    work
    [ "$(sql "SELECT count(*) FROM integration_queue WHERE status = 'failed'")" -eq 0 ]
    payment_is "$id" pending
    [[ "$(sl-queue list --operation sms.send -f json | field awaited)" == 'a person: africastalking is disabled for greenhill; enable it with `sl-config enable -s greenhill -p africastalking`' ]]
    [[ "$(sl-queue list --operation payment.verify -f json | field awaited)" == 'a person: mpesa is disabled'* ]]
    sl-config enable -p africastalking > /dev/null
    sl-config enable -p mpesa > /dev/null
    work
    [ "$(sql "SELECT count(*) FROM messages WHERE status NOT IN ('sent', 'delivered')")" -eq 0 ]
    [ "$(sql "SELECT count(*) FROM integration_queue WHERE operation = 'payment.verify' AND status = 'pending'")" -eq 0 ]
}

@test "an opt-out by callback holds from the next text on" {
    curl -sS -o /dev/null "$SL_SANDBOX_URL/_sandbox/fire/africastalking" -d '{"event":"optout","phone":"+254711000009","sender":"GREENHILL"}'
    until_true sh -c 'sl-sms optout list -f csv | grep -q +254711000009'
    run sl-sms send -m hello 0711000009 -f json
    [ "$(field status <<< "$output")" = skipped ]
    [ "$(counted messages)" -eq 0 ]
}

@test "a delivery report that overtakes our own answer is applied when the answer is" {
    id=$(sl-sms send -m hello 0799900031 -f json | field id)
    until_true sh -c "sl-queue-run -q; sl-sms status $id -f json | grep -q '\"status\":\"delivered\"'"
}

@test "refused credentials stop the rest, and mended ones send it" {
    echo api_key=wrong | sl-config set -p africastalking --from - > /dev/null
    run -77 --separate-stderr sl-sms send -m hello 0711000001 0711000002 -f json
    [ "$(jq -c 'map(.status)' <<< "$output")" = '["queued","queued"]' ]
    run -77 sl-config test -p africastalking
    echo api_key=sandbox-key | sl-config set -p africastalking --from - > /dev/null
    work
    [ "$(counted distinct)" -eq 2 ]
}

@test "money that comes by itself is a payment, and the known references decide" {
    sl-pay c2b register > /dev/null
    sl-pay c2b simulate --phone 0711000005 --amount 250 --reference ADM7 > /dev/null
    until_true sh -c "sl-pay list -f json | grep -q '\"reference\":\"ADM7\"'"
    [ "$(sl-pay list --reference ADM7 -f json | field status)" = succeeded ]
    echo c2b_validation=known | sl-config set -p mpesa --from - > /dev/null
    printf 'reference\nADM8\n' | sl-pay c2b accounts import > /dev/null
    sl-pay c2b simulate --phone 0711000005 --amount 250 --reference NOBODY > /dev/null
    sl-pay c2b simulate --phone 0711000005 --amount 250 --reference adm8 > /dev/null
    until_true sh -c "sl-pay list -f json | grep -qi '\"reference\":\"ADM8\"'"
    [ "$(sql "SELECT count(*) FROM payments WHERE reference LIKE 'NOBODY'")" -eq 0 ]
}

@test "no secret is found in clear in any file of the installation" {
    [ -n "$(request 0711000001)" ]
    sl-sms send -m hello 0711000001 -vv > /dev/null 2> "$BATS_TEST_TMPDIR/said"
    for secret in sandbox-secret sandbox-key bfb279f9aa9bdbcf158e97dd71a467cd; do
        run ! grep -rqa "$secret" "$SL_DATABASE" "$SL_DATABASE-wal" "$SL_KEYRING" "$SL_CONFIG" "$BATS_TEST_TMPDIR"/*.log "$BATS_TEST_TMPDIR/said"
    done
}

@test "a payer is asked once, whatever the answer to the push looked like" {
    # the callback comes when the answer has been read, on a busy machine too
    curl -sS -o /dev/null "$SL_SANDBOX_URL/_sandbox/settings" -d '{"callback_ms":1000}'
    for scenario in 21 22 23 24 25; do
        run --separate-stderr sl-pay request --phone "07999000$scenario" --amount 100 --reference "S$scenario" -f json
        # 0 where the callback is there before the payment is looked at again
        [ "$status" -eq 75 ] || [ "$status" -eq 0 ]
        settled "$(field id <<< "$output")" succeeded
    done
    [ "$(counted pushes)" -eq 5 ]
    [ "$(counted paid)" -eq 5 ]
    id=$(request 0799900026)
    settled "$id" failed
    run sl-pay status "$id"
    [[ "$output" != *$'\e'* ]]
    [[ "$output" != *$'\a'* ]]
}

@test "a push that was lost, and of which nobody calls, is never sent again, and goes to a person" {
    kill "$daemon" # nobody takes callbacks from here on
    run -75 --separate-stderr sl-pay request --phone 0799900015 --amount 100 --reference ADM1024 -f json
    id=$(field id <<< "$output")
    until_true is 1 counted paid
    for _ in 1 2 3; do
        sql 'UPDATE integration_queue SET next_attempt_at = 1 WHERE next_attempt_at IS NOT NULL'
        work
        sl-pay reconcile --older-than 0s > /dev/null 2>&1 || true
        [[ "$(payment "$id" status)" =~ ^(pending|unknown)$ ]]
    done
    sql 'UPDATE payments SET created_at = created_at - 90000000'
    sl-pay reconcile > /dev/null 2>&1 || true
    payment_is "$id" unknown
    [ "$(counted pushes)" -eq 1 ]
}

@test "with the daemon down the query settles a payment, and the late callback adds its receipt" {
    id=$(request 0799900007)
    kill "$daemon"
    settled "$id" succeeded
    [ "$(payment "$id" receipt)" = null ]
    start_daemon "$hooks"
    until_true isnt null payment "$id" receipt
    [ "$(sl-sandbox seen mpesa | jq -r 'select(.operation == "stk_push").receipt')" = "$(payment "$id" receipt)" ]
    [ "$(counted pushes)" -eq 1 ]
}

# given_back ID: gives it back, twice with one key and once without; the provider did it once.
given_back() {
    until_true isnt null payment "$1" receipt
    refund=$(sl-pay refund "$1" --reason 'Paid twice' --key r1 -f json | field id)
    [ "$(sl-pay refund "$1" --reason 'Paid twice' --key r1 -f json 2> /dev/null | field id)" = "$refund" ]
    until_true payment_is "$1" refunded
    [ "$(counted reversed)" -eq 1 ]
    run -65 sl-pay refund "$1"
    [ "$(counted reversed)" -eq 1 ]
}

@test "money is given back once" {
    sl-config unset -p mpesa c2b_shortcode > /dev/null # one paybill for both ways, as most schools
    id=$(request 0711000001)
    settled "$id" succeeded
    given_back "$id"
}

@test "money that was asked for is given back by a school with a paybill for C2B beside it" {
    id=$(request 0711000001)
    settled "$id" succeeded
    given_back "$id"
}

@test "money that was paid to a till is given back by the till, and asked about by it" {
    printf 'shortcode_type=till\ntill_number=5034521\n' | sl-config set -p mpesa --from - > /dev/null
    id=$(request 0711000001)
    settled "$id" succeeded
    until_true isnt null payment "$id" receipt
    sl-sandbox scenario no-callback > /dev/null # it is done, and nobody says so
    run -0 --separate-stderr sl-pay refund "$id" -f json
    sl-sandbox scenario ok > /dev/null
    [ "$(counted reversed)" -eq 1 ]
    asked() {
        sql "UPDATE integration_queue SET next_attempt_at = 1 WHERE operation = 'payment.refund' AND waits_for = 'callback'"
        work
        payment_is "$id" refunded
    }
    until_true asked
    [ "$(sl-sandbox seen mpesa | grep -c transaction_status)" -ge 1 ]
    [ "$(counted reversed)" -eq 1 ]
}

@test "money that came by itself is given back" {
    sl-pay c2b register > /dev/null
    sl-pay c2b simulate --phone 0711000005 --amount 250 --reference ADM7 > /dev/null
    came() { id=$(sl-pay list --reference ADM7 -f json | field id) && [ "$id" != null ]; }
    until_true came
    given_back "$id"
}

@test "a deep test proves that callbacks arrive, and says so when they do not" {
    run -0 --separate-stderr sl-config test --deep -f json
    [ "$(jq -c 'map(.status) | unique' <<< "$output")" = '["ok"]' ]
    [ "$(jq length <<< "$output")" -ge 2 ]
    [ "$(counted callbacks_answered)" -ge 1 ]
    [ "$(counted pushes)" -eq 0 ]
    [ "$(counted messages)" -eq 0 ]
    echo consumer_secret=wrong | sl-config set -p mpesa --from - > /dev/null
    run -77 --separate-stderr sl-config test -p mpesa -f json
    [ "$(field status <<< "$output")" = refused ]
}

@test "a list whose credentials are refused stays queued, and is sent when they are mended" {
    echo api_key=wrong | sl-config set -p africastalking --from - > /dev/null
    awk 'BEGIN { print "phone,name"; for (i = 0; i < 50; i++) printf "+2547%08d,n%d\n", 20000000 + i, i }' > "$BATS_TEST_TMPDIR/list"
    run -77 --separate-stderr sl-sms bulk -m 'Dear {name}' --file "$BATS_TEST_TMPDIR/list" --yes -f json
    [ "$(field queued <<< "$output")" -eq 50 ]
    [ "$(field failed <<< "$output")" -eq 0 ]
    batch=$(field batch <<< "$output")
    work # nothing of the account is tried until somebody mends it
    [ "$(sql "SELECT count(*) FROM messages WHERE status = 'queued'")" -eq 50 ]
    echo api_key=sandbox-key | sl-config set -p africastalking --from - > /dev/null
    run -0 --separate-stderr sl-sms resume "$batch" -f json
    [ "$(field sent <<< "$output")" -eq 50 ]
    [ "$(counted distinct)" -eq 50 ]
    [ "$(counted duplicated)" -eq 0 ]
}

@test "a payer whose callback tells another amount is not asked twice by a retry" {
    sl-sandbox scenario wrong-amount > /dev/null
    id=$(request 0711000001)
    sl-sandbox scenario ok > /dev/null
    until_true isnt null payment "$id" mismatch # the query is not to be first
    settled "$id" unknown
    until_true is 1 sql "SELECT count(*) FROM integration_queue WHERE waits_for = 'person'"
    run --separate-stderr sl-queue retry "$(sql "SELECT id FROM integration_queue WHERE waits_for = 'person'")"
    [ "$status" -eq 65 ]
    [[ "$stderr" == *"that was paid"* ]]
    work
    [ "$(counted pushes)" -eq 1 ]
}
