#!/bin/bash
# One key from twenty processes at once: one send. ROUNDS=1000, each with a key of its own.
. "$TREE/tests/faults/counting.bash"
rounds=${ROUNDS:-1000}

# once ROUND COMMAND...: twenty of it. Each ends well, or finds it queued by another.
once() {
    together 20 "${@:2}" > ends 2> said || true
    if grep -qvxE '0|75' ends || [ "$(wc -l < ends)" -ne 20 ]; then
        wrong exit "round $1: $(sort ends | uniq -c | xargs) $(head -n 2 said)"
    fi
    points=$((points + 1))
}

# another MANY COMMAND...: the same key for something else is refused, and the earlier one is named.
another() {
    local status=0
    "${@:2}" > said 2>&1 || status=$?
    [ "$status" -eq 65 ] || wrong exit "another payload: $status, $(head -n 2 said)"
    grep -q "$1" said || wrong state "the earlier one is not named: $(cat said)"
}

texts() {
    about 'a text under one key, 20 times'
    for ((n = 1; n <= rounds * 3 / 4; n++)); do
        once "$n" sl-sms send -m "round $n" --key "text-$n" -q 0711000001
    done
    sl-queue-run -q
    [ "$(counted duplicated)" -eq 0 ] || wrong doubled "$(counted duplicated) texts"
    [ "$(counted distinct)" -eq "$points" ] || wrong lost "$(counted distinct) of $points texts"
    [ "$(sql "SELECT count(*) FROM messages WHERE status = 'sent'")" -eq "$points" ] ||
        wrong state "$(sql 'SELECT status, count(*) FROM messages GROUP BY 1')"
    another "$(sql "SELECT public_id FROM message_batches WHERE idempotency_key = 'text-1'")" \
        sl-sms send -m "another" --key text-1 -q 0711000001
    [ "$(counted distinct)" -eq "$points" ] || wrong doubled "the refused one was sent"
    row
}

payments() {
    about 'a payment under one key, 20 times'
    for ((n = 1; n <= rounds / 4; n++)); do
        once "$n" sl-pay request --phone 0711000001 --amount 100 --reference "ADM$n" --key "pay-$n" -q
    done
    sl-queue-run -q
    [ "$(counted pushes)" -le "$points" ] || wrong doubled "$(counted pushes) of $points pushes"
    [ "$(counted pushes)" -ge "$points" ] || wrong lost "$(counted pushes) of $points pushes"
    [ "$(sql "SELECT count(*) FROM payments WHERE external_reference IS NOT NULL")" -eq "$points" ] ||
        wrong state "$(sql 'SELECT status, count(*) FROM payments GROUP BY 1')"
    another "$(sql "SELECT public_id FROM payments WHERE reference = 'ADM1'")" \
        sl-pay request --phone 0711000001 --amount 200 --reference ADM1 --key pay-1 -q
    row
}

in_folder here
to_sandbox
texts
payments
