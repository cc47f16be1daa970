#!/usr/bin/env bats
# sl-config authorize: a person's consent, by a browser or on another device. curl is the browser.
load helpers
load running

setup() {
    fresh
    school
    start sandbox sl-sandbox serve --listen 127.0.0.1:0
    export SL_SANDBOX_URL=http://$address SL_SCHOOL=greenhill
    cd "$BATS_TEST_TMPDIR"
    client
    printf 'hello\n' > hello.txt
}
teardown() { stop_all; }

# client: the settings of auth=user, without a consent.
client() {
    sl-config set -p gdrive --from - --quiet > /dev/null << END
auth=user
client_id=sandbox-client.apps.googleusercontent.com
client_secret=sandbox-client-secret
folder_id=sandbox-greenhill
base_url=$SL_SANDBOX_URL
token_url=$SL_SANDBOX_URL/token
END
}

# authorize [OPTION...]: in the background; its pid in $asking, what it says in said, and what it is
# told comes from the pipe answers, which stays open.
authorize() {
    mkfifo answers
    exec 9<> answers
    sl-config authorize -p "${provider:-gdrive}" "$@" < answers > out 2> said 3>&- 9>&- &
    asking=$!
    echo "$asking" >> pids
}

link() {
    until_true grep -q '^http' said
    grep -m 1 '^http' said
}

# ended STATUS: it ends with that.
ended() {
    local status=0
    wait "$asking" || status=$?
    exec 9>&-
    [ "$status" -eq "$1" ] || { cat said >&2; return 1; }
}

works() {
    [ "$(sl-config test -p gdrive -f json | field status)" = ok ]
}

@test "before the consent nothing is sent, and the cure is named" {
    run -77 sl-config test -p gdrive -f json
    [[ "$output" == *"nobody has consented yet: \`sl-config authorize\`"* ]]
}

@test "a browser on this machine: opened, allowed, stored" {
    authorize
    curl -sS -L -o page "$(link)"
    ended 0
    [ ! -s out ]
    grep -q 'can be closed' page
    grep -q 'the consent is stored' said
    works
    sl-storage put hello.txt a/key > /dev/null
    [ "$(sl-storage get a/key -)" = hello ]
}

@test "a browser elsewhere: its last address is pasted, or the code alone" {
    authorize
    curl -sS -o /dev/null -w '%{redirect_url}\n' "$(link)" >&9
    ended 0
    works
    rm answers
    authorize
    curl -sS -o /dev/null -w '%{redirect_url}\n' "$(link)" | sed 's/.*code=//' >&9
    ended 0
    works
}

@test "the link has PKCE and a state, and an answer with another state is none" {
    authorize
    [[ "$(link)" == *code_challenge=*code_challenge_method=S256*state=* ]]
    address=$(curl -sS -o /dev/null -w '%{redirect_url}' "$(link)")
    printf '%s\n' "${address/state=/state=x}" >&9
    ended 65
    grep -q 'no answer to the address' said
    run -0 sl-config show -p gdrive -f json
    [[ "$output" != *1//* ]]
}

@test "a code of another link is refused by the provider" {
    authorize
    curl -sS -o /dev/null -w '%{redirect_url}' "$(link)" | sed 's/.*code=//' > code
    kill "$asking"
    wait "$asking" || true
    rm answers said
    authorize
    link > /dev/null
    { cat code; echo; } >&9
    ended 77
    grep -q invalid_grant said
}

@test "a person who refuses is believed" {
    sl-sandbox scenario cancelled 2> /dev/null
    authorize
    curl -sS -L -o /dev/null "$(link)"
    ended 77
    grep -q 'the consent was refused (access_denied)' said
}

@test "on another device: a code is shown, entered, stored" {
    authorize --device
    until_true grep -q 'enter the code' said
    code=$(sed -n 's/.*enter the code //p' said)
    curl -sS -o /dev/null "$SL_SANDBOX_URL/device?user_code=$code"
    ended 0
    works
}

@test "a consent that was taken away blocks the account until there is another" {
    authorize
    curl -sS -L -o /dev/null "$(link)"
    ended 0
    works
    sl-sandbox reset 2> /dev/null # it knows no consent any more
    run -77 sl-config test -p gdrive -f json
    [[ "$output" == *"the user has to consent again: \`sl-config authorize\`"* ]]
    run -77 sl-storage put -p gdrive hello.txt key
    [ "$(sql "SELECT status FROM integration_queue WHERE operation = 'storage.put'")" = pending ]
    rm answers said
    authorize
    curl -sS -L -o /dev/null "$(link)"
    ended 0
    sl-queue-run --quiet
    [ "$(sl-storage get -p gdrive key -)" = hello ]
}

@test "mail by OAuth has its consent the same way" {
    sl-config set -p smtp --from - --quiet > /dev/null << END
host=127.0.0.1
security=none
username=bursar@school.test
auth_method=xoauth2
oauth_client_id=sandbox-client.apps.googleusercontent.com
oauth_client_secret=sandbox-client-secret
oauth_scope=https://mail.google.com/
oauth_authorize_url=$SL_SANDBOX_URL/o/oauth2/v2/auth
oauth_device_url=$SL_SANDBOX_URL/device/code
oauth_token_url=$SL_SANDBOX_URL/token
from_email=bursar@school.test
END
    run -77 sl-config test -p smtp -f json
    [[ "$output" == *"nobody has consented yet"* ]]
    provider=smtp
    authorize
    curl -sS -L -o /dev/null "$(link)"
    ended 0
    run sl-config test -p smtp -f json # the sandbox's mail server knows no tokens
    [[ "$output" != *"nobody has consented yet"* ]]
    [ "$(sl-sandbox seen google | jq -s 'map(select(.operation == "token")) | length')" -eq 2 ]
}

@test "neither code nor tokens are in the audit trail or the database" {
    authorize
    curl -sS -L -o /dev/null -w '%{url_effective}' "$(link)" > last
    ended 0
    code=$(sed 's/.*code=//' last)
    [[ "$code" == 4-sandbox-* ]]
    sl-logs list --operation consent -f ndjson > log
    grep -q authorization_code log
    for secret in "$code" 1//sandbox ya29. sandbox-client-secret; do
        run -1 grep -q -- "$secret" log
        run -1 grep -a -q -- "$secret" "$SL_DATABASE"*
    done
}

@test "a provider that needs nobody's consent says so" {
    mpesa
    run -78 sl-config authorize -p mpesa
    [[ "$output" == *"needs nobody's consent"* ]]
    sl-sandbox setup -s greenhill > /dev/null 2>&1
    sl-config set -p gdrive auth=service_account --quiet > /dev/null
    run -78 sl-config authorize -p gdrive
    [[ "$output" == *"a service account needs nobody's consent"* ]]
}
