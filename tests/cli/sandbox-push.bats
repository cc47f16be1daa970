bats_require_minimum_version 1.5.0
# The simulated FCM and APNs check what is signed, by openssl here, and refuse what the real ones do.

load running

keys=$BATS_TEST_DIRNAME/../data/keys

setup() {
    start sandbox sl-sandbox serve --listen 127.0.0.1:0
    url=http://$address
}

teardown() { stop_all; }

base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }

# rs256 CLAIMS [KEY]
rs256() {
    local content
    content=$(printf '{"alg":"RS256","typ":"JWT"}' | base64url).$(printf '%s' "$1" | base64url)
    printf '%s.%s' "$content" "$(printf '%s' "$content" |
        openssl dgst -sha256 -sign "${2:-$keys/rsa2048-pkcs8.pem}" | base64url)"
}

# es256 HEADER CLAIMS: openssl signs in DER, the token wants the two numbers.
es256() {
    local content numbers
    content=$(printf '%s' "$1" | base64url).$(printf '%s' "$2" | base64url)
    numbers=$(printf '%s' "$content" | openssl dgst -sha256 -sign "$keys/AuthKey_TESTKEY123.p8" |
        openssl asn1parse -inform DER | sed -n 's/.*INTEGER *://p' |
        while read -r number; do printf '%64s' "$number"; done | tr ' ' 0)
    printf '%s.%s' "$content" "$(printf '%s' "$numbers" | basenc --base16 -d | base64url)"
}

# claims [IAT] [SCOPE]: of a service account.
claims() {
    local iat=${1:-$(date +%s)}
    printf '{"iss":"shulelabs-test@demo-school.iam.gserviceaccount.com","scope":"%s","aud":"%s","iat":%s,"exp":%s}' \
        "${2-https://www.googleapis.com/auth/firebase.messaging}" "$url/token" "$iat" $((iat + 3600))
}

ask() { # ASSERTION
    curl -sS "$url/token" --data-urlencode grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer \
        --data-urlencode "assertion=$1"
}

granted() { ask "$(rs256 "$(claims)")" | jq -r .access_token; }

fcm() { # TOKEN JSON
    curl -sS -H "Authorization: Bearer $1" -H 'Content-Type: application/json' \
        "$url/v1/projects/demo-school/messages:send" -d "$2"
}

says() { # JQ-EXPRESSION EXPECTED, of $output
    [ "$(jq -r "$1" <<< "$output")" = "$2" ] || { echo "$output" >&2; return 1; }
}

own='[.error.details[]?.errorCode // empty] | first'

@test "a token is given for what the account's key signed, and for nothing else" {
    run -0 ask "$(rs256 "$(claims)")"
    says .token_type Bearer
    openssl genrsa -out "$BATS_TEST_TMPDIR/other.pem" 2048
    run -0 ask "$(rs256 "$(claims)" "$BATS_TEST_TMPDIR/other.pem")"
    says .error_description 'Invalid JWT Signature.'
    run -0 ask "$(rs256 "$(claims $(($(date +%s) - 4000)))")"
    [[ $output == *short-lived* ]]
    run -0 ask "$(rs256 "$(claims "" "")")"
    says .error invalid_scope
    run -0 ask "nonsense"
    says .error invalid_grant
}

@test "FCM takes a message with a token that was given, and refuses what the real one refuses" {
    token=$(granted)
    run -0 fcm wrong '{"message":{"token":"a:b"}}'
    says .error.status UNAUTHENTICATED
    run -0 fcm "$token" '{"message":{"token":"a:b","notification":{"title":"A"}}}'
    [[ $(jq -r .name <<< "$output") == projects/demo-school/messages/0:* ]]
    run -0 fcm "$token" '{"message":{"token":"DEAD:b"}}'
    says "$own" UNREGISTERED
    run -0 fcm "$token" '{"message":{"token":"FOREIGN:b"}}'
    says "$own" SENDER_ID_MISMATCH
    run -0 fcm "$token" '{"message":{"token":"no colon"}}'
    says "$own" INVALID_ARGUMENT
    run -0 fcm "$token" '{"message":{"token":"a:b","data":{"n":1}}}'
    says '.error.details[1].fieldViolations[0].field' message.data
    run -0 fcm "$token" '{"message":{"token":"a:b","topic":"c"}}'
    says "$own" INVALID_ARGUMENT
    run -0 fcm "$token" '{"message":{"token":"a:b","android":{"ttl":"1h"}}}'
    says '.error.details[1].fieldViolations[0].field' message.android.ttl
    run -0 fcm "$token" '{"message":{"token":"a:b","sound":"default"}}'
    [[ $output == *'Unknown name'* ]]
    run -0 fcm "$token" '{"message":{"topic":"all","notification":{"title":"A"}},"validate_only":true}'
    says .name projects/demo-school/messages/fake_message_id
}

apns() { # DEVICE TOKEN [CURL-OPTION...]
    local device=$1 token=$2
    shift 2
    [[ $* == *apns-topic* ]] || set -- "$@" -H 'apns-topic: ke.example.school'
    curl -sS -w '%{http_code}' -H "authorization: bearer $token" "$url/3/device/$device" \
        -d '{"aps":{"alert":"A"}}' "$@"
}

header='{"alg":"ES256","kid":"TESTKEY123"}'

@test "APNs takes what the key signed, one token in twenty minutes" {
    now=$(date +%s)
    token=$(es256 "$header" "{\"iss\":\"TEAMTEST01\",\"iat\":$now}")
    run -0 apns aa01 "$(es256 "$header" "{\"iss\":\"OTHERTEAM1\",\"iat\":$now}")"
    [ "$output" = '{"reason":"InvalidProviderToken"}403' ]
    run -0 apns aa01 "$(es256 "$header" "{\"iss\":\"TEAMTEST01\",\"iat\":$((now - 3700))}")"
    [ "$output" = '{"reason":"ExpiredProviderToken"}403' ]
    run -0 apns aa01 "${token%?????}AAAAA"
    [ "$output" = '{"reason":"InvalidProviderToken"}403' ]
    run -0 apns aa01 "$token"
    [ "$output" = 200 ]
    run -0 apns aa01 "$(es256 "$header" "{\"iss\":\"TEAMTEST01\",\"iat\":$((now - 1))}")"
    [ "$output" = '{"reason":"TooManyProviderTokenUpdates"}429' ]
    run -0 apns aa01 "$token"
    [ "$output" = 200 ]
}

@test "APNs refuses headers, bodies and devices as the real one does" {
    token=$(es256 "$header" "{\"iss\":\"TEAMTEST01\",\"iat\":$(date +%s)}")
    while IFS='|' read -r device option value reason; do
        run -0 apns "$device" "$token" "$option" "$value"
        [[ $output == *"\"$reason\""* ]] || { echo "$device $value: $output" >&2; return 1; }
    done << 'CASES'
dead01|-H|x: y|Unregistered
bad001|-H|x: y|BadDeviceToken
0ff001|-H|x: y|DeviceTokenNotForTopic
1d1e01|-H|x: y|IdleTimeout
aa01|-H|apns-priority: 7|BadPriority
aa01|-H|apns-push-type: background|BadPriority
aa01|-H|apns-push-type: none|InvalidPushType
aa01|-H|apns-expiration: soon|BadExpirationDate
aa01|-H|apns-id: 12|BadMessageId
aa01|-H|apns-collapse-id: 01234567890123456789012345678901234567890123456789012345678901234|BadCollapseId
aa01|-H|apns-topic: school|BadTopic
aa01|-H|apns-topic:|MissingTopic
aa0|-H|x: y|BadDeviceToken
|-H|x: y|MissingDeviceToken
CASES
    run -0 apns 1d1e01 "$token"
    [ "$output" = 200 ]
    run -0 curl -sS "$url/3/device/aa01" -d '{"aps":{}}'
    [ "$output" = '{"reason":"MissingProviderToken"}' ]
}
