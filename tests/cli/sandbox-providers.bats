bats_require_minimum_version 1.5.0
# The simulated providers refuse what the real ones refuse, and count what they were sent.

setup() {
    sl-sandbox serve --listen 127.0.0.1:0 2>"$BATS_TEST_TMPDIR/said" &
    sandbox=$!
    for _ in $(seq 100); do
        grep -q '^listening on' "$BATS_TEST_TMPDIR/said" && break
        sleep 0.05
    done
    url=http://$(sed -n 's/^listening on //p' "$BATS_TEST_TMPDIR/said")
}

teardown() {
    kill "$sandbox" 2>/dev/null || return 0
    wait "$sandbox"
}

# sms TO TEXT [CURL-OPTION…]
sms() {
    curl -sS -H 'apiKey: sandbox-key' -H 'Accept: application/json' "$url/version1/messaging" \
        --data-urlencode username=sandbox --data-urlencode "to=$1" --data-urlencode "message=$2" "${@:3}"
}

count() { curl -sS "$url/_sandbox/counts" | grep -o "\"$1\":[0-9]*" | cut -d: -f2; }

token() {
    curl -sS -u sandbox-key:sandbox-secret "$url/oauth/v1/generate?grant_type=client_credentials" |
        sed 's/.*"access_token":"\([^"]*\)".*/\1/'
}

mpesa() { # TOKEN PATH JSON
    curl -sS -w '\n%{http_code}' -H "Authorization: Bearer $1" -H 'Content-Type: application/json' \
        "$url/mpesa/$2" -d "$3"
}

# The Password of the documentation's test vector.
password=MTc0Mzc5YmZiMjc5ZjlhYTliZGJjZjE1OGU5N2RkNzFhNDY3Y2QyZTBjODkzMDU5YjEwZjc4ZTZiNzJhZGExZWQyYzkxOTIwMjYwMTA1MTQzMDAw
merchant="\"BusinessShortCode\":\"174379\",\"Password\":\"$password\",\"Timestamp\":\"20260105143000\""

push() { # TOKEN PHONE AMOUNT
    mpesa "$1" stkpush/v1/processrequest "{$merchant,\"TransactionType\":\"CustomerPayBillOnline\",
        \"Amount\":\"$3\",\"PartyA\":\"$2\",\"PartyB\":\"174379\",\"PhoneNumber\":\"$2\",
        \"CallBackURL\":\"http://127.0.0.1:1/hooks/k/0123456789abcdef0123456789abcdef/stk\",
        \"AccountReference\":\"ADM1024\",\"TransactionDesc\":\"School fees\"}"
}

@test "SIGTERM ends the sandbox with status 0" {
    kill "$sandbox"
    wait "$sandbox"
}

@test "the same text to the same number counts as duplicated, another text does not" {
    sms +254711000001 Hi
    sms +254711000001 Hi
    sms +254711000001 Ho
    [ "$(count messages)" -eq 3 ]
    [ "$(count distinct)" -eq 2 ]
    [ "$(count duplicated)" -eq 1 ]
}

@test "numbers are refused one by one inside a good answer" {
    run sms +254711000001,+254799900406,0711000002 Hi
    [[ "$output" == *'"Message":"Sent to 1/3 Total Cost: KES 0.8000"'* ]]
    [[ "$output" == *'"cost":"0","messageId":"None","number":"+254799900406","status":"UserInBlacklist","statusCode":406'* ]]
    [[ "$output" == *'"number":"0711000002","status":"InvalidPhoneNumber","statusCode":403'* ]]
}

@test "a plus sign that was not encoded makes an invalid number" {
    run curl -sS -H 'apiKey: sandbox-key' -H 'Accept: application/json' "$url/version1/messaging" \
        -d 'username=sandbox&to=+254711000001&message=Hi'
    [[ "$output" == *'"number":" 254711000001","status":"InvalidPhoneNumber","statusCode":403'* ]]
}

@test "an empty sender, a wrong key and a missing field are refused as documented" {
    run sms +254711000001 Hi -d from=
    [ "$output" = '{"SMSMessageData":{"Message":"InvalidSenderId","Recipients":[]}}' ]
    run curl -sS -w ' %{http_code}' -H 'apiKey: wrong' "$url/version1/messaging" -d 'username=sandbox'
    [ "$output" = 'The supplied authentication is invalid 401' ]
    run curl -sS -w ' %{http_code}' -H 'apiKey: sandbox-key' "$url/version1/messaging" -d 'username=sandbox&to=%2B254711000001'
    [ "$output" = "Request is missing required form field 'message' 400" ]
}

@test "without Accept the answer is XML" {
    run curl -sS -H 'apiKey: sandbox-key' "$url/version1/messaging" \
        -d 'username=sandbox&to=%2B254711000001&message=Hi'
    [[ "$output" == '<AfricasTalkingResponse>'* ]]
}

@test "parts are counted by alphabet and never split a pair" {
    run sms +254711000001 "$(printf 'a%.0s' $(seq 152))€$(printf 'b%.0s' $(seq 152))"
    [[ "$output" == *'"cost":"KES 2.4000"'*'"messageParts":3'* ]]
    run sms +254711000001 "$(printf 'ĩ%.0s' $(seq 71))"
    [[ "$output" == *'"messageParts":2'* ]]
}

@test "a lost answer is done and counted" {
    run -52 sms +254799900015 Hi
    [ "$(count messages)" -eq 1 ]
    [ "$(count lost)" -eq 1 ]
}

@test "a new token kills the one before it" {
    old=$(token) new=$(token)
    run push "$old" 254708374149 1500
    [[ "$output" == *'"errorCode":"404.001.03"'*404 ]]
    run push "$new" 254708374149 1500
    [[ "$output" == *'"ResponseCode":"0"'*200 ]]
}

@test "a push is processed first, then paid, and its query tells no receipt" {
    curl -sS "$url/_sandbox/settings" -d '{"callback_ms":700}'
    token=$(token)
    checkout=$(push "$token" 254708374149 1500 | sed -n 's/.*"CheckoutRequestID":"\([^"]*\)".*/\1/p')
    query="{$merchant,\"CheckoutRequestID\":\"$checkout\"}"
    run mpesa "$token" stkpushquery/v1/query "$query"
    [[ "$output" == *'"errorCode":"500.001.1001","errorMessage":"The transaction is being processed"'*500 ]]
    until [ "$(count paid)" -eq 1 ]; do sleep 0.05; done
    run mpesa "$token" stkpushquery/v1/query "$query"
    [[ "$output" == *'"ResultCode":"0"'*200 ]]
    [[ "$output" != *receipt* ]]
    run curl -sS "$url/_sandbox/seen?provider=mpesa"
    [[ "$output" == *"\"checkout_request_id\":\"$checkout\",\"state\":\"paid\",\"receipt\":\""* ]]
}

@test "amount, phone and password of a push are checked" {
    token=$(token)
    run push "$token" 254708374149 10.50
    [[ "$output" == *'400.002.02","errorMessage":"Bad Request - Invalid Amount"'* ]]
    run push "$token" 254208374149 10
    [[ "$output" == *'Bad Request - Invalid P'* ]]
    merchant=${merchant/MTc0/MTc1}
    run push "$token" 254708374149 10
    [[ "$output" == *'"errorCode":"500.001.1001","errorMessage":"Wrong credentials"'*500 ]]
}

@test "nobody outside this machine is called back" {
    run curl -sS -w ' %{http_code}' "$url/_sandbox/callbacks/africastalking" -d '{"dlr":"http://127.0.0.1.example.com/dlr"}'
    [[ "$output" == *422 ]]
    run -64 sl-sandbox serve --listen 0.0.0.0:0
}

# moodle FUNCTION FIELDS: a form of it, with the sandbox's token in front.
moodle() {
    curl -sS "$url/webservice/rest/server.php" \
        -d "wstoken=53616e64626f7820746f6b656e206f6b&moodlewsrestformat=json&wsfunction=$1&$2"
}

moodle_users() { # N: fields that make so many
    for i in $(seq 0 $(($1 - 1))); do
        printf 'users[%s][username]=u%s&users[%s][createpassword]=1&users[%s][firstname]=A&users[%s][lastname]=B&users[%s][email]=u%s@school.test&' \
            "$i" "$i" "$i" "$i" "$i" "$i" "$i"
    done
}

@test "Moodle answers everything with 200, and every bad parameter alike" {
    one='users[0][username]=jane&users[0][createpassword]=1&users[0][firstname]=J&users[0][lastname]=W&users[0][email]=j@school.test'
    [ "$(moodle core_user_create_users "$one")" = '[{"id":4,"username":"jane"}]' ]
    for bad in "$one" "${one//jane/Jane}" "${one/=J&/=<b>&}" "${one//j@/k@}&users[0][shoe]=40" \
        "${one/users\[0\]\[lastname\]=W&/}" ''; do
        [[ "$(moodle core_user_create_users "$bad")" == *'"errorcode":"invalidparameter"'* ]]
    done
    [[ "$(moodle core_user_update_users 'users[0][id]=99&users[0][lastname]=X')" == *'"warningcode":"invaliduserid"'* ]]
    [[ "$(moodle core_user_get_users_by_field 'field=phone&values[0]=1')" == *codingerror* ]]
    [[ "$(moodle no_such_function '')" == *invalidrecord* ]]
    [[ "$(curl -sS "$url/webservice/rest/server.php" -d wstoken=no -d moodlewsrestformat=json)" == *invalidtoken* ]]
    [ "$(curl -sS -o /dev/null -w '%{http_code} %{redirect_url}' -H 'Host: localhost:1' "$url/webservice/rest/server.php")" = '303 http://127.0.0.1:1/' ]
}

@test "Moodle drops what is above max_input_vars, and says nothing" {
    moodle core_user_create_users "$(moodle_users 150)" > /dev/null
    updates=$(for i in $(seq 0 149); do printf 'users[%s][id]=%s&users[%s][lastname]=New&' "$i" $((i + 4)) "$i"; done)
    values=$(for i in $(seq 0 1199); do printf 'values[%s]=u%s&' "$i" $((i < 1190 ? 999 : i - 1190)); done)
    [ "$(moodle core_user_update_users "$updates")" = '{"warnings":[]}' ]
    [ "$(moodle core_user_get_users_by_field "field=username&$values")" = '[]' ]
    [ "$(moodle core_user_get_users_by_field 'field=username&values[0]=u149' | grep -o '"lastname":"[^"]*"')" = '"lastname":"New"' ]
}
