load helpers
load running
# Providers are who they say: whom no authority of ours vouches for gets no request.

setup() {
    fresh
    school
    cd "$BATS_TEST_TMPDIR" || return
}
teardown() { stop_all; }

# provider NAME: a server whose certificate is for that name; $port is where it listens.
provider() {
    openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -subj /CN=provider -days 1 \
        -addext "subjectAltName=$1" 2> /dev/null
    openssl s_server -accept 127.0.0.1:0 -key key.pem -cert cert.pem -www > said 2>&1 3>&- &
    echo $! >> pids
    until_true grep -q '^ACCEPT 127' said
    port=$(sed -n 's/^ACCEPT 127.0.0.1://p' said)
}

# tested [NAME=VALUE...]: what `test` says of Africa's Talking there.
tested() {
    printf '%s\n' username=greenhill api_key=key-of-a-test "base_url=https://127.0.0.1:$port" "$@" |
        sl-config set -s greenhill -p africastalking --from - --quiet > /dev/null
    run sl-config test -s greenhill -p africastalking
}

@test "an unknown authority's certificate is refused, and one that ca_file names is believed" {
    provider IP:127.0.0.1
    tested
    [ "$status" -eq 1 ]
    [[ "$output" == *certificate* ]]
    tested "ca_file=$PWD/cert.pem"
    [[ "$output" != *certificate* ]] # it was asked, and did not answer like Africa's Talking
}

@test "a certificate for another name is refused" {
    provider DNS:other.example
    tested "ca_file=$PWD/cert.pem"
    [ "$status" -eq 1 ]
    [[ "$output" == *"does not match"* || "$output" == *"no alternative"* ]]
}
