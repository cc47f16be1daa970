#!/bin/bash
# Three runners on one list. One of them is stopped until its lease is over and its rows are another's, and woken
# again, at PAUSES=200 moments: it neither sends nor overwrites, and nobody gets a text twice.
. "$TREE/tests/faults/counting.bash"
pauses=${PAUSES:-200} at_once=8 rows=8000

# lease PID: 1 if the runner that this process is has one, 0 if that is over.
lease() {
    sql "SELECT max(lease_boot_ms) > $(awk '{ printf "%d", $1 * 1000 }' /proc/uptime) FROM runners WHERE pid = $1"
}
lease_holds() { [ "$(lease "$1")" = 1 ]; }

# What it had in flight.
flying() {
    sql "SELECT group_concat(q.id) FROM integration_queue q JOIN runners r ON r.id = q.runner
        WHERE r.pid = $1 AND q.in_flight = 1"
}

# It was stopped amid a transaction: then nobody can write, and nothing is taken over.
writes() { awk -v pid="$1" '$5 == pid && $4 == "WRITE" && $7 == 120' /proc/locks | grep -q .; }

taken_over() {
    [ "$(lease "$1")" = 0 ] || return 1
    writes "$1" || [ "$(sql "SELECT count(*) FROM integration_queue q JOIN runners r ON r.id = q.runner WHERE r.pid = $1")" -eq 0 ]
}

records() { sql "SELECT id, status, attempts, waits_for, error_log FROM integration_queue WHERE id IN ($1) ORDER BY id"; }

# pause PID: what it had in flight is settled as unknown by another, and stays so.
pause() {
    local ids before
    moment 50
    kill -STOP "$1"
    ids=$(flying "$1")
    until_true taken_over "$1" || wrong state "its rows were never taken over"
    writes "$1" && ids=
    before=$(records "${ids:-0}")
    kill -CONT "$1"
    until_true lease_holds "$1" || wrong state "it never began anew"
    [ "$(records "${ids:-0}")" = "$before" ] || wrong state "overwritten: $before"
    points=$((points + 1))
}

part() { # NAME N: so many pauses, with an installation of their own
    local i pids=() sent unknown arrived
    in_folder "$1"
    about "stopped past its lease, part $1"
    to_sandbox --latency 100
    echo 'lease_seconds: 1' >> "$SL_CONFIG"
    awk -v n="$rows" 'BEGIN { print "phone,n"; for (i = 0; i < n; i++) printf "+2547%08d,%d\n", 20000000 + i, i }' > list
    sl-sms bulk -m 'Number {n}' --file list --yes -q --detach > said 2>&1 || [ $? -eq 75 ] || wrong exit "$(cat said)"
    for i in 0 1 2; do
        sl-queue-run --watch -q --connections 2 2> "runner$i.err" &
        pids+=($!)
        echo $! >> pids
        until_true lease_holds $!
    done
    for ((i = 0; i < $2; i++)); do pause "${pids[i % 3]}"; done
    [ "$(sql "SELECT count(*) FROM messages WHERE status = 'queued'")" -gt 0 ] || wrong state "the list ended too early"
    kill "${pids[@]}"
    wait "${pids[@]}" || wrong exit "a runner ended with $?: $(cat runner*.err)"
    [ ! -s runner0.err ] || wrong state "$(cat runner0.err)"
    sl-sms cancel "$(sl-sms batches -f json | field batch)" > said 2>&1 || wrong exit "$(cat said)"
    until_true nothing_flies
    sent=$(sql "SELECT count(*) FROM messages WHERE status = 'sent'")
    unknown=$(sql "SELECT count(*) FROM messages WHERE status = 'unknown'")
    arrived=$(counted distinct)
    [ "$(counted duplicated)" -eq 0 ] || wrong doubled "$(counted duplicated) texts came twice"
    [ "$arrived" -ge "$sent" ] || wrong lost "$sent are sent, $arrived arrived"
    [ "$arrived" -le $((sent + unknown)) ] || wrong state "$arrived arrived, $sent are sent and $unknown unknown"
    # one that stops amid a transaction keeps all three from their leases
    [ "$unknown" -le $(($2 * 6)) ] || wrong state "$unknown are unknown after $2 pauses"
    sl-logs verify > said 2>&1 || wrong state "$(cat said)"
    row
}
nothing_flies() { sl-queue-run -q && [ "$(sql "SELECT count(*) FROM integration_queue WHERE in_flight = 1 AND waits_for IS NULL")" -eq 0 ]; }

[ $# -eq 0 ] || { part "$@"; exit; }
seq "$at_once" | xargs -P "$at_once" -I '{}' "$0" '{}' $((pauses / at_once))
