#!/usr/bin/env bats
# sl-storage, with the local provider: files as a person puts and gets them.
load helpers

setup() {
    fresh
    school
    export SL_SCHOOL=greenhill
    root="$BATS_TEST_TMPDIR/files"
    cd "$BATS_TEST_TMPDIR"
    sl-config set -p local "root=$root" --quiet > /dev/null
    printf 'hello\n' > hello.txt
}

@test "a file that is put is listed, told of, and got again, byte by byte" {
    head -c 3000000 /dev/urandom > big.bin
    run -0 sl-storage put big.bin reports/2026/big.pdf -f json
    [ "$(field size <<< "$output")" = 3000000 ]
    [ "$(field type <<< "$output")" = application/pdf ]
    [ "$(field checksum <<< "$output")" = "sha256:$(sha256sum < big.bin | cut -d' ' -f1)" ]
    run -0 sl-storage ls reports/ -f json
    [ "$(jq -r '.[].key' <<< "$output")" = reports/2026/big.pdf ]
    run -0 sl-storage stat reports/2026/big.pdf -f json
    [ "$(field size <<< "$output")" = 3000000 ]
    sl-storage get reports/2026/big.pdf
    cmp big.bin big.pdf
    sl-storage get reports/2026/big.pdf - | cmp big.bin -
    [ -z "$(ls -A | grep '^\.sl-')" ]
}

@test "what a pipe gives is put too, and the spool keeps it no longer than its row" {
    printf 'from a pipe' | sl-storage put - notes/pipe.txt > /dev/null
    [ "$(sl-storage get notes/pipe.txt -)" = 'from a pipe' ]
    [ "$(ls "$SL_DATABASE-spool" | wc -l)" -eq 1 ]
    sql "UPDATE spool SET used_at = 1"
    sl-logs prune > /dev/null
    [ -z "$(ls -A "$SL_DATABASE-spool")" ]
}

@test "--no-clobber refuses, without it the last one stays" {
    sl-storage put hello.txt key > /dev/null
    printf 'other\n' > other.txt
    run -65 sl-storage put other.txt key --no-clobber
    [[ "$output" == *"there is one of that key already"* ]]
    [ "$(sl-storage get key -)" = hello ]
    sl-storage put other.txt key > /dev/null
    [ "$(sl-storage get key -)" = other ]
}

@test "rm takes several, and what is not there is no failure" {
    sl-storage put hello.txt a/1 > /dev/null
    sl-storage put hello.txt a/2 > /dev/null
    run -0 sl-storage rm a/1 a/2 a/3
    run -0 sl-storage ls -f json
    [ "$(jq length <<< "$output")" -eq 0 ]
}

@test "a listing of more than a page is whole and in order" {
    sl-config test --quiet > /dev/null
    (cd "$root" && mkdir d && for i in $(seq -w 1 1203); do : > "d/$i"; done)
    run -0 sl-storage ls -f json
    [ "$(jq length <<< "$output")" -eq 1203 ]
    [ "$(jq -r '.[].key' <<< "$output")" = "$(jq -r '.[].key' <<< "$output" | LC_ALL=C sort)" ]
}

@test "keys that lead elsewhere, empty ones and folders are refused before anything is done" {
    for key in ../x /etc/passwd a//b a/ '' a/../b .sl-x "$(printf 'a\tb')"; do
        run -65 sl-storage put hello.txt "$key"
        run -65 sl-storage stat "$key"
    done
    run -65 sl-storage put . key
    [[ "$output" == *"is a folder"* ]]
    run -74 sl-storage put nothere key
    [ "$(sql 'SELECT count(*) FROM integration_queue')" -eq 0 ]
}

@test "a symbolic link inside of the folder is not followed" {
    sl-config test --quiet > /dev/null
    ln -s /etc "$root/etc"
    run -65 sl-storage get etc/passwd -
    [[ "$output" == *"over a symbolic link"* ]]
    run -65 sl-storage put hello.txt etc/new
    [ ! -e /etc/new ]
}

@test "a file that changed since it was accepted is not sent" {
    sl-storage put hello.txt key > /dev/null
    sql "UPDATE integration_queue SET status = 'pending', next_attempt_at = 1, completed_at = NULL"
    printf 'hellO\n' > hello.txt
    sl-queue-run --quiet
    [[ "$(sl-queue list -f json | field error)" == *"has changed since it was to be put"* ]]
    [ "$(sl-storage get key -)" = hello ]
}

@test "a get that fails leaves the file that was there, and no other" {
    printf 'mine\n' > target.txt
    run -65 sl-storage get nothere target.txt
    [[ "$output" == *"there is no such file"* ]]
    [ "$(cat target.txt)" = mine ]
    [ -z "$(ls -A | grep '^\.sl-')" ]
}

@test "a put that must wait is done by the timer" {
    sl-config set -p local min_free_bytes=9000000000000000000 --quiet > /dev/null
    run -75 sl-storage put hello.txt key
    [[ "$output" == *"the disk is full"*"the timer goes on"* ]]
    sl-config set -p local min_free_bytes=0 --quiet > /dev/null
    sql "UPDATE integration_queue SET next_attempt_at = 1; UPDATE accounts SET hold_boot_ms = 0, open_boot_ms = 0"
    sl-queue-run --quiet
    [ "$(sl-storage get key -)" = hello ]
}

@test "url: only where a web server shows the folder" {
    run -65 sl-storage url a.txt
    [[ "$output" == *public_base_url* ]]
    sl-config set -p local public_base_url=https://files.school.example/gh --quiet > /dev/null
    run -0 sl-storage url 'a b.txt' -f json
    [ "$(field url <<< "$output")" = https://files.school.example/gh/a%20b.txt ]
}

@test "a folder that others can write to is refused" {
    mkdir -m 777 "$root"
    run -1 sl-config test -f json
    [[ "$output" == *"others may write"* ]]
    run -65 sl-storage put hello.txt key
}

@test "two schools do not share a folder, nor has one that of the other in its own" {
    school hillside
    mkdir -p "$root/below"
    ln -s "$root" link
    for folder in "$root" "$root/" "$root/below" "$root/new" "$BATS_TEST_TMPDIR" "$BATS_TEST_TMPDIR/link"; do
        run -65 sl-config set -s hillside -p local "root=$folder"
        [[ "$output" == *"the local folder of greenhill, are not apart"* ]]
    done
    run -78 sl-config show -s hillside -p local
    sl-config set -s hillside -p local "root=$root-2" --quiet > /dev/null
    sl-config set -p local "root=$root" fsync=false --quiet > /dev/null
    sl-config set -p local "root=$root/below" --quiet > /dev/null
    run -65 sl-config set -s hillside -p local root=files
    [[ "$output" == *"is no path that starts with '/'"* ]]
}
