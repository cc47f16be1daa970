# The programs that have to do with money, for the suites of faults: a payment is known by its reference.

# payments_told N: a push without an answer of its own stays unknown, and only that.
payments_told() {
    sql "SELECT reference || char(9) || CASE WHEN status = 'pending' AND external_reference IS NULL THEN 'unknown' ELSE status END
        FROM payments" >> states
}
push_effects() {
    sl-sandbox seen mpesa | sed -nE 's/.*"operation":"stk_push".*"reference":"([^"]*)".*/\1/p'
}

# ---- sl-pay request: one push, settled by a query

request_set_up() {
    curl -sS -o /dev/null "$SL_SANDBOX_URL/_sandbox/settings" -d '{"callback_ms":0}'
}
request_before() { :; }
request_act() {
    "${under[@]}" sl-pay request --phone 0711000001 --amount 100 --reference "ADM$1" --key "$1"
}
request_done() { [ "$(sql 'SELECT count(*) FROM payments WHERE external_reference IS NOT NULL')" -eq 1 ]; }
request_again() {
    local status=0
    request_act "$1" || status=$?
    sl-queue-run -q
    sl-pay reconcile --older-than 0s > /dev/null
    return "$status"
}
request_settled() {
    [ "$(sql "SELECT count(*) FROM payments WHERE status IN ('initiated', 'pending')")" -eq 0 ]
}
request_told() {
    echo "ADM$1" >> wanted
    payments_told
}
request_effects() { push_effects; }
