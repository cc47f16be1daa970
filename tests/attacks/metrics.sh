#!/bin/bash
# What Prometheus reads, by the text file and over HTTP, is accepted by its own promtool.
"$TREE/scripts/deps" prometheus > /dev/null
. "$TREE/tests/attacks/attacking.bash"

tries=0 wrong=0
# accepted FILE
accepted() {
    tries=$((tries + $(grep -vc '^#' "$1")))
    promtool check metrics < "$1" > complaints 2>&1 || wrong=$((wrong + 1))
    wrong=$((wrong + $(wc -l < complaints)))
    cat complaints >&2
}

start_all
start watched sl-webhook serve --listen 127.0.0.1:0 --metrics 127.0.0.1:0
metrics=$(sed -n 's/^metrics on //p' watched.log)
sl-config set -p africastalking low_balance=1 -q > /dev/null
told() { work && [ "$(sql 'SELECT count(*) FROM accounts WHERE balance_micro IS NOT NULL')" -eq 1 ]; }
until_true told
sl-sandbox scenario busy -q
for i in {1..6}; do sl-sms send -m "text $i" "071100000$i" > /dev/null 2>&1 || [ $? -eq 75 ]; done
sl-queue stats --metrics file.prom
accepted file.prom
curl -sS "http://$metrics/metrics" > served.prom
accepted served.prom
row 'metrics that promtool refuses' "$tries" "$wrong"
none_got_in
