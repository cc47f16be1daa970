#!/bin/bash
# Twelve secrets are planted in a school's settings, and everything is run with -vv; one program dies in mid-send while
# core files are allowed. Then they are looked for, in whatever way they might be written, in the database, its backup
# and export, in all that the programs said, in their lines and environments, and in a core. Likewise the numbers of
# people and of a card, where they may not stand; and a person who is forgotten.
. "$TREE/tests/attacks/attacking.bash"
ulimit -c unlimited

# ---- What is planted -----------------------------------------------------------------------------------------------

# A secret of n characters, some of which a URL writes in another way where the provider allows them.
secret() { head -c 64 /dev/urandom | base64 -w 0 | tr -d '/=' | head -c "$1"; }
hex() { od -An -N "$1" -tx1 /dev/urandom | tr -d ' \n'; }

plant() {
    local provider setting value
    : > secrets
    while read -r provider setting value; do
        printf '%s=%s\n' "$setting" "$value" | sl-config set -s planted -p "$provider" --from - --quiet > /dev/null
        printf '%s\n' "$value" >> secrets
    done <<- END
	mpesa consumer_secret $(secret 32)
	mpesa passkey $(hex 32)
	africastalking api_key $(secret 40)
	twilio auth_token $(hex 16)
	flutterwave secret_key FLWSECK_TEST-$(hex 16)-X
	pesapal consumer_secret $(secret 28)
	sendgrid api_key SG.$(hex 11).$(hex 21)
	mailgun api_key $(hex 16)-$(hex 4)
	whatsapp access_token EAA$(hex 40)
	smtp password $(secret 24)
	s3 secret_access_key $(secret 40)
	moodle token $(hex 16)
	END
}

# The ways to write each line of standard input. Base64 of a text that stands anywhere in another has one of three
# forms; the digits at its ends, which depend on what is beside it, are left out.
ways() {
    local text n
    while read -r text; do
        n=${#text}
        printf '%s\n' "$text"
        printf '%s' "$text" | rev
        echo
        printf '%s' "$text" | od -An -v -tx1 | tr -d ' \n'
        echo
        printf '%s' "$text" | od -An -v -tx1 | tr -d ' \n' | tr a-f A-F
        echo
        jq -rn --arg text "$text" '$text | @uri'
        printf '%s' "$text" | od -An -v -tx1 | tr -d '\n' | sed 's/ /%/g'
        echo
        printf '%s' "$text" | head -c $((n / 3 * 3)) | base64 -w 0
        echo
        printf '..%s' "$text" | head -c $(((n + 2) / 3 * 3)) | base64 -w 0 | cut -c 4-
        printf '.%s' "$text" | head -c $(((n + 1) / 3 * 3)) | base64 -w 0 | cut -c 3-
    done
}

# found FILE: how many of its lines stand anywhere in all that there is; where is said on standard error.
found() {
    local way n=0
    while read -r way; do
        if grep -rlaF --exclude-dir=searched -e "$way" traces >> hits; then
            echo "found: $way" >&2
            n=$((n + 1))
        fi
    done < "$1"
    [ ! -s hits ] || sort -u hits >&2
    echo $n
}

# ---- What is run ---------------------------------------------------------------------------------------------------

# ran NAME COMMAND...: whatever comes of it, it is none of the ends that a crash has.
ran() {
    local name=$1 status=0
    shift
    "$@" -vv > "traces/$name.out" 2> "traces/$name.err" < /dev/null || status=$?
    [ $status != 64 ] # the line is right
    [ $status -lt 126 ] || crashed=$((crashed + 1))
}

# What each program says in its line and environment, for as long as it runs.
watch() {
    local pid=$1
    while kill -0 "$pid" 2> /dev/null; do
        cat "/proc/$pid/cmdline" "/proc/$pid/environ" >> traces/proc 2> /dev/null || true
        read -rt 0.01 <> <(:) || true
    done
}

everything() {
    local school=$1 to=$2 provider
    for provider in africastalking twilio; do
        ran "$school-sms-$provider" sl-sms send -s "$school" -p "$provider" -m "Card 4242 4242 4242 4242 of $to" "$to"
    done
    for provider in mpesa flutterwave pesapal; do
        ran "$school-pay-$provider" sl-pay request -s "$school" -p "$provider" --phone "$to" --amount 100 --reference ADM1024
    done
    for provider in sendgrid mailgun smtp; do
        ran "$school-email-$provider" sl-email send -s "$school" -p "$provider" --to p1@example.test --subject Fees --text "Call $to"
    done
    ran "$school-whatsapp" sl-whatsapp send -s "$school" --force -m Habari "$to"
    ran "$school-storage" sl-storage put -s "$school" -p s3 "$TREE/README.md" readme.md
    ran "$school-lms" sl-lms courses -s "$school"
    for provider in mpesa africastalking twilio flutterwave pesapal sendgrid mailgun whatsapp smtp s3 moodle; do
        ran "$school-test-$provider" sl-config test -s "$school" -p "$provider"
    done
    ran "$school-run" sl-queue-run
    ran "$school-refresh" sl-oauth-refresh
}

# Its row is marked as sent, and there is a connection to the sandbox.
connected() {
    [ "$(sql "SELECT status FROM integration_queue ORDER BY id DESC LIMIT 1")" = processing ] &&
        find "/proc/$1/fd" -lname 'socket:*' | grep -q .
}

# Dies while the provider has its request and has not answered.
die_in_mid_send() {
    curl -sS -d '{"latency_ms":600000}' "$SL_SANDBOX_URL/_sandbox/settings" > /dev/null
    (cd traces && exec sl-sms send -s planted -p africastalking -m Habari -vv +254711000009 > dying.out 2> dying.err) &
    local pid=$! status=0
    watch $pid &
    until_true connected $pid
    kill -SEGV $pid
    wait $pid || status=$?
    [ $status = 139 ]
    curl -sS -d '{"latency_ms":0}' "$SL_SANDBOX_URL/_sandbox/settings" > /dev/null
}

# ---- The whole -----------------------------------------------------------------------------------------------------

crashed=0
mkdir traces
start_all
unset SL_SCHOOL
sl-sandbox setup -s planted --url "$SL_SANDBOX_URL" > /dev/null 2>&1
plant
die_in_mid_send # while its accounts are not blocked yet: nobody takes these secrets
everything planted +254711000001
everything greenhill +254711000002
sl-config backup traces/backup.db > /dev/null
sl-logs export -f ndjson > traces/export.ndjson
sl-config show -s planted -p mpesa > traces/show.out
cp "$SL_DATABASE" "$SL_DATABASE-wal" "$BATS_TEST_TMPDIR"/*.log traces/

ways < secrets | sort -u > written
[ "$(wc -l < secrets)" = 12 ]
head -n 1 secrets | sed 's/^/so: /' | base64 > traces/control # what is there is found
[ "$(found written 2> /dev/null)" -gt 0 ]
rm traces/control hits
row '12 planted secrets' "$(wc -l < written)" "$(found written)" "$crashed"

# What the journal and the log may not show. The school's own records and reports may.
grep -ahoE '(254|0)?7110000(01|02)|4242 4242 4242 4242|4242424242424242' traces/*.err traces/export.ndjson traces/daemon.log > shown || true
row 'phones and cards in journal and log' "$(cat traces/*.err traces/export.ndjson traces/daemon.log | wc -l)" "$(wc -l < shown)"
sql 'SELECT coalesce(error_message, 0), coalesce(error_log, 0) FROM integration_logs l LEFT JOIN integration_queue ON 0
    UNION ALL SELECT 0, coalesce(error_log, 0) FROM integration_queue UNION ALL SELECT 0, coalesce(error, 0) FROM messages
    UNION ALL SELECT 0, coalesce(error, 0) FROM payments' > errors
row 'phones in stored errors' "$(wc -l < errors)" "$(grep -cE '7110000(01|02)' errors || true)"
grep -q '2547••••0001' traces/export.ndjson
grep -q '••••4242' traces/export.ndjson
id=$(sl-logs list -s greenhill --operation payment.request -f json | jq '.[0].id')
sl-logs show "$id" --reveal -f json | grep -q 254711000002
[ "$(sl-logs list --operation logs.reveal -f json | jq length)" = 1 ]

# Whoever is forgotten is nowhere, however the number was written; nobody's payment is waited for any more.
sql "UPDATE payments SET status = 'failed' WHERE school_id = (SELECT id FROM schools WHERE code = 'planted')"
sql "UPDATE integration_queue SET status = 'failed' WHERE status IN ('pending', 'processing')"
sql "UPDATE webhook_events SET state = 'done'; UPDATE messages SET status = 'failed' WHERE status IN ('queued', 'sending', 'unknown')"
kill "$daemon"
wait "$daemon" || true
grep -qa 254711000001 "$SL_DATABASE"*
sl-logs forget -s planted --phone +254711000001 --yes > /dev/null
rm -rf traces && mkdir traces
cp "$SL_DATABASE"* traces/
printf '%s\n' 254711000001 0711000001 711000001 '0711 000 001' | ways | awk 'length($0) > 8' | sort -u > written
row 'forgotten person' "$(wc -l < written)" "$(found written)"
sl-logs verify > /dev/null
none_got_in
