#!/bin/bash
# Ten thousand connections that say nothing and a thousand that say a byte a second, beside 200 honest reports a
# second: none of these is lost, each is answered soon, and the daemon stays small.
. "$TREE/tests/attacks/attacking.bash"
idle=${IDLE:-10000} slow=${SLOW:-1000} rate=200 seconds=${SECONDS_LONG:-30}

start_all
reports=$(path greenhill africastalking dlr)
attacker flood "$hooks" "$reports" "$idle" "$slow" "$rate" "$seconds" > counts
read -r sent lost p99 longest most thrown_out < counts
echo "at most $most of the flood were open, $thrown_out were thrown out; the longest honest one took $longest ms;" \
    "the daemon took $(ps -o cputimes= -p "$daemon" | tr -d ' ') s of the processor, and the machine's load is $(cut -d ' ' -f 1-2 /proc/loadavg)" >&2
stored=$(sql "SELECT count(*) FROM webhook_events WHERE external_reference LIKE 'ATXid_honest_%'")
rss=$(peak "$daemon")
[ $((sent - stored)) -le "$lost" ] || lost=$((sent - stored))
row "honest beside $((idle + slow)) others: lost" "$sent" "$lost" "$(alive)" "$p99 ms" "$rss"
[ "$p99" -le 250 ]
[ "${rss%.*}" -lt 64 ]
none_got_in
