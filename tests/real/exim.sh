#!/bin/bash
# sl-email against Exim, by Exim's own log and mailboxes: STARTTLS and AUTH, recipients that are
# refused beside others, greylisting, a size limit, connections that the server ends, and a thousand
# personal mails with a kill in between. Must be root: Exim changes its user.
set -euo pipefail
[ "$(id -u)" -eq 0 ] || { echo "this needs root" >&2; exit 1; }
command -v exim4 > /dev/null ||
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq exim4-daemon-light > /dev/null

export SL_CONFIG=$PWD/etc/shulelabs.yaml SL_DATABASE=$PWD/var/shulelabs.db SL_KEYRING=$PWD/etc/keyring
export SL_SCHOOL=greenhill
tokens_pid=
trap '[ ! -s exim.pid ] || kill "$(cat exim.pid)"; [ -z "$tokens_pid" ] || kill "$tokens_pid" 2> /dev/null || true' EXIT

# ---- The server ---------------------------------------------------------------------------

certificates() {
    openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 30 -subj '/CN=Test CA'
    openssl req -newkey rsa:2048 -nodes -keyout mail.key -out mail.csr -subj /CN=localhost
    printf 'subjectAltName=DNS:localhost,IP:127.0.0.1' > san
    openssl x509 -req -in mail.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -extfile san -out mail.crt
    chgrp Debian-exim mail.key mail.crt
    chmod 640 mail.key mail.crt
} 2> /dev/null

ports() { # N free ones
    perl -MIO::Socket::INET -e 'my @s = map { IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1") } 1 .. shift;
        print join(" ", map { $_->sockport } @s), "\n"' "$1"
}

pause() { read -rt 0.02 <> <(:) || true; }

start_exim() {
    chmod 755 .
    mkdir -p spool log mail
    chown -R Debian-exim: spool log mail
    certificates
    read -r plain submit tls < <(ports 3)
    {
        printf 'TESTDIR = %s\nPORT_PLAIN = %s\nPORT_SUBMIT = %s\nPORT_TLS = %s\n' "$PWD" "$plain" "$submit" "$tls"
        cat "$TREE/tests/real/exim.conf"
    } > exim.conf
    exim4 -C "$PWD/exim.conf" -bdf > exim.out 2>&1 &
    exim=$! # pause has a process of its own
    until (: <> "/dev/tcp/127.0.0.1/$submit") 2> /dev/null; do
        kill -0 "$exim" || { cat exim.out >&2; exit 1; }
        pause
    done
}

accepted() { grep -c ' <= ' log/mainlog || true; } # mails that Exim took

# ---- What is asserted -----------------------------------------------------------------------

complain() { echo "$*" >&2; exit 1; }
is() { # WHAT GOT WANTED
    [ "$2" = "$3" ] || complain "$1: '$2' where '$3' is right: $out $said"
}
exits() { # STATUS COMMAND…; its output is in $out and $said
    local want=$1 got=0
    shift
    out=$("$@" 2> said) || got=$?
    said=$(cat said)
    [ "$got" -eq "$want" ] || complain "'$*' ended with $got where $want is right: $out $said"
}
says() { # TEXT
    grep -q -- "$1" <<< "$out$said" || complain "it does not say '$1': $out $said"
}
statuses() { jq -r '[.[].status] | join(" ")' <<< "$out"; }
mail_of() { grep -l "^Subject: $1\$" mail/new/* 2> /dev/null | head -n 1; } # SUBJECT: its file
await_mail() {
    for _ in $(seq 500); do
        file=$(mail_of "$1") || true
        [ -z "$file" ] || return 0
        pause
    done
    complain "no mail '$1' came"
}
send() { sl-email send -f json "$@"; }
set_smtp() { printf '%s\n' "$@" | sl-config set -p smtp --from - -q > /dev/null; }
unset_smtp() { sl-config unset -p smtp "$@" -q > /dev/null; }

sl-config init --quiet > /dev/null
sl-config school add greenhill --name 'Greenhill School' > /dev/null
start_exim
set_smtp host=localhost "port=$submit" username=sender password=testpass \
    from_email=bursar@school.test helo_name=client.test "ca_file=$PWD/ca.crt"

# ---- Signing in ---------------------------------------------------------------------------

exits 0 sl-config test -p smtp -f json
set_smtp password=wrong
exits 77 sl-config test -p smtp -f json
exits 77 send --to a@school.test --subject refused --text x
is 'what is refused stays' "$(statuses)" queued
sl-email cancel "$(jq -r '.[0].batch' <<< "$out")" > /dev/null 2>&1
set_smtp password=testpass
for method in plain login auto; do
    set_smtp "auth_method=$method"
    exits 0 send --to a@school.test --subject "by $method" --text x
done
unset_smtp ca_file
exits 1 send --to a@school.test --subject untrusted --text x
says 'certificate of the server is not trusted'
set_smtp "ca_file=$PWD/ca.crt" "port=$tls" security=tls
exits 0 send --to a@school.test --subject 'over TLS' --text x
set_smtp "port=$plain" security=starttls
exits 0 send --to a@school.test --subject 'by STARTTLS on any port' --text x
set_smtp "port=$submit"

# ---- By a token ----------------------------------------------------------------------------

read -r tokens < <(ports 1)
cat > tokens.py << 'SERVER'
import http.server, json, sys
class Tokens(http.server.BaseHTTPRequestHandler):
    n = 0
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        Tokens.n += 1  # the first one is refused by the mail server
        body = json.dumps({"access_token": "goodtoken" if Tokens.n > 1 else "badtoken", "expires_in": 3600}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args): pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Tokens).serve_forever()
SERVER
python3 tokens.py "$tokens" &
tokens_pid=$!
until (: <> "/dev/tcp/127.0.0.1/$tokens") 2> /dev/null; do pause; done
set_smtp auth_method=xoauth2 "oauth_token_url=http://127.0.0.1:$tokens/" oauth_client_id=id \
    oauth_client_secret=secret oauth_refresh_token=refresh
exits 0 send --to a@school.test --subject 'by a token, renewed once' --text x
await_mail 'by a token, renewed once'
set_smtp auth_method=auto
kill "$tokens_pid"

# ---- A mail with everything -----------------------------------------------------------------

printf 'report of \303\251\n' > 'ripoti é.pdf'
printf '<p>Habari <b>w\303\251w\303\251</b></p>\n' > body.html
printf 'Habari.\n.\n..stuffed\n' > body.txt
exits 0 send --to 'Wanjirũ, Jane <p1@example.test>' --to p2@example.test --cc c@example.test \
    --bcc b@example.test --subject 'Ada ya muhula, tafadhali' --text-file body.txt \
    --html-file body.html --attach 'ripoti é.pdf' --reply-to office@school.test
is 'one record for each' "$(statuses)" 'sent sent sent sent'
await_mail 'Ada ya muhula, tafadhali'
python3 - "$file" << 'CHECK'
import email, email.policy, sys
m = email.message_from_binary_file(open(sys.argv[1], "rb"), policy=email.policy.default)
assert m["to"].addresses[0].display_name == "Wanjirũ, Jane", m["to"]
assert [a.addr_spec for a in m["to"].addresses] == ["p1@example.test", "p2@example.test"]
assert [a.addr_spec for a in m["cc"].addresses] == ["c@example.test"]
assert m["bcc"] is None and "b@example.test" not in str(m["to"]) + str(m["cc"])
assert m["reply-to"] == "office@school.test"
assert m["from"].addresses[0].display_name == "Greenhill School"
assert m["message-id"].endswith("@school.test>"), m["message-id"]
text = m.get_body(("plain",)).get_content()
assert text == "Habari.\n.\n..stuffed\n", repr(text)
assert "wéwé" in m.get_body(("html",)).get_content()
parts = list(m.iter_attachments())
assert [p.get_filename() for p in parts] == ["ripoti é.pdf"]
assert parts[0].get_content() == "report of é\n".encode()
CHECK

# ---- What is refused ------------------------------------------------------------------------

exits 65 send --to $'b@example.test>\r\nRCPT TO:<evil@example.test' --subject x --text x
exits 65 send --to b@example.test --subject $'x\r\nBcc: evil@example.test' --text x
exits 65 send --to $'Jane\n<b@example.test>' --subject x --text x
exits 65 send --to b@example.test --from $'a@school.test\r\nBcc: evil@example.test' --subject x --text x
exits 75 send --to good@example.test --to nouser@example.test --to grey@example.test \
    --to full@example.test --subject mixed --text x
is 'each recipient by itself' "$(statuses)" 'sent failed queued failed'
says '5.1.1 No such user'
sl-email cancel "$(jq -r '.[0].batch' <<< "$out")" > /dev/null 2>&1
exits 1 send --to relay@elsewhere.test --subject relay --text x
is 'no relay' "$(statuses)" failed
exits 1 send --to a@school.test --subject SPAM --text x
is 'refused content' "$(statuses)" failed
exits 75 send --to a@school.test --subject TEMPFAIL --text x
is 'not now' "$(statuses)" queued
sl-email cancel "$(jq -r '.[0].batch' <<< "$out")" > /dev/null 2>&1
head -c 1500000 /dev/urandom > large.pdf
set_smtp "port=$plain" security=none auth_method=none
exits 1 send --to a@school.test --subject 'too large' --text x --attach large.pdf
says 552
exits 0 send --to a@school.test --subject 'small enough' --text x
set_smtp "port=$submit" security=starttls
exits 1 send --to a@school.test --subject 'nobody signs in' --text x
says 'wants username and password'
set_smtp auth_method=auto

# ---- Personal mails, and a kill in between ---------------------------------------------------

mkdir reports
{
    echo name,email,report
    for i in $(seq 1000); do
        printf 'report of pupil %d\n' "$i" > "reports/$i.pdf"
        echo "Pupil $i,p$i@example.test,reports/$i.pdf"
    done
} > list.csv
printf 'lease_seconds: 5\n' >> "$SL_CONFIG"
before=$(accepted)
bulk() {
    sl-email bulk --subject 'Report of {name}' --text 'Dear {name}' --attach-column report \
        --file list.csv --key term1 --yes -f json
}
bulk > /dev/null 2>&1 &
bulk=$!
until [ "$(accepted)" -ge $((before + 200)) ]; do
    kill -0 "$bulk" || complain "the list ended before it was killed"
    pause
done
kill -KILL "$(pgrep -P "$bulk" sl-email || echo "$bulk")"
wait "$bulk" || true
exits 0 bulk
is 'all are sent' "$(jq -r '"\(.total) \(.sent)"' <<< "$out")" '1000 1000'
taken=$(grep ' <= ' log/mainlog | grep -o 'for p[0-9]*@example.test$' | sort | uniq -c)
is 'each was taken' "$(grep -c . <<< "$taken")" 1000
twice=$(awk '$1 > 1' <<< "$taken" | wc -l)
[ "$twice" -le 3 ] || complain "$twice were sent twice: more than were in flight at the kill"
ids=$(grep ' <= ' log/mainlog | grep 'for p[0-9]*@example.test$' | grep -o ' id=[^ ]*' | sort -u | wc -l)
is 'a mail that is sent again keeps its Message-ID' "$ids" 1000
for i in 1 500 1000; do
    await_mail "Report of Pupil $i"
    python3 - "$file" "$i" << 'CHECK'
import email, email.policy, sys
m = email.message_from_binary_file(open(sys.argv[1], "rb"), policy=email.policy.default)
assert next(m.iter_attachments()).get_content() == b"report of pupil %d\n" % int(sys.argv[2])
assert str(m["to"]) == "p%s@example.test" % sys.argv[2] and m["auto-submitted"] == "auto-generated"
CHECK
done
echo "1000 personal mails taken, $twice of them twice by a kill, each under one id; what is refused is told by recipient"
