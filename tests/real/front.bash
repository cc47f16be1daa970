# shellcheck shell=bash
# A TLS front with HTTP/2 (nghttpx) before the sandbox, and a school that is set up with it: for the
# suites here that need one. The programs are on PATH, the folder is the suite's own.
command -v nghttpx > /dev/null || {
    echo 'this needs nghttpx: apt-get install nghttp2-proxy' >&2
    exit 1
}
export SL_CONFIG=$PWD/etc/shulelabs.yaml SL_DATABASE=$PWD/var/shulelabs.db SL_KEYRING=$PWD/etc/keyring
export SL_SCHOOL=greenhill
pids=()
trap 'kill "${pids[@]}" 2> /dev/null; wait' EXIT

fail() {
    echo "$*" >&2
    exit 1
}

# until_true COMMAND...: tries it until it succeeds, for up to ten seconds.
until_true() {
    for _ in $(seq 500); do
        "$@" > /dev/null 2>&1 && return
        read -rt 0.02 <> <(:) || true
    done
    fail "never came true: $*"
}

# front NAME [OPTION...]: listens at https://127.0.0.1:$port; NAME.log has a line for each request:
# protocol, port of the client, status.
front() {
    local name=$1 pid
    shift
    while :; do
        port=$((10000 + RANDOM % 20000))
        # shellcheck disable=SC2016
        nghttpx --conf=/dev/null -f "127.0.0.1,$port" -b "127.0.0.1,${sandbox##*:}" --workers=1 --no-ocsp \
            --accesslog-file="$name.log" --accesslog-format='$alpn $remote_port $status' \
            --errorlog-file="$name.err" "$@" front.key front.pem 2> /dev/null &
        pid=$!
        pids+=("$pid")
        for _ in $(seq 250); do
            kill -0 "$pid" 2> /dev/null || break # somebody has the port
            (: < "/dev/tcp/127.0.0.1/$port") 2> /dev/null && return
            read -rt 0.02 <> <(:) || true
        done
        kill -0 "$pid" 2> /dev/null && fail "nghttpx does not listen: $(cat "$name.err")"
    done
}

# start_sandbox: at $sandbox; and a certificate for its fronts, front.pem, good for the hosts that the
# SDKs call.
start_sandbox() {
    openssl req -x509 -newkey rsa:2048 -nodes -keyout front.key -out front.pem -days 2 -subj /CN=127.0.0.1 \
        -addext subjectAltName=IP:127.0.0.1,DNS:fcm.googleapis.com,DNS:oauth2.googleapis.com 2> /dev/null
    sl-config init --quiet > /dev/null
    sl-sandbox serve --listen 127.0.0.1:0 2> sandbox.log &
    pids+=($!)
    until_true grep -q '^listening on ' sandbox.log
    sandbox=$(sed -n 's/^listening on //p' sandbox.log)
    sl-sandbox setup --url "http://$sandbox" > /dev/null 2>&1
}
