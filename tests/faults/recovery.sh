#!/bin/bash
# What is done after a kill, and who waits for whom. Times are the sandbox's and the kernel's. A busy machine has as
# many times longer, up to ten, as a runner that finds nothing takes longer there than IDLE_MS.
. "$TREE/tests/faults/counting.bash"

IDLE_MS=30

# late MS: that long on an idle machine; how long here.
late() (
    unset SL_SCHOOL
    export BATS_TEST_TMPDIR=$PWD/nothing
    [ -d nothing ] || fresh
    SL_CONFIG=$PWD/nothing/etc/shulelabs.yaml SL_DATABASE=$PWD/nothing/var/shulelabs.db SL_KEYRING=$PWD/nothing/etc/keyring
    begin=${EPOCHREALTIME/./}
    for _ in 1 2 3; do sl-queue-run -q; done
    percent=$(((${EPOCHREALTIME/./} - begin) / 30 / IDLE_MS))
    echo $(($1 * (percent < 100 ? 100 : percent > 1000 ? 1000 : percent) / 100))
)

queue() { # SCHOOL N: a list of so many
    list "$2" "$1" > "list-$1"
    sl-sms bulk -s "$1" -m 'Number {name}' --file "list-$1" --yes -q --detach > said 2>&1 || [ $? -eq 75 ] || wrong exit "$(cat said)"
}

more_than() { [ "$(counted messages)" -gt "$1" ]; }

# first_since MS: when the sandbox got the first text after that.
first_since() { sl-sandbox seen africastalking | jq -r .at | awk -v begin="$1" '$1 >= begin && !n++'; }

# The only runner is killed at a moment of its work; the next one's first text is there in time.
after_kill() {
    local runner began before took allowed after
    about 'killed with 50,000 rows queued'
    to_sandbox
    echo 'lease_seconds: 1' >> "$SL_CONFIG"
    queue greenhill 50000
    for _ in $(seq 20); do
        before=$(counted messages)
        sl-queue-run -q 2> runner.err &
        runner=$!
        until_true more_than "$before"
        moment 200
        kill -KILL "$runner"
        wait "$runner" 2> /dev/null || true
        before=$(counted messages)
        allowed=$(late 100)
        began=${EPOCHREALTIME/./}
        sl-queue-run -q 2> runner.err &
        runner=$!
        until_true more_than "$before"
        took=$(($(first_since $((began / 1000))) - began / 1000)) after=$(late 100)
        [ "$after" -le "$allowed" ] || allowed=$after # the machine has become busy meanwhile
        [ "$took" -le "$allowed" ] || wrong state "its first text after $took ms, of $allowed"
        points=$((points + 1))
        kill "$runner"
        wait "$runner" || wrong exit "the next runner: $?, $(cat runner.err)"
    done
    [ "$(counted duplicated)" -eq 0 ] || wrong doubled "$(counted duplicated)"
    [ "$(counted distinct)" -ge "$(sql "SELECT count(*) FROM messages WHERE status = 'sent'")" ] || wrong lost "$(counted distinct) arrived"
    row
}

# limited SCHOOL: to 50 texts a second, after ten at once.
limited() {
    printf '%s\n' rate_per_second=50 burst=10 | sl-config set -s "$1" -p africastalking --from - -q > /dev/null
}

# One school has 100,000 rows at a provider that takes 50 a second; the other's code leaves before them.
beside() {
    local began took allowed runner n
    about "another school's 100,000 rows"
    to_sandbox
    sl-sandbox setup -s hillside > /dev/null 2>&1
    limited greenhill
    limited hillside # the same credentials: one account, one bucket
    queue greenhill 100000
    sl-queue-run -q --watch 2> runner.err &
    runner=$!
    echo "$runner" >> pids
    until_true more_than 10
    for n in $(seq 10); do
        allowed=$(late 2000)
        began=${EPOCHREALTIME/./}
        sl-sms send -s hillside -m "Your code is 1234$n" -q 0733000001 > said 2>&1 || wrong exit "$?: $(cat said)"
        took=$(((${EPOCHREALTIME/./} - began) / 1000))
        sl-sandbox seen africastalking | grep -q "code is 1234$n" || wrong lost "code $n"
        [ "$took" -le "$allowed" ] || wrong state "code $n took $took ms, of $allowed"
        points=$((points + 1))
    done
    kill "$runner" && wait "$runner" || wrong exit "$? $(cat runner.err)"
    row
}

# A receiver that takes connections and never answers delays neither texts nor another receiver.
dead_hook() {
    local began took allowed n runner
    about 'a hook receiver that never answers'
    to_sandbox
    start dead badserver head 'HTTP/1.1 200 OK' > dead.got
    kill -STOP "$dead"
    sl-config hook add --event '*' --url "http://$address/hook" > /dev/null 2>&1
    sl-config hook add --event '*' --url "$SL_SANDBOX_URL/hook/200" > /dev/null 2>&1
    for n in $(seq 100); do echo "+2547330$((10000 + n))"; done > numbers
    xargs sl-sms optout add -s greenhill < numbers > said 2>&1 # a hundred events
    sl-queue-run -q --watch 2> runner.err &
    runner=$!
    echo "$runner" >> pids
    allowed=$(late 3000) began=${EPOCHREALTIME/./}
    until_true all_told 100 || wrong state "the living receiver was told $(sl-sandbox seen hook | wc -l) of 100"
    took=$(($(sl-sandbox seen hook | jq -s '.[99].at') - began / 1000))
    [ "$took" -le "$allowed" ] || wrong state "the living receiver was told after $took ms, of $allowed"
    allowed=$(late 5000) began=${EPOCHREALTIME/./}
    for n in $(seq 10); do sl-sms send -m "text $n" -q 0711000001 > said 2>&1 || wrong exit "$?: $(cat said)"; done
    took=$(((${EPOCHREALTIME/./} - began) / 1000))
    [ "$took" -le "$allowed" ] || wrong state "ten texts took $took ms, of $allowed"
    [ "$(counted distinct)" -eq 10 ] || wrong lost "$(counted distinct) of 10 texts"
    points=110
    kill -CONT "$dead"
    row
}
all_told() { [ "$(sl-sandbox seen hook | wc -l)" -ge "$1" ]; }

# Four processes, one bucket: in no second by the provider's clock more than rate and burst.
rates() {
    local most pids=() i
    about 'four processes at 50 a second'
    to_sandbox
    limited greenhill
    queue greenhill 1000
    for i in 1 2 3 4; do
        sl-queue-run -q --watch 2> "runner$i.err" &
        pids+=($!)
        echo $! >> pids
    done
    until_true more_than 600
    kill "${pids[@]}"
    wait "${pids[@]}" || wrong exit "$? $(cat runner*.err)"
    sl-sandbox seen africastalking | jq -r .at | sort -n > sent_at
    points=$(wc -l < sent_at)
    most=$(awk '{ at[NR] = $1; while (at[NR] - at[begin + 1] >= 1000) begin++
        if (NR - begin > most) most = NR - begin } END { print most }' sent_at)
    [ "$most" -le 60 ] || wrong state "$most within a second"
    row
}

part() { in_folder "$1"; "$1"; }
[ $# -eq 0 ] || { part "$@"; exit; }
printf '%s\n' after_kill beside dead_hook rates | xargs -n 1 "$0"
