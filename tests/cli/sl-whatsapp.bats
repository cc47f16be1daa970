bats_require_minimum_version 1.5.0
# Messages by WhatsApp: what people see of them, what the provider is sent, and what it tells.

load helpers
load running

setup() { start_all; }
teardown() { stop_all; }

NUMBER=106540352242922
SECRET=0123456789abcdef0123456789abcdef

seen() { curl -sS "$SL_SANDBOX_URL/_sandbox/seen?provider=whatsapp"; }
sent() { seen | jq -c "select(.operation == \"send\") | $1"; }

message() { sl-whatsapp status "$1" -f json | field "$2"; }
message_is() { [ "$(message "$1" status)" = "$2" ]; }

# template NUMBER [OPTION...]: the message's id, whatever became of it.
template() {
    sl-whatsapp template --name fee_reminder --param Jane --param 'KES 1,200' -f json "$@" 2> /dev/null | field id
}

# wrote PHONE [TEXT]: a parent writes to the school, and it is known.
wrote() {
    fire "{\"event\":\"in\",\"phone\":\"$1\",\"text\":\"${2:-Habari}\"}"
    until_true sh -c "[ \"\$(sqlite3 -cmd '.timeout 10000' '$SL_DATABASE' \"SELECT count(*) FROM facts WHERE kind = 'window' AND key = '${1#+}'\")\" = 1 ]"
}
fire() { curl -sS -f -d "$1" "$SL_SANDBOX_URL/_sandbox/fire/whatsapp" > /dev/null; }

# endpoint [SCHOOL]: a new address of the school's own.
endpoint() { sl-config webhook add -s "${1:-greenhill}" -p whatsapp -f json 2> "$BATS_TEST_TMPDIR/said" | jq -r '.[0].url'; }

# signed URL BODY [SECRET]: posts it as the app does; prints the status.
signed() {
    local signature
    signature=$(printf %s "$2" | openssl dgst -sha256 -hmac "${3:-$SECRET}" | sed 's/.* //')
    printf %s "$2" | curl -sS -o /dev/null -w '%{http_code}' -H 'Content-Type: application/json' \
        -H "X-Hub-Signature-256: sha256=$signature" --data-binary @- "$1"
}

# notification NUMBER LIST: a whole one.
notification() {
    printf '{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"%s"},%s}}]}]}' "$1" "$2"
}
incoming() { # NUMBER ID FROM TEXT
    notification "$1" "\"messages\":[{\"from\":\"$3\",\"id\":\"$2\",\"timestamp\":\"$(date +%s)\",\"type\":\"text\",\"text\":{\"body\":\"$4\"}}]"
}

@test "a template is sent, and delivered when its signed report says so" {
    id=$(template 0711000001)
    until_true message_is "$id" delivered
    [[ "$(message "$id" external_reference)" == wamid.* ]]
    [ "$(sent .ref)" = "\"$id\"" ]
    [ "$(sent '.content | fromjson | .language.code, .components[0].parameters[1].text' | xargs)" = 'en KES 1,200' ]
    [ "$(sl-config test -p whatsapp -f json | jq -r '.[0].status')" = ok ]
    sl-logs verify > /dev/null
    run -0 sl-logs list -f json
    [[ $output != *254711000001* && $output != *EAAsandbox* ]]
}

@test "free words go only to who wrote within a day, or with --force" {
    run -1 --separate-stderr sl-whatsapp send -m Hi 0711000001 -f json
    [[ "$(field error <<< "$output")" == *'use a template'* ]]
    [ -z "$(sent .)" ]
    id=$(sl-whatsapp send -m Hi --force 0711000001 -f json 2> /dev/null | field id)
    until_true message_is "$id" failed
    [ "$(message "$id" error)" = 'more than 24 hours since this parent wrote: use a template' ]
    wrote +254711000001
    id=$(sl-whatsapp send -m Hi 0711000001 -f json 2> /dev/null | field id)
    until_true message_is "$id" delivered
    sql "UPDATE facts SET until = 1 WHERE kind = 'window'"
    run -1 --separate-stderr sl-whatsapp send -m Hi 0711000001
}

@test "choices, an answer, a place; and their message was read" {
    wrote 254711000001
    sl-whatsapp send -m 'Will you come?' --choice yes=Coming --choice no='Not coming' --reply-to wamid.A 0711000001 > /dev/null
    sl-whatsapp location --at -1.2921,36.8219 --name 'School gate' 0711000001 > /dev/null
    [ "$(sent '.content | fromjson | .action.buttons | length' | head -1)" = 2 ]
    [ "$(sent '.content | fromjson | .latitude' | tail -1)" = -1.2921 ]
    run -0 --separate-stderr sl-whatsapp read wamid.A
    [ "$(seen | jq -r 'select(.operation == "read") | .id')" = wamid.A ]
}

@test "a file is uploaded once for all, copied before it is sent, and known for 25 days" {
    printf '%%PDF-1.4 fake' > "$BATS_TEST_TMPDIR/report é.pdf"
    for n in 1 2 3; do wrote 25471100000$n; done
    run -0 --separate-stderr sl-whatsapp media --file "$BATS_TEST_TMPDIR/report é.pdf" --caption 'Term 1' 0711000001 0711000002 0711000003 -f json
    [ "$(jq -r 'map(.status) | join(" ")' <<< "$output")" = 'sent sent sent' ]
    [ "$(seen | grep -c '"media"')" -eq 1 ]
    [ "$(sent '.content | fromjson | .filename, .caption' | head -2 | xargs)" = 'report é.pdf Term 1' ]
    [ "$(seen | jq -r 'select(.operation == "media") | .sha256')" = "$(sha256sum < "$BATS_TEST_TMPDIR/report é.pdf" | cut -d' ' -f1)" ]
    run -0 sl-whatsapp media --file "$BATS_TEST_TMPDIR/report é.pdf" 0711000001
    [ "$(seen | grep -c '"media"')" -eq 1 ]
    [ "$(sql "SELECT round((until - strftime('%s') * 1000) / 86400000.0) FROM facts WHERE kind = 'media'")" = 25.0 ]
}

@test "a file that the provider has lost is uploaded anew the next time" {
    printf x > "$BATS_TEST_TMPDIR/a.pdf"
    wrote 254711000001
    sl-whatsapp media --file "$BATS_TEST_TMPDIR/a.pdf" 0711000001 > /dev/null
    sql "UPDATE facts SET value = '1' WHERE kind = 'media'"
    run -1 --separate-stderr sl-whatsapp media --file "$BATS_TEST_TMPDIR/a.pdf" 0711000001
    run -0 --separate-stderr sl-whatsapp media --file "$BATS_TEST_TMPDIR/a.pdf" 0711000001
    [ "$(seen | grep -c '"media"')" -eq 2 ]
}

@test "an upload whose answer was lost is made again, and nobody gets two messages" {
    printf x > "$BATS_TEST_TMPDIR/a.pdf"
    wrote 254711000001
    sl-sandbox scenario lost-answer > /dev/null
    run -75 --separate-stderr sl-whatsapp media --file "$BATS_TEST_TMPDIR/a.pdf" 0711000001
    sl-sandbox scenario ok > /dev/null
    sql "UPDATE integration_queue SET next_attempt_at = 1 WHERE status = 'pending'"
    work
    [ "$(counted messages)" -eq 1 ]
    [ "$(seen | grep -c '"media"')" -ge 2 ]
}

@test "a lost answer is settled by the report, which carries our id" {
    id=$(template 0799900015)
    until_true message_is "$id" delivered
    [[ "$(message "$id" external_reference)" == wamid.* ]]
    [ "$(sql "SELECT status FROM integration_queue WHERE operation = 'whatsapp.send'")" = completed ]
    [ "$(counted messages)" -eq 1 ]
}

@test "without a report a lost answer is a person's after five minutes" {
    curl -sS -X POST "$SL_SANDBOX_URL/_sandbox/reset" > /dev/null # it forgets whom to tell
    id=$(template 0799900015)
    message_is "$id" unknown
    sql "UPDATE integration_queue SET next_attempt_at = 1 WHERE waits_for IS NOT NULL"
    env -u SL_SCHOOL sl-queue-run -q
    message_is "$id" unknown
    [ "$(sql "SELECT waits_for FROM integration_queue WHERE operation = 'whatsapp.send'")" = person ]
    [ "$(counted messages)" -eq 1 ]
}

@test "a list: columns are the values, a bad row hurts nobody, repeats are left out" {
    printf 'phone,name,amount\n0711000001,Asha,1\n0711000002," ",2\n123,Chebet,3\n0711000001,Asha,1\n0711000004,"Da
vid",4\n' > "$BATS_TEST_TMPDIR/list.csv"
    run -1 --separate-stderr sl-whatsapp bulk --name fee_reminder --language en_US --params name,amount \
        --file "$BATS_TEST_TMPDIR/list.csv" --report "$BATS_TEST_TMPDIR/report.csv" --yes -f json
    [ "$(jq -r '[.total, .sent, .failed, .skipped] | join(" ")' <<< "$output")" = '5 2 2 1' ]
    grep -q '^3,.*value 2 of the template is empty\|^3,.*value 1 of the template is empty' "$BATS_TEST_TMPDIR/report.csv"
    [ "$(sent '.content | fromjson | .components[0].parameters[0].text' | sort | xargs)" = 'Asha Da vid' ]
    [ "$(head -1 "$BATS_TEST_TMPDIR/report.csv")" = line,phone,to,status,id,external_reference,segments,cost,currency,error ]
}

@test "variables that have names are given by name" {
    printf 'phone,mum,kid\n0711000001,Asha,Ali\n' > "$BATS_TEST_TMPDIR/list.csv"
    run -0 --separate-stderr sl-whatsapp bulk --name absence --params parent=mum,child=kid --file "$BATS_TEST_TMPDIR/list.csv" --yes
    [ "$(sent '.content | fromjson | .components[0].parameters[0] | .parameter_name, .text' | xargs)" = 'parent Asha' ]
    run -0 --separate-stderr sl-whatsapp template --name absence --variable parent=Asha --variable child=Ali 0711000001
}

@test "a list whose template is not there, or is another, is refused before the first row" {
    printf 'phone,name,amount\n0711000001,Asha,1\n' > "$BATS_TEST_TMPDIR/list.csv"
    while IFS='|' read -r text options; do
        eval "run -65 --separate-stderr sl-whatsapp bulk $options --file '$BATS_TEST_TMPDIR/list.csv' --yes"
        [[ $stderr == *"$text"* ]] || { echo "$options: $stderr" >&2; return 1; }
    done << 'CASES'
there is no template 'nothing' in en|--name nothing
it is there in en, en_US|--name fee_reminder --language sw --params name,amount
not approved: it is PENDING|--name newsletter
has 2 variables, not 1|--name fee_reminder --params name
has 0 variables, not 1|--name closed_today --params name
have names: give them as NAME=COLUMN|--name absence --params name,amount
has no variable 'mother'|--name absence --params mother=name,child=amount
is a file: name it with --header-file|--name receipt --params name
did you mean 'name'|--name fee_reminder --params nam,amount
CASES
    [ -z "$(sent .)" ]
    [ "$(sl-whatsapp batches -f json)" = '[]' ]
}

@test "where templates cannot be looked up the first refusal ends the list" {
    sl-config unset -p whatsapp waba_id > /dev/null
    printf 'phone\n0711000001\n0711000002\n0711000003\n' > "$BATS_TEST_TMPDIR/list.csv"
    run -1 --separate-stderr sl-whatsapp bulk --name nothing --file "$BATS_TEST_TMPDIR/list.csv" --connections 1 --yes --report - -f json
    [[ $output == *'no approved template of that name in that language'* ]]
    [ "$(curl -sS "$SL_SANDBOX_URL/_sandbox/counts" | jq .refused)" -le 2 ]
}

@test "a list with a file as its header uploads it once" {
    printf 'phone,name\n0711000001,Asha\n0711000002,Ben\n' > "$BATS_TEST_TMPDIR/list.csv"
    printf x > "$BATS_TEST_TMPDIR/r.pdf"
    run -0 --separate-stderr sl-whatsapp bulk --name receipt --params name --header-file "$BATS_TEST_TMPDIR/r.pdf" --file "$BATS_TEST_TMPDIR/list.csv" --yes
    [ "$(seen | grep -c '"media"')" -eq 1 ]
    [ "$(sent '.content | fromjson | .components[0].parameters[0].document.filename' | sort -u)" = '"r.pdf"' ]
    run -0 --separate-stderr sl-whatsapp template --name receipt --param Asha --header-file "$BATS_TEST_TMPDIR/r.pdf" 0711000003
    [ "$(seen | grep -c '"media"')" -eq 1 ]
}

@test "what is refused is told in words that say what to do" {
    while read -r code text; do
        run -1 --separate-stderr sl-whatsapp template --name closed_today "+25479980$code" -f json
        [[ "$(field error <<< "$output")" == *"$text"* ]] || { echo "$code: $output" >&2; return 1; }
    done << 'CASES'
1026 send a text instead
1042 payment method
1049 not again within 24 hours
1050 wants no marketing
2015 paused for low quality
3010 not registered
CASES
}

@test "a dead token is 77, and the messages stay" {
    sl-sandbox scenario token-expired > /dev/null
    run -77 --separate-stderr sl-whatsapp template --name closed_today 0711000001
    [[ $stderr == *'a person must make a new one'* ]]
    [ "$(sql "SELECT status FROM messages")" = queued ]
    run -77 --separate-stderr sl-config test -p whatsapp
}

@test "what is wrong with a line is one line, and sends nothing" {
    printf x > "$BATS_TEST_TMPDIR/a.pdf"
    while IFS='|' read -r status text line; do
        eval "run -$status --separate-stderr sl-whatsapp $line"
        [[ $stderr == *"$text"* ]] || { echo "$line: $stderr" >&2; return 1; }
        [ "$(wc -l <<< "$stderr")" -le 2 ]
    done << 'CASES'
64|--message|send 0711000001
65|the text is empty|send --force -m " " 0711000001
65|cannot be written to|send -m Hi 0711000001 12
65|not NAME=VALUE|send -m Hi --choice yes 0711000001
65|'Fee Reminder'|template --name "Fee Reminder" 0711000001
65|value 1 of the template is empty|template --name a --param "" 0711000001
64|not both|template --name a --param b --variable c=d 0711000001
65|no number from 0 to 9|template --name a --button x=y 0711000001
64|--file or --link|media 0711000001
65|No such file|media --file /nothing 0711000001
65|that is no file|media --file / 0711000001
65|cannot be sent as image|media --kind image --file "$BATS_TEST_TMPDIR/a.pdf" 0711000001
65|https|media --kind image --link http://x.test/a.png 0711000001
65|degrees|location --at here 0711000001
65|the list is empty|bulk --name a --params b < /dev/null
CASES
    [ -z "$(seen)" ]
}

@test "the address answers the handshake with the challenge alone, and nobody else" {
    url=$(endpoint)
    word=$(sed -n 's/^.*verify_token to enter beside the address: //p' "$BATS_TEST_TMPDIR/said")
    [ -z "$word" ] # setup has made one before
    sl-config unset -p whatsapp verify_token > /dev/null
    url=$(endpoint)
    word=$(sed -n 's/^.*verify_token to enter beside the address: //p' "$BATS_TEST_TMPDIR/said")
    [ ${#word} -eq 32 ]
    run -0 curl -sS -w ' %{http_code} %{content_type}' "$url?hub.mode=subscribe&hub.verify_token=$word&hub.challenge=1158201444"
    [ "$output" = '1158201444 200 text/plain' ]
    run -0 curl -sS -w '%{http_code}' "$url?hub.mode=subscribe&hub.verify_token=other&hub.challenge=1"
    [ "$output" = 403 ]
    run -0 curl -sS -w '%{http_code}' "$url?hub.mode=subscribe&hub.verify_token=$word"
    [ "$output" = 400 ]
    [ "$(sql "SELECT count(*) FROM webhook_requests WHERE query LIKE '%$word%'")" -eq 0 ]
    ! sl-logs export 2> /dev/null | grep -q "$word"
}

@test "a callback that nobody signed changes nothing: 401, and a row of the log" {
    url=$(endpoint)
    body=$(incoming $NUMBER wamid.X 254711000001 STOP)
    [ "$(signed "$url" "$body" 00000000000000000000000000000000)" = 401 ]
    [ "$(curl -sS -o /dev/null -w '%{http_code}' -H 'Content-Type: application/json' -d "$body" "$url")" = 401 ]
    [ "$(sql 'SELECT count(*) FROM webhook_events')" -eq 0 ]
    [ "$(sl-logs list --direction inbound --status failed -f json | jq length)" -ge 2 ]
}

@test "who writes STOP or ACHA gets nothing more, until a person says otherwise" {
    for word in STOP Acha; do
        fire "{\"event\":\"in\",\"phone\":\"254711000001\",\"text\":\"$word please\"}"
        until_true sh -c '[ "$(sl-whatsapp optout list -f json | jq length)" = 1 ]'
        run -1 --separate-stderr sl-whatsapp template --name closed_today 0711000001 -f json
        [ "$(field status <<< "$output")" = skipped ]
        sl-whatsapp optout remove 0711000001 2> /dev/null
    done
    fire '{"event":"in","phone":"254711000001","text":"achana nayo"}'
    until_true sh -c '[ "$(sl-webhook events -f json | jq "map(select(.kind == \"incoming\" and .state == \"done\")) | length")" = 3 ]'
    [ "$(sl-whatsapp optout list -f json)" = '[]' ]
    [ "$(sl-sms optout list -f json)" = '[]' ]
}

@test "one app serves two schools: each gets what is about its number, by its own secret" {
    school hilltop 'Hilltop School'
    printf '%s\n' access_token=EAAsandbox phone_number_id=106540352242999 app_secret=$SECRET \
        "base_url=$SL_SANDBOX_URL" | sl-config set -s hilltop -p whatsapp --from - --quiet > /dev/null
    endpoint hilltop > /dev/null
    url=$(endpoint greenhill)
    id=$(sl-whatsapp template -s hilltop --name closed_today 0711000005 -f json 2> /dev/null | field id)
    until_true message_is "$id" delivered # the sandbox calls greenhill's address
    [ "$(sql "SELECT s.code FROM webhook_requests r JOIN schools s ON s.id = r.school_id" | sort -u)" = hilltop ]
    [ "$(signed "$url" "$(incoming 106540352242999 wamid.Y 254711000007 STOP)")" = 200 ]
    until_true sh -c '[ "$(sl-whatsapp optout list -s hilltop -f json | jq length)" = 1 ]'
    [ "$(sl-whatsapp optout list -s greenhill -f json)" = '[]' ]
    sl-logs verify > /dev/null
}

@test "a school with another secret gets nothing of it, and a number that is nobody's is noted" {
    school hilltop 'Hilltop School'
    printf '%s\n' access_token=EAAsandbox phone_number_id=106540352242999 app_secret=ffffffffffffffffffffffffffffffff |
        sl-config set -s hilltop -p whatsapp --from - --quiet > /dev/null
    endpoint hilltop > /dev/null
    url=$(endpoint greenhill)
    for number in 106540352242999 999; do
        [ "$(signed "$url" "$(incoming $number wamid.$number 254711000007 STOP)")" = 200 ]
    done
    until_true sh -c '[ "$(sl-webhook events -f json | jq "map(select(.state == \"ignored\")) | length")" = 2 ]'
    [ "$(sql 'SELECT count(*) FROM optouts')" -eq 0 ]
    [ "$(sql "SELECT count(*) FROM facts WHERE kind = 'window'")" -eq 0 ]
    [[ "$(sl-webhook events -f json | jq -r '.[0].note')" == *number* ]]
}

@test "a callback of 3 MB is read" {
    url=$(endpoint)
    {
        printf '{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"%s"},"statuses":[' $NUMBER
        for n in $(seq 2000); do printf '{"id":"wamid.%s%s","status":"sent"},' "$n" "$(printf %01500d 0)"; done
        printf '{"id":"wamid.last","status":"sent"}]}}]}]}'
    } > "$BATS_TEST_TMPDIR/body"
    [ "$(stat -c %s "$BATS_TEST_TMPDIR/body")" -gt 3000000 ]
    signature=$(openssl dgst -sha256 -hmac $SECRET < "$BATS_TEST_TMPDIR/body" | sed 's/.* //')
    run -0 curl -sS -o /dev/null -w '%{http_code}' -H 'Content-Type: application/json' \
        -H "X-Hub-Signature-256: sha256=$signature" --data-binary @"$BATS_TEST_TMPDIR/body" "$url"
    [ "$output" = 200 ]
    [ "$(sql 'SELECT count(*) FROM webhook_events')" -eq 2001 ]
}

@test "a person who is forgotten has written to nobody" {
    wrote 254711000001
    sl-logs forget -s greenhill --phone 0711000001 --yes > /dev/null 2>&1
    [ "$(sql "SELECT count(*) FROM facts WHERE kind = 'window'")" -eq 0 ]
}
