load helpers
# What a person or a script gets from sl-sms when something is wrong, with its line, its list or the
# machine: one clear line, the documented exit code, and a database as it was. No provider answers.

setup() {
    fresh
    school
    printf '%s\n' api_key=key-of-the-app-1234 username=greenhill base_url=http://127.0.0.1:9 |
        sl-config set -s greenhill -p africastalking --from - --quiet > /dev/null
    cd "$BATS_TEST_TMPDIR" || return
}

# ---- Helpers

dump() { sqlite3 "$SL_DATABASE" .dump; }

# said CODE WORD: what `run` ran told one thing, in two lines at most, and WORD is in it.
said() {
    if [ "$status" -ne "$1" ] || [ "${#stderr_lines[@]}" -lt 1 ] || [ "${#stderr_lines[@]}" -gt 2 ] ||
        [[ "$stderr" != *"$2"* ]]; then
        printf 'exit %s, not %s; or without "%s":\n%s\n' "$status" "$1" "$2" "$stderr"
        return 1
    fi
}

# refused CODE WORD COMMAND...: said, nothing on stdout, nothing changed. stdin is the list.
refused() {
    local code=$1 word=$2 before
    shift 2
    before=$(dump)
    run --separate-stderr "$@"
    said "$code" "$word"
    [ -z "$output" ]
    [ "$(dump)" = "$before" ]
}

send() { sl-sms send -s greenhill "$@"; }
bulk() { sl-sms bulk -s greenhill --yes "$@"; }

# list BYTES...: as printf takes them, to list.csv.
list() {
    # shellcheck disable=SC2059
    printf "$@" > list.csv
}

# queued [OPTION...]: list.csv is queued and not sent, since nobody would answer; 75.
queued() {
    run --separate-stderr bulk --detach --file list.csv "$@"
    [ "$status" -eq 75 ]
}

# row LINE COLUMN: of report.csv, by the number of the line in the list and of the column.
row() {
    sqlite3 :memory: '.mode csv' '.import report.csv r' '.mode list' "SELECT $2 FROM r WHERE line = '$1'"
}

# plain COMMAND...: as somebody for whom file modes count, also where the tests are root's.
plain() {
    if [ "$(id -u)" -eq 0 ]; then
        setpriv --bounding-set=-dac_override,-dac_read_search "$@"
    else
        "$@"
    fi
}

# ---- The line

@test "a line that cannot be understood is refused with what was meant" {
    refused 64 verb sl-sms
    refused 64 "'send'" sl-sms snd
    refused 64 "'optout add'" sl-sms optout ad 0712345678
    refused 64 --message send --mesage Hi 0712345678
    refused 64 --strict bulk --strikt -m Hi
    refused 64 --message send 0712345678
    refused 64 NUMBER send -m Hi
    refused 64 BATCH sl-sms status
    refused 64 school sl-sms send -m Hi 0712345678
    refused 64 school sl-sms bulk -m Hi < /dev/null
    refused 64 NUMBER sl-sms optout add -s greenhill
}

@test "an option's value that is none is refused" {
    run --separate-stderr send -m Hi --max-segments many 0712345678
    [ "$status" -eq 65 ]
    [[ "$stderr" == *max-segments* ]]
    run --separate-stderr send -m Hi --max-segments 0 0712345678
    [ "$status" -eq 65 ]
    run --separate-stderr send -m Hi -f yaml 0712345678
    [ "$status" -eq 65 ]
    [[ "$stderr" == *yaml* ]]
    [ "$(sql "SELECT count(*) FROM messages")" -eq 0 ]
}

@test "a school or provider that is unknown or not set up is named" {
    refused 78 "'greenhill'" sl-sms send -s greenhil -m Hi 0712345678
    refused 78 "'africastalking'" send -p africastalkin -m Hi 0712345678
    refused 78 mpesa send -p mpesa -m Hi 0712345678
    refused 78 "'africastalking'" bulk -p africastalkin -m Hi <<< $'phone\n0712345678'
    refused 78 "'greenhill'" sl-sms batches -s greenhil
    refused 78 "'greenhill'" sl-sms optout list -s greenhil
    refused 78 "'greenhill'" sl-sms estimate -s greenhil -m Hi --file - <<< $'phone\n0712345678'
    school hillside
    refused 78 "sl-config set" sl-sms send -s hillside -m Hi 0712345678
    refused 78 "sl-config set" sl-sms bulk -s hillside -m Hi <<< $'phone\n0712345678'
    refused 78 "sl-config set" sl-sms balance -s hillside
}

@test "a text that cannot be sent is refused" {
    local text
    for text in '' ' ' $'\n\t '; do
        refused 65 empty send -m "$text" 0712345678
        refused 65 empty bulk -m "$text" <<< $'phone\n0712345678'
        refused 65 empty sl-sms estimate -m "$text"
    done
    for text in $'Hi\a' $'\eHi' $'a\x7f'; do
        refused 65 "control character" send -m "$text" 0712345678
        refused 65 "control character" bulk -m "$text" <<< $'phone\n0712345678'
        refused 65 "control character" sl-sms estimate -m "$text"
    done
    refused 65 UTF-8 send -m $'\xff' 0712345678
    refused 65 UTF-8 bulk -m $'\xff' <<< $'phone\n0712345678'
    refused 65 UTF-8 send -m Hi --from $'\xff' 0712345678
}

@test "a key or sender that is empty is refused: a script's variable was not set" {
    refused 65 key send -m Hi --key '' 0712345678
    refused 65 sender send -m Hi --from '' 0712345678
    refused 65 key bulk -m Hi --key '' <<< $'phone\n0712345678'
    refused 65 sender bulk -m Hi --from '' <<< $'phone\n0712345678'
}

@test "a text of more than --max-segments is refused, and one of as many is not" {
    text=$(printf 'a%.0s' {1..161})
    refused 65 "2 segments" send -m "$text" --max-segments 1 0712345678
    refused 65 "2 segments" bulk -m "$text" --max-segments 1 <<< $'phone\n0712345678'
    run --separate-stderr send -n -m "$text" --max-segments 2 0712345678
    [ "$status" -eq 0 ]
    text=$(printf 'a%.0s' {1..1531})
    refused 65 "11 segments" send -m "$text" 0712345678
}

@test "one number that cannot be texted stops all of a send" {
    refused 65 landline send -m Hi 0712345678 0202222222
    refused 65 short send -m Hi 0712345678 12
    refused 65 "'abc'" send -m Hi abc 0712345678
    refused 65 spreadsheet send -m Hi 2.54712E+11
    refused 65 "'0712345678x'" send -m Hi 0712345678x
    refused 65 empty send -m Hi ''
    refused 65 mobile send -m Hi 0800221221
    refused 65 landline send -n -m Hi 0202222222
    refused 65 short sl-sms optout add -s greenhill 0712345678 12
    refused 65 short sl-sms optout remove -s greenhill 12
}

@test "with -f json the error is an object, and stdout is empty" {
    run --separate-stderr send -m '' 0712345678 -f json
    [ "$status" -eq 65 ]
    [ -z "$output" ]
    [ "$(jq -c '[.error.code, .error.message]' <<< "$stderr")" = '["data","the text is empty"]' ]
}

# ---- The list

@test "a list that is none is refused" {
    refused 65 empty bulk -m Hi < /dev/null
    refused 65 "no rows" bulk -m Hi <<< phone
    refused 65 "no rows" bulk -m Hi <<< $'phone\n\n\n'
    refused 65 "'phone'" bulk -m Hi <<< $'fone,name\n0712345678,A'
    refused 65 "did you mean 'phon'" bulk -m Hi <<< $'phon,name\n0712345678,A'
    refused 65 "two columns 'name'" bulk -m Hi <<< $'phone,name,name\n0712345678,A,B'
    refused 65 "'mobile'" bulk -m Hi --phone-column mobile <<< $'phone\n0712345678'
    refused 65 "no row" bulk -m Hi <<< $'phone\n12\nabc'
    refused 65 /nowhere.csv bulk -m Hi --file /nowhere.csv
    refused 65 folder bulk -m Hi --file "$BATS_TEST_TMPDIR"
    refused 65 NUL bulk -m Hi < <(printf 'phone,a\0b\n0712345678,A\n')
    refused 65 UTF-8 bulk -m Hi < <(printf 'phone,a\xff\n0712345678,A\n')
    refused 65 "1 MiB" bulk -m Hi < <(head -c 3000000 /dev/zero | tr '\0' p)
    refused 65 "'phone'" sl-sms estimate -s greenhill -m Hi --file - <<< $'fone\n0712345678'
    refused 65 empty sl-sms bulk -n -s greenhill -m Hi < /dev/null
}

@test "a template that the list does not fit is refused" {
    list 'phone,name\n0712345678,A\n'
    refused 65 "did you mean 'name'" bulk -m 'Hi {nam}' --file list.csv
    refused 65 "did you mean 'name'" bulk -m 'Hi {Name}' --file list.csv
    refused 65 "not closed" bulk -m 'Hi {name' --file list.csv
    refused 65 "closes nothing" bulk -m 'Hi name}' --file list.csv
    refused 65 "names no column" bulk -m 'Hi {}' --file list.csv
    refused 65 "did you mean 'name'" sl-sms estimate -s greenhill -m '{nam}' --file list.csv
}

# A list with every kind of bad row; three can be sent.
bad_rows() {
    {
        printf 'phone,name\n0712345678,A\n0722000000\n0722000001,b,c\n"0712345670" x,y\n'
        printf '07\00012345678,x\n0712000001,\xff\n0202222222,l\n12,s\n2.54712E+11,c\nabc,d\n'
        head -c 10485760 /dev/zero | tr '\0' 7
        printf ',x\n0712000002,\a\n0712345678,A\n0712345678,B\n0733000000,"unclosed\n0733000001,x\n'
    } > list.csv
}

@test "a bad row is reported with its line, and the rest goes on" {
    bad_rows
    queued -m 'Hi {name}' --report report.csv -f json
    [ "$(jq -c '[.total, .failed, .skipped, .queued, .segments]' <<< "$output")" = '[16,12,1,3,3]' ]
    [ "$(row 2 status)" = queued ]
    [ "$(row 15 status)" = queued ]
    [ "$(row 14 status)" = skipped ]
    for line in 3 4 5 6 7 8 9 10 11 12 13 16; do [ "$(row $line status)" = failed ]; done
    [[ "$(row 3 error)" == *"1 field"* ]]
    [[ "$(row 4 error)" == *"3 fields"* ]]
    [[ "$(row 5 error)" == *quote* ]]
    [[ "$(row 6 error)" == *NUL* ]]
    [[ "$(row 7 error)" == *UTF-8* ]]
    [[ "$(row 8 error)" == *landline* ]]
    [[ "$(row 9 error)" == *short* ]]
    [[ "$(row 10 error)" == *spreadsheet* ]]
    [[ "$(row 11 error)" == *digits* ]]
    [[ "$(row 12 error)" == *"1 MiB"* ]]
    [[ "$(row 13 error)" == *"control character"* ]]
    [[ "$(row 16 error)" == "a quote that is never closed" ]]
    [ "$(row 3 phone)" = 0722000000 ]
    [ "$(row 4 phone)" = 0722000001 ]
    [ "$(row 5 phone)" = 0712345670 ]
    [ "$(row 6 phone)" = 07�12345678 ]
    [ "$(row 7 phone)" = 0712000001 ]
    [ "$(row 10 phone)" = 2.54712E+11 ]
    [ "$(row 16 phone)" = 0733000000 ]
    [ "$(row 17 status)" = queued ]
    iconv -f UTF-8 -t UTF-8 report.csv > /dev/null
    [ "$(sql "SELECT count(*) FROM integration_queue")" -eq 3 ]
}

@test "a quote that is never closed takes no row with it" {
    list 'phone,name\n0712345670,A\n0712345671,"B\n0712345672,C\n0712345673,"D"\n0712345674,E\n'
    queued -m 'Hi {name}' --report report.csv
    [ "$(cut -d, -f1,4 report.csv | xargs)" = "line,status 2,queued 3,failed 4,queued 5,queued 6,queued" ]
    [ "$(row 3 'phone, error')" = "0712345671|a quote that is never closed" ]
    refused 65 "line 3: a quote that is never closed" bulk --strict -m Hi --file list.csv
}

@test "a list whose rows are all bad is refused with the reasons, and reported" {
    list 'phone,name\n12,A\nabc,B\n07\377,C\n0712345678\n'
    for dry in "" -n; do
        # shellcheck disable=SC2086
        refused 65 "line 2: " bulk $dry -m 'Hi {name}' --file list.csv --report report.csv
        [[ "$stderr" == *"(4 looked at)"*"line 3: "*"line 4: not valid UTF-8; and so on"* ]]
        [ "$(cut -d, -f1,4,5 report.csv | xargs)" = "line,status,id 2,failed, 3,failed, 4,failed, 5,failed," ]
        [ "$(row 4 phone)" = "07�" ]
        [ "$(row 5 'phone, error')" = "0712345678|1 field where the header has 2" ]
        rm report.csv
    done
    refused 65 "line 2: " bulk -m 'Hi {name}' --file list.csv --key K
    refused 74 full bulk -m 'Hi {name}' --file list.csv --report /dev/full
    refused 65 "line 2: " sl-sms estimate -s greenhill -m 'Hi {name}' --file list.csv
}

@test "with --strict one bad row stops all, and nothing stays" {
    bad_rows
    refused 65 "line 3" bulk --strict -m 'Hi {name}' --file list.csv --report report.csv
    [ ! -e report.csv ]
    { echo phone; seq -f '07120%05.0f' 5000; echo 12; } > list.csv
    refused 65 "line 5002" bulk --strict -m Hi --file list.csv
    refused 65 "line 5002" bulk --strict -m Hi --key K --file list.csv
    refused 65 "line 5002" bulk -n --strict -m Hi --file list.csv --report report.csv
    run -0 ls
    [[ "$output" != *report* ]]
}

@test "a text that is too long with a row's words is that row's fault" {
    list 'phone,name\n0712345678,A\n0712345679,%s\n' "$(printf 'b%.0s' {1..170})"
    queued -m 'Hi {name}' --max-segments 1 --report report.csv
    [ "$(row 2 status)" = queued ]
    [ "$(row 3 status)" = failed ]
    [[ "$(row 3 error)" == *"2 segments"* ]]
}

@test "mark, line ends and separators of a spreadsheet are read" {
    local form
    for form in '\xef\xbb\xbfphone,name\n0712345678,Ann\n' 'phone,name\r\n0712345678,Ann\r\n' \
        'phone;name\n0712345678;Ann\n' 'phone\tname\n0712345678\tAnn\n' 'phone,name\n0712345678,Ann' \
        '\xef\xbb\xbf"phone";"name"\r\n"0712 345 678";"Ann"\r\n'; do
        list "$form"
        run --separate-stderr bulk -n -m 'Hi {name}, {{}}' --file list.csv --report report.csv
        [ "$status" -eq 0 ]
        [ "$(row 2 '"to", status')" = '+254712345678|ready' ]
    done
    queued -m 'Hi {name}, {{}}'
    [ "$(sql "SELECT json_extract(payload, '\$.text') FROM integration_queue")" = "Hi Ann, {}" ]
}

@test "a dry run reports every row, and queues nothing" {
    list 'phone,name\n0712345678,A\n0712345678,A\n0712345678,B\n0722000001,C\n12,D\n'
    sl-sms optout add -s greenhill 0722000001 2> /dev/null
    before=$(dump)
    run --separate-stderr bulk -n -m 'Hi {name}' --file list.csv --report report.csv -f json
    [ "$status" -eq 1 ]
    [ "$(jq -c '[.total, .skipped, .failed, .segments]' <<< "$output")" = '[5,2,1,2]' ]
    [[ "$stderr" == *"nothing was queued"* ]]
    [ "$(dump)" = "$before" ]
    [ "$(head -1 report.csv)" = line,phone,to,status,id,external_reference,segments,cost,currency,error ]
    [ "$(cut -d, -f4 report.csv | xargs)" = "status ready skipped ready skipped failed" ]
    [[ "$(row 5 error)" == "opted out" ]]
}

@test "the same number with another text is sent, with the same text skipped" {
    list 'phone,name\n0712345678,A\n+254 712 345 678,A\n254712345678,B\n'
    queued -m 'Hi {name}' --report report.csv
    [ "$(cut -d, -f4 report.csv | xargs)" = "status queued skipped queued" ]
    [ "$(sql "SELECT count(*) FROM messages WHERE status = 'queued'")" -eq 2 ]
}

@test "a key stands for one list and one text" {
    list 'phone\n0712345678\n0712345679\n'
    queued -m Hi --key term-1 -f json
    batch=$(field batch <<< "$output")
    queued -m Hi --key term-1 -f json
    [ "$(field batch <<< "$output")" = "$batch" ]
    [ "$(field total <<< "$output")" -eq 2 ]
    [ "$(sql "SELECT count(*) FROM messages")" -eq 2 ]
    [ "$(sql "SELECT count(*) FROM message_batches")" -eq 1 ]
    refused 65 text bulk --detach -m Hello --key term-1 --file list.csv
    refused 65 text bulk --detach -m Hi --plain --key term-1 --file list.csv
    list 'phone\n0712345678\n0712345677\n'
    refused 65 list bulk --detach -m Hi --key term-1 --file list.csv
    list 'phone\n0712345678\n'
    refused 65 list bulk --detach -m Hi --key term-1 --file list.csv
}

@test "what the provider's adapter would refuse is refused before it takes the key" {
    list 'phone,name\n0712345678,A\n0712345679,B\n'
    refused 65 TOOLONGSENDERNAME send --from TOOLONGSENDERNAME --key FK1 -m Hi 0712345678
    refused 65 TOOLONGSENDERNAME send -n --from TOOLONGSENDERNAME -m Hi 0712345678
    run --separate-stderr send --from SCHOOL --key FK1 -m Hi 0712345678
    [ "$status" -eq 75 ]
    refused 65 TOOLONGSENDERNAME bulk --from TOOLONGSENDERNAME --key FK2 -m 'Hi {name}' --file list.csv
    refused 65 TOOLONGSENDERNAME bulk -n --from TOOLONGSENDERNAME -m 'Hi {name}' --file list.csv
    queued --from SCHOOL --key FK2 -m 'Hi {name}'
}

@test "a list that was read in part is read on, if it is the same" {
    list 'phone,name\n0712345678,A\n12,B\n0712345679,C\n'
    queued -m 'Hi {name}' --key term-1 -f json
    batch=$(field batch <<< "$output")
    sql "PRAGMA foreign_keys = ON; DELETE FROM messages WHERE line = 4;
         DELETE FROM integration_queue WHERE id NOT IN (SELECT queue_id FROM messages WHERE queue_id > 0);
         UPDATE message_batches SET state = 'loading', content_hash = NULL, total = 0"
    refused 65 "--key term-1" sl-sms resume "$batch"
    cp list.csv whole.csv
    list 'phone,name\n0712345670,A\n12,B\n0712345679,C\n'
    refused 65 list bulk --detach -m 'Hi {name}' --key term-1 --file list.csv
    list 'phone,name\n0712345678,X\n12,B\n0712345679,C\n'
    refused 65 list bulk --detach -m 'Hi {name}' --key term-1 --file list.csv
    mv whole.csv list.csv
    queued -m 'Hi {name}' --key term-1 -f json
    [ "$(jq -c '[.batch, .total, .queued, .failed]' <<< "$output")" = "[\"$batch\",3,2,1]" ]
}

# ---- The machine

@test "a key ring that cannot be used is refused" {
    local ring
    ring=$(cat "$SL_KEYRING")
    chmod 644 "$SL_KEYRING"
    refused 78 "chmod 600" send -m Hi 0712345678
    refused 78 "chmod 600" bulk -m Hi <<< $'phone\n0712345678'
    chmod 000 "$SL_KEYRING"
    refused 78 "$SL_KEYRING" plain sl-sms send -s greenhill -m Hi 0712345678
    chmod 600 "$SL_KEYRING"
    for text in '' junk "${ring:0:40}"; do
        printf %s "$text" > "$SL_KEYRING"
        refused 78 "key ring" send -m Hi 0712345678
        refused 78 "key ring" bulk -m Hi <<< $'phone\n0712345678'
    done
    rm "$SL_KEYRING"
    refused 78 "sl-config init" send -m Hi 0712345678
    refused 78 "sl-config init" sl-sms optout add -s greenhill 0712345678
}

# spoiled WORD: sl-sms does not use $SL_DATABASE, says why, and leaves it to the byte.
spoiled() {
    cp "$SL_DATABASE" before
    for verb in "send -s greenhill -m Hi 0712345678" "batches" "optout list -s greenhill"; do
        # shellcheck disable=SC2086
        run --separate-stderr sl-sms $verb
        said 78 "$1"
        [ -z "$output" ]
    done
    cmp before "$SL_DATABASE"
}

@test "a database that is none or from a newer version is left as it is" {
    sql "PRAGMA user_version = 99" > /dev/null
    spoiled "version 99"
    head -c 20000 /dev/urandom > other
    SL_DATABASE=other spoiled "not a database"
    SL_DATABASE=$BATS_TEST_TMPDIR run --separate-stderr sl-sms batches
    said 78 "$BATS_TEST_TMPDIR"
    SL_DATABASE=nowhere run --separate-stderr sl-sms batches
    said 78 "sl-config init"
    [ ! -e nowhere ]
}

@test "an empty file or another program's database is refused" {
    true > other
    SL_DATABASE=other run --separate-stderr sl-sms send -s greenhill -m Hi 0712345678
    said 78 "sl-config init"
    sqlite3 books 'CREATE TABLE books (title TEXT)'
    SL_DATABASE=books run --separate-stderr sl-sms send -s greenhill -m Hi 0712345678
    said 78 "books"
}

@test "an empty file or another program's database is left as it is" {
    true > other
    SL_DATABASE=other spoiled "sl-config init"
    sqlite3 books 'CREATE TABLE books (title TEXT)'
    SL_DATABASE=books spoiled books
}

@test "a database that cannot be written is refused" {
    chmod 444 "$SL_DATABASE"
    refused 78 writable plain sl-sms send -s greenhill -m Hi 0712345678
    chmod 000 "$SL_DATABASE"
    run --separate-stderr plain sl-sms send -s greenhill -m Hi 0712345678
    said 78 "$SL_DATABASE"
}

@test "a database that another process holds for a second is waited for" {
    { echo 'BEGIN EXCLUSIVE;'; sleep 1.3; echo 'COMMIT;'; } | sqlite3 "$SL_DATABASE" &
    sleep 0.3
    run --separate-stderr sl-sms optout add -s greenhill 0712345678
    wait
    [ "$status" -eq 0 ]
    [ "$(sql "SELECT count(*) FROM optouts")" -eq 1 ]
}

# within KIB COMMAND...: no file that it writes may pass KIB, as on a disk that is full then.
within() {
    local kib=$1
    shift
    (ulimit -f "$kib" && "$@")
}

@test "a full disk is told by its path, and nothing of the list stays without a word" {
    { echo phone; seq -f '07120%05.0f' 9000; } > list.csv
    run --separate-stderr within 1024 sl-sms bulk -s greenhill --yes --detach -m Hi --file list.csv \
        --report report.csv
    said 74 disk
    [ -z "$output" ]
    [ ! -e report.csv ]
    [[ "$stderr" == *"database $SL_DATABASE: "* ]]
    batch=$(sql "SELECT public_id FROM message_batches") # it was too large to be taken out again
    [[ "$stderr" == *"sl-sms cancel $batch"* ]]
    sl-sms cancel "$batch" > /dev/null
    [ "$(sql "SELECT count(*) FROM message_batches WHERE state <> 'cancelled'")" -eq 0 ]
    for kib in 40 200 400; do # no room for its first rows
        run --separate-stderr within "$kib" sl-sms bulk -s greenhill --yes --detach -m Hi --file list.csv
        said 74 disk
        batch=$(sql "SELECT public_id FROM message_batches WHERE state <> 'cancelled'")
        [ -z "$batch" ] || { [[ "$stderr" == *"sl-sms cancel $batch"* ]] && sl-sms cancel "$batch" > /dev/null; }
    done
    run --separate-stderr within 40 sl-sms send -s greenhill -m Hi 0712345678
    said 74 disk
    [ "$(sql "SELECT count(*) FROM message_batches WHERE kind = 'sms.send'")" -eq 0 ]
}

@test "a report that the disk has no room for leaves no half of it" {
    { echo phone; seq -f '07120%05.0f' 3000; } > list.csv
    queued -m Hi -f json
    batch=$(field batch <<< "$output")
    run --separate-stderr within 100 sl-sms status "$batch" --report report.csv
    said 74 report.csv
    run -0 ls
    [[ "$output" != *report* ]]
}

@test "a report that cannot be made stops before anything is sent" {
    list 'phone\n0712345678\n'
    refused 73 /nowhere/report.csv bulk -m Hi --file list.csv --report /nowhere/report.csv
    refused 73 folder bulk -m Hi --file list.csv --report "$BATS_TEST_TMPDIR"
    refused 73 report bulk -m Hi --file list.csv --report ''
    mkdir shut && chmod 555 shut
    refused 73 shut/report.csv plain sl-sms bulk -s greenhill -m Hi --file list.csv --report shut/report.csv
    queued -m Hi -f json
    batch=$(field batch <<< "$output")
    refused 73 /nowhere/report.csv sl-sms status "$batch" --report /nowhere/report.csv
    refused 73 /nowhere/report.csv sl-sms resume "$batch" --report /nowhere/report.csv
}

# into COMMAND...: with the list on stdin.
into() { "$@" < list.csv; }

@test "a report in the place of its list is refused, whatever it is called, and the list stays" {
    list 'phone\n0712345678\n'
    cp list.csv copy.csv && ln -s list.csv soft.csv && ln list.csv hard.csv
    for report in list.csv ./list.csv soft.csv hard.csv; do
        refused 65 "$report" bulk --detach -m Hi --file list.csv --report "$report"
        refused 65 "$report" bulk -n -m Hi --file list.csv --report "$report"
        refused 65 "$report" into bulk --detach -m Hi --report "$report"
    done
    refused 65 list.csv bulk --detach -m Hi --file soft.csv --report list.csv
    cmp list.csv copy.csv
    queued -m Hi --report copy.csv
}

@test "a report that nobody takes is told, and a device stays a device" {
    list 'phone\n0712345678\n'
    ln -s /dev/full full
    run --separate-stderr bulk -n -m Hi --file list.csv --report full
    said 74 full
    [ -c full ]
    queued -m Hi -f json
    batch=$(field batch <<< "$output")
    run --separate-stderr sl-sms status "$batch" --report full
    said 74 full
    [ -L full ]
    mkfifo pipe
    wc -l < pipe > lines &
    run -0 --separate-stderr sl-sms status "$batch" --report pipe
    wait
    [ -p pipe ]
    [ "$(cat lines)" -eq 2 ]
}

@test "an output that is closed or full is told, and one that is left early is not" {
    list 'phone\n0712345678\n'
    queued -m Hi
    run --separate-stderr bash -c 'sl-sms batches -f json >&-'
    said 74 output
    run --separate-stderr bash -c 'sl-sms batches -f csv > /dev/full'
    said 74 output
    run --separate-stderr bash -c 'sl-sms estimate -m Hi > /dev/full'
    said 74 output
    { echo phone; seq -f '07120%05.0f' 3000; } > list.csv
    queued -m Hi -f json
    batch=$(field batch <<< "$output")
    for format in table json csv; do
        run --separate-stderr bash -c "sl-sms status $batch -f $format | head -1; echo \${PIPESTATUS[0]}"
        [[ "${lines[-1]}" =~ ^(0|74)$ ]]
        [[ "$stderr" != *SIGPIPE* && "$stderr" != *roken\ pipe*roken\ pipe* ]]
    done
    run --separate-stderr bash -c "sl-sms status $batch --report - | head -1; echo \${PIPESTATUS[0]}"
    [[ "${lines[-1]}" =~ ^(0|74)$ ]]
}

@test "with an output that is not open nothing is recorded or sent" {
    list 'phone\n0712345678\n'
    refused 74 output bash -c 'sl-sms send -s greenhill -m Hi 0712345678 >&-'
    refused 74 output bash -c 'sl-sms send -s greenhill -m Hi 0712345678 1< /dev/null'
    refused 74 output bash -c 'sl-sms bulk -s greenhill --yes -m Hi --file list.csv >&-'
    refused 74 '"code":"io"' bash -c 'sl-sms send -s greenhill -f json -m Hi 0712345678 >&-'
    before=$(dump)
    run bash -c 'sl-sms send -s greenhill -m Hi 0712345678 2>&-'
    [ "$status" -eq 74 ]
    [ -z "$output" ]
    [ "$(dump)" = "$before" ]
}

@test "an output that fails when all is done names what was done, and the line that shows it" {
    list 'phone\n0712345678\n'
    run --separate-stderr bash -c 'sl-sms send -s greenhill -m Hi 0712345678 > /dev/full'
    said 74 "batch $(sql "SELECT public_id FROM message_batches") is recorded"
    [[ "$stderr" == *"\`sl-sms status $(sql "SELECT public_id FROM message_batches")\`"* ]]
    run --separate-stderr bash -c 'sl-sms bulk -s greenhill --yes --detach -m Hi --file list.csv -f json > /dev/full'
    [ "$status" -eq 74 ]
    batch=$(sql "SELECT public_id FROM message_batches ORDER BY id DESC LIMIT 1")
    [[ "${stderr_lines[-1]}" == *"\`sl-sms status $batch\`"* ]]
    numbers=$(seq -f '07120%05.0f' 1500 | xargs)
    run --separate-stderr bash -c "sl-sms send -s greenhill -f csv -m Hi $numbers | true; echo \${PIPESTATUS[0]}"
    [ "$output" = 74 ]
    [[ "$stderr" == *"\`sl-sms status $(sql "SELECT public_id FROM message_batches ORDER BY id DESC LIMIT 1")\`"* ]]
}

@test "a report that fails when all is sent leaves the summary, and says how to have it" {
    list 'phone\n0712345678\n'
    run --separate-stderr bulk --detach -m Hi --file list.csv --report /dev/full -f json
    [ "$status" -eq 74 ]
    batch=$(field batch <<< "$output")
    [ "$batch" = "$(sql "SELECT public_id FROM message_batches")" ]
    [[ "${stderr_lines[*]}" == *"batch $batch: 1 rows"* ]]
    [[ "${stderr_lines[-1]}" == *"sl-sms status $batch --report"* ]]
    run --separate-stderr bulk --detach -m Hi --file list.csv --report /dev/full --quiet
    said 74 "sl-sms status"
}

# ---- What is shown

record='["id","batch","to","status","external_reference","segments","cost","currency","error","created_at","updated_at","awaited"]'

@test "a send that reaches nobody is queued, shown, and can be cancelled" {
    run --separate-stderr send -m Hi 0712345678 0712345679 0712345678 -f json
    [ "$status" -eq 75 ]
    [[ "$stderr" == *queued* ]]
    [ "$(jq -c '.[0] | keys_unsorted' <<< "$output")" = "$record" ]
    [ "$(jq -c 'map(.status)' <<< "$output")" = '["queued","queued","skipped"]' ]
    [ "$(jq -c 'map(.to)' <<< "$output")" = '["+254712345678","+254712345679","+254712345678"]' ]
    [ "$(jq -c '.[0] | [.id == .batch + "-1", .segments, .cost, .currency]' <<< "$output")" = '[true,1,null,null]' ]
    batch=$(field batch <<< "$output")
    [ "$(sl-sms status "$batch-2" -f json | jq -c 'map(.to)')" = '["+254712345679"]' ]
    [ "$(sl-sms status "$batch" -f json | jq -c '.[0] | keys_unsorted')" = "$record" ]
    refused 65 "one message" sl-sms cancel "$batch-1"
    refused 65 "one message" sl-sms resume "$batch-1"
    run --separate-stderr sl-sms cancel "$batch" -f json
    [ "$status" -eq 0 ]
    [ "$(jq -c '[.queued, .cancelled, .skipped]' <<< "$output")" = '[0,2,1]' ]
    [ "$(sl-sms status "$batch" -f json | jq -c 'map(.status)')" = '["cancelled","cancelled","skipped"]' ]
    [ "$(sql "SELECT count(*) FROM integration_queue WHERE status <> 'cancelled'")" -eq 0 ]
    run --separate-stderr sl-sms cancel "$batch"
    [ "$status" -eq 0 ]
    [[ "$stderr" == *"0 messages cancelled"* ]]
}

@test "a list that reaches nobody says so at once, and is left to the timer" {
    list 'phone,name\n0712345678,A\n0712345679,B\n'
    SECONDS=0
    run --separate-stderr bulk -m 'Hi {name}' --file list.csv -f json
    [ "$status" -eq 75 ]
    [ "$SECONDS" -lt 10 ]
    [ "$(jq -c '[.queued, .failed]' <<< "$output")" = '[2,0]' ]
    [[ "$stderr" == *"the provider cannot be reached ("*"the timer or \`sl-sms resume $(field batch <<< "$output")\`"* ]]
    [ "$(sql "SELECT count(*) FROM integration_queue WHERE status = 'pending' AND next_attempt_at > 0")" -eq 2 ]
}

@test "a number that is repeated leaves no row of the queue without a message" {
    printf '%s\n' batch_size=1 | sl-config set -s greenhill -p africastalking --from - > /dev/null
    run --separate-stderr send -m Hi 0712345678 0712345678
    [ "$(sql "SELECT count(*) FROM integration_queue")" -eq 1 ]
    run --separate-stderr send -m Hi 0712345670 0712345671 0712345670 0712345672
    [ "$(sql "SELECT count(*) FROM integration_queue")" -eq 4 ]
    [ "$(sql "SELECT count(DISTINCT queue_id) FROM messages WHERE status = 'queued'")" -eq 4 ]
}

@test "a dry send shows who would get it, and records nothing" {
    sl-sms optout add -s greenhill 0722000001 2> /dev/null
    before=$(dump)
    run --separate-stderr send -n -m Hi 0712345678 0722000001 0712345678 -f json
    [ "$status" -eq 0 ]
    [ "$(jq -c 'map(.status)' <<< "$output")" = '["ready","skipped","skipped"]' ]
    [ "$(dump)" = "$before" ]
    refused 78 "'africastalking'" send -n -p africastalkin -m Hi 0712345678
}

@test "a key stands for one send" {
    run --separate-stderr send -m Hi --key K 0712345678 -f json
    id=$(field id <<< "$output")
    run --separate-stderr send -m Hi --key K 0712345678 -f json
    [ "$status" -eq 75 ]
    [ "$(field id <<< "$output")" = "$id" ]
    refused 65 "'K'" send -m Hello --key K 0712345678
    refused 65 "'K'" send -m Hi --key K 0712345679
    [ "$(sql "SELECT count(*) FROM messages")" -eq 1 ]
}

@test "an id that is unknown is refused" {
    refused 65 "'X'" sl-sms status X
    refused 65 "'X'" sl-sms cancel X
    refused 65 "'X-1'" sl-sms resume X-1
    run --separate-stderr send -m Hi 0712345678 -f json
    refused 65 "$(field batch <<< "$output")-9" sl-sms status "$(field batch <<< "$output")-9"
    refused 65 "''" sl-sms status ''
}

@test "batches, newest first, with the fields of the summary" {
    summary='["batch","total","sent","failed","unknown","skipped","queued","segments","cost","currency","seconds"]'
    [ "$(sl-sms batches -f json)" = '[]' ]
    list 'phone\n0712345678\n12\n'
    queued -m Hi -f json
    first=$(field batch <<< "$output")
    [ "$(jq -c --argjson want "$summary" '[keys_unsorted[] | select(IN($want[]))]' <<< "$output")" = "$summary" ]
    queued -m Hello -f json
    run --separate-stderr sl-sms batches -s greenhill -f json
    [ "$(jq length <<< "$output")" -eq 2 ]
    [ "$(jq -r '.[1].batch' <<< "$output")" = "$first" ]
    [ "$(jq -c '.[0] | [.total, .sent, .failed, .queued, .segments]' <<< "$output")" = '[2,0,1,1,1]' ]
    [ "$(jq -c '.[0] | keys_unsorted[0:3]' <<< "$output")" = '["batch","created_at","total"]' ]
    school hillside
    [ "$(sl-sms batches -s hillside -f json)" = '[]' ]
}

@test "an estimate of a text, and of a list" {
    [ "$(sl-sms estimate -m Hi -f json)" = '{"encoding":"GSM-7","units":2,"segments":1}' ]
    [ "$(sl-sms estimate -m 'Hi €' -f json)" = '{"encoding":"GSM-7","units":5,"segments":1}' ]
    [ "$(sl-sms estimate -m 'Hi ☺' -f json 2> /dev/null)" = '{"encoding":"UCS-2","units":4,"segments":1}' ]
    [ "$(sl-sms estimate --plain -m 'Hi “A”' -f json)" = '{"encoding":"GSM-7","units":6,"segments":1}' ]
    list 'phone,name\n0712345678,A\n0712345678,A\n12,B\n'
    before=$(dump)
    [ "$(sl-sms estimate -s greenhill -m '{name}' --file list.csv -f json)" = '{"total":3,"skipped":1,"failed":1,"segments":1,"cost":null,"currency":null}' ]
    [ "$(sl-sms estimate -s greenhill -m '{name}' --file - -f json < list.csv | field total)" -eq 3 ]
    [ "$(dump)" = "$before" ]
    queued -m Hi
    sql "UPDATE messages SET cost_micro = 800000, cost_text = '0.8000', currency = 'KES' WHERE status = 'queued'"
    [ "$(sl-sms estimate -s greenhill -m '{name}' --file list.csv -f json | jq -c '[.cost, .currency]')" = '["0.8000","KES"]' ]
}

@test "an estimate of a list needs neither school nor provider nor installation" {
    list 'phone,name\n0712345678,A\n0712345679,B\n0712345678,A\n12,C\n'
    want='{"total":4,"skipped":1,"failed":1,"segments":2,"cost":null,"currency":null}'
    sl-sms optout add -s greenhill 0712345678 2> /dev/null
    [ "$(sl-sms estimate -m '{name}' --file list.csv -f json)" = "$want" ]
    school hillside
    [ "$(sl-sms estimate -s hillside -m '{name}' --file list.csv -f json)" = "$want" ]
    [ "$(sl-sms estimate -s greenhill -m '{name}' --file list.csv -f json | field skipped)" -eq 2 ]
    [ "$(SL_DATABASE=nowhere SL_KEYRING=nowhere sl-sms estimate -m '{name}' --file - -f json < list.csv)" = "$want" ]
    list 'phone\n12\n'
    refused 65 "line 2: " sl-sms estimate -m Hi --file list.csv
}

@test "who opted out gets nothing, until it is taken back" {
    run --separate-stderr sl-sms optout add -s greenhill 0712345678 +254722000001
    [ "$status" -eq 0 ]
    [[ "$stderr" == *"2 added"* ]]
    run --separate-stderr sl-sms optout add -s greenhill 0712345678
    [[ "$stderr" == *"0 added, 1 there already"* ]]
    run -0 --separate-stderr sl-sms optout add -s greenhill 0712345678 +254722000002 -f json
    [ "$(jq -c . <<< "$output")" = '[{"phone":"+254712345678","status":"present"},{"phone":"+254722000002","status":"added"}]' ]
    run -0 --separate-stderr sl-sms optout remove -s greenhill 0722000003 +254722000002 -f json
    [ "$(jq -c 'map(.status)' <<< "$output")" = '["absent","removed"]' ]
    [[ "$stderr" == *"1 removed, 1 had not opted out"* ]]
    run -0 --separate-stderr sl-sms optout remove -s greenhill 0722000003
    [ "$stderr" = "nothing was changed: +254722000003 had not opted out" ]
    [ "$(sl-sms optout list -s greenhill -f json | jq -c 'map(.phone) | sort')" = '["+254712345678","+254722000001"]' ]
    run --separate-stderr send -m Hi 0712345678 -f json
    [ "$status" -eq 1 ]
    [[ "$stderr" == *"nobody was left"* ]]
    [ "$(jq -c '.[0] | [.status, .error]' <<< "$output")" = '["skipped","opted out"]' ]
    [ "$(sql "SELECT count(*) FROM integration_queue")" -eq 0 ]
    run --separate-stderr send -n -m Hi 0712345678
    [ "$status" -eq 1 ]
    list 'phone\n0712345678\n+254722000001\n'
    run --separate-stderr bulk -m Hi --file list.csv --report report.csv
    [ "$status" -eq 1 ]
    [[ "$stderr" == *"nobody was left"* ]]
    [ "$(cut -d, -f4 report.csv | xargs)" = "status skipped skipped" ]
    run --separate-stderr bulk -n -m Hi --file list.csv
    [ "$status" -eq 1 ]
    run --separate-stderr send -m Hi 0712345678 0712345679 -f json
    [ "$status" -eq 75 ]
    [ "$(jq -c 'map(.status)' <<< "$output")" = '["skipped","queued"]' ]
    sl-sms cancel "$(field batch <<< "$output")" 2> /dev/null
    run --separate-stderr sl-sms optout remove -s greenhill 0712345678
    [ "$status" -eq 0 ]
    [ "$(sl-sms optout list -s greenhill -f json | jq length)" -eq 1 ]
    run --separate-stderr send -m Hi 0712345678 -f json
    [ "$(field status <<< "$output")" = queued ]
}

# parses FORMAT < TEXT: as what it says it is, and every line of a table has as many cells.
parses() {
    case $1 in
        json | ndjson) jq -e . > /dev/null ;;
        csv) # sqlite3 says on stderr which line has too few or too many cells
            cat > cells.csv
            [ -z "$(sqlite3 :memory: '.mode csv' '.import cells.csv t' 2>&1)" ] && [ -s cells.csv ] ;;
        tsv) awk -F '\t' 'NR == 1 { n = NF } NF != n { bad = 1 } END { exit bad || NR == 0 }' ;;
    esac
}

@test "who opts out after the list was read gets nothing" {
    list 'phone,name\n0711000001,Achieng\n0711000002,Otieno\n'
    queued -m 'Dear {name}'
    sl-sms optout add -s greenhill 0711000002 > /dev/null
    sl-queue-run -q
    [ "$(sql 'SELECT group_concat(status) FROM (SELECT status FROM messages ORDER BY line)')" = queued,skipped ]
}

@test "every format parses" {
    list 'phone,name\n0712345678,"A, ""B"""\n'
    queued -m 'Hi {name}' -f json
    batch=$(field batch <<< "$output")
    for format in json ndjson csv tsv; do
        bulk --detach -m "Hi {name}" --file list.csv -f $format 2> /dev/null | parses $format
        bulk --detach -m "Hi {name}" --file list.csv --key K -f $format 2> /dev/null | parses $format
        bulk -n -m "Hi {name}" --file list.csv -f $format 2> /dev/null | parses $format
        sl-sms send -n -s greenhill -m Hi 0712345678 -f $format 2> /dev/null | parses $format
        sl-sms status "$batch" -f $format | parses $format
        sl-sms batches -f $format | parses $format
        sl-sms cancel "$batch" -f $format 2> /dev/null | parses $format
        sl-sms estimate -m Hi -f $format | parses $format
        sl-sms estimate -s greenhill -m Hi --file list.csv -f $format | parses $format
    done
    bulk --detach -m Hi --file list.csv --report - -f csv 2> /dev/null | parses csv
}

@test "a report on stdout is alone there, and the summary is on stderr in the format asked for" {
    list 'phone\n0712345678\n'
    for dry in -n --detach; do
        run --separate-stderr bulk $dry -m Hi --file list.csv --report - -f json
        parses csv <<< "$output"
        [[ "$output" == line,* ]]
        [ "$(grep '^{' <<< "$stderr" | field total)" -eq 1 ]
    done
}

@test "what is left of a batch that is cancelled is told apart: sent or unknown" {
    list 'phone\n0712345678\n0712345679\n'
    queued -m Hi -f json
    sql "UPDATE messages SET status = 'unknown' WHERE line = 2"
    run -0 --separate-stderr sl-sms cancel "$(field batch <<< "$output")"
    [[ "$stderr" == *" 0 were sent or are leaving, 1 may or may not have been sent"* ]]
}
