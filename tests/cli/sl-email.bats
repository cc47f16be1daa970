bats_require_minimum_version 1.5.0
# Mail: what people see of it, and what SendGrid and Mailgun are sent for it. What a mail server says
# is tested against a real one, by tests/real/exim.sh.

load helpers
load running

setup() {
    start_all
    cd "$BATS_TEST_TMPDIR"
}
teardown() { stop_all; }

seen() { curl -sS "$SL_SANDBOX_URL/_sandbox/seen?provider=$1"; }
scenario() { sl-sandbox scenario "$1" > /dev/null; }
send() { sl-email send --subject Fees --text 'Dear parent' -f json "$@"; }
statuses() { jq -r 'map(.status) | join(" ")' <<< "$output"; }

# status_is ID STATUS
status_is() { [ "$(sl-email status "$1" -f json | jq -r '.[0].status')" = "$2" ]; }

# fire PROVIDER JSON: what a recipient does.
fire() { curl -sS "$SL_SANDBOX_URL/_sandbox/fire/$1" -d "$2" > /dev/null; }

opted_out() { sl-email optout list -f json | jq -e --arg a "$1" 'any(.email == $a)' > /dev/null; }

both() { # COMMAND…: with each of the two
    for provider in sendgrid mailgun; do "$@" || { echo "with $provider" >&2; return 1; }; done
}

# ---- send ---------------------------------------------------------------------------------

@test "one mail to several is one request, with an outcome and a delivery for each" {
    one() {
        run -0 --separate-stderr send -p $provider --to 'Wanjirũ, Jane <p1@example.test>' --cc c@example.test \
            --bcc b@example.test
        [ "$(statuses)" = 'sent sent sent' ]
        [ "$(jq -r '.[0].to' <<< "$output")" = p1@example.test ]
        [ "$(seen $provider | jq -r 'select(.operation == "send") | .to' | xargs)" = 'p1@example.test c@example.test b@example.test' ]
        for i in 0 1 2; do until_true status_is "$(jq -r ".[$i].id" <<< "$output")" delivered; done
    }
    both one
}

@test "files go with it" {
    printf 'one' > 'ripoti é.pdf'
    head -c 300000 /dev/urandom > b.bin
    run -0 send --attach 'ripoti é.pdf' --attach b.bin --to p1@example.test
    [ "$(seen sendgrid | jq -r .files)" = 'ripoti é.pdf,b.bin' ]
    run -0 send -p mailgun --attach 'ripoti é.pdf' --attach b.bin --to p1@example.test
    [ "$(seen mailgun | jq -r .files)" = 'ripoti é.pdf,b.bin' ]
}

@test "what could end a line is refused at the door, and changes nothing" {
    while IFS='|' read -r text options; do
        eval "run -65 --separate-stderr sl-email send --text x $options"
        [[ $stderr == *"$text"* ]] || { echo "$options: $stderr" >&2; return 1; }
        [ "$(wc -l <<< "$stderr")" -le 2 ]
    done << 'CASES'
control character|--subject x --to $'b@example.test>\r\nRCPT TO:<evil@example.test'
control character|--subject x --to $'b@example.test\n'
control character|--subject x --to $'Ja\nne <b@example.test>'
control character|--subject x --to a@example.test --cc $'b@example.test\r\nBcc: e@example.test'
control character|--subject $'x\r\nBcc: evil@example.test' --to b@example.test
control character|--subject x --to b@example.test --from $'a@school.test\r\nBcc: e@example.test'
control character|--subject x --to b@example.test --reply-to $'a@school.test\r\nBcc: e@example.test'
no mail address|--subject x --to jane
no dot|--subject x --to jane@gmail
more than one @|--subject x --to a@b@example.test
subject is empty|--subject '' --to b@example.test
No such file|--subject x --to b@example.test --attach nowhere.pdf
is no file|--subject x --to b@example.test --attach .
CASES
    touch $'a\nb.pdf'
    run -65 send --to b@example.test --attach $'a\nb.pdf'
    [ "$(sl-email batches -f json)" = '[]' ]
    [ -z "$(seen sendgrid)" ]
}

@test "what is missing on the line is said with 64" {
    run -64 --separate-stderr sl-email send --subject x --text x
    [[ $stderr == *--to* ]]
    run -64 --separate-stderr sl-email send --subject x --to b@example.test
    [[ $stderr == *"says nothing"* ]]
    touch t
    run -64 --separate-stderr sl-email send --subject x --text x --text-file t --to b@example.test
    [[ $stderr == *twice* ]]
}

@test "an international domain is sent in ASCII" {
    run -0 send --to p1@skøle.example
    [ "$(seen sendgrid | jq -r .to)" = p1@xn--skle-hra.example ]
}

@test "the same key sends once; with another text it is refused" {
    run -0 send --key k1 --to p1@example.test
    run -0 send --key k1 --to p1@example.test
    [ "$(counted messages)" -eq 1 ]
    run -65 --separate-stderr sl-email send --subject Other --text x --key k1 --to p1@example.test
    [[ $stderr == *"'k1' was used"* ]]
}

@test "a dry run shows who would get it, and sends nothing" {
    run -0 --separate-stderr send -n --to p1@example.test --to p1@example.test
    [ "$(statuses)" = 'ready skipped' ]
    [ -z "$(seen sendgrid)" ]
}

@test "a wrong key keeps the mail until it is mended" {
    one() {
        sl-config set -p $provider --from - -q <<< 'api_key=wrong' > /dev/null
        run -77 send -p $provider --to p1@example.test
        [ "$(statuses)" = queued ]
        run -77 sl-config test -p $provider
    }
    both one
    sl-config set -p mailgun --from - -q <<< 'api_key=sandbox-key' > /dev/null
    run -0 sl-config test -p mailgun --deep
}

# ---- Lost answers -------------------------------------------------------------------------

@test "a lost answer is settled by an event that gives our id back" {
    scenario lost-answer
    run -1 send --to p1@example.test
    [ "$(statuses)" = unknown ]
    until_true status_is "$(jq -r '.[0].id' <<< "$output")" delivered
    [ "$(counted messages)" -eq 1 ]
}

@test "of a mail to several each recipient's event settles its own" {
    scenario lost-answer
    run -1 send --to p1@example.test --cc c@example.test
    for i in 0 1; do until_true status_is "$(jq -r ".[$i].id" <<< "$output")" delivered; done
}

@test "a bounce is undelivered, with the reason" {
    one() {
        scenario dlr-failed
        run -0 send -p $provider --to p1@example.test
        until_true status_is "$(jq -r '.[0].id' <<< "$output")" undelivered
        [[ $(sl-email status "$(jq -r '.[0].id' <<< "$output")" -f json | jq -r '.[0].error') == *'no such user'* ]]
    }
    both one
}

@test "forged events change nothing, the genuine one does" {
    one() {
        scenario forged-callback
        run -0 send -p $provider --to p1@example.test
        until_true status_is "$(jq -r '.[0].id' <<< "$output")" delivered
    }
    both one
    [ "$(sl-logs list -f json | jq '[.[] | select(.status_code == 403 or .status_code == 406)] | length')" -ge 1 ]
}

# ---- Opting out ---------------------------------------------------------------------------

@test "who unsubscribes at the provider gets nothing more, whoever sends" {
    fire sendgrid '{"event":"unsubscribe","email":"p1@example.test"}'
    until_true opted_out p1@example.test
    run -1 send -p mailgun --to p1@example.test
    [ "$(statuses)" = skipped ]
    fire mailgun '{"event":"complained","email":"p2@example.test"}'
    until_true opted_out p2@example.test
    fire sendgrid '{"event":"group_resubscribe","email":"p1@example.test"}'
    until_true eval '! opted_out p1@example.test'
}

@test "opt-outs are those of mail, and of nothing else" {
    run -0 sl-email optout add p1@example.test
    run -65 --separate-stderr sl-email optout add 0711000001
    [[ $stderr == *'no mail address'* ]]
    run -0 send --to p1@example.test --to p2@example.test
    [ "$(statuses)" = 'skipped sent' ]
    [ "$(sl-sms optout list -f json)" = '[]' ]
    run -0 sl-email optout remove p1@example.test
    run -0 send --to p1@example.test
}

# ---- bulk ---------------------------------------------------------------------------------

list() { # N: with a file for each
    echo name,email,report
    for i in $(seq "$1"); do
        echo "report $i" > "$i.pdf"
        echo "Pupil & $i,p$i@example.test,$i.pdf"
    done
}

@test "each row gets a mail of its own, with its own file" {
    list 5 > list.csv
    printf '<p>Dear {name}</p>' > body.html
    one() {
        run -0 --separate-stderr sl-email bulk -p $provider --subject 'Report of {name}' --text 'Dear {name}' \
            --html-file body.html --attach-column report --file list.csv --report out.csv --yes -f json
        [ "$(jq -r '"\(.total) \(.sent)"' <<< "$output")" = '5 5' ]
        [ "$(seen $provider | jq -r 'select(.to == "p3@example.test") | .subject, .files' | xargs)" = 'Report of Pupil & 3 3.pdf' ]
        [ "$(head -n 1 out.csv)" = 'line,email,to,status,id,external_reference,segments,cost,currency,error' ]
        [ "$(grep -c ,sent, out.csv)" -eq 5 ]
    }
    both one
}

@test "rows that say the same share a request where the provider takes many, and nobody sees another" {
    { echo email; for i in $(seq 7); do echo "p$i@example.test"; done; } > list.csv
    run -0 --separate-stderr sl-email bulk --subject Closed --text 'No school tomorrow' --file list.csv --yes -f json
    [ "$(counted requests)" -eq 1 ]
    [ "$(counted messages)" -eq 7 ]
    run -0 --separate-stderr sl-email bulk -p mailgun --subject Closed --text 'No school tomorrow' --file list.csv --yes -f json
    [ "$(counted requests)" -eq 8 ]
}

@test "an address that only the provider refuses fails alone" {
    printf 'email\np1@example.test\nbad@nowhere.invalid\np3@example.test\n' > list.csv
    run -1 --separate-stderr sl-email bulk --subject Closed --text x --file list.csv --report out.csv --yes -f json
    [ "$(jq -r '"\(.sent) \(.failed)"' <<< "$output")" = '2 1' ]
    [[ $(sed -n 3p out.csv) == 3,bad@nowhere.invalid,*failed*'valid address'* ]]
}

@test "a bad row fails alone: its address, its file, its subject" {
    list 4 > list.csv
    sed -i -e 's/p1@example.test/nowhere/' -e 's/,2.pdf/,gone.pdf/' -e 's/"*Pupil & 3/"Pupil\nthree"/' list.csv
    run -1 --separate-stderr sl-email bulk --subject 'Report of {name}' --text x --attach-column report \
        --file list.csv --report out.csv --yes -f json
    [ "$(jq -r '"\(.sent) \(.failed)"' <<< "$output")" = '1 3' ]
    grep -q 'no @' out.csv
    grep -q 'gone.pdf: No such file' out.csv
    grep -q 'control character' out.csv
}

@test "files are sent as they were when the list was taken" {
    list 2 > list.csv
    run -75 --separate-stderr sl-email bulk --subject x --text x --attach-column report --file list.csv --yes --detach -f json
    batch=$(jq -r .batch <<< "$output")
    rm 1.pdf 2.pdf
    run -0 sl-email resume "$batch"
    [ "$(counted messages)" -eq 2 ]
}

@test "a list is killed and taken up: who is not told unknown got it, and nobody twice" {
    sl-config set -p mailgun rate_per_second=100 burst=10 -q > /dev/null
    list 300 > list.csv
    bulk() { sl-email bulk -p mailgun --subject 'Report of {name}' --text x --attach-column report --file list.csv --key k --yes -f json; }
    bulk > /dev/null 2>&1 3>&- &
    pid=$!
    until_true eval '[ "$(counted messages)" -ge 20 ]'
    kill -KILL "$(pgrep -P $pid sl-email || echo $pid)"
    wait $pid || true
    until_true eval 'bulk > out.json 2> /dev/null || [ $? -eq 1 ]'
    [ $(($(counted distinct) + $(jq -r .unknown out.json))) -ge 300 ]
    [ "$(counted duplicated)" -eq 0 ]
}

# ---- A mail server ------------------------------------------------------------------------

@test "a mail server refuses recipient by recipient" {
    run -75 --separate-stderr send -p smtp --to p1@example.test --to nouser@example.test --to grey@example.test
    [ "$(statuses)" = 'sent failed queued' ]
    [[ $(jq -r '.[1].error' <<< "$output") == '550 5.1.1 No such user' ]]
    [[ $(jq -r '.[0].external_reference' <<< "$output") == '2.0.0 OK id='* ]]
    [ "$(seen smtp | jq -r .to)" = p1@example.test ]
}

@test "a mail whose reply was lost comes once more, under the same id" {
    scenario lost-answer
    run -75 --separate-stderr send -p smtp --to p1@example.test
    run -1 sl-email resume "$(jq -r '.[0].batch' <<< "$output")"
    [ "$(sl-email batches -f json | jq -r '.[0].unknown')" -eq 1 ]
    [ "$(counted messages) $(counted distinct)" = '2 1' ]
}

@test "a mailbox that is refused keeps the mail" {
    sl-config set -p smtp --from - -q <<< 'password=wrong' > /dev/null
    run -77 --separate-stderr send -p smtp --to p1@example.test
    [ "$(statuses)" = queued ]
    batch=$(jq -r '.[0].batch' <<< "$output")
    sl-config set -p smtp --from - -q <<< 'password=sandbox-password' > /dev/null
    run -0 sl-config test -p smtp
    run -0 sl-email resume "$batch"
}

@test "a list by a mail server: each its own mail, and no other address in it" {
    list 20 > list.csv
    run -0 --separate-stderr sl-email bulk -p smtp --subject 'Report of {name}' --text x --attach-column report \
        --file list.csv --yes -f json
    [ "$(counted messages) $(counted distinct)" = '20 20' ]
    [ "$(seen smtp | jq -r 'select(.to == "p7@example.test") | .subject')" = 'Report of Pupil & 7' ]
}

@test "a connection to a mail server carries as many mails as the settings say" {
    list 8 > list.csv
    mails() { sl-email bulk -p smtp --subject "$1 of {name}" --text x --file list.csv --yes -q > /dev/null; }
    carried() { seen smtp | jq -sc "map(select(.subject | startswith(\"$1\"))) | group_by(.connection) | map(length)"; }
    sl-config set -p smtp max_in_flight=1 max_messages_per_connection=3 -q > /dev/null
    mails Report
    [ "$(carried Report)" = '[3,3,2]' ]
    sl-config set -p smtp max_messages_per_connection=0 -q > /dev/null
    mails Letter
    [ "$(carried Letter)" = '[8]' ]
}

@test "of a list only as many leave in a day as the mail server's host gives" {
    list 8 > list.csv
    sl-config set -p smtp daily_limit=5 -q > /dev/null
    run -75 --separate-stderr sl-email bulk -p smtp --subject 'Report of {name}' --text x --file list.csv --yes -f json
    batch=$(jq -r .batch <<< "$output")
    [ "$(jq -c '[.sent, .queued]' <<< "$output")" = '[5,3]' ]
    [[ $stderr == *'daily_limit is reached'* ]]
    [ "$(counted messages)" -eq 5 ]
    [ "$(sl-email status "$batch" -f json | jq -r '[.[].awaited // empty | select(test("daily_limit is reached"))] | length')" -eq 3 ]
    [ "$(sql 'SELECT max(attempts) FROM integration_queue WHERE status = '"'pending'")" -eq 0 ]
    run -0 sl-config test -p smtp # it is no mail
    sl-config set -p smtp daily_limit=8 -q > /dev/null
    run -0 sl-email resume "$batch"
    [ "$(counted distinct)" -eq 8 ]
    run -75 send -p smtp --to p9@example.test
}

@test "when one provider cannot take it the next one does, file and all" {
    list 6 > list.csv
    sl-config rank email sendgrid smtp > /dev/null
    scenario insufficient-balance
    send --to p9@example.test > /dev/null || true # the first to learn of it
    run -0 --separate-stderr sl-email bulk --subject Closed --text x --attach 1.pdf --file list.csv --yes -f json
    [ "$(jq -r .sent <<< "$output")" = 6 ]
    [ "$(seen smtp | jq -r 'select(.subject == "Closed") | .to' | sort | xargs)" = 'p1@example.test p2@example.test p3@example.test p4@example.test p5@example.test p6@example.test' ]
}

@test "the manual and the completion know it" {
    run -0 sl-email --help
    [[ $output == *attach-column* || $output == *bulk* ]]
    run -0 sl-email bulk --help
    [[ $output == *--attach-column* ]]
}
