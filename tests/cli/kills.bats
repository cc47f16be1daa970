load helpers
load running
# Programs killed at moments chosen by chance: nobody missing, nobody twice. KILLS=50 and
# ROWS=5000 for more and longer lists.

setup() {
    start_all
    kills=${KILLS:-6} rows=${ROWS:-1000}
}
teardown() { stop_all; }

bulk() { # TAG [OPTION...]: the list of that tag, under its key
    sl-sms bulk -m 'Dear {name}, school opens on Monday.' --file "list-$1" --key "$1" --yes -q \
        --connections 20 "${@:2}"
}

# lasts COMMAND...: how many ms, in $lasts: the window of the moments to kill it at. What is queued
# and not sent yet is 75.
lasts() {
    local begin=${EPOCHREALTIME/./} status=0
    "$@" > /dev/null 2>&1 || status=$?
    [ "$status" -eq 0 ] || [ "$status" -eq 75 ]
    lasts=$(((${EPOCHREALTIME/./} - begin) / 1000 + 1))
    [ "$lasts" -lt 1000 ] || lasts=999
}

# killed MS COMMAND...: kills it at a moment before that; $hits counts those that were still there.
killed() {
    local pid status=0
    "${@:2}" > /dev/null 2>&1 3>&- &
    pid=$!
    moment "$1"
    kill -9 "$pid" 2> /dev/null || true
    wait "$pid" 2> /dev/null || status=$?
    [ "$status" -ne 137 ] || hits=$((hits + 1))
}

# A round's batch is the newest if there is one more than before.
batch_of() { # ROUND
    sl-sms batches -f json | jq -r --argjson n "$1" 'if length > $n then .[0].batch else "" end'
}

# finished TAG BATCH: goes on with what was killed, as its user would, until nothing is due.
finished() {
    local status=65
    if [ -n "$2" ]; then
        status=0
        sl-sms resume "$2" --report report.csv -q 2> resume.err || status=$?
        [ "$status" -ne 65 ] || grep -q -- "--key" resume.err || return 1
    fi
    if [ "$status" -eq 65 ]; then
        status=0
        bulk "$1" --report report.csv 2> bulk.err > /dev/null || status=$?
    fi
    [ "$status" -le 1 ]
}

reported() { cut -d, -f4 report.csv | grep -cE "^($1)\$" || true; }

@test "a list that was killed anywhere is finished: each once, or unknown" {
    cd "$BATS_TEST_TMPDIR"
    hits=0
    curl -sS -o /dev/null "$SL_SANDBOX_URL/_sandbox/settings" -d '{"latency_ms":10}'
    list "$rows" r0 > list-r0
    lasts bulk r0 --detach
    reads=$lasts # until all is queued
    sl-queue-run -q
    list "$rows" r00 > list-r00
    lasts bulk r00
    for round in $(seq "$kills"); do
        list "$rows" "r$round" > "list-r$round"
        distinct=$(counted distinct) duplicated=$(counted duplicated)
        # every other one while it reads its list, the others anywhere
        killed "$((round % 2 ? lasts : reads))" sl-sms bulk -m 'Dear {name}, school opens on Monday.' --file "list-r$round" \
            --key "r$round" --yes -q --connections 20
        batch=$(batch_of "$((round + 1))")
        until_true finished "r$round" "$batch"
        [ -n "$batch" ] || batch=$(batch_of "$((round + 1))")
        [ "$(wc -l < report.csv)" -eq $((rows + 1)) ]
        sent=$(reported 'sent|delivered') unknown=$(reported unknown) failed=$(reported failed)
        echo "round $round: batch <$batch> $(cat resume.err 2>/dev/null)  sent $sent unknown $unknown failed $failed, kills that hit: $hits"
        [ $((sent + unknown + failed)) -eq "$rows" ]
        [ "$failed" -eq 0 ]
        [ "$unknown" -le 20 ]
        arrived=$(($(counted distinct) - distinct))
        [ "$(counted duplicated)" -eq "$duplicated" ]
        [ "$arrived" -ge "$sent" ]
        # those of whom nobody knows are the only ones that may get it twice, and by order only
        run -0 sl-sms resume "$batch" --resend-unknown -q --report report.csv
        [ "$(reported 'sent|delivered')" -eq "$rows" ]
        [ $(($(counted distinct) - distinct)) -eq "$rows" ]
        [ $(($(counted duplicated) - duplicated)) -eq $((arrived - sent)) ]
    done
    [ "$hits" -ge 1 ]
    sl-logs verify > /dev/null
}

@test "unknown ones are sent again only when somebody says so" {
    id=$(sl-sms send -m hello 0799900015 -f json | field batch)
    run sl-sms resume "$id" -q
    [ "$(counted messages)" -eq 1 ]
    sl-sandbox scenario ok > /dev/null
    run sl-sms resume "$id" --resend-unknown -q
    [ "$(counted messages)" -eq 2 ]
}

# asked REFERENCE [KEY]: what is killed.
asked() { sl-pay request --phone 0711000001 --amount 100 --reference "$1" --key "$1"; }

# pushes REFERENCE: what the sandbox did.
pushes() { sl-sandbox seen mpesa | jq -c "select(.operation == \"stk_push\" and .reference == \"$1\")"; }

# ended ID: settled, or the push may have left while its answer and its callback were lost.
ended() {
    sl-queue-run -q
    sl-pay reconcile --older-than 0s > /dev/null 2>&1
    case $(payment "$1" status) in
    succeeded) ;;
    pending | unknown)
        [ "$(payment "$1" external_reference)" = null ] || return 1
        # a callback that was taken settles it, so there is none to be waited for
        [ "$(counted callbacks_answered)" -le "$(sql "SELECT count(*) FROM payments WHERE status = 'succeeded'")" ]
        ;;
    *) return 1 ;;
    esac
}

@test "a payment whose programs were killed is never asked for twice, and ends as the provider did" {
    hits=0
    lasts asked WARM
    for round in $(seq "$kills"); do
        ref=KILL$round
        case $((round % 3)) in
        0) killed "$lasts" sl-pay request --phone 0711000001 --amount 100 --reference "$ref" --key "$ref" ;;
        1)
            asked "$ref" > /dev/null
            moment 200 # the callback comes after 100
            ;;
        2)
            sl-sandbox scenario busy > /dev/null
            asked "$ref" > /dev/null 2>&1 || [ $? -eq 75 ]
            sl-sandbox scenario ok > /dev/null
            sql 'UPDATE integration_queue SET next_attempt_at = 1 WHERE next_attempt_at IS NOT NULL'
            killed "$lasts" sl-queue-run -q
            ;;
        esac
        kill -9 "$daemon"
        wait "$daemon" 2> /dev/null || true
        start_daemon "$hooks"
        sql 'UPDATE integration_queue SET next_attempt_at = 1 WHERE next_attempt_at IS NOT NULL'
        killed 30 sl-queue-run -q
        asked "$ref" > /dev/null 2>&1 || true # the bursar asks again, with the same key
        [ "$(sl-pay list --reference "$ref" -f json | jq length)" -eq 1 ]
        id=$(sl-pay list --reference "$ref" -f json | field id)
        until_true ended "$id"
        echo "$ref: $(payment "$id" status), kills that hit: $hits; $(pushes "$ref")"
        [ "$(pushes "$ref" | grep -c .)" -le 1 ]
        if payment_is "$id" succeeded; then
            [ "$(pushes "$ref" | jq -r .state)" = "$(pushes WARM | jq -r .state)" ]
            [ "$(pushes "$ref" | jq -r .checkout_request_id)" = "$(payment "$id" external_reference)" ]
            [[ "$(payment "$id" receipt)" =~ ^(null|$(pushes "$ref" | jq -r .receipt))$ ]]
        fi
    done
    [ "$hits" -ge 1 ]
    sl-logs verify > /dev/null
}

@test "two runners, a list, callbacks and a key rotation at once lose and double nothing" {
    cd "$BATS_TEST_TMPDIR"
    # nobody dies here: a lease that a busy machine loses would only make messages unknown
    sed -i 's/^lease_seconds: .*/lease_seconds: 60/' "$SL_CONFIG"
    list 3000 all > list-all
    for n in 1 2; do sl-queue-run --watch -q 2> "runner$n.err" & echo $! >> pids; done
    (for _ in 1 2 3; do sl-config key rotate -q > /dev/null || echo rotate failed; done) 2> rotate.err &
    rotation=$!
    # the log is whole whenever it is looked at, while all of them write it
    (until [ -e all-sent ]; do sl-logs verify > said.verify 2>&1 || cat said.verify; done) > verify.err 2>&1 3>&- &
    verifying=$!
    echo "$verifying" >> pids
    bulk all --report report.csv > /dev/null 2> bulk.err || [ $? -eq 75 ]
    wait "$rotation"
    until_true is 0 sql "SELECT count(*) FROM integration_queue WHERE status = 'pending'"
    until_true sh -c 'test "$(sl-sms batches -f json | jq -r ".[0].sent")" -eq 3000'
    touch all-sent
    wait "$verifying"
    [ "$(counted distinct)" -eq 3000 ]
    [ "$(counted duplicated)" -eq 0 ]
    run ! grep -hi 'locked\|busy' ./*.err ./*.log
    [ ! -s rotate.err ]
    cat verify.err
    [ ! -s verify.err ]
    sl-logs verify > /dev/null
}

# traced MARK COMMAND...: of what it did up to its first byte to the provider at the path MARK,
# the last thing done to the WAL is to sync it, and it was written before.
traced() {
    local trace=$BATS_TEST_TMPDIR/trace
    strace -E ASAN_OPTIONS=detect_leaks=0 -f -y -s 200 -o "$trace" -e trace=fdatasync,sendto,connect,pwrite64 "${@:2}" > /dev/null
    grep -qE "sendto\(.*POST $1" "$trace"
    sed -E "/sendto\(.*POST ${1//\//\\/}/,\$d" "$trace" | grep -E '(fdatasync|pwrite64)\(.*-wal>' |
        grep -v '= -1 ' > "$BATS_TEST_TMPDIR/wal"
    grep -q pwrite64 "$BATS_TEST_TMPDIR/wal"
    [[ "$(tail -n 1 "$BATS_TEST_TMPDIR/wal")" == *fdatasync* ]]
}

@test "all that was written is durable before the first byte goes to the provider" {
    traced /version1/messaging sl-sms send -m hello 0711000001
    traced /mpesa/stkpush sl-pay request --phone 0711000001 --amount 100 --reference ADM1024
}

@test "what is killed at its first byte to the provider is in flight in the file" {
    run strace -E ASAN_OPTIONS=detect_leaks=0 -f -o /dev/null -e trace=sendto -e inject=sendto:signal=SIGKILL:when=1 \
        sl-sms send -m hello 0711000001
    [ "$status" -eq 137 ]
    [ "$(sql 'SELECT in_flight || attempts FROM integration_queue')" = 11 ]
    [ "$(counted messages)" -eq 0 ]
}

@test "the row is in flight in the file while the provider has not answered, and a kill leaves it so" {
    curl -sS -o /dev/null "$SL_SANDBOX_URL/_sandbox/settings" -d '{"latency_ms":3000}'
    sl-sms send -m hello 0711000001 > /dev/null 2>&1 3>&- &
    pid=$!
    until_true is 1 counted messages
    kill -9 "$pid"
    wait "$pid" 2> /dev/null || true
    [ "$(sql 'SELECT in_flight || attempts FROM integration_queue')" = 11 ]
    work
    until_true sh -c 'sl-queue-run -q; test "$(sqlite3 "$SL_DATABASE" "SELECT status FROM messages")" = unknown'
    [ "$(counted messages)" -eq 1 ]
}

# two TAG [STRACE-OPTION...]: two texts, one behind the other over one connection, under strace.
two() {
    list 2 "$1" > "$BATS_TEST_TMPDIR/two"
    strace -E ASAN_OPTIONS=detect_leaks=0 -f -s 100 -o "$BATS_TEST_TMPDIR/trace" "${@:2}" \
        sl-sms bulk -m 'Dear {name}' --file "$BATS_TEST_TMPDIR/two" --yes -q --connections 1 > /dev/null 2>&1 || true
}

# states: of the newest batch.
states() { sql 'SELECT status FROM messages WHERE batch_id = (SELECT max(id) FROM message_batches) ORDER BY line'; }

@test "a runner that was held up past its lease behind its mark sends nothing, and takes nothing back" {
    two first -e trace=none
    two second -e trace=fdatasync,sendto
    marked=$(awk '/sendto\(.*POST/ && ++posts == 2 { exit } /fdatasync\(/ { n++ } END { print n }' "$BATS_TEST_TMPDIR/trace")
    unknown=0
    for n in $((marked - 1)) "$marked" $((marked + 1)); do # a sync more or less: the WAL may begin anew
        before=$(counted messages)
        two "held up at $n" -e trace=fdatasync -e "inject=fdatasync:delay_exit=1500000:when=$n"
        arrived=$(($(counted messages) - before))
        echo "held up at sync $n of $marked: $(states | paste -sd ' '), arrived: $arrived"
        [ "$(states | grep -cE '^(sent|delivered)$')" -eq "$arrived" ]
        unknown=$((unknown + $(states | grep -c unknown || true)))
    done
    [ "$unknown" -ge 1 ]
}
