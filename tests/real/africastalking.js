// What tests/real/africastalking.sh lets Africa's Talking's SDK do. SANDBOX: the simulated API.
'use strict';
const assert = require('assert');
const axios = require('axios');

// Where the SDK fixes its address, its client is made with another.
const create = axios.create;
axios.create = (config) => create({ ...config, baseURL: config.baseURL.replace(/^https:\/\/api\.[a-z.]+/, process.env.SANDBOX) });

const sdk = require('africastalking');
const common = require('africastalking/lib/common');

function client(apiKey) {
    const made = sdk({ username: 'sandbox', apiKey });
    common.SMS_URL = `${process.env.SANDBOX}/version1/messaging`;
    return made;
}

async function texts() {
    const { SMS } = client('sandbox-key');
    const one = (await SMS.send({ to: '+254711000001', message: 'Ada ya muhula – é' })).SMSMessageData;
    assert.strictEqual(one.Recipients.length, 1);
    assert.strictEqual(one.Recipients[0].status, 'Success');
    assert.match(one.Recipients[0].messageId, /^ATXid_/);
    assert.match(one.Recipients[0].cost, /^KES \d/);
    const many = (await SMS.send({ to: ['+254711000001', '+254711000002', '+254711000003'], message: 'Hello', enqueue: true })).SMSMessageData;
    assert.deepStrictEqual(many.Recipients.map((r) => r.number).sort(), ['+254711000001', '+254711000002', '+254711000003']);
}

(async () => {
    await texts();
    const account = await client('sandbox-key').APPLICATION.fetchApplicationData();
    assert.match(account.UserData.balance, /^KES \d/);
    await assert.rejects(client('wrong').SMS.send({ to: '+254711000001', message: 'Hello' }));
    process.exit(0);
})().catch((error) => {
    console.error(error.response ? error.response.data : error);
    process.exit(1);
});
