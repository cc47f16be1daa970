#!/bin/bash
# The wall clock is wrong, or set while programs run; the other clocks go on. The sandbox, which plays the providers,
# keeps the right time. What it counted is held against what our records say.
. "$TREE/tests/faults/counting.bash"

hour=3600
ten_years=315360000

# ---- The clock of our programs -----------------------------------------------------------------

# clock_shows SECONDS: from now on, ahead of (or, if negative, behind) the right one.
clock_shows() {
    printf '%+d\n' "$1" > "$BATS_TEST_TMPDIR/clock.new"
    mv "$BATS_TEST_TMPDIR/clock.new" "$BATS_TEST_TMPDIR/clock"
}

# ours SECONDS FOLDER: an installation with its daemon, against a sandbox, all in a folder of their own. All that is
# started from now on has the clock that clock_shows() sets, and sees at once when it is set.
ours() {
    in_folder "$2"
    start sandbox sl-sandbox serve --listen 127.0.0.1:0
    export SL_SANDBOX_URL=http://$address
    clock_shows "$1"
    export FAKETIME_TIMESTAMP_FILE=$BATS_TEST_TMPDIR/clock FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1 NO_FAKE_STAT=1
    LD_PRELOAD=$(echo /usr/lib/*/faketime/libfaketime.so.1)
    export LD_PRELOAD
    fresh
    echo 'lease_seconds: 2' >> "$SL_CONFIG"
    start_daemon 127.0.0.1:0
    echo "public_url: http://$hooks" >> "$SL_CONFIG"
    kill "$daemon" && wait "$daemon"
    start_daemon "$hooks"
    sl-sandbox setup -s greenhill --url "$SL_SANDBOX_URL" > /dev/null 2>&1
    export SL_SCHOOL=greenhill
}

setting() { curl -sS -o /dev/null "$SL_SANDBOX_URL/_sandbox/settings" -d "$1"; }
scenario() { sl-sandbox scenario --quiet "$1" > /dev/null; }
at_least() { [ "$("${@:2}")" -ge "$1" ]; }

# texts STATUS: how many have it.
texts() { sql "SELECT count(*) FROM messages WHERE status IN ('$1', 'delivered')"; }

# compare_texts N: so many were to come, once each, and all are known to have.
compare_texts() {
    local distinct sent
    points=$((points + $1)) distinct=$(counted distinct) sent=$(texts sent)
    lost=$((lost + $1 - distinct)) doubled=$((doubled + $(counted duplicated)))
    [ "$sent" -eq "$1" ] || wrong state "$sent of $1 are sent"
    sl-logs verify > /dev/null || wrong state "the audit trail is torn"
}

# once COMMAND...: its status is 0.
once() {
    local status=0
    "$@" > said 2>&1 || status=$?
    [ "$status" -eq 0 ] || wrong exit "$status: $* $(head -n 2 said)"
}

pushes() { sl-sandbox seen mpesa | jq -s '[.[] | select(.operation == "stk_push")] | length'; }

# ---- Set in mid-run ------------------------------------------------------------------------------

# A list, and the clock is set when a third of it has arrived.
set_amid_a_list() { # SHIFT
    ours 0 list
    setting '{"latency_ms":30}'
    list 150 amid > list.csv
    sl-sms bulk -m 'Dear {name}' --file list.csv --yes -q --connections 4 > bulk.said 2>&1 3>&- &
    pid=$!
    until_true at_least 50 counted messages
    clock_shows "$1"
    wait "$pid" || wrong exit "$?: $(head -n 2 bulk.said)"
    compare_texts 150
}

# What a busy provider refused waits for its next attempt; it comes as soon as it would have, and no sooner often.
set_amid_a_wait() { # SHIFT
    ours 0 wait
    scenario busy
    list 20 wait > list.csv
    sl-sms bulk -m 'Dear {name}' --file list.csv --yes -q --detach > /dev/null 2>&1 || [ $? -eq 75 ]
    sl-queue-run -q
    clock_shows "$1"
    scenario ok
    until_true work_until 20
    compare_texts 20
    [ "$(sql 'SELECT max(attempts) FROM integration_queue')" -le 5 ] || wrong state "it was tried too often"
}
work_until() { work && [ "$(texts sent)" -eq "$1" ]; }

# A payment whose callback, or query, comes when the clock is another.
set_amid_a_payment() { # SHIFT
    local ids=() id
    ours 0 payment
    setting '{"callback_ms":1500}'
    for phone in 0711000001 0711000002 0711000003; do ids+=("$(request "$phone")"); done
    scenario no-callback
    ids+=("$(request 0711000004)")
    clock_shows "$1"
    for id in "${ids[@]}"; do
        settled "$id" succeeded || wrong state "$id is $(payment "$id" status)"
    done
    points=$((points + 4)) doubled=$((doubled + $(pushes) - 4))
    sl-logs verify > /dev/null || wrong state "the audit trail is torn"
}

# A token is renewed once when its time is over or cannot be known, and used meanwhile.
set_amid_a_token() { # SHIFT
    local before after
    ours 0 token
    for shift in 0 "$1" 0; do
        clock_shows "$shift"
        before=$(sql 'SELECT coalesce(max(version), 0) FROM oauth_tokens')
        for phone in 0711000001 0711000002 0711000003; do request "$phone" > /dev/null; done
        after=$(sql 'SELECT max(version) FROM oauth_tokens')
        points=$((points + 3))
        [ "$after" -eq $((before + 1)) ] || wrong state "at $shift: $((after - before)) tokens"
    done
}

# A runner that was killed keeps what it had until its lease ends, and no longer.
set_amid_a_lease() { # SHIFT
    local began
    ours 0 lease
    sed -i 's/^lease_seconds: .*/lease_seconds: 6/' "$SL_CONFIG"
    setting '{"latency_ms":20000}'
    sl-sms send -m hello 0711000001 > /dev/null 2>&1 3>&- &
    pid=$!
    until_true is 1 counted messages
    began=$SECONDS
    kill -9 "$pid"
    wait "$pid" 2> /dev/null || true
    clock_shows "$1"
    work
    [ "$(texts queued)" -eq 1 ] || [ $((SECONDS - began)) -ge 4 ] || wrong state "its lease was ended by the clock"
    until_true work_unknown || wrong state "its lease was prolonged by the clock"
    points=$((points + 2))
    doubled=$((doubled + $(counted messages) - 1))
}
work_unknown() { work && [ "$(texts unknown)" -eq 1 ]; }

# What is too old is not sent: a prompt is good for ten minutes, whatever the clock showed when it was asked for.
set_amid_an_age() {
    local old young
    ours 0 age
    scenario busy
    old=$(asked 0711000001)
    clock_shows "$hour"
    scenario ok
    until_true work_failed "$old" || wrong state "a prompt of an hour ago is $(payment "$old" status)"
    [ "$(pushes)" -eq 0 ] || wrong doubled "a prompt of an hour ago was sent"
    scenario busy
    young=$(asked 0711000002)
    clock_shows 0
    scenario ok
    settled "$young" succeeded || wrong state "a prompt of now is $(payment "$young" status)"
    points=$((points + 2)) doubled=$((doubled + $(pushes) - 1))
}
asked() { request "$1" || [ $? -eq 75 ]; } # it waits: the provider is busy
work_failed() { work && payment_is "$1" failed; }

# ---- Wrong from the beginning --------------------------------------------------------------------

# All of it works at another time, and doctor has one line about the clock. (M-Pesa, here, refuses a
# request that says that it is of 1970 or 2106, and that is known of it.)
lives_at() { # AHEAD PATTERN STATUS PUSHES
    ours "$1" lives
    once sl-sms send -m hello 0711000001
    list 20 lives > list.csv
    once sl-sms bulk -m 'Dear {name}' --file list.csv --yes -q
    compare_texts 21
    id=$(request 0711000001) || [ "$3" = failed ]
    settled "$id" "$3" || wrong state "the payment is $(payment "$id" status)"
    points=$((points + 1)) doubled=$((doubled + $(pushes) - $4))
    sl-config doctor -f json > doctor.json || true
    jq -r '.[] | select(.check == "clock" and .status == "bad") | .found' doctor.json | grep -q "$2" ||
        wrong state "doctor: $(jq -c '.[] | select(.check == "clock")' doctor.json)"
}

# Ids that are made while the clock stands still, or goes back, differ.
ids() {
    ours 0 ids
    for second in 26 27 28 29 30; do
        clock_shows "-$second"
        for n in 1 2 3 4 5 6 7 8 9 10; do
            sl-sms send -m "hello $second $n" 0711000001 -f json > said
            field batch < said >> made
            points=$((points + 1))
        done
    done
    [ "$(sort -u made | wc -l)" -eq "$points" ] || wrong doubled "$(sort made | uniq -d | head -n 1)"
}

# ---- The suite -----------------------------------------------------------------------------------

# counts TEXT FUNCTION ARGUMENT...: a row, of a process and a folder of its own.
counts() (
    about "$1"
    "${@:2}"
    row
)

"$TREE/scripts/deps" faketime
for shift in "-$hour" "$hour" "-$ten_years" "$ten_years"; do
    mkdir "at$shift"
    cd "at$shift"
    name="clock set by $(printf %+d $((shift / hour))) h"
    counts "$name amid a list" set_amid_a_list "$shift"
    counts "$name amid waits" set_amid_a_wait "$shift"
    counts "$name amid payments" set_amid_a_payment "$shift"
    counts "$name, tokens" set_amid_a_token "$shift"
    counts "$name amid a lease" set_amid_a_lease "$shift"
    cd ..
done
counts "clock set amid a prompt's age" set_amid_an_age
# year YEAR PATTERN STATUS PUSHES
year() {
    mkdir "$1"
    cd "$1"
    counts "all of it in $1" lives_at $(($(date -u -d "$1-03-01" +%s) - $(date +%s))) "${@:2}"
    cd ..
}
year 1970 '^it shows 1970-' failed 0
year 2038 ' s ahead of ' succeeded 1
year 2106 ' s ahead of ' failed 0
counts "ids while the clock goes back" ids
