load helpers
load running
# From a command to what the provider did and back, with real processes: sandbox, daemon, runner.

setup() { start_all; }
teardown() { stop_all; }

# callbacks: how many the daemon has stored.
stored() { [ "$(sql "SELECT count(*) FROM webhook_events WHERE $1")" -ge "${2:-1}" ]; }

@test "STK push to recorded payment" {
    sl-config school edit greenhill --receipt-template 'Received {currency} {amount}, {receipt}' > /dev/null
    id=$(request 0711000001)
    settled "$id" succeeded
    until_true [ -n "$(payment "$id" receipt)" ]
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
}

@test "invalid webhook signature" {
    id=$(request 0799900006) # its genuine callback never comes
    body='{"Body":{"stkCallback":{"MerchantRequestID":"x","CheckoutRequestID":"x","ResultCode":0,"ResultDesc":"ok"}}}'
    for path in /hooks/k/0123456789abcdef0123456789abcdef/stk /webhooks/mpesa/callback /hooks/k/stk; do
        [ "$(curl -s -o /dev/null -w '%{http_code}' "http://$hooks$path" -H 'Content-Type: application/json' -d "$body")" = 404 ]
    done
    payment_is "$id" pending
    [ "$(sql 'SELECT count(*) FROM webhook_events')" -eq 0 ]
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

@test "token expiry" {
    [ -n "$(request 0711000003)" ]
    before=$(counted tokens)
    # somebody else asks for a token: ours is dead, and renewed once
    curl -sS -o /dev/null -u sandbox-key:sandbox-secret "$SL_SANDBOX_URL/oauth/v1/generate?grant_type=client_credentials"
    id=$(request 0711000004)
    settled "$id" succeeded
    [ "$(counted tokens)" -eq $((before + 2)) ]
    # and one that ends soon is renewed ahead, once for four programs
    sql "UPDATE oauth_tokens SET expires_at = $(date +%s)000 + 200000"
    before=$(counted tokens)
    renewing=()
    for _ in 1 2 3 4; do sl-oauth-refresh -q & renewing+=($!); done
    wait "${renewing[@]}"
    until_true [ "$(sql 'SELECT expires_at - renewed_at > 1000000 FROM oauth_tokens')" = 1 ]
    [ "$(counted tokens)" -eq $((before + 1)) ]
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
    settled "$wrong" unknown
    [[ "$(payment "$wrong" error)" == *'not 100.00'* ]]
}

@test "a right token that says paid is not believed while the query says cancelled" {
    id=$(request 0799900001)
    settled "$id" cancelled
    token=0123456789abcdef0123456789abcdef # somebody has learned it
    sql "UPDATE integration_queue SET callback_token = '$(printf %s "$token" | sha256sum | cut -d' ' -f1)' WHERE operation = 'payment.request'"
    url=http://$hooks/hooks/k/$token/stk
    checkout=$(payment "$id" external_reference)
    curl -sS -o /dev/null "$url" -H 'Content-Type: application/json' -d '{"Body":{"stkCallback":{"MerchantRequestID":"x","CheckoutRequestID":"'"$checkout"'","ResultCode":0,"ResultDesc":"ok","CallbackMetadata":{"Item":[{"Name":"Amount","Value":100},{"Name":"MpesaReceiptNumber","Value":"FORGED1234"},{"Name":"PhoneNumber","Value":254799900001}]}}}}'
    until_true stored "kind = 'payment' AND state = 'done'" 2
    work
    sl-pay reconcile --older-than 0s > /dev/null
    payment_is "$id" cancelled
    [ "$(payment "$id" receipt)" = null ]
}

@test "early, late, doubled and contradicting callbacks pay once" {
    early=$(request 0799900028) late=$(request 0799900007) twice=$(request 0799900008)
    both=$(request 0799900010)
    for id in "$early" "$late" "$twice" "$both"; do settled "$id" succeeded; done
    [ "$(sql "SELECT count(*) FROM payments WHERE status = 'succeeded'")" -eq 4 ]
    [ "$(sql "SELECT count(DISTINCT receipt) = count(receipt) FROM payments")" -eq 1 ]
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
