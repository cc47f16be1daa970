load helpers
load running
# What Prometheus reads.

setup() { start_all; }
teardown() { stop_all; }

@test "what the text file says, /metrics says too, and to this machine alone" {
    run --separate-stderr sl-webhook serve --listen 127.0.0.1:0 --metrics 0.0.0.0:9480
    [ "$status" -eq 78 ]
    [[ "$stderr" == *"0.0.0.0:9480, which others can reach"* ]]
    start watched sl-webhook serve --listen 127.0.0.1:0 --metrics 127.0.0.1:0
    metrics=$(sed -n 's/^metrics on //p' "$BATS_TEST_TMPDIR/watched.log")
    sl-sms send -m hello 0711000001 > /dev/null
    [ "$(curl -sS "http://$metrics/metrics")" = "$(sl-queue stats --metrics -)" ]
    curl -sS "http://$metrics/metrics" | grep -q '^shulelabs_queue_items{status="completed"} 1$'
    [ "$(curl -s -o /dev/null -w '%{http_code}' "http://$metrics/healthz")" = 404 ]
    [ "$(curl -s -o /dev/null -w '%{http_code}' -X POST "http://$metrics/metrics")" = 405 ]
    [ "$(curl -s -o /dev/null -w '%{http_code}' "http://$address/metrics")" = 404 ]
    kill "$watched"
    wait "$watched"
}

@test "the balance that a provider told is a metric" {
    ! sl-queue stats --metrics - | grep '^shulelabs_account_balance'
    sl-config set -p africastalking low_balance=1 -q > /dev/null
    until_true balance_is_told
    sl-queue stats --metrics - |
        grep -q '^shulelabs_account_balance{provider="africastalking",account="[0-9a-f]*",currency="KES"} [0-9]*\.[0-9]*$'
}
balance_is_told() {
    work
    [ "$(sql 'SELECT count(*) FROM accounts WHERE balance_micro IS NOT NULL')" -eq 1 ]
}
