// What tests/real/flutterwave.sh lets Flutterwave's library do. SANDBOX: the simulated API.
'use strict';
const assert = require('assert');
const { EventEmitter } = require('events');

// The library reports each request to its vendor over https: nothing of that leaves from here.
require('https').request = () => Object.assign(new EventEmitter(), { write() {}, end() {}, setTimeout() {}, destroy() {} });
const Flutterwave = require('flutterwave-node-v3');

const KEY = 'FLWSECK_TEST-00000000000000000000000000000000-X';
const flutterwave = new Flutterwave('FLWPUBK_TEST-0-X', KEY, `${process.env.SANDBOX}/flutterwave/`);
const reference = 'shl-7f3a90c2d1';

async function untilPaid() {
    for (;;) {
        const answer = await flutterwave.Transaction.verify_by_tx({ tx_ref: reference });
        if (answer.data.status !== 'pending') return answer;
        await new Promise((done) => setTimeout(done, 20));
    }
}

async function main() {
    const charge = await flutterwave.MobileMoney.mpesa({ tx_ref: reference, amount: 1500, currency: 'KES', email: 'parent@example.com', phone_number: '254708374149', fullname: 'Jane Wanjiru' });
    assert.strictEqual(charge.status, 'success');
    assert.strictEqual(charge.data.status, 'pending');
    assert.strictEqual(charge.data.tx_ref, reference);

    const paid = await untilPaid();
    assert.strictEqual(paid.data.status, 'successful');
    assert.strictEqual(paid.data.id, charge.data.id);
    assert.strictEqual(paid.data.amount, 1500);
    const byId = await flutterwave.Transaction.verify({ id: String(charge.data.id) });
    assert.deepStrictEqual(byId.data, paid.data);

    const refund = await flutterwave.Transaction.refund({ id: String(charge.data.id), amount: 500 });
    assert.strictEqual(refund.data.amount_refunded, 500);
    assert.strictEqual(refund.data.tx_id, charge.data.id);
    const more = await flutterwave.Transaction.refund({ id: String(charge.data.id), amount: 1001 });
    assert.strictEqual(more.status, 'error');

    const unknown = await flutterwave.Transaction.verify_by_tx({ tx_ref: 'nobodys' });
    assert.strictEqual(unknown.message, 'No transaction was found for this id');
    process.exit(0);
}
main().catch((error) => { console.error(error); process.exit(1); });
