load helpers
# What a person or a script sees of sl-config: output, errors, exit status, what it leaves behind.

setup() { fresh; }

# ---- The installation

@test "init makes all that is missing, and again changes nothing" {
    export SL_CONFIG=$BATS_TEST_TMPDIR/new/a/sl.yaml SL_KEYRING=$BATS_TEST_TMPDIR/new/ring
    export SL_DATABASE=$BATS_TEST_TMPDIR/new/b/sl.db
    run --separate-stderr sl-config init -f json
    [ "$status" -eq 0 ]
    [ "$(jq -r 'map(.status) | unique | join(" ")' <<< "$output")" = made ]
    [ "$(stat -c %a "$SL_KEYRING" "$SL_KEYRING.webhook" "$SL_DATABASE" | sort -u)" = 600 ]
    before=$(cat "$SL_CONFIG" "$SL_KEYRING" "$SL_KEYRING.webhook" | sha256sum)
    rows=$(sql .dump | sha256sum)
    run --separate-stderr sl-config init -f json
    [ "$status" -eq 0 ]
    [ "$(jq -r 'map(.status) | unique | join(" ")' <<< "$output")" = there ]
    [ "$before" = "$(cat "$SL_CONFIG" "$SL_KEYRING" "$SL_KEYRING.webhook" | sha256sum)" ]
    [ "$rows" = "$(sql .dump | sha256sum)" ]
}

@test "what init wrote down is found without its variables" {
    unset SL_DATABASE SL_KEYRING
    run sl-config school list
    [ "$status" -eq 0 ]
    run --separate-stderr sl-config where -f json
    [[ "$(jq -r '.[] | select(.name == "database") | .source' <<< "$output")" == *"line "* ]]
}

@test "all fifteen providers are there, and those with an adapter are active" {
    run --separate-stderr sl-config providers -f json
    [ "$(jq length <<< "$output")" -eq 15 ]
    [ "$(jq -r '.[] | select(.code == "mpesa") | .is_active' <<< "$output")" = true ]
    [ "$(jq -c '.[0] | keys_unsorted' <<< "$output")" = '["category","code","name","is_global","is_active"]' ]
    run sl-config providers paymnet
    [ "$status" -eq 65 ]
    [[ "$output" == *"did you mean 'payment'"* ]]
}

@test "init does not put a new key ring beside settings that an old one has sealed" {
    school
    mpesa
    rm "$SL_KEYRING"
    run sl-config init
    [ "$status" -eq 78 ]
    [[ "$output" == *"put the ring back"* ]]
    [ ! -e "$SL_KEYRING" ]
    run sl-config init --yes
    [ "$status" -eq 0 ]
    run sl-config doctor
    [ "$status" -eq 1 ]
}

@test "a missing database or key ring is one line that names init, with status 78" {
    SL_DATABASE=$BATS_TEST_TMPDIR/none.db run sl-config school list
    [ "$status" -eq 78 ]
    [ "${#lines[@]}" -eq 1 ]
    [[ "$output" == *"sl-config init"* ]]
    SL_KEYRING=$BATS_TEST_TMPDIR/none run sl-config key list
    [ "$status" -eq 78 ]
    [ "${#lines[@]}" -eq 1 ]
    [[ "$output" == *"sl-config init"* ]]
}

@test "a folder is no database, and nothing is made in it" {
    mkdir "$BATS_TEST_TMPDIR/folder"
    for line in "school list" init; do
        # shellcheck disable=SC2086
        run sl-config $line --database "$BATS_TEST_TMPDIR/folder"
        [ "$status" -eq 78 ]
        [[ "$output" == *"is a folder"*"folder/shulelabs.db"* ]]
    done
    [ -z "$(ls "$BATS_TEST_TMPDIR/folder")" ]
}

@test "a country is one of the world, and what is none is told which are known" {
    run sl-config school add a1 --name A --country ZZ
    [ "$status" -eq 65 ]
    [[ "$output" == *"'ZZ' is no country"*"KE UG TZ"* ]]
    sl-config school add a2 --name A --country FR > /dev/null
    run sl-config school edit a2 --country QQ
    [ "$status" -eq 65 ]
}

@test "a bad line of the configuration file is named" {
    echo 'publik_url: https://school.example' >> "$SL_CONFIG"
    run sl-config where
    [ "$status" -eq 78 ]
    [[ "$output" == *"line $(wc -l < "$SL_CONFIG")"*"did you mean 'public_url'"* ]]
}

@test "where hides the password of a database's address" {
    run sl-config where --database postgresql://sl:hunter2@db.example/sl
    [ "$status" -eq 0 ]
    [[ "$output" == *"sl:••••@db.example"* ]]
    [[ "$output" != *hunter2* ]]
}

# ---- Doctor

bad() { sl-config doctor -f json | jq -r '.[] | select(.status == "bad") | "\(.check): \(.found) => \(.cure)"'; }
found() { sl-config doctor -f json | jq -r --arg check "$1" ".[] | select(.check == \$check) | .found"; }

@test "doctor finds nothing wrong with a new installation" {
    run sl-config doctor
    [ "$status" -eq 0 ]
    [ -z "$(bad)" ]
}

@test "doctor names each thing that is wrong, and its cure" {
    school
    mpesa greenhill callback_base_url=http://127.0.0.1:8480
    [ -z "$(bad)" ]

    chmod 644 "$SL_KEYRING"
    [[ "$(bad)" == "key ring: "*"(mode 0644) => chmod 600 $SL_KEYRING" ]]
    chmod 600 "$SL_KEYRING"

    mv "$SL_KEYRING" "$SL_KEYRING.away"
    [[ "$(bad)" == "key ring: no key ring at $SL_KEYRING;"*"=> put back a copy of it; where nothing was sealed yet,"* ]]
    mv "$SL_KEYRING.away" "$SL_KEYRING"

    chmod 644 "$SL_DATABASE"
    [[ "$(bad)" == "database: "*"=> chmod 600 "* ]]
    chmod 600 "$SL_DATABASE"

    sl-config unset -s greenhill -p mpesa callback_base_url > /dev/null
    [[ "$(bad)" == "mpesa for greenhill: no public address"*"public_url"* ]]
    echo 'public_url: https://school.example' >> "$SL_CONFIG"
    [ -z "$(bad)" ]

    sql "UPDATE accounts SET blocked = 'credentials refused'"
    [[ "$(bad)" == "account at mpesa: blocked: credentials refused =>"* ]]
    mpesa
    [ -z "$(bad)" ]
    sql "INSERT INTO accounts (account, provider_id, blocked) VALUES ('of earlier settings', 1, 'refused')"
    [ -z "$(bad)" ]
    [[ "$(found providers)" == "the "*" that this version can talk to are registered"* ]]

    sl-config webhook add -s greenhill -p mpesa > /dev/null
    printf 'username=sandbox\napi_key=key-1234' | sl-config set -s greenhill -p africastalking --from - > /dev/null
    sl-config webhook add -s greenhill -p africastalking > /dev/null
    [ "$(found webhooks)" = "$(sql 'SELECT count(*) FROM integration_webhooks') active endpoints" ]
    sed -i '/^public_url/d' "$SL_CONFIG"
    sl-config set -s greenhill -p mpesa callback_base_url=http://127.0.0.1:8480 > /dev/null
    [[ "$(found webhooks)" == "1 of 2 active endpoints need public_url"* ]]
    echo 'public_url: https://school.example' >> "$SL_CONFIG"

    sql "UPDATE integration_providers SET is_active = 0 WHERE code = 'mpesa'"
    [[ "$(bad)" == "providers: "*"sl-config migrate"* ]]
    sl-config migrate > /dev/null
    [ -z "$(bad)" ]

    sql "PRAGMA foreign_keys = OFF; INSERT INTO optouts VALUES (999, 'sms', '+254711000001', 'x', 1)"
    [[ "$(bad)" == "database references: "* ]]
    sql "DELETE FROM optouts"

    sql "UPDATE integration_configs SET config_encrypted = 'sl1:k9-gone:$(printf 'A%.0s' {1..56})'"
    [[ "$(bad)" == "mpesa for greenhill: "*"k9-gone"*"sl-config set"* ]]
    run sl-config doctor
    [ "$status" -eq 1 ]
}

@test "doctor warns ten days before a password ends at the provider" {
    school
    mpesa greenhill callback_base_url=http://127.0.0.1:8480 initiator_name=testapi security_credential=c2VhbGVk
    [ -z "$(bad)" ]
    sql "UPDATE integration_logs SET created_at = created_at - 79 * 86400000"
    [ -z "$(bad)" ]
    sql "UPDATE integration_logs SET created_at = created_at - 86400000"
    [[ "$(bad)" == "mpesa for greenhill: security_credential: it was set 80 days ago; the provider ends it after 90 => "*"sl-config set -s greenhill -p mpesa"* ]]
    sl-config set -s greenhill -p mpesa max_amount=100 > /dev/null
    [[ "$(bad)" == *"security_credential: it was set 80 days ago"* ]]
    echo security_credential=bmV3 | sl-config set -s greenhill -p mpesa --from - > /dev/null
    [ -z "$(bad)" ]
}

@test "doctor sees a damaged key ring and a database that is none" {
    sed -i '2s/active/actiue/' "$SL_KEYRING"
    echo 'no database at all, but a text that is long enough to be read' > "$BATS_TEST_TMPDIR/text"
    run sl-config doctor --database "$BATS_TEST_TMPDIR/text" -f json
    [ "$status" -eq 1 ]
    [ "$(jq -r '[.[] | select(.status == "bad") | .check] | join(",")' <<< "$output")" = "key ring,database" ]
}

@test "of a damaged database doctor names the copy, and what reads it without one" {
    dd if=/dev/zero of="$SL_DATABASE" bs=4096 seek=3 count=4 conv=notrunc status=none
    run -1 sl-config doctor -f json
    [[ "$(jq -r '.[] | select(.status == "bad") | .cure' <<< "$output")" == *'sl-config backup'*'sqlite3 DATABASE .recover'* ]]
    [[ "$output" != *'sl-config doctor'* ]]
}

# ---- Migrate, backup

@test "migrate tells what it would do, and leaves a newer database alone" {
    run --separate-stderr sl-config migrate --dry-run -f json
    [ "$status" -eq 0 ]
    [ "$(field from <<< "$output")" = "$(field to <<< "$output")" ]
    sql 'PRAGMA user_version = 99'
    run sl-config migrate
    [ "$status" -eq 78 ]
    [[ "$output" == *"version 99"* ]]
}

# shape FILE: every column, key and index of a database, but not how its schema is written.
shape() {
    sqlite3 "$1" "SELECT m.name, c.name, c.type, c.\"notnull\", c.dflt_value, c.pk FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' ORDER BY m.name, c.name;
        SELECT m.name, k.\"table\", k.\"from\", k.on_delete FROM sqlite_master m, pragma_foreign_key_list(m.name) k ORDER BY 1, 2, 3;
        SELECT name, tbl_name FROM sqlite_master WHERE type = 'index' ORDER BY name"
}

@test "a database of version 1 is brought to this one's schema, and loses no row" {
    old=$BATS_TEST_TMPDIR/old.db
    { cat "$BATS_TEST_DIRNAME/../data/schema-1.sql"
      echo "INSERT INTO integration_providers (category, name, code, adapter_class, created_at) VALUES ('sms', 'A', 'africastalking', 'A', 1);
            INSERT INTO accounts (account, provider_id, blocked) VALUES ('a', 1, 'refused'); PRAGMA user_version = 1;"
    } | sqlite3 "$old"
    run sl-config school list --database "$old"
    [ "$status" -eq 78 ]
    [[ "$output" == *"sl-config migrate"* ]]
    run -0 --separate-stderr sl-config migrate --database "$old" -f json
    [ "$(field from <<< "$output")" -eq 1 ]
    [ "$(sqlite3 "$old" "SELECT account, blocked, held IS NULL FROM accounts")" = "a|refused|1" ]
    diff <(shape "$old") <(shape "$SL_DATABASE")
}

@test "a backup is a whole database, and never overwrites a file" {
    school
    run sl-config backup "$BATS_TEST_TMPDIR/copy.db"
    [ "$status" -eq 0 ]
    [ "$(stat -c %a "$BATS_TEST_TMPDIR/copy.db")" = 600 ]
    run --separate-stderr sl-config school show greenhill --database "$BATS_TEST_TMPDIR/copy.db" -f json
    [ "$(field name <<< "$output")" = "Greenhill School" ]
    run sl-config backup "$BATS_TEST_TMPDIR/copy.db"
    [ "$status" -eq 73 ]
}

@test "a killed backup has no name, and the next takes over what it left; two at once are one too many" {
    echo 'half a copy' > "$BATS_TEST_TMPDIR/copy.db.part"
    run -0 sl-config backup "$BATS_TEST_TMPDIR/copy.db" -q
    [ "$(sqlite3 "$BATS_TEST_TMPDIR/copy.db" 'PRAGMA integrity_check; PRAGMA journal_mode' | xargs)" = "ok wal" ]
    [ -z "$(find "$BATS_TEST_TMPDIR" -name 'copy.db?*' ! -name '*-wal' ! -name '*-shm')" ]
    touch "$BATS_TEST_TMPDIR/other.db.part"
    run -73 flock "$BATS_TEST_TMPDIR/other.db.part" sl-config backup "$BATS_TEST_TMPDIR/other.db"
    [[ "$output" == *"another backup"* ]]
}

# ---- Schools

@test "a school gets Kenya's defaults, and edit changes only what is named" {
    school
    run --separate-stderr sl-config school show greenhill -f json
    [ "$(jq -r '[.country, .timezone, .currency, .status] | join(" ")' <<< "$output")" = "KE Africa/Nairobi KES active" ]
    sl-config school edit greenhill --name 'Green Hill' --receipt-template 'Thank you, {payer}' > /dev/null
    run --separate-stderr sl-config school show greenhill -f json
    [ "$(jq -r '[.name, .country, .receipt_template] | join(" ")' <<< "$output")" = "Green Hill KE Thank you, {payer}" ]
    run sl-config school edit greenhill --status shut
    [ "$status" -eq 65 ]
}

@test "how long a school keeps what: pair by pair, and taken back" {
    school
    sl-config school edit greenhill --keep bodies=90 --keep events=30 > /dev/null
    sl-config school edit greenhill --keep messages=365 --keep events= > /dev/null
    [ "$(sl-config school show greenhill -f json | field keep_days)" = bodies=90,messages=365 ]
    for pair in bodies bodies=0 bodies=-1 bodies=36501 bodies=1w people=1 =1; do
        run -65 --separate-stderr sl-config school edit greenhill --keep "$pair"
        [[ "$stderr" == *"'$pair' does not say how long"*"KIND=DAYS"* ]]
    done
    run -65 sl-config school add hillside --name Hillside --keep payments=1
    [ "$(sl-config school show greenhill -f json | field keep_days)" = bodies=90,messages=365 ]
    sl-config school edit greenhill --keep messages= --keep bodies= > /dev/null
    [ "$(sl-config school show greenhill -f json | field keep_days)" = null ]
    sl-config school add hillside --name Hillside --keep callbacks=90 > /dev/null
    [ "$(sl-config school show hillside -f json | field keep_days)" = callbacks=90 ]
}

@test "what names nothing, twice the same, or no provider is refused" {
    school
    run -64 --separate-stderr sl-config school edit greenhill
    [[ "$stderr" == *"nothing to change"* ]]
    cd "$BATS_TEST_TMPDIR"
    run -64 sl-config backup -
    [ ! -e - ]
    run -78 --separate-stderr sl-config test -s greenhill -p mpeas
    [[ "$stderr" == *"did you mean 'mpesa'?"* ]]
    run -65 --separate-stderr sl-config set -s greenhill -p mpesa --from - \
        <<< $'consumer_key=one-key-1234\nshortcode=174379\nconsumer_key=other-key-1234'
    [[ "$stderr" == *"line 3: consumer_key is given twice"* && "$stderr" != *other-key* ]]
    [ "$(sql 'SELECT count(*) FROM integration_configs')" -eq 0 ]
}

@test "a receipt template that cannot be filled is refused, with the words that it may use" {
    school
    for template in 'Thanks for {nosuch}' 'Thanks for {amount' 'Thanks }'; do
        run -65 --separate-stderr sl-config school edit greenhill --receipt-template "$template"
        [[ "$stderr" == *"the receipt template: "* ]]
        run -65 sl-config school add hillside --name Hillside --receipt-template "$template"
    done
    run -65 --separate-stderr sl-config school edit greenhill --receipt-template 'For {nosuch}'
    [[ "$stderr" == *"{amount}, {currency}, {receipt}"* ]]
    [ "$(sl-config school show greenhill -f json | field receipt_template)" = null ]
}

@test "a program that is not there, or that every user can change, is not taken" {
    school
    program=$BATS_TEST_TMPDIR/program
    refused() { # WHY
        run -65 --separate-stderr mpesa_given "c2b_validation=exec:$program"
        [[ "$stderr" == *"c2b_validation: $1"* ]]
        run -65 --separate-stderr sl-config hook add -s greenhill --event payment.succeeded --exec "$program"
        [[ "$stderr" == *"$1"* ]]
    }
    mpesa_given() { printf '%s\n' consumer_key=a-key-1234 consumer_secret=a-secret-5678 shortcode=174379 \
        passkey=bfb279f9aa9bdbcf158e97dd71a467cd "$@" | sl-config set -s greenhill -p mpesa --from -; }
    refused "$program: No such file"
    printf '#!/bin/sh\n' > "$program"
    refused "$program is no program that can be run"
    chmod 777 "$program"
    refused "$program can be changed by every user (mode 0777)"
    chmod 755 "$program"
    mpesa_given "c2b_validation=exec:$program" > /dev/null
}

@test "what is no school is refused with what would be right" {
    for line in '123 --name A' 'Green --name A' 'a --name A --country kenya' 'a --name A --timezone Africa/Nowhere' \
        'a --name A --timezone ../../etc/passwd' 'a --name A --currency Ksh' 'a --name A --currency KSH' 'a --name A --currency ESK' 'everyone --name A'; do
        # shellcheck disable=SC2086
        run sl-config school add $line
        [ "$status" -eq 65 ]
    done
    run sl-config school add b
    [ "$status" -eq 64 ]
    school
    run sl-config school show grenhill
    [ "$status" -eq 78 ]
    [[ "$output" == *"did you mean 'greenhill'"* ]]
}

# ---- Settings

@test "a secret on the command line is refused, not repeated, and the ways to give it are named" {
    school
    run sl-config set -s greenhill -p mpesa consumer_key=hunter2
    [ "$status" -eq 64 ]
    [[ "$output" == *"--from FILE"*"--from -"*"prompt"* ]]
    [[ "$output" != *hunter2* ]]
}

@test "settings come from lines, from JSON, and from the line, which counts most" {
    school
    printf '# of the app\nconsumer_key = key-of-the-app-1234 \r\n\nconsumer_secret=s\nshortcode=174379\nenvironment=production\n' \
        > "$BATS_TEST_TMPDIR/lines"
    run --separate-stderr sl-config set -s greenhill -p mpesa --from "$BATS_TEST_TMPDIR/lines" max_amount=5 -f json
    [ "$status" -eq 0 ]
    [ "$(field environment <<< "$output")" = production ]
    [ "$(field is_primary <<< "$output")" = true ]
    run --separate-stderr sl-config set -s greenhill -p mpesa --from - -f json --environment sandbox max_amount=7 \
        <<< '{"passkey": "a-passkey-of-some-length", "max_amount": 6, "till_number": null}'
    [ "$status" -eq 0 ]
    run --separate-stderr sl-config show -s greenhill -p mpesa -f json
    [ "$(jq -r '[.environment, .max_amount, .shortcode, .consumer_key] | join(" ")' <<< "$output")" = \
        "sandbox 7 174379 ••••1234" ]
}

@test "show never shows more of a secret than its last four characters, and nothing of a short one" {
    school
    mpesa greenhill passkey=hunter2
    for format in table json ndjson csv tsv; do
        run sl-config show -s greenhill -p mpesa -f $format
        [ "$status" -eq 0 ]
        [[ "$output" == *"••••1234"* ]]
        [[ "$output" != *key-of-the-app* && "$output" != *hunter2* ]]
    done
    run --separate-stderr sl-config show -s greenhill -p mpesa -f json
    [ "$(field passkey <<< "$output")" = "••••" ]
    run ! grep -a -q -e key-of-the-app -e secret-of-the-app "$SL_DATABASE" "$SL_DATABASE-wal"
}

@test "the content of a file setting is stored, not its path" {
    school
    openssl req -x509 -newkey rsa:2048 -nodes -keyout /dev/null -out "$BATS_TEST_TMPDIR/cert.pem" \
        -subj /CN=test -days 1 2> /dev/null
    mpesa greenhill "certificate=$BATS_TEST_TMPDIR/cert.pem"
    rm "$BATS_TEST_TMPDIR/cert.pem"
    run --separate-stderr sl-config show -s greenhill -p mpesa -f json
    [[ "$(field certificate <<< "$output")" == "(a file of "*" bytes)" ]]
    run sl-config set -s greenhill -p mpesa certificate=/nowhere/cert.pem
    [ "$status" -eq 65 ]
    [[ "$output" == *"certificate: /nowhere/cert.pem: No such file"* ]]
}

@test "what set refuses has status 65, names the setting, and changes nothing" {
    school
    mpesa
    before=$(sql 'SELECT config_encrypted FROM integration_configs')
    for setting in shortcod=1 shortcode=abc max_amount=0 base_url=http://sms.example \
        callback_base_url=https://u:p@school.example callback_cidrs=everybody environment=live; do
        run sl-config set -s greenhill -p mpesa "$setting"
        [ "$status" -eq 65 ]
        [[ "$output" == *"${setting%%=*}"* ]]
    done
    for text in '{"shortcode":' '[1]' '{"shortcode": ["1"]}' 'shortcode 5'; do
        run sl-config set -s greenhill -p mpesa --from - <<< "$text"
        [ "$status" -eq 65 ]
    done
    run sl-config set -s greenhill -p mpesa
    [ "$status" -eq 64 ]
    run sl-config set -s greenhill -p mpesa shortcode
    [ "$status" -eq 64 ]
    run sl-config unset -s greenhill -p mpesa shortcode
    [ "$status" -eq 65 ]
    [ "$before" = "$(sql 'SELECT config_encrypted FROM integration_configs')" ]
}

@test "what is required is not taken away; what one operation needs is, and doctor names it" {
    school
    mpesa greenhill callback_base_url=http://127.0.0.1:8480
    for name in consumer_secret shortcode; do
        run sl-config unset -s greenhill -p mpesa "$name"
        [ "$status" -eq 65 ]
        [[ "$output" == *"cannot do without: $name"*"sl-config disable -s greenhill -p mpesa"* ]]
    done
    run --separate-stderr sl-config unset -s greenhill -p mpesa passkey
    [ "$status" -eq 0 ]
    [[ "$stderr" == *"passkey (needed for payment.request)"* ]]
    run -0 sl-config doctor -f json
    [[ "$(jq -r '.[] | select(.check == "mpesa for greenhill") | .found' <<< "$output")" == *"not set: passkey (needed for payment.request)"* ]]
    run sl-pay request -s greenhill --phone 0711000001 --amount 10 --reference A1
    [ "$status" -eq 78 ]
    [[ "$output" == *"passkey is not set"* ]]
    [ "$(sql 'SELECT count(*) FROM integration_queue')" -eq 0 ]
}

@test "what is missing is named where nobody can be asked" {
    school
    run sl-config set -s greenhill -p mpesa shortcode=174379 < /dev/null
    [ "$status" -eq 65 ]
    [[ "$output" == *"consumer_key, consumer_secret"* ]]
}

@test "on a terminal what is missing is asked for, secrets without echo" {
    school
    run script -qec 'sl-config set -s greenhill -p mpesa shortcode=174379' /dev/null \
        < <(sleep 1; echo hidden-key-1234; sleep 1; echo hidden-secret; sleep 1)
    [ "$status" -eq 0 ]
    [[ "$output" == *"consumer_key ("* && "$output" == *"consumer_secret ("* ]]
    [[ "$output" != *hidden* ]]
    run --separate-stderr sl-config show -s greenhill -p mpesa -f json
    [ "$(field consumer_key <<< "$output")" = "••••1234" ]
}

@test "unknown schools and providers have status 78 and a suggestion" {
    school
    run sl-config show -s grenhill -p mpesa
    [ "$status" -eq 78 ]
    [[ "$output" == *"did you mean 'greenhill'"* ]]
    run sl-config set -s greenhill -p mpessa shortcode=1
    [ "$status" -eq 78 ]
    [[ "$output" == *"did you mean 'mpesa'"* ]]
    run sl-config show -s greenhill -p mpesa
    [ "$status" -eq 78 ]
    [[ "$output" == *"sl-config set -s greenhill -p mpesa"* ]]
    run sl-config set -p mpesa shortcode=1
    [ "$status" -eq 64 ]
}

@test "fields lists what a provider takes" {
    run --separate-stderr sl-config fields mpesa -f json
    [ "$(jq -c '.[0] | keys_unsorted[:5]' <<< "$output")" = '["name","required","secret","default","meaning"]' ]
    [ "$(jq -r '.[] | select(.name == "consumer_secret") | "\(.required) \(.secret)"' <<< "$output")" = "true true" ]
    [ "$(jq -r '.[] | select(.name == "rate_per_second") | .name' <<< "$output")" = rate_per_second ]
}

@test "a provider can be disabled, enabled, made primary and ranked" {
    school
    mpesa
    run --separate-stderr sl-config disable -s greenhill -p mpesa -f json
    [ "$(field is_enabled <<< "$output")" = false ]
    run sl-config primary -s greenhill -p mpesa
    [ "$status" -eq 78 ]
    sl-config enable -s greenhill -p mpesa > /dev/null
    run --separate-stderr sl-config primary -s greenhill -p mpesa -f json
    [ "$(field is_primary <<< "$output")" = true ]
    run --separate-stderr sl-config rank -s greenhill payment mpesa -f json
    [ "$(field rank <<< "$output")" = 1 ]
    run sl-config rank -s greenhill sms mpesa
    [ "$status" -eq 65 ]
    run --separate-stderr sl-config list -f ndjson
    [ "$(jq -r '[.school, .provider] | join(" ")' <<< "$output")" = "greenhill mpesa" ]
}

@test "acts of people are in the log, masked" {
    school
    mpesa
    sl-config disable -s greenhill -p mpesa > /dev/null
    [ "$(sql "SELECT group_concat(operation, ' ') FROM integration_logs WHERE direction = 'inbound' AND actor <> ''")" = \
        "school.add config.set config.disable" ]
    [[ "$(sql "SELECT request_data FROM integration_logs WHERE operation = 'config.set'")" == *"••••1234"* ]]
    [ "$(sql "SELECT count(*) FROM integration_logs WHERE request_data LIKE '%key-of%'")" = 0 ]
}

# ---- Keys

@test "a rotation re-seals everything, and the old key can then be retired" {
    school
    mpesa
    old=$(sl-config key list -f json | field id)
    run sl-config key retire "$old"
    [ "$status" -eq 65 ]
    run --separate-stderr sl-config key rotate -f json
    [ "$status" -eq 0 ]
    [ "$(jq -r '.[] | select(.what == "settings") | .resealed' <<< "$output")" = 1 ]
    [[ "$(sql 'SELECT config_encrypted FROM integration_configs')" != *"$old"* ]]
    run sl-config key retire "$old"
    [ "$status" -eq 0 ]
    run ! grep -q "$old" "$SL_KEYRING"
    run sl-config show -s greenhill -p mpesa
    [ "$status" -eq 0 ]
    run sl-config key retire "$old"
    [ "$status" -eq 65 ]
}

@test "a rotation that is killed anywhere is finished by the next one, and nothing is lost" {
    school
    mpesa
    for i in $(seq 30); do school "school$i" && mpesa "school$i"; done
    for delay in 0.002 0.005 0.008 0.012 0.016 0.02 0.03; do
        sl-config key rotate > /dev/null 2>&1 &
        sleep $delay
        kill -9 $! 2> /dev/null || true
        wait $! || true
        run sl-config show -s school7 -p mpesa
        [ "$status" -eq 0 ]
    done
    run sl-config key rotate
    [ "$status" -eq 0 ]
    sl-config key list -f json | jq -e 'all(.[]; .state != "retiring")'
    [ "$(sl-config key list -f json | jq '[.[] | select(.purpose == "seal" and .sealed > 0)] | length')" = 1 ]
    [ "$(sl-config list -f json | jq length)" = 31 ]
    for i in 1 15 30; do sl-config show -s "school$i" -p mpesa > /dev/null; done
}

# ---- Webhooks

@test "a webhook's addresses are shown once, and only a hash is kept" {
    school
    mpesa
    run sl-config webhook add -s greenhill -p mpesa
    [ "$status" -eq 78 ]
    [[ "$output" == *public_url* ]]
    echo 'public_url: https://school.example/' >> "$SL_CONFIG"
    run --separate-stderr sl-config webhook add -s greenhill -p mpesa --name paybill -f json
    [ "$status" -eq 0 ]
    url=$(field url <<< "$output")
    [[ "$url" =~ ^https://school.example/hooks/k/([0-9a-f]{32})/[a-z]+$ ]]
    token=${BASH_REMATCH[1]}
    [ "$(sql 'SELECT endpoint_path FROM integration_webhooks')" = "$(printf %s "$token" | sha256sum | cut -d' ' -f1)" ]
    run ! grep -a -q "$token" "$SL_DATABASE" "$SL_DATABASE-wal"
    run --separate-stderr sl-config webhook list -f json
    [ "$(field name <<< "$output")" = paybill ]
    [[ "$output" != *"$token"* ]]
}

@test "a rotated webhook has another token, a disabled one is inactive, an unknown one is named" {
    school
    mpesa greenhill callback_base_url=http://127.0.0.1:8480
    first=$(sl-config webhook add -q -s greenhill -p mpesa -f json | field url)
    run --separate-stderr sl-config webhook rotate 1 -f json
    [ "$status" -eq 0 ]
    [ "$(field url <<< "$output")" != "$first" ]
    run --separate-stderr sl-config webhook disable 1 -f json
    [ "$(field is_active <<< "$output")" = false ]
    run sl-config webhook disable 7
    [ "$status" -eq 65 ]
    run sl-config webhook rotate x
    [ "$status" -eq 65 ]
}
