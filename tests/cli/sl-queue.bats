load helpers
# What a person does with the queue: look, bring back, call off, count. No provider answers here.

setup() {
    fresh
    school
    mpesa greenhill base_url=http://127.0.0.1:9 callback_base_url=http://127.0.0.1:8480
    printf '%s\n' username=sandbox api_key=atsk_0123456789 base_url=http://127.0.0.1:9 |
        sl-config set -s greenhill -p africastalking --from - --quiet > /dev/null
}

# texts: a row of two texts that could not be sent; prints its id.
texts() {
    sl-sms send -s greenhill -m "Call 0722000111" 0711000001 0711000002 > /dev/null 2>&1 || [ $? -eq 75 ]
    sql "SELECT max(id) FROM integration_queue"
}

# payment: a row of a payment that could not be asked for; prints its id.
payment() {
    sl-pay request -s greenhill --phone 0708374149 --amount 10 --reference ADM1 > /dev/null 2>&1 ||
        [ $? -eq 75 ]
    sql "SELECT max(id) FROM integration_queue"
}

# fail ID, unknown ID: what the engine would have made of it.
fail() {
    sql "UPDATE integration_queue SET status = 'failed', next_attempt_at = NULL, completed_at = 1 WHERE id = $1;
         UPDATE messages SET status = 'failed' WHERE queue_id = $1;
         UPDATE message_batches SET state = 'done'"
}
unknown() {
    sql "UPDATE integration_queue SET status = 'processing', in_flight = 1, waits_for = 'person', next_attempt_at = NULL WHERE id = $1;
         UPDATE messages SET status = 'unknown' WHERE queue_id = $1 AND line = 1;
         UPDATE messages SET status = 'sent' WHERE queue_id = $1 AND line = 2"
}
state() { sql "SELECT status FROM integration_queue WHERE id = $1"; }
messages() { sql "SELECT group_concat(status) FROM (SELECT status FROM messages WHERE queue_id = $1 ORDER BY line)"; }
acts() { sql "SELECT count(*) FROM integration_logs WHERE operation = '$1' AND actor IS NOT NULL"; }

@test "a list is an array of items with these fields, newest first, and can be narrowed" {
    [ "$(sl-queue list -f json)" = '[]' ]
    first=$(payment)
    second=$(texts)
    run --separate-stderr sl-queue list -f json
    [ "$status" -eq 0 ]
    [ "$(jq -c '.[0] | keys_unsorted' <<< "$output")" = '["id","school","provider","operation","status","priority","attempts","max_attempts","next_attempt_at","last_attempt_at","in_flight","error","created_at","completed_at","awaited"]' ]
    [ "$(jq -c 'map(.id)' <<< "$output")" = "[$second,$first]" ]
    [[ "$(field error <<< "$output")" == *connect* ]]
    [ "$(sl-queue list --operation sms.send -f json | jq length)" -eq 1 ]
    [ "$(sl-queue list --status failed -f json)" = '[]' ]
    unknown "$second"
    [ "$(sl-queue list --status waiting -f json | field id)" -eq "$second" ]
    school hillside
    [ "$(sl-queue list -s hillside -f json)" = '[]' ]
    run --separate-stderr sl-queue list --status gone
    [ "$status" -eq 65 ]
    for line in "list --operation sms.sned" "retry --failed --operation sms.sned"; do
        # shellcheck disable=SC2086
        run --separate-stderr sl-queue $line
        [ "$status" -eq 65 ]
        [[ "$stderr" == *"no operation 'sms.sned'; did you mean 'sms.send'?"* ]]
    done
}

@test "an item is shown with every reason and its payload, phones masked" {
    id=$(texts)
    run --separate-stderr sl-queue show "$id" -f json
    [ "$status" -eq 0 ]
    [ "$(jq -r '.error_log[0].attempt' <<< "$output")" -eq 1 ]
    [[ "$(jq -r '.error_log[0].at' <<< "$output")" == *Z ]]
    [ "$(jq 'has("waits_for")' <<< "$output")" = true ]
    [ "$(jq -r .payload.text <<< "$output")" = "Call 07••••0111" ]
    sql "UPDATE integration_queue SET payload = '{\"to\":254722000111}' WHERE id = $id"
    run --separate-stderr sl-queue show "$id" -f json
    [[ "$output" != *254722000111* ]]
    jq -e .payload <<< "$output" > /dev/null
}

# awaits ID, error ID: what is shown of an item.
awaits() { sl-queue show "$1" -f json | field awaited; }
error() { sl-queue show "$1" -f json | field error; }

@test "an item says what it waits for, and so do its messages and its payment" {
    text=$(texts) batch=$(sql "SELECT public_id FROM message_batches") pay=$(payment)
    id=$(sql "SELECT public_id FROM payments")
    now="boot_id = '$(cat /proc/sys/kernel/random/boot_id)'" later=$(($(cut -d. -f1 /proc/uptime) * 1000 + 60000))
    shown() { # WHAT, of all of them
        [[ "$(awaits "$pay")" == $1 ]]
        [[ "$(sl-pay status "$id" -f json | field awaited)" == $1 ]]
        [[ "$(sl-queue list --operation payment.request -f json | field awaited)" == $1 ]]
    }
    shown "its next attempt at 20*Z"
    sql "UPDATE integration_queue SET next_attempt_at = 1"
    shown 'its turn: `sl-queue-run` sends it'
    sql "UPDATE accounts SET $now, filled_boot_ms = $later"
    shown "its turn, at the rate limit*"
    sql "UPDATE accounts SET hold_boot_ms = $later"
    shown "its account, held until 20*Z: the provider asked to wait"
    sql "UPDATE accounts SET held = 'no money'"
    shown "its account, held until 20*Z: no money"
    [ "$(error "$text")" = "no money" ]
    [ "$(sl-sms status "$batch" -f json | jq -r '.[1].error')" != null ]
    [[ "$(sl-sms status "$batch" -f json | jq -r '.[1].awaited')" == "its account, held until"*"no money" ]]
    sql "UPDATE messages SET error = NULL"
    [ "$(sl-sms status "$batch" -f json | jq -r '.[1].error')" = "no money" ]
    sql "UPDATE accounts SET hold_boot_ms = 0, opened = 1, open_boot_ms = $later"
    shown "its account, left alone until 20*Z: it fails"
    sql "UPDATE accounts SET blocked = 'wrong key'"
    shown "its account, blocked: wrong key"
    sql "UPDATE integration_queue SET status = 'processing', in_flight = 1, waits_for = 'callback', next_attempt_at = 1795500000000, error_log = '[{\"error\":\"Invalid Access Token\"}]'"
    [ "$(error "$pay")" = "Invalid Access Token" ]
    sql "UPDATE integration_queue SET accepted = 1" # the trouble of an earlier attempt is over
    [ "$(error "$pay")" = null ]
    shown "its callback; looked at again at 20*Z"
    sql "UPDATE integration_queue SET waits_for = NULL"
    shown "the provider's answer"
    unknown "$pay"
    shown "a person: *sl-queue retry $pay*sl-queue cancel $pay*"
    fail "$pay"
    shown null
}

@test "an id that is not there is refused, and so is another school's" {
    school hillside
    id=$(texts)
    for verb in show retry cancel; do
        for other in 4711 abc 0 "-s hillside $id"; do
            # shellcheck disable=SC2086
            run --separate-stderr sl-queue $verb $other
            [ "$status" -eq 65 ]
            [ -z "$output" ]
        done
    done
    [ "$(state "$id")" = pending ]
}

@test "what failed is tried again, with its messages and its batch" {
    id=$(texts)
    fail "$id"
    run --separate-stderr sl-queue retry "$id" -f json
    [ "$status" -eq 0 ]
    [ "$(field status <<< "$output")" = pending ]
    [ "$(messages "$id")" = queued,queued ]
    [ "$(sql "SELECT state FROM message_batches")" = sending ]
    [ "$(acts queue.retry)" -eq 1 ]
    run --separate-stderr sl-queue retry "$id"
    [ "$status" -eq 65 ]
    [[ "$stderr" == *"is pending"* ]]
    [ "$(acts queue.retry)" -eq 1 ]
}

@test "what waits for a person is tried again, and the person is told what that may do" {
    id=$(texts)
    unknown "$id"
    run --separate-stderr sl-queue retry "$id"
    [ "$status" -eq 0 ]
    [[ "$stderr" == *"1 messages may be received twice"* ]]
    [ "$(messages "$id")" = queued,sent ]
}

@test "nothing is brought back into a batch that was cancelled" {
    id=$(texts)
    fail "$id"
    sql "UPDATE message_batches SET state = 'cancelled'"
    run --separate-stderr sl-queue retry "$id"
    [ "$status" -eq 65 ]
    [[ "$stderr" == *cancelled* ]]
    [ "$(sl-queue retry --failed -f json)" = '[]' ]
    [ "$(state "$id")" = failed ]
}

@test "all that failed is tried again, but not what is unknown or too old" {
    a=$(texts) b=$(texts) c=$(payment) d=$(texts)
    fail "$a"
    fail "$b"
    fail "$c"
    unknown "$d"
    sql "UPDATE integration_queue SET expires_at = 1 WHERE id = $c"
    run --separate-stderr sl-queue retry --failed -f json
    [ "$status" -eq 0 ]
    [ "$(jq -c 'map(.id)' <<< "$output")" = "[$a,$b]" ]
    [[ "$stderr" == *"2 are tried again"* ]]
    [ "$(state "$c")" = failed ]
    [ "$(state "$d")" = processing ]
    run sl-queue retry --failed "$a"
    [ "$status" -eq 64 ]
    run sl-queue retry
    [ "$status" -eq 64 ]
}

@test "what is done by another item already is not brought back" {
    a=$(texts) b=$(texts)
    fail "$a"
    sql "UPDATE integration_queue SET dedupe_key = 'same' WHERE id IN ($a, $b)"
    run --separate-stderr sl-queue retry "$a"
    [ "$status" -eq 65 ]
    [[ "$stderr" == *"item $b"* ]]
    [ "$(sl-queue retry --failed -f json)" = '[]' ]
}

@test "cancelling takes the messages, or the payment, with it" {
    id=$(texts)
    run --separate-stderr sl-queue cancel "$id" -f json
    [ "$status" -eq 0 ]
    [ "$(field status <<< "$output")" = cancelled ]
    [ "$(messages "$id")" = cancelled,cancelled ]
    id=$(payment)
    run --separate-stderr sl-queue cancel "$id"
    [ "$(sql "SELECT status FROM payments")" = failed ]
    [[ "$(sql "SELECT error FROM payments")" == "cancelled by "* ]]
    [ "$(acts queue.cancel)" -eq 2 ]
    run --separate-stderr sl-queue cancel "$id"
    [ "$status" -eq 65 ]
}

@test "what is in flight is already leaving" {
    id=$(texts)
    sql "UPDATE integration_queue SET status = 'processing', in_flight = 1, runner = 1 WHERE id = $id"
    run --separate-stderr sl-queue cancel "$id"
    [ "$status" -eq 65 ]
    [[ "$stderr" == *"already leaving"* ]]
    [ "$(messages "$id")" = queued,queued ]
    [ "$(acts queue.cancel)" -eq 0 ]
}

@test "what waited for a person stays unknown when it is cancelled" {
    id=$(texts)
    unknown "$id"
    sl-queue cancel "$id" > /dev/null
    [ "$(state "$id")" = cancelled ]
    [ "$(messages "$id")" = unknown,sent ]
    id=$(payment)
    unknown "$id"
    sql "UPDATE payments SET status = 'unknown'"
    sl-queue cancel "$id" > /dev/null
    [ "$(sql "SELECT status FROM payments")" = unknown ]
}

@test "the queue is counted" {
    id=$(texts)
    payment > /dev/null
    unknown "$id"
    run --separate-stderr sl-queue stats -f json
    [ "$status" -eq 0 ]
    [ "$output" = '{"pending":1,"processing":0,"waiting":1,"completed":0,"failed":0,"cancelled":0,"oldest_due_seconds":0,"blocked":0,"breakers_open":0,"held":0,"paused":[]}' ]
    sql "UPDATE integration_queue SET next_attempt_at = next_attempt_at - 700000 WHERE status = 'pending';
         UPDATE accounts SET blocked = 'refused'"
    run --separate-stderr sl-queue stats -f json
    [ "$(field oldest_due_seconds <<< "$output")" -ge 600 ]
    [ "$(field blocked <<< "$output")" -eq 2 ]
    [[ "$stderr" == *"mpesa is blocked: refused"* ]]
    school hillside
    [ "$(sl-queue stats -s hillside -f json | field blocked)" -eq 0 ]
}

@test "a check speaks Nagios" {
    run --separate-stderr sl-queue stats --check
    [ "$status" -eq 0 ]
    [[ "$output" == "OK - "* ]]
    payment > /dev/null
    sql "UPDATE integration_queue SET next_attempt_at = next_attempt_at - 700000"
    run --separate-stderr sl-queue stats --check
    [ "$status" -eq 1 ]
    [[ "$output" == "WARNING - "* ]]
    [ "${#lines[@]}" -eq 1 ]
    run --separate-stderr sl-queue stats --check --critical-age 11m
    [ "$status" -eq 2 ]
    [[ "$output" == "CRITICAL - "* ]]
    run --separate-stderr sl-queue stats --check --warning-age soon
    [ "$status" -eq 3 ]
    SL_DATABASE=$BATS_TEST_TMPDIR/none run --separate-stderr sl-queue stats --check
    [ "$status" -eq 3 ]
    [[ "$output" == "UNKNOWN - "* ]]
}

@test "metrics go to a file that is replaced, or to stdout" {
    payment > /dev/null
    [[ "$(sl-queue stats --metrics -)" == *'shulelabs_queue_items{status="pending"} 1'* ]]
    file=$BATS_TEST_TMPDIR/m/shulelabs.prom
    run --separate-stderr sl-queue stats --metrics "$file"
    [ "$status" -eq 73 ]
    mkdir "$BATS_TEST_TMPDIR/m"
    echo old > "$file"
    run --separate-stderr sl-queue stats --metrics "$file"
    [ "$status" -eq 0 ]
    [ -z "$output" ]
    grep -q '^shulelabs_queue_oldest_due_seconds 0$' "$file"
    grep -q '^shulelabs_account_blocked{provider="mpesa",' "$file"
    [ "$(ls "$BATS_TEST_TMPDIR/m")" = shulelabs.prom ]
    run sl-queue stats --check --metrics -
    [ "$status" -eq 64 ]
}
