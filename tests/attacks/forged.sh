#!/bin/bash
# Forged, foreign, stale and repeated callbacks of every provider that calls back. What counts as accepted is
# in forged.c: a proof that was touched must leave no event; under a whole proof that covers no body, another
# body changes no payment by itself.
. "$TREE/tests/attacks/attacking.bash"

# other_secrets SCHOOL: the same providers with secrets of its own.
other_secrets() {
    local provider setting
    while read -r provider setting; do
        echo "$setting" | sl-config set -s "$1" -p "$provider" --from - --quiet > /dev/null
    done <<- END
	flutterwave webhook_secret_hash=another-school-hash
	twilio auth_token=another-school-token
	sendgrid webhook_public_key=$(openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 | openssl pkey -pubout -outform DER | base64 -w 0)
	mailgun webhook_signing_key=another-school-key
	whatsapp app_secret=fedcba9876543210fedcba9876543210
	END
}

# event SCHEME PROVIDER HOOK TYPE SECRET BODY
event() {
    printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$1" "$4" "$(path greenhill "$2" "$3")" "$(path hillside "$2" "$3")" "$5" "$6"
}

# prompt PHONE: a payment by M-Pesa, whose callback comes under the token $token, and what it is known by there.
prompt() {
    payment=$(request "$1" -p mpesa)
    token=$(sha256sum <<< "$1" | head -c 32)
    checkout=$(sql "SELECT external_reference FROM payments WHERE public_id = '$payment'")
    sql "UPDATE integration_queue SET callback_token = '$(printf %s "$token" | sha256sum | head -c 64)'
        WHERE id = (SELECT queue_id FROM payments WHERE public_id = '$payment')"
}

form=application/x-www-form-urlencoded json=application/json
start_all
sl-sandbox scenario no-callback > /dev/null 2>&1
sl-sandbox setup -s hillside --url "$SL_SANDBOX_URL" > /dev/null 2>&1
other_secrets hillside

prompt 0711000002
other=$token
prompt 0711000001
by_mpesa=$payment
by_flutterwave=$(request 0711000003 -p flutterwave)
by_pesapal=$(request 0711000004 -p pesapal)
tracking=$(sql "SELECT external_reference FROM payments WHERE public_id = '$by_pesapal'")
{
    printf 'mpesa\t%s\t/hooks/k/%s/stk\t/hooks/k/%s/stk\t\t%s\n' $json "$token" "$other" \
        '{"Body":{"stkCallback":{"MerchantRequestID":"29115-34620561-1","CheckoutRequestID":"'"$checkout"'","ResultCode":0,"ResultDesc":"The service request is processed successfully.","CallbackMetadata":{"Item":[{"Name":"Amount","Value":100.00},{"Name":"MpesaReceiptNumber","Value":"NLJ7RT61SV"},{"Name":"TransactionDate","Value":20261124102115},{"Name":"PhoneNumber","Value":254711000001}]}}}}'
    for scheme in flutterwave flutterwave-hmac; do
        event $scheme flutterwave event $json sandbox-hash \
            '{"event":"charge.completed","data":{"id":285959875,"tx_ref":"'"$by_flutterwave"'","flw_ref":"'"$scheme"'","amount":100,"currency":"KES","status":"successful"}}'
    done
    event pesapal pesapal ipn $json '' \
        '{"OrderNotificationType":"IPNCHANGE","OrderTrackingId":"'"$tracking"'","OrderMerchantReference":"'"$by_pesapal"'"}'
    event africastalking africastalking dlr $form '' \
        'phoneNumber=%2B254711000001&retryCount=0&id=ATXid_1&status=Success&networkCode=63902'
    event twilio twilio status $form sandbox-token \
        'SmsSid=SM00000000000000000000000000000001&SmsStatus=delivered&MessageStatus=delivered&To=%2B254711000001&MessageSid=SM00000000000000000000000000000001&AccountSid=AC00000000000000000000000000000001&From=%2B15005550006&ApiVersion=2010-04-01'
    event sendgrid sendgrid events $json sandbox-key \
        '[{"email":"parent@school.test","timestamp":1795500000,"event":"delivered","sg_event_id":"ZGVsaXZlcmVkLTA","sg_message_id":"14c5d75ce93.dfd.64b469.filter0001","response":"250 OK"}]'
    event mailgun mailgun events $json sandbox-signing-key \
        '{"event-data":{"event":"delivered","id":"CPgfbmQMTCKtHW6uIWtuVe","timestamp":1795500000.5,"message":{"headers":{"message-id":"01K@mg.school.test"}},"recipient":"parent@school.test","delivery-status":{"code":250}}}'
    event whatsapp whatsapp events $json 0123456789abcdef0123456789abcdef \
        '{"object":"whatsapp_business_account","entry":[{"id":"102290129340398","changes":[{"value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550783881","phone_number_id":"106540352242922"},"statuses":[{"id":"wamid.HBgLMTY0NjcwNDM1OTUVAgARGBI1RjQyNUE3NEYxMzAzMzQ5MkEA","status":"delivered","timestamp":"1795500000","recipient_id":"254711000001"}]},"field":"messages"}]}]}'
} > genuine

attacker forged < genuine
kill "$daemon" && wait "$daemon"
start_daemon "$hooks" # to replay after a restart: what is genuine was taken above
attacker forged "$hooks" < genuine > over-http
sed "s/\t0\t-\t-$/\t$(alive)\t-\t-/" over-http

# What was forged stands in nobody's way: the provider's own word still decides.
sl-sandbox scenario ok > /dev/null 2>&1
for id in "$by_mpesa" "$by_flutterwave"; do
    settled "$id" succeeded
    [ "$(payment "$id" amount)" = 100.00 ]
done
[ "$(alive)" = 0 ]
