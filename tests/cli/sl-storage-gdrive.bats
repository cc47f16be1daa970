#!/usr/bin/env bats
# sl-storage with Google Drive, against the sandbox: folders and names where others have keys.
load helpers
load running
load storing

setup() { start_storing gdrive; }
teardown() { stop_all; }

# long: 6,000,000 bytes, which take 23 chunks.
long() {
    head -c 6000000 /dev/urandom > long.bin
    sl-config set -p gdrive chunk_size=262144 --quiet > /dev/null
}

# done_by_timer: the timer comes until nothing is left.
done_by_timer() {
    due
    sl-queue-run --quiet
    [ "$(sql "SELECT count(*) FROM integration_queue WHERE status IN ('pending', 'processing')")" -eq 0 ]
}

@test "test: who we are, and whether the folder can be written to" {
    run -0 sl-config test -p gdrive
    [[ "$output" == *"may write into the folder greenhill"* ]]
}

@test "put, ls, stat, get, rm: folders are made and found again" {
    run -0 sl-storage put hello.txt reports/2026/1.txt -f json
    [ "$(field checksum <<< "$output")" = "sha256:$(sha256sum < hello.txt | cut -d' ' -f1)" ]
    sl-storage put other.txt reports/2026/2.txt > /dev/null
    sl-storage put hello.txt "reports/it's a \\ + ü.txt" > /dev/null
    [ "$(seen folder | jq -c 'map(.name)')" = '["reports","2026"]' ]
    run -0 sl-storage ls reports/ -f json
    [ "$(jq -r '.[].key' <<< "$output" | sort | jq -Rsc 'split("\n")[:-1]')" = \
        '["reports/2026/1.txt","reports/2026/2.txt","reports/it'"'"'s a \\ + ü.txt"]' ]
    run -0 sl-storage ls reports/2026/2 -f json
    [ "$(jq -c 'map(.key)' <<< "$output")" = '["reports/2026/2.txt"]' ]
    [ "$(sl-storage get "reports/it's a \\ + ü.txt" -)" = hello ]
    run -0 sl-storage stat reports/2026/2.txt -f json
    [ "$(field size <<< "$output")" = 6 ]
    run -0 sl-storage rm reports/2026/1.txt reports/nothere.txt
    run -65 sl-storage stat reports/2026/1.txt
    [[ "$output" == *"there is no such file"* ]]
    run -0 sl-storage ls -f json
    [ "$(jq length <<< "$output")" -eq 2 ]
}

@test "a key has one file, however often it is put; --no-clobber leaves it" {
    sl-storage put hello.txt key > /dev/null
    sl-storage put other.txt key > /dev/null
    [ "$(sl-storage get key -)" = other ]
    run -65 sl-storage put hello.txt key --no-clobber
    [[ "$output" == *"there is one of that key already"* ]]
    sql "DELETE FROM facts"
    sl-storage put hello.txt key > /dev/null
    [ "$(sl-storage get key -)" = hello ]
    [ "$(seen upload | jq -c 'map(.id) | unique | length')" -eq 1 ]
}

@test "puts of a new key that come at once make one file, in one folder" {
    for i in 1 2 3 4; do printf '%s\n' "$i" > "$i.txt"; done
    for i in 1 2 3 4; do sl-storage put "$i.txt" new/folder/key > /dev/null 2> "err.$i" & done
    for job in $(jobs -p); do [ "$job" = "$sandbox" ] || wait "$job" || true; done
    until_true done_by_timer
    [ "$(seen folder | jq -c 'map(.id) | unique | length')" -eq 2 ]
    [ "$(seen upload | jq -c 'map(.id) | unique | length')" -eq 1 ]
    run -0 sl-storage ls new -f json
    [ "$(jq length <<< "$output")" -eq 1 ]
}

@test "what was put a moment ago is found, though no search has it yet" {
    sl-storage put hello.txt LAG.txt > /dev/null
    [ "$(sl-storage get LAG.txt -)" = hello ]
    sl-storage put other.txt LAG.txt > /dev/null
    [ "$(sl-storage get LAG.txt -)" = other ]
    [ "$(seen upload | jq -c 'map(.id) | unique | length')" -eq 1 ]
}

@test "what is known of a file that is gone is forgotten" {
    sl-storage put hello.txt a/key > /dev/null
    sql "UPDATE facts SET value = '1gone' WHERE kind = 'file'"
    [ "$(sl-storage get a/key -)" = hello ]
    sl-config set -p gdrive delete_mode=delete --quiet > /dev/null
    sl-storage rm a/key
    run -65 sl-storage get a/key -
    sl-storage put other.txt a/key > /dev/null
    [ "$(sl-storage get a/key -)" = other ]
    [ "$(seen upload | jq -c 'map(.id) | unique | length')" -eq 2 ]
}

@test "a long file goes in chunks, and whole" {
    long
    run -0 sl-storage put long.bin files/long.bin -f json
    [ "$(field checksum <<< "$output")" = "sha256:$(sha256sum < long.bin | cut -d' ' -f1)" ]
    [ "$(seen chunk | jq length)" -eq 23 ]
    sl-storage get files/long.bin - | cmp long.bin -
    sl-storage put long.bin files/long.bin > /dev/null
    [ "$(seen upload | jq -c 'map(.id) | unique | length')" -eq 1 ]
}

@test "where the server keeps less than it was sent, it is sent the rest" {
    long
    sl-config set -p gdrive chunk_size=1048576 --quiet > /dev/null
    sl-storage put long.bin SHORT.bin > /dev/null
    sl-storage get SHORT.bin - | cmp long.bin -
    [ "$(seen chunk | jq length)" -gt 6 ]
}

@test "a session that expires begins anew" {
    long
    sl-storage put long.bin EXPIRED.bin > /dev/null
    sl-storage get EXPIRED.bin - | cmp long.bin -
    [ "$(seen chunk | jq length)" -eq 24 ]
}

@test "a program that is killed goes on where it was, and sends nothing twice" {
    long
    kill "$sandbox" && wait "$sandbox" || true
    start sandbox sl-sandbox serve --listen "${SL_SANDBOX_URL#http://}" --latency 30
    sl-storage put long.bin long.bin > /dev/null 2>&1 3>&- &
    put=$!
    until_true seen_at_least chunk 4
    kill -9 "$put"
    wait "$put" || true
    [ "$(seen upload | jq length)" -eq 0 ]
    [ -z "$(sql "SELECT 1 FROM integration_queue WHERE memory LIKE '%upload_id%'")" ]
    until_true done_by_timer
    sl-storage get long.bin - | cmp long.bin -
    [ "$(seen chunk | jq length)" -eq 23 ]
    [ "$(seen upload | jq length)" -eq 1 ]
}

@test "a file that is damaged on the way is not left there" {
    run -65 sl-storage put hello.txt DAMAGED.txt
    [[ "$output" == *"what arrived there was not what was sent"* ]]
    run -65 sl-storage stat DAMAGED.txt
}

@test "a service account without room is told what helps" {
    run -65 sl-storage put hello.txt FULL.txt
    [[ "$output" == *"needs a shared drive, or impersonate"* ]]
}

@test "lost answers: what was done is not done again" {
    sl-sandbox scenario lost-answer 2> /dev/null
    run -75 sl-storage put hello.txt a/b.txt
    until_true done_by_timer
    [ "$(sl-storage get a/b.txt -)" = hello ]
    [ "$(seen folder | jq length)" -eq 1 ]
    [ "$(seen upload | jq length)" -eq 1 ]
}

@test "a limit is not a refusal, though it comes as 403" {
    sl-sandbox scenario rate-limited 2> /dev/null
    run -75 sl-storage put hello.txt key
    [[ "$output" == *userRateLimitExceeded* ]]
    sl-sandbox scenario ok 2> /dev/null
    until_true done_by_timer
    [ "$(sl-storage get key -)" = hello ]
}

@test "a token that is refused is renewed once" {
    sl-sandbox scenario token-expired 2> /dev/null
    sl-storage put hello.txt key > /dev/null 2>&1 || true
    until_true done_by_timer
    sl-sandbox scenario ok 2> /dev/null
    [ "$(sl-storage get key -)" = hello ]
}

@test "url: only with --public, which shows it to everybody" {
    sl-storage put hello.txt key > /dev/null
    run -65 sl-storage url key
    [[ "$output" == *"no address ends after a while"*"--public"* ]]
    run -0 sl-storage url key --public -f json
    [[ "$(field url <<< "$output")" == https://drive.google.com/uc\?id=* ]]
}

@test "neither token nor session is in the log" {
    long
    sl-storage put long.bin key > /dev/null
    run -0 sl-logs list -p gdrive --limit 100 -f ndjson
    [[ "$output" == *"upload_id=••••"* ]]
    [[ "$output" != *"upload_id=sb"* ]]
    [[ "$output" != *ya29.* ]]
}
