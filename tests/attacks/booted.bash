#!/bin/bash
# What units.sh runs in a booted Debian, as root: the units are set up as README says, and do their work.
. "$TREE/tests/attacks/attacking.bash"
SL_DATABASE=/var/lib/shulelabs/shulelabs.db # for sql alone: the programs find it by themselves
here=127.0.0.1:8490

# works UNIT TRIES COMMAND...: a row; it crashed if systemd says so, and failed if the command does not come true.
works() {
    local unit=$1 tries=$2 wrong=0 crashed=0
    shift 2
    until_true "$@" || wrong=1
    [ "$(systemctl show -P Result "$unit")" = success ] || crashed=1
    [ $((wrong + crashed)) -eq 0 ] || journalctl -n 20 -u "$unit" >&2
    row "$unit works in a booted Debian" "$tries" "$wrong" "$crashed"
}
is() { [ "$(sql "$1")" = "$2" ]; }

systemd-sysusers shulelabs.conf && systemd-tmpfiles --create shulelabs.conf
sl-config init -q > /dev/null
start sandbox sl-sandbox serve --listen "$here"
printf '%s\n' "public_url: http://$here" 'log_keep_days: 1' >> /etc/shulelabs/shulelabs.yaml
sl-sandbox setup -s greenhill --url "http://$here" > /dev/null 2>&1
export SL_SCHOOL=greenhill SL_SANDBOX_URL=http://$here

# ---- Jobs that send

texts() { # FILE TEXT
    seq -f '+2547110%05g' 20 | sed '1i phone' > "$1"
    sl-sms bulk -m "$2" --file "$1" --detach --yes -q || [ $? -eq 75 ]
}
sent() { is "SELECT count(*) FROM messages WHERE status IN ('sent', 'delivered')" "$1"; }
texts first.csv 'School opens on Monday'
systemctl start sl-queue-run.service
works sl-queue-run.service 20 sent 20

systemctl start sl-queue-run-watch.service
texts second.csv 'School closes on Friday'
works sl-queue-run-watch.service 20 sent 40

sl-config test -p mpesa > /dev/null
before=$(sql 'SELECT version FROM oauth_tokens')
sql 'UPDATE oauth_tokens SET expires_at = expires_at - 3500000'
systemctl start sl-oauth-refresh.service
works sl-oauth-refresh.service 1 is "SELECT version > $before FROM oauth_tokens" 1

# ---- The daemon: a payment at the till comes by the socket of the proxy

money=$(path greenhill mpesa confirm)
systemctl start sl-webhook.socket sl-webhook.service sl-keyring.path
paid() { # ID
    setpriv --reuid www-data --regid www-data --clear-groups curl -sS --unix-socket /run/shulelabs/webhook.sock \
        "http://localhost$money" -H 'Content-Type: application/json' \
        -d "{\"TransID\":\"$1\",\"TransAmount\":\"5.00\",\"BusinessShortCode\":\"174379\",\"BillRefNumber\":\"ADM1\",\"MSISDN\":\"254711000001\"}"
    is "SELECT count(*) FROM payments WHERE receipt = '$1'" 1
}
works sl-webhook.service 1 paid RKL1

served() { systemctl show -P MainPID sl-webhook.service; }
status() { awk -v name="$1:" '$1 == name { print $2 }' "/proc/$(served)/status"; }
claims=0 wrong=0
claim() {
    claims=$((claims + 1))
    "$@" || { wrong=$((wrong + 1)) && echo "not so: $*" >&2; }
}
claim test "$(status VmLck)" -gt 0
claim test "$(status NoNewPrivs)" -eq 1
claim test "$(status CapBnd)" = 0000000000000000
claim test "$(status Seccomp)" -eq 2
claim grep -q 'Max core file size  *0  *0 ' "/proc/$(served)/limits"
claim test "$(stat -c %U "/proc/$(served)/environ")" = root # what cannot be dumped is read by root alone
claim test "$(nsenter -t "$(served)" -n ip -br link | wc -l)" -eq 1
row 'keys locked, no core, no powers, no network' "$claims" "$wrong"

# ---- Local jobs

old=$(served)
served_anew() { [ "$(served)" -gt 0 ] && [ "$(served)" != "$old" ] && paid RKL2; }
sl-config key rotate -q > /dev/null
works sl-keyring.service 1 served_anew

sql 'UPDATE integration_logs SET created_at = created_at - 172800000'
systemctl start sl-logs-prune.service
works sl-logs-prune.service 1 is 'SELECT max(created_at) - min(created_at) < 86400000 FROM integration_logs' 1

# ---- What has taken one over: a copy of the unit tries other things. A unit without limits succeeds with each.

cat > /usr/bin/taken-over << 'TRIES'
#!/bin/bash
# taken-over [sends]: each line is a try; what succeeds is printed.
got() { timeout 5 "${@:2}" > /dev/null 2>&1 && echo "$1"; }
got configuration touch /etc/shulelabs/shulelabs.yaml
got programs touch /usr/bin/sl-sms
got units touch /etc/systemd/system/sl-webhook.service
got keys cat /etc/shulelabs/keyring
got 'the keys of another' cat /run/credentials/sl-queue-run-watch.service/keyring
got passwords cat /etc/shadow
got homes touch /root/.profile
got processes grep -q . /proc/1/cmdline
got 'bits of root' sh -c 'cp /bin/true /var/lib/shulelabs/true && chmod 4755 /var/lib/shulelabs/true'
got namespaces unshare --user true
got mounts mount -t tmpfs tmpfs /media
got personality setarch -X true
got tracing strace -o /dev/null true
[ "${1:-}" = sends ] || {
    got connections curl -sS http://127.0.0.1:8490/healthz
    got packets bash -c ': > /dev/udp/127.0.0.1/53'
}
true
TRIES
chmod 755 /usr/bin/taken-over

# taken NAME TEXT: a service of that text that runs it; what it got in /got-NAME.
taken() {
    echo "$2" > "/etc/systemd/system/taken-$1.service"
    systemctl daemon-reload
    systemctl start "taken-$1.service"
}

taken nothing "[Service]
Type=oneshot
ExecStart=/usr/bin/taken-over
StandardOutput=file:/got-nothing"
tries=$(grep -c '^ *got ' /usr/bin/taken-over)
[ "$(wc -l < /got-nothing)" -eq "$tries" ] || { echo 'without limits it got no more than' && cat /got-nothing; exit 1; } >&2

for unit in sl-queue-run sl-oauth-refresh sl-webhook sl-logs-prune; do
    file=/usr/lib/systemd/system/$unit.service sends='' crashed=0
    ! grep -q '^RestrictAddressFamilies=.*INET' "$file" || sends=sends
    taken "$unit" "$(sed -e '/^Requires=/d; /^Restart/d; s/^Type=.*/Type=oneshot/' \
        -e "s|^ExecStart=.*|ExecStart=/usr/bin/taken-over $sends\nStandardOutput=file:/got-$unit|" "$file")" || crashed=1
    sed "s/^/$unit.service, taken over, got: /" "/got-$unit" >&2
    row "$unit.service taken over" $((tries - (${#sends} > 0) * 2)) "$(wc -l < "/got-$unit")" "$crashed"
done
none_got_in
