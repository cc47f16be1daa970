bats_require_minimum_version 1.5.0
# Notifications: what people see of them, and what FCM and APNs are sent for it.

load helpers
load running

setup() { start_all; }
teardown() { stop_all; }

seen() { curl -sS "$SL_SANDBOX_URL/_sandbox/seen?provider=$1"; }

# scenario NAME: for all that is asked from now on.
scenario() { sl-sandbox scenario "$1" > /dev/null; }

@test "one notification to several devices, each with its outcome; data comes with it" {
    run -1 --separate-stderr sl-push send -t Fees -b 'KES 12,500 received' -d child_id=42 -d kind=fee \
        -f json a:1 DEAD:2 FOREIGN:3
    [ "$(jq -r 'map(.status) | join(" ")' <<< "$output")" = 'sent failed failed' ]
    [[ $(jq -r '.[0].external_reference' <<< "$output") == projects/demo-school/messages/* ]]
    [ "$(jq -r '.[0] | has("segments"), .segments' <<< "$output" | xargs)" = 'true null' ]
    [ "$(seen fcm | jq -r 'select(.token == "a:1") | .title, .body, .data.child_id, .data.kind' | xargs)" = \
        'Fees KES 12,500 received 42 fee' ]
}

@test "a dead token's error begins with unregistered, and no other error does" {
    run -1 --separate-stderr sl-push send -t A -f json a:1 DEAD:2 FOREIGN:3 THIRDPARTY:4
    [ "$(jq -r '.[] | select(.error // "" | startswith("unregistered")) | .to' <<< "$output")" = DEAD:2 ]
    run -1 --separate-stderr sl-push send -p apns -t A -f json aa01 dead02 bad003 0ff004
    [ "$(jq -r '.[] | select(.error // "" | startswith("unregistered")) | .to' <<< "$output")" = dead02 ]
    [ "$(jq -r '.[] | select(.error // "" | startswith("bad_environment_or_token")) | .to' <<< "$output")" = bad003 ]
}

@test "a token that the provider could not take stops all, and nothing is recorded" {
    run -65 --separate-stderr sl-push send -t A a:1 'b 2'
    [ "$stderr" = "sl-push: 'b 2': this is no registration token of FCM" ]
    run -65 --separate-stderr sl-push send -p apns -t A aa01 xyz
    [[ $stderr == *"'xyz': "*hexadecimal* ]]
    [ "$(sl-push batches -f json)" = '[]' ]
    [ -z "$(seen fcm)" ]
}

@test "what is wrong with a notification is one line, and sends nothing" {
    while IFS='|' read -r status text options; do
        eval "run -$status --separate-stderr sl-push send $options a:1"
        [[ $stderr == *"$text"* ]] || { echo "$options: $stderr" >&2; return 1; }
        [ "$(wc -l <<< "$stderr")" -le 2 ]
    done << 'CASES'
65|the notification is empty|
65|the title is empty|-t ""
65|is not NAME=VALUE|-t A -d child
65|given twice|-t A -d a=1 -d a=2
65|reserved|-t A -d google.x=1
65|no whole number|-t A --ttl soon
65|28 days|-t A --ttl 2419201
65|https|-t A --image http://example.org/i.png
65|urgent|-t A --priority urgent
CASES
    [ -z "$(seen fcm)" ]
}

@test "a silent notification needs data, and is sent in the background" {
    run -0 sl-push send -p apns -d sync=timetable aa01
    [ "$(seen apns | jq -r '.push_type, .priority' | xargs)" = 'background 5' ]
}

@test "the same key sends once; with another text it is refused" {
    run -0 sl-push send -t A --key k1 a:1
    run -0 sl-push send -t A --key k1 a:1
    [ "$(counted messages)" -eq 1 ]
    run -65 --separate-stderr sl-push send -t B --key k1 a:1
    [[ $stderr == *"'k1' was used"* && $stderr == *'sl-push status'* ]]
}

@test "a dry run shows who would get it, and sends nothing" {
    run -0 --separate-stderr sl-push send -n -t A -f json a:1 a:1 b:2
    [ "$(jq -r 'map(.status) | join(" ")' <<< "$output")" = 'ready skipped ready' ]
    [ -z "$(seen fcm)" ]
}

@test "a topic, named or of the settings; APNs has none" {
    run -0 sl-push topic --topic greenhill-parents -t 'Closed tomorrow'
    run -0 sl-push topic -t 'Closed tomorrow'
    [ "$(seen fcm | jq -r .topic | xargs)" = 'greenhill-parents all' ]
    run -65 --separate-stderr sl-push topic --topic '/topics/x' -t A
    [[ $stderr == *'cannot be a topic'* ]]
    run -78 --separate-stderr sl-push topic -p apns -t A
    [ "$stderr" = 'sl-push: APNs sends no notifications to topics' ]
    sl-config unset -s greenhill -p fcm default_topic > /dev/null
    run -78 --separate-stderr sl-push topic -t A
    [[ $stderr == *default_topic* ]]
}

@test "a list: templates in title, body and data; bad rows are named with their line" {
    cd "$BATS_TEST_TMPDIR"
    printf 'token,pupil,id\na:1,Amina,42\nDEAD:2,Ben,43\n,Cato,44\na b,Dan,45\na:1,Amina,42\n' > list.csv
    run -1 --separate-stderr sl-push bulk -t 'Fees of {pupil}' -b 'Paid' -d 'child={id}' --file list.csv \
        --report report.csv --yes -f json
    [ "$(jq -r '.sent, .failed, .skipped' <<< "$output" | xargs)" = '1 3 1' ]
    [ "$(head -1 report.csv)" = line,token,to,status,id,external_reference,segments,cost,currency,error ]
    [ "$(seen fcm | jq -r 'select(.token == "a:1") | .title, .data.child' | xargs)" = 'Fees of Amina 42' ]
    grep -q '^4,.*the token is empty' report.csv
    grep -q '^5,a b,.*no registration token' report.csv
    grep -q '^3,.*unregistered' report.csv
    run -65 --separate-stderr sl-push bulk -t 'Fees of {pupl}' --file list.csv --yes
    [[ $stderr == *pupl* && $stderr == *pupil* ]]
    run -65 --separate-stderr sl-push bulk -t A --token-column device --file list.csv --yes
    [[ $stderr == *device* ]]
}

@test "batches, status, cancel and resume are those of notifications alone" {
    cd "$BATS_TEST_TMPDIR"
    printf 'token\na:1\na:2\n' > list.csv
    run -75 sl-push bulk -t A --file list.csv --yes --detach
    batch=$(sl-push batches -f json | field batch)
    [ "$(sl-sms batches -f json)" = '[]' ]
    run -65 sl-sms status "$batch"
    run -0 sl-push resume "$batch"
    [ "$(sl-push status "$batch" -f json | jq -r 'map(.status) | join(" ")')" = 'sent sent' ]
    run -75 sl-push bulk -t B --file list.csv --yes --detach
    batch=$(sl-push batches -f json | field batch)
    run -0 sl-push cancel "$batch"
    work
    [ "$(sl-push status "$batch" -f json | jq -r 'map(.status) | join(" ")')" = 'cancelled cancelled' ]
    [ "$(counted messages)" -eq 2 ]
}

@test "an answer that was lost is asked again, with the same id to replace it" {
    run -75 sl-push send -t A SCENARIO15:1
    sql "UPDATE integration_queue SET next_attempt_at = 0 WHERE status = 'pending'"
    work
    [ "$(counted lost)" -ge 2 ]
    [ "$(seen fcm | jq -r .tag | sort -u | wc -l)" -eq 1 ]
    [ "$(seen fcm | wc -l)" -ge 2 ]
}

@test "too many, busy and broken are tried later, and the message is kept" {
    for scenario in rate-limited busy server-error; do
        scenario "$scenario"
        run -75 sl-push send -t A a:1
        batch=$(sl-push batches -f json | field batch)
        scenario ok
        sql "UPDATE integration_queue SET next_attempt_at = 0 WHERE status = 'pending';
             UPDATE accounts SET hold_boot_ms = 0"
        work
        [ "$(sl-push status "$batch" -f json | field status)" = sent ]
    done
}

@test "an access token that is refused is renewed once, without a person" {
    run -0 sl-push send -t A a:1
    run -0 sl-push send -t A SCENARIO20:1
    [ "$(counted tokens)" -eq 2 ]
}

@test "APNs: all processes share one token, which no test renews before its time" {
    for n in 1 2 3; do sl-push send -p apns -t "A$n" "aa0$n" > /dev/null & done
    wait $(jobs -p | tail -3)
    sl-config test -s greenhill -p apns > /dev/null
    sl-oauth-refresh --within 7200 > /dev/null
    run -0 sl-push send -p apns -t A aa09
    [ "$(counted tokens)" -eq 1 ]
    [ "$(seen apns | jq -r 'select(.operation == "send") | .device' | sort | xargs)" = 'aa01 aa02 aa03 aa09' ]
    [ "$(sql "SELECT version FROM oauth_tokens")" -eq 1 ]
}

@test "APNs: what finds its connection idle is sent again at once, as the same attempt" {
    run -0 --separate-stderr sl-push send -p apns -t A -f json 1d1e01
    [ "$(field status <<< "$output")" = sent ]
    [ "$(sql "SELECT attempts FROM integration_queue WHERE operation = 'push.send'")" -eq 1 ]
    [ "$(sql "SELECT COUNT(*) FROM integration_logs WHERE operation = 'push.send'")" -eq 2 ]
}

@test "APNs: a key of another team blocks the account, and says so once" {
    sl-config set -s greenhill -p apns team_id=OTHERTEAM1 > /dev/null
    run -77 --separate-stderr sl-push send -p apns -t A aa01
    [[ $stderr == *'credentials refused'* && $stderr == *team_id* ]]
    [ "$(seen apns | wc -l)" -eq 2 ] # over one connection, and over a fresh one
    run -77 sl-config test -s greenhill -p apns
    sl-config set -s greenhill -p apns team_id=TEAMTEST01 > /dev/null
    work
    [ "$(sl-push batches -f json | field sent)" -eq 1 ]
}

@test "a service account whose key is not Google's is refused, and nothing is sent" {
    openssl genrsa -out "$BATS_TEST_TMPDIR/other.pem" 2048
    jq --rawfile key "$BATS_TEST_TMPDIR/other.pem" '.private_key = $key' \
        "$BATS_TEST_DIRNAME/../data/keys/service-account.json" > "$BATS_TEST_TMPDIR/account.json"
    jq -n --rawfile file "$BATS_TEST_TMPDIR/account.json" '{service_account: $file}' |
        sl-config set -s greenhill -p fcm --from - > /dev/null
    run -77 --separate-stderr sl-push send -t A a:1
    [[ $stderr == *'key was deleted'* ]]
    [ "$(sl-push batches -f json | field queued)" -eq 1 ]
}

@test "settings that cannot sign are refused when they are set" {
    keys=$BATS_TEST_DIRNAME/../data/keys
    for key in ec-p256-sec1.pem rsa2048-pkcs8.pem ec-p384-pkcs8.pem; do
        run -65 --separate-stderr bash -c "jq -n --rawfile key '$keys/$key' '{key_p8: \$key}' |
            sl-config set -s greenhill -p apns --from -"
        [[ $stderr == *key_p8* ]] || { echo "$key: $stderr" >&2; return 1; }
    done
    echo AAAAkey:APA91b > "$BATS_TEST_TMPDIR/server.key"
    run -65 --separate-stderr bash -c "echo 'service_account=$BATS_TEST_TMPDIR/server.key' |
        sl-config set -s greenhill -p fcm --from -"
    [[ $stderr == *'old FCM'* ]]
}
