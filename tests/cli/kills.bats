load helpers
load running
# Programs killed at moments chosen by chance: nobody missing, nobody twice. KILLS=50 for more.

setup() {
    start_all
    kills=${KILLS:-4}
}
teardown() { stop_all; }

# list N TAG: a CSV of personal texts.
list() {
    awk -v n="$1" -v tag="$2" 'BEGIN { print "phone,name"; for (i = 0; i < n; i++) printf "+2547%08d,%s %d\n", 20000000 + i, tag, i }'
}

bulk() { # TAG [OPTION...]: the list of that tag, under its key
    sl-sms bulk -m 'Dear {name}, school opens on Monday.' --file "list-$1" --key "$1" --yes -q \
        --connections 20 "${@:2}"
}

@test "a list that was killed anywhere is finished: each once, or unknown" {
    cd "$BATS_TEST_TMPDIR"
    for round in $(seq "$kills"); do
        list 1500 "r$round" > "list-r$round"
        curl -sS -o /dev/null -X POST "$SL_SANDBOX_URL/_sandbox/reset"
        bulk "r$round" > /dev/null 2>&1 &
        pid=$!
        moment 250
        kill -9 "$pid" 2> /dev/null || true
        wait "$pid" 2> /dev/null || true
        bulk "r$round" --report report.csv > /dev/null 2>&1 || [ $? -eq 1 ]
        [ "$(grep -c . report.csv)" -eq 1501 ]
        sent=$(cut -d, -f4 report.csv | grep -cE '^(sent|delivered)$')
        unknown=$(cut -d, -f4 report.csv | grep -c '^unknown$' || true)
        [ $((sent + unknown)) -eq 1500 ]
        [ "$unknown" -le 20 ]
        [ "$(counted duplicated)" -eq 0 ]
        [ "$(counted distinct)" -ge "$sent" ]
    done
}

@test "unknown ones are sent again only when somebody says so" {
    id=$(sl-sms send -m hello 0799900015 -f json | field batch)
    run sl-sms resume "$id" -q
    [ "$(counted messages)" -eq 1 ]
    sl-sandbox scenario ok > /dev/null
    run sl-sms resume "$id" --resend-unknown -q
    [ "$(counted messages)" -eq 2 ]
}

@test "a payment whose programs were killed is never asked for twice, and ends as the provider did" {
    for round in $(seq "$kills"); do
        sl-pay request --phone 0711000001 --amount $((100 + round)) --reference "KILL$round" --key "k$round" > /dev/null 2>&1 &
        pid=$!
        moment 12
        kill -9 "$pid" 2> /dev/null || true
        wait "$pid" 2> /dev/null || true
        moment 150
        kill -9 "$daemon"
        wait "$daemon" 2> /dev/null || true
        start_daemon "$hooks"
        sl-queue-run -q &
        pid=$!
        moment 30
        kill -9 "$pid" 2> /dev/null || true
        wait "$pid" 2> /dev/null || true
        sl-pay request --phone 0711000001 --amount $((100 + round)) --reference "KILL$round" --key "k$round" > /dev/null 2>&1 || true
        id=$(sl-pay list --reference "KILL$round" -f json | field id)
        until_true ended "$id"
        if payment_is "$id" succeeded; then [ "$(pushes "$round")" -eq 1 ]; fi
    done
    for round in $(seq "$kills"); do [ "$(pushes "$round")" -le 1 ]; done
}

# How often the sandbox was asked to push for a round.
pushes() { sl-sandbox seen mpesa | grep stk_push | grep -c "\"reference\":\"KILL$1\"" || true; }

# Succeeded, or given to a person: a push may have left, and nothing can be asked about it.
ended() {
    sl-queue-run -q
    sl-pay reconcile --older-than 0s > /dev/null 2>&1
    payment_is "$1" succeeded || payment_is "$1" unknown || [ "$(payment "$1" external_reference)" = null ]
}

@test "two runners, a list, callbacks and a key rotation at once lose and double nothing" {
    cd "$BATS_TEST_TMPDIR"
    list 3000 all > list-all
    for n in 1 2; do sl-queue-run --watch -q 2> "runner$n.err" & echo $! >> pids; done
    (for _ in 1 2 3; do sl-config key rotate -q > /dev/null || echo rotate failed; done) 2> rotate.err &
    rotation=$!
    bulk all --report report.csv > /dev/null 2> bulk.err || [ $? -eq 75 ]
    wait "$rotation"
    until_true [ "$(sql "SELECT count(*) FROM integration_queue WHERE status = 'pending'")" -eq 0 ]
    until_true sh -c 'test "$(sl-sms batches -f json | jq -r ".[0].sent")" -eq 3000'
    [ "$(counted distinct)" -eq 3000 ]
    [ "$(counted duplicated)" -eq 0 ]
    run ! grep -h locked ./*.err
    [ ! -s rotate.err ]
    sl-logs verify > /dev/null
}

@test "the mark is durable before the first byte goes to the provider" {
    strace -f -o "$BATS_TEST_TMPDIR/trace" -e trace=fdatasync,sendto sl-sms send -m hello 0711000001 > /dev/null
    grep -n 'fdatasync\|POST /version1/messaging' "$BATS_TEST_TMPDIR/trace" > "$BATS_TEST_TMPDIR/order"
    sent=$(grep -n 'POST' "$BATS_TEST_TMPDIR/order" | head -n 1 | cut -d: -f1)
    [ "$sent" -gt 1 ]
    sed -n "$((sent - 1))p" "$BATS_TEST_TMPDIR/order" | grep -q fdatasync
}
