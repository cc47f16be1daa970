// What tests/real/pesapal.sh lets two clients of Pesapal do. SANDBOX: the simulated API.
'use strict';
const assert = require('assert');
const { createRequire } = require('module');
const path = require('path');

// Both know their hosts by heart: their requests go to the sandbox instead, with the base that each
// of them uses.
function redirect(name) {
    const entry = require.resolve(name);
    const axios = createRequire(entry)('axios');
    axios.interceptors.request.use((config) => {
        config.url = config.url.replace(/^https:\/\/[a-z]+\.pesapal\.com\//, `${process.env.SANDBOX}/pesapal/`);
        return config;
    });
    return require(name);
}
const first = redirect('pesapaljs-v3').init({ key: 'sandbox-key', secret: 'sandbox-secret' });
const core = require(path.join(path.dirname(require.resolve('pesapaljs-v3')), 'internal', 'core'));
const { Pesapal } = redirect('pesapal3-sdk');

const ipn = `${process.env.SANDBOX}/nobody`;
const address = { email_address: 'parent@example.test', phone_number: '0708374149', country_code: 'KE', first_name: 'Jane', middle_name: '', last_name: 'Wanjiru', line_1: '', line_2: '', city: '', state: '', postal_code: '', zip_code: '' };

async function untilPaid(id) {
    for (;;) {
        const status = await first.get_transaction_status({ OrderTrackingId: id });
        if (status.status_code !== 0) return status;
        assert.strictEqual(status.error.code, 'payment_details_not_found');
        await new Promise((done) => setTimeout(done, 20));
    }
}

async function main() {
    const second = new Pesapal({ PESAPAL_ENVIRONMENT: 'sandbox', PESAPAL_CONSUMER_KEY: 'sandbox-key', PESAPAL_CONSUMER_SECRET: 'sandbox-secret' });
    await second.registerIpn(ipn, 'POST');
    await second.getIpnEndPoints();
    assert.strictEqual(second.ipns.length, 1);
    assert.strictEqual(second.ipns[0].url, ipn);

    const token = await core.authenticate();
    assert.strictEqual(token.status, '200');
    const order = await first.submit_order({ id: 'shl-7f3a90c2d1', currency: 'KES', amount: 1500, description: 'School fees term 1', callback_url: 'https://school.test/pay/done', notification_id: second.ipns[0].ipn_id, billing_address: address });
    assert.strictEqual(order.merchant_reference, 'shl-7f3a90c2d1');
    assert.strictEqual(order.error, null);
    const paid = await untilPaid(order.order_tracking_id);
    assert.strictEqual(paid.status_code, 1);
    assert.strictEqual(paid.amount, 1500);
    assert.strictEqual(paid.merchant_reference, 'shl-7f3a90c2d1');
    process.exit(0);
}
main().catch((error) => { console.error(error); process.exit(1); });
