#!/usr/bin/env bats
# sl-storage with S3, against the sandbox, which recomputes every signature.
load helpers
load running
load storing

setup() { start_storing s3; }
teardown() { stop_all; }

# long: 16,000,000 bytes, which take four parts.
long() {
    head -c 16000000 /dev/urandom > long.bin
    sl-config set -p s3 part_size=5242880 --quiet > /dev/null
}

done_by_timer() {
    due
    sl-queue-run --quiet
    [ "$(sql "SELECT count(*) FROM integration_queue WHERE status IN ('pending', 'processing')")" -eq 0 ]
}

@test "put, ls, stat, get, rm, with keys that have to be encoded" {
    sl-config test -p s3 --quiet > /dev/null
    awkward='reports/Term 1 – results (final)+v2 & ~ok'"'"'s <1>.pdf'
    run -0 sl-storage put hello.txt "$awkward" -f json
    [ "$(field checksum <<< "$output")" = "sha256:$(sha256sum < hello.txt | cut -d' ' -f1)" ]
    sl-storage put other.txt reports/b > /dev/null
    [ "$(seen put | jq -r '.[1].key')" = greenhill/reports/b ]
    run -0 sl-storage ls reports/ -f json
    [ "$(jq -r '.[0].key' <<< "$output")" = "$awkward" ]
    [ "$(jq -r '.[1].key' <<< "$output")" = reports/b ]
    [ "$(sl-storage get "$awkward" -)" = hello ]
    run -0 sl-storage stat reports/b -f json
    [ "$(field size <<< "$output")" = 6 ]
    [ "$(field modified_at <<< "$output")" != null ]
    run -0 sl-storage rm "$awkward" reports/b reports/nothere
    run -0 sl-storage ls -f json
    [ "$(jq length <<< "$output")" -eq 0 ]
    run -65 sl-storage get reports/b -
    [[ "$output" == *"there is no such file"* ]]
}

@test "--no-clobber leaves what is there" {
    sl-storage put hello.txt key > /dev/null
    run -65 sl-storage put other.txt key --no-clobber
    [[ "$output" == *"there is one of that key already"* ]]
    [ "$(sl-storage get key -)" = hello ]
}

@test "a wrong secret, key or region is refused, and says which" {
    sl-config set -p s3 region=af-south-1 --quiet > /dev/null
    run -65 sl-storage put hello.txt key
    [[ "$output" == *"the bucket is in region us-east-1"* ]]
    sl-config set -p s3 region=us-east-1 --quiet > /dev/null
    sl-config set -p s3 --from - --quiet <<< secret_access_key=another > /dev/null
    run -77 sl-storage put hello.txt key
    [[ "$output" == *"secret_access_key is not that of access_key_id"* ]]
    sl-config set -p s3 access_key_id=AKIANOBODY0000000000 --quiet > /dev/null
    run -77 sl-storage put hello.txt key
    [[ "$output" == *"access_key_id is unknown to the store"* ]]
}

@test "an address opens without credentials, and no other does" {
    sl-storage put hello.txt 'a b.txt' > /dev/null
    url=$(sl-storage url 'a b.txt' --expires 5m -f json | field url)
    [ "$(curl -sS "$url")" = hello ]
    [ "$(curl -sS -o /dev/null -w '%{http_code}' "${url/X-Amz-Expires=300/X-Amz-Expires=3000}")" = 403 ]
    [ "$(curl -sS -o /dev/null -w '%{http_code}' "${url%%\?*}")" = 403 ]
    run -65 sl-storage url key --expires 8d
}

@test "a long file goes in parts, and whole" {
    long
    run -0 sl-storage put long.bin files/long.bin -f json
    [ "$(field checksum <<< "$output")" = "sha256:$(sha256sum < long.bin | cut -d' ' -f1)" ]
    [ "$(seen part | jq -c 'map(.number)')" = '[1,2,3,4]' ]
    [[ "$(seen put | jq -r '.[0].etag')" == *-4\" ]]
    sl-storage get files/long.bin - | cmp long.bin -
}

@test "an upload that the store gave up has failed, and can be put again" {
    long
    run -65 sl-storage put long.bin GONE.bin
    [[ "$output" == *NoSuchUpload* ]]
    [ "$(seen part | jq -c 'map(.number)')" = '[1]' ]
    sl-storage put long.bin GONE.bin > /dev/null
    sl-storage get GONE.bin - | cmp long.bin -
}

@test "a program that is killed goes on with the part where it was" {
    long
    kill "$sandbox" && wait "$sandbox" || true
    start sandbox sl-sandbox serve --listen "${SL_SANDBOX_URL#http://}" --latency 200
    sl-storage put long.bin long.bin > /dev/null 2>&1 3>&- &
    put=$!
    until_true seen_at_least part 2
    kill -9 "$put"
    wait "$put" || true
    [ "$(seen put | jq length)" -eq 0 ]
    until_true done_by_timer
    sl-storage get long.bin - | cmp long.bin -
    [ "$(seen part | jq length)" -le 5 ]
    [ "$(seen put | jq length)" -eq 1 ]
}

@test "lost answers: a completion that was done is not done again" {
    long
    sl-sandbox scenario lost-answer 2> /dev/null
    run -75 sl-storage put long.bin key
    until_true done_by_timer
    sl-storage get key - | cmp long.bin -
    [ "$(seen put | jq length)" -eq 1 ]
}

@test "a store that is slow is asked again" {
    sl-sandbox scenario rate-limited 2> /dev/null
    run -75 sl-storage put hello.txt key
    [[ "$output" == *SlowDown* ]]
    sl-sandbox scenario ok 2> /dev/null
    until_true done_by_timer
    [ "$(sl-storage get key -)" = hello ]
}

@test "a listing of more than a page is whole" {
    for i in $(seq 1 7); do sl-storage put hello.txt "d/$i" > /dev/null; done
    run -0 sl-storage ls d/ -f json
    [ "$(jq length <<< "$output")" -eq 7 ]
}
