# What the tests of the programs share. Programs are found on PATH; every test has an installation
# of its own in $BATS_TEST_TMPDIR.
bats_require_minimum_version 1.5.0

# A new installation, which SL_CONFIG, SL_DATABASE and SL_KEYRING name from now on.
fresh() {
    export SL_CONFIG="${BATS_TEST_TMPDIR:?is the folder of the test}/etc/shulelabs.yaml"
    export SL_DATABASE="$BATS_TEST_TMPDIR/var/shulelabs.db"
    export SL_KEYRING="$BATS_TEST_TMPDIR/etc/keyring"
    unset SL_SCHOOL
    sl-config init --quiet > /dev/null
}

# school [CODE]: adds one; by default greenhill.
school() {
    sl-config school add "${1:-greenhill}" --name "${2:-Greenhill School}" > /dev/null
}

# mpesa [SCHOOL] [NAME=VALUE...]: M-Pesa's settings, complete but not real; none of them on the line.
mpesa() {
    local code=${1:-greenhill}
    shift || true
    { printf '%s\n' consumer_key=key-of-the-app-1234 consumer_secret=secret-of-the-app-5678 \
        shortcode=174379 passkey=bfb279f9aa9bdbcf158e97dd71a467cd "$@"; } |
        tac | awk -F= '!seen[$1]++' | # a given one instead of ours
        sl-config set -s "$code" -p mpesa --from - --quiet > /dev/null
}

# sql STATEMENT: looks into the database, or spoils it, from outside.
sql() {
    sqlite3 -cmd ".timeout 10000" "$SL_DATABASE" "$1"
}

# field NAME: of the JSON object on stdin, or of the first of an array.
field() {
    jq -r --arg name "$1" 'if type == "array" then .[0] else . end | .[$name]'
}
