#!/bin/sh
# S3 against OpenStack Swift with s3api, which recomputes every signature. As root, because Swift
# reads /etc/swift; on loopback, ports 18080 to 18083; stopped by its pids.
set -eu
apt-get install -y -qq --no-install-recommends python3-swift sqlite3 jq >/dev/null 2>&1
here=$PWD port=18080 pids=
stop() {
    for pid in $pids; do kill "$pid" 2>/dev/null || true; done
}
trap stop EXIT

fail() {
    echo "$1" >&2
    exit 1
}

# ---- The server

serve() { # NAME SECTION
    /usr/bin/python3 -c "import sys; from swift.common.wsgi import run_wsgi
sys.exit(run_wsgi('$here/$1.conf', '$2'))" >"$1.log" 2>&1 &
    pids="$pids $!"
}

ring() { # NAME PORT
    builder="import sys; sys.argv[0] = 'r'; from swift.cli.ringbuilder import main; main()"
    /usr/bin/python3 -c "$builder" "$1.builder" create 6 1 0
    /usr/bin/python3 -c "$builder" "$1.builder" add "r1z1-127.0.0.1:$2/d1" 1
    /usr/bin/python3 -c "$builder" "$1.builder" rebalance || true
}

mkdir -p srv/d1 /etc/swift
printf '%s\n' '[swift-hash]' 'swift_hash_path_prefix = t' 'swift_hash_path_suffix = t' \
    '[storage-policy:0]' 'name = gold' 'default = yes' >/etc/swift/swift.conf
at=$port
for name in account container object; do
    at=$((at + 1))
    ring "$name" "$at" >/dev/null 2>&1
    cat >"$name.conf" <<END
[DEFAULT]
devices = $here/srv
mount_check = false
bind_ip = 127.0.0.1
bind_port = $at
workers = 0
user = $(id -un)
swift_dir = $here
fallocate_reserve = 0
[pipeline:main]
pipeline = s
[app:s]
use = egg:swift#$name
END
    serve "$name" s
done
cat >proxy.conf <<END
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = $port
workers = 0
user = $(id -un)
swift_dir = $here
[pipeline:main]
pipeline = catch_errors gatekeeper cache bulk s3api tempauth slo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:1
[filter:bulk]
use = egg:swift#bulk
[filter:s3api]
use = egg:swift#s3api
location = af-south-1
storage_domain = localhost
dns_compliant_bucket_names = true
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
[filter:slo]
use = egg:swift#slo
END
serve proxy proxy-server
for at in 1 2 3 0; do
    for _ in $(seq 150); do
        curl -s -o /dev/null "http://127.0.0.1:$((port + at))/healthcheck" && break
        sleep 0.2
    done
done

# ---- A school that keeps its files there

export SL_CONFIG="$here/c.yaml" SL_DATABASE="$here/db" SL_KEYRING="$here/keyring" SL_SCHOOL=greenhill
printf 'lease_seconds: 1\n' >c.yaml
sl-config init --quiet
sl-config school add greenhill --name 'Greenhill School' >/dev/null
settings() { # NAME=VALUE…: the others stay
    printf '%s\n' "$@" | sl-config set -p s3 --from - --quiet >/dev/null
}
settings access_key_id=test:tester secret_access_key=testing region=af-south-1 \
    bucket=greenhill-files prefix=gh/ part_size=5242880 "base_url=http://127.0.0.1:$port"
# the bucket is made by curl, which signs by itself
curl -sf -X PUT --user test:tester:testing --aws-sigv4 aws:amz:af-south-1:s3 \
    -H 'x-amz-content-sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' \
    "http://127.0.0.1:$port/greenhill-files" >/dev/null 2>&1 ||
    /usr/bin/python3 - "$port" <<'END'
import hashlib, hmac, sys, time, urllib.request
port, now = sys.argv[1], time.gmtime()
day, stamp = time.strftime('%Y%m%d', now), time.strftime('%Y%m%dT%H%M%SZ', now)
empty = hashlib.sha256(b'').hexdigest()
scope = f'{day}/af-south-1/s3/aws4_request'
canonical = f'PUT\n/greenhill-files\n\nhost:127.0.0.1:{port}\nx-amz-content-sha256:{empty}\nx-amz-date:{stamp}\n\nhost;x-amz-content-sha256;x-amz-date\n{empty}'
key = b'AWS4testing'
for part in (day, 'af-south-1', 's3', 'aws4_request'):
    key = hmac.new(key, part.encode(), 'sha256').digest()
text = f'AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}'
request = urllib.request.Request(f'http://127.0.0.1:{port}/greenhill-files', method='PUT', headers={
    'x-amz-content-sha256': empty, 'x-amz-date': stamp, 'Authorization':
    f'AWS4-HMAC-SHA256 Credential=test:tester/{scope}, SignedHeaders=host;x-amz-content-sha256;x-amz-date, '
    f'Signature={hmac.new(key, text.encode(), "sha256").hexdigest()}'})
urllib.request.urlopen(request)
END

sl-config test >/dev/null || fail 'the settings are good, and the test says no'

# ---- Small files

awkward="reports/2026/Term 1 – results (final)+v2 & ~ok's.pdf"
printf 'hello world' >hello
sl-storage put hello "$awkward" >/dev/null
[ "$(sl-storage get "$awkward" -)" = 'hello world' ] || fail 'an awkward key came back otherwise'
[ "$(sl-storage ls -f json | jq -r '.[].key')" = "$awkward" ] || fail 'the listing spells it otherwise'
[ "$(sl-storage stat "$awkward" -f json | jq -r .size)" = 11 ] || fail 'its size is not 11'
: | sl-storage put - empty.txt >/dev/null
[ -z "$(sl-storage get empty.txt -)" ] || fail 'an empty file is not empty'
url=$(sl-storage url "$awkward" --expires 1h -f json | jq -r .url)
[ "$(curl -sf "$url")" = 'hello world' ] || fail 'the presigned address does not open'
curl -sf "${url%?}0" >/dev/null && curl -sf "${url%?}1" >/dev/null && fail 'a forged address opens'
for n in 1 2 3 4 5; do sl-storage put hello "many/$n" >/dev/null; done
sl-storage rm many/1 many/2 many/3 many/4 many/5 many/6
[ "$(sl-storage ls many/ -f json | jq length)" = 0 ] || fail 'what was removed is listed'
sl-storage rm nothere
sl-storage get nothere - 2>/dev/null && fail 'what is not there was got'
sl-storage put hello "$awkward" --no-clobber 2>said && fail 'it was clobbered'
grep -q 'one of that key already' said || fail "no-clobber: $(cat said)"
sl-storage put hello new.txt --no-clobber >/dev/null || fail 'no-clobber refuses a new key'

# ---- More than a page of a listing would take long; its steps are: a prefix of ours is taken off
[ "$(sl-storage ls new -f json | jq -r '.[].key')" = new.txt ] || fail 'the prefix is not taken off'

# ---- A wrong key is refused, and told apart from the rest

settings secret_access_key=wrong
status=0
sl-config test 2>/dev/null >said || status=$?
[ "$status" -eq 77 ] || fail "a wrong secret ends with $status: $(cat said)"
settings secret_access_key=testing region=eu-west-1
sl-config test >said 2>&1 && fail 'a wrong region is taken'
settings region=af-south-1
sl-config test >/dev/null || fail 'good settings are not taken any more'

# ---- In parts, killed on the way

megabytes=${MEGABYTES:-200}
head -c "$((megabytes * 1024 * 1024))" /dev/urandom >big
sl-storage put big big/file >/dev/null 2>&1 &
pid=$!
part() {
    sqlite3 -cmd '.timeout 5000' "$SL_DATABASE" \
        "SELECT count(*) FROM integration_logs WHERE operation = 'storage.put' AND id > $before AND status = 'success'"
}
before=0 kills=0
while kill -0 "$pid" 2>/dev/null && [ "$kills" -lt 5 ]; do
    done_before=$(part)
    until [ "$(part)" -gt $((done_before + 3)) ] || ! kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
    kill -KILL "$pid" 2>/dev/null || break
    kills=$((kills + 1))
    wait "$pid" 2>/dev/null || true
    sl-queue-run --quiet &
    pid=$!
done
wait "$pid" 2>/dev/null || true
for _ in $(seq 100); do
    sl-queue-run --quiet
    [ "$(sqlite3 "$SL_DATABASE" "SELECT count(*) FROM integration_queue WHERE status NOT IN ('completed', 'failed')")" -eq 0 ] && break
    sleep 0.2
done
[ "$(sl-storage get big/file - | sha256sum)" = "$(sha256sum <big)" ] || fail 'it did not arrive whole'
parts=$(sqlite3 "$SL_DATABASE" "SELECT count(*) FROM integration_logs WHERE operation = 'storage.put' AND request_data LIKE '%partNumber%'")
least=$(((megabytes + 4) / 5))
[ "$parts" -le $((least + kills)) ] || fail "$parts parts were sent for $least, with $kills kills"
echo "$megabytes MiB in $least parts, killed $kills times: $parts parts were sent, and it arrived whole"
