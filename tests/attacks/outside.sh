#!/bin/bash
# What comes from outside never commands: a terminal, a spreadsheet, a mail, a database, a folder, a network.
. "$TREE/tests/attacks/attacking.bash"
export NO_COLOR=1 LC_ALL=C.UTF-8

# begin, bad WHY, end NAME: the counts of one row.
begin() { tries=0 wrong=0; }
bad() { wrong=$((wrong + 1)) && echo "$*" >&2; }
end() { row "$1" "$tries" "$wrong" "$(alive)"; }

# ---- A terminal

# Titles, colours, bells, C1, the other direction, each in the bytes of UTF-8 and bare.
evil=$'=\e]0;owned\a\e[2J\b\x7f\xc2\x9b31m\xc2\x85\xe2\x80\xae\xe2\x81\xa6\xe2\x80\x8fname'
controls='[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!$)|\xc2[\x80-\x9f]'
turns='\xe2\x80[\x8e\x8f\xaa-\xae]|\xe2\x81[\xa6-\xa9]'

# looked_at PATTERN COMMAND...: of what it prints, on both its outputs, into a pipe and to a terminal.
looked_at() {
    local pattern=$1 line
    shift
    "$@" > shown 2>&1 || true
    printf -v line '%q ' "$@"
    script -qec "$line" /dev/null < /dev/null >> shown 2>&1 || true
    tries=$((tries + 1))
    [ -s shown ] || bad "said nothing: $*"
    ! LC_ALL=C grep -aqP "$pattern" shown || bad "steers a terminal: $*"
}

# shown COMMAND...: in every format.
shown() {
    local format
    looked_at "$controls|$turns" "$@"
    for format in json ndjson csv tsv; do looked_at "$controls" "$@" -f $format; done
}

# planted TABLE COLUMN...: into every row, as if whoever writes it had let it through.
planted() {
    local table=$1 column
    shift
    for column; do sql "UPDATE $table SET $column = CAST(x'$(printf %s "$evil" | xxd -p | tr -d '\n')' AS TEXT)"; done
}

money_came() { [ "$(sql "SELECT count(*) FROM payments WHERE source = 'c2b'")" = 1 ]; }

start_all
reports=$(path greenhill africastalking in)
money=$(path greenhill mpesa confirm)
sl-sms send -m Hello 0711000001 0799900026 > /dev/null 2>&1 || true
batch=$(sl-sms batches -f json | field batch)
id=$(request 0711000001)
settled "$id" succeeded
sl-sms optout add 0711000007 > /dev/null
sl-config hook add --event '*' --url https://school.example/hook > /dev/null 2>&1
echo hello | sl-storage put -p local - folder/name > /dev/null
curl -sS "http://$hooks$reports" --data-urlencode from=+254711000001 --data-urlencode id=1 --data-urlencode "text=$evil" > answer
jq -n --arg text "$evil" '{TransID: "RKL51ZDR4F", TransAmount: "5.00", BusinessShortCode: "600984", BillRefNumber: $text, MSISDN: "254711000001", FirstName: $text}' |
    curl -sS "http://$hooks$money" -H 'Content-Type: application/json' --data-binary @- > answer
until_true money_came

begin
shown sl-webhook events
shown sl-pay list
planted schools name
planted payments description payer reference error mismatch phone
planted messages error external_reference address_given
planted integration_logs error_message actor
planted integration_webhooks name
planted webhook_events note external_reference
sql "UPDATE integration_queue SET error_log = json_array(json_object('at', 1795500000000, 'error', (SELECT note FROM webhook_events LIMIT 1)))"
planted optouts source 2> planting || true # its words are few
planted accounts held
logged=$(sql 'SELECT max(id) FROM integration_logs')
for command in "sl-config school list" "sl-config school show greenhill" "sl-config list" "sl-config webhook list" \
    "sl-config hook list" "sl-config doctor" "sl-pay list" "sl-pay status $id" "sl-sms batches" \
    "sl-sms status $batch" "sl-sms optout list" "sl-queue list" "sl-queue show 1" "sl-queue stats" "sl-logs list" \
    "sl-logs show $logged" "sl-logs stats" "sl-webhook events" "sl-storage ls -p local"; do
    # shellcheck disable=SC2086
    shown $command
done
looked_at "$controls|$turns" sl-pay receipt "$id"
looked_at "$controls" sl-logs export
looked_at "$controls|$turns" sl-logs tail
sl-sandbox scenario escapes > /dev/null 2>&1
shown sl-lms courses
shown sl-lms users
shown sl-sms balance
shown sl-config test
looked_at "$controls|$turns" sl-sms send -m Hello -vv 0711000002
looked_at "$controls|$turns" sl-pay request --phone 0711000002 --amount 5 --reference A -vv
for words in "school show" "webhook" "list -s"; do # and what is said of a word that is none
    # shellcheck disable=SC2086
    looked_at "$controls|$turns" sl-config $words "$evil"
done
looked_at "$controls|$turns" sl-sms send -m Hello "$evil"
looked_at "$controls|$turns" sl-pay status "$evil"
looked_at "$controls|$turns" sl-storage get -p local "$evil"
sl-sandbox scenario ok > /dev/null 2>&1
end 'a terminal steered'

# ---- A spreadsheet

begin
for command in "sl-config school list" "sl-pay list" "sl-sms status $batch" "sl-webhook events" "sl-logs list" "sl-logs export"; do
    for first in = + - @ $'\t' $'\r'; do
        sql "UPDATE payments SET description = x'' || '${first}cmd|A1'; UPDATE schools SET name = '${first}1+cmd|A1' WHERE code = 'greenhill';
            UPDATE messages SET error = '${first}HYPERLINK(1)'; UPDATE webhook_events SET note = '${first}A1+A2'" 2> planting || true
        tries=$((tries + 1))
        $command -f csv > cells 2> said || true
        ! grep -aqP '(^|,)"?([=@\t\r]|[+-][^0-9])' cells || bad "a formula: $command, $first: $(grep -aP '(^|,)"?([=@\t\r]|[+-][^0-9])' cells | head -n 1)"
    done
done
sl-pay list -f csv | grep -q '+254' || bad 'a phone number is no formula'
sql "UPDATE schools SET name = 'Greenhill School' WHERE code = 'greenhill'"
printf 'phone,name\n0711000003,=1+1\n=1+1,-A1\n@SUM(1),x\n' > list.csv
sl-sms bulk -m 'Dear {name}' --file list.csv --report report.csv --yes > /dev/null 2>&1 || true
tries=$((tries + 1))
! grep -aqP '(^|,)"?([=@\t\r]|[+-][^0-9])' report.csv || bad 'a formula in a report'
end 'a spreadsheet made to compute'

# ---- A mail, a request, an object

# injected COMMAND...: it may refuse (64 or 65), or send what it was given as a text; never a line of its own.
injected() {
    local status=0
    tries=$((tries + 1))
    "$@" > said 2>&1 || status=$?
    case $status in 0 | 1 | 64 | 65 | 75 | 78) ;; *) bad "$status: $*" ;; esac
}
begin
lines=$'x\r\nBcc: evil@evil.test\r\nX-Evil: 1'
printf Hello > text
for way in smtp sendgrid mailgun; do
    for end in $'\r\n' $'\n' $'\r' $'\xc2\x85' $'\xe2\x80\xa8' $'\x0b'; do
        more="x${end}Bcc: evil@evil.test${end}X-Evil: 1"
        injected sl-email send -p $way --to parent@school.test --subject "$more" --text Hello
        injected sl-email send -p $way --to "parent@school.test$more" --subject Hello --text Hello
        injected sl-email send -p $way --to "\"$more\" <parent@school.test>" --subject Hello --text Hello
        injected sl-email send -p $way --to parent@school.test --from "\"$more\" <bursar@school.test>" --subject Hello --text Hello
        injected sl-email send -p $way --to parent@school.test --reply-to "a@school.test$more" --subject Hello --text Hello
        cp text "$more" 2> said && injected sl-email send -p $way --to parent@school.test --subject Hello --text Hello --attach "$more"
    done
done
injected sl-sms send --from "$lines" -m Hello 0711000001
injected sl-sms send -m Hello "0711000001$lines"
injected sl-pay request --phone 0711000001 --amount 5 --reference "$lines"
for way in local s3 gdrive; do
    echo hello | injected sl-storage put -p $way - "key$lines"
    echo hello | injected sl-storage put -p $way - "key-of-$way" --type "text/plain$lines"
    injected sl-storage url -p $way "key$lines"
done
injected sl-config hook add --event '*' --url "https://school.example/$lines"
for provider in smtp sendgrid mailgun; do
    sl-sandbox seen $provider > seen
    ! jq -r '.. | strings' seen | grep -qE '^(evil@evil\.test|X-Evil: 1)' || bad "$provider was told a line of its own"
    ! jq -r '.to?, .cc?, .bcc?, .recipients?' seen | grep -q evil@evil.test || bad "$provider wrote to somebody else"
done
end 'a line smuggled'

# ---- A database

begin
tables=$(sql "SELECT group_concat(name) FROM sqlite_schema")
paid=$(sql 'SELECT count(*) FROM payments')
quotes="x'; DROP TABLE payments; --" 
for word in "$quotes" "' OR '1'='1" "\" OR 1=1 --" "%" "_" "x' UNION SELECT secret_key FROM integration_webhooks --" "\\'; DELETE FROM payments; --"; do
    for command in "sl-pay status" "sl-pay list --reference" "sl-pay list -s" "sl-pay verify" "sl-pay receipt" "sl-sms status" \
        "sl-logs list --reference" "sl-logs list --operation" "sl-logs list --phone" "sl-logs list -p" "sl-queue list --operation" \
        "sl-queue show" "sl-webhook events --provider" "sl-config school show" "sl-config show -s" "sl-storage stat -p local" \
        "sl-storage ls -p local" "sl-logs forget --yes --phone" "sl-sms optout add" "sl-sms resume"; do
        # shellcheck disable=SC2086
        injected $command "$word"
        ! grep -q "$id" said || bad "found what was not asked for: $command $word"
    done
    curl -sS "http://$hooks$reports" --data-urlencode "from=$word" --data-urlencode "id=$word" --data-urlencode "text=$word" > answer
    injected curl -sS "http://$hooks/hooks/at/$(jq -rn --arg word "$word" '$word | @uri')/dlr" -d id=1
done
[ "$(sql "SELECT group_concat(name) FROM sqlite_schema")" = "$tables" ] || bad 'the schema is another'
[ "$(sql 'SELECT count(*) FROM payments')" = "$paid" ] || bad 'payments are other ones'
[ "$(sql 'PRAGMA integrity_check')" = ok ] || bad 'the database is damaged'
end 'a database made to do more'

# ---- A folder

begin
root=$(sl-config show -s greenhill -p local -f json | jq -r '.. | strings | select(startswith("/"))' | head -n 1)
mkdir -p "$root" outside
echo secret > outside/secret
ln -s "$PWD/outside" "$root/folder-link"
ln -s "$PWD/outside/secret" "$root/file-link"
ln -s "$(realpath --relative-to="$root" outside)" "$root/up-link"
# Whatever a broken defence would let through is the suite's own: nothing here names a file of the machine.
for key in ../outside/secret ../../outside/secret "$PWD/outside/secret" a/../../outside/secret ./../outside/secret folder-link/secret file-link \
    up-link/secret 'a/./../../outside/secret' '..' '.' '/' "/$PWD/outside/secret" 'a//../../b' $'a\x01b' '..\outside\secret' '%2e%2e/outside/secret' \
    "$(printf 'x/%.0s' $(seq 3000))y" "$(printf 'x%.0s' $(seq 300))"; do
    injected sl-storage get -p local "$key" got
    ! grep -qs secret got || bad "read from outside: $key"
    rm -f got
    echo overwritten > new
    injected sl-storage put -p local new "$key"
    injected sl-storage rm -p local "$key"
    injected sl-storage stat -p local "$key"
    [ "$(ls outside && cat outside/secret)" = $'secret\nsecret' ] || bad "changed outside: $key"
done
injected sl-storage ls -p local folder-link/
! grep -q secret said || bad 'listed what is outside'
end 'a folder left'

# ---- A network

attacker reach > counts
read -r tries wrong < counts
end 'a private address reached'
none_got_in
