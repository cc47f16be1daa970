# A school that keeps its files at a simulated provider: for the suites of sl-storage.

# start_storing PROVIDER: a sandbox and a school whose primary storage that is, and two files.
start_storing() {
    fresh
    echo 'lease_seconds: 1' >> "$SL_CONFIG"
    start sandbox sl-sandbox serve --listen 127.0.0.1:0
    export SL_SANDBOX_URL=http://$address SL_SCHOOL=greenhill
    provider=$1
    sl-sandbox setup -s greenhill > /dev/null 2>&1
    sl-config set -p "$provider" --primary --quiet > /dev/null
    cd "$BATS_TEST_TMPDIR" || return
    printf 'hello\n' > hello.txt
    printf 'other\n' > other.txt
}

# seen OPERATION: those of the sandbox's records, as an array.
seen() {
    sl-sandbox seen "$provider" | jq -s --arg operation "$1" 'map(select(.operation == $operation))'
}

# seen_at_least OPERATION N
seen_at_least() {
    [ "$(seen "$1" | jq length)" -ge "$2" ]
}

# due: what waits for a while is due at once.
due() {
    sql "UPDATE integration_queue SET next_attempt_at = 1 WHERE status = 'pending';
         UPDATE accounts SET hold_boot_ms = 0, open_boot_ms = 0"
}
