// What tests/real/mpesa.sh lets Safaricom's SDK do. SANDBOX: the simulated API.
'use strict';
const assert = require('assert');
const http = require('http');
const Mpesa = require('mpesa-node');

const PASSKEY = 'bfb279f9aa9bdbcf158e97dd71a467cd2e0c893059b10f78e6b72ada1ed2c919';
const mpesa = new Mpesa({
    consumerKey: 'sandbox-key',
    consumerSecret: 'sandbox-secret',
    environment: 'sandbox',
    shortCode: '600984',
    initiatorName: 'testapi',
    lipaNaMpesaShortCode: '174379',
    lipaNaMpesaShortPass: PASSKEY,
    securityCredential: 'Safaricom999!*!',
    certPath: `${process.env.TREE}/tests/data/mpesa-test-cert.cer`,
});
mpesa.baseURL = process.env.SANDBOX;

// Callbacks, by the last word of their path.
function listen() {
    const waiting = {}, come = {};
    const server = http.createServer((request, response) => {
        let body = '';
        request.on('data', (bytes) => { body += bytes; });
        request.on('end', () => {
            const word = request.url.split('/').pop();
            response.writeHead(200, { 'Content-Type': 'application/json' });
            response.end('{"ResultCode":0,"ResultDesc":"Accepted"}');
            if (waiting[word]) waiting[word](JSON.parse(body)); else come[word] = JSON.parse(body);
        });
    });
    const next = (word) => (come[word] ? Promise.resolve(come[word]) : new Promise((done) => { waiting[word] = done; }));
    return new Promise((done) => server.listen(0, '127.0.0.1', () => done({ server, next, url: `http://127.0.0.1:${server.address().port}` })));
}

async function prompt(reports) {
    const made = (await mpesa.lipaNaMpesaOnline(254711000001, 1500, `${reports.url}/stk`, 'ADM1024', 'School fees')).data; // its own default is longer than the documentation allows
    assert.strictEqual(made.ResponseCode, '0');
    const { stkCallback } = (await reports.next('stk')).Body;
    assert.strictEqual(stkCallback.CheckoutRequestID, made.CheckoutRequestID);
    assert.strictEqual(stkCallback.ResultCode, 0);
    const items = Object.fromEntries(stkCallback.CallbackMetadata.Item.map((item) => [item.Name, item.Value]));
    assert.strictEqual(items.Amount, 1500);
    assert.match(items.MpesaReceiptNumber, /^[A-Z0-9]{10}$/);
    const asked = (await mpesa.lipaNaMpesaQuery(made.CheckoutRequestID)).data;
    assert.strictEqual(asked.ResultCode, '0');
    return items.MpesaReceiptNumber;
}

async function registerAndSimulate(reports) {
    const registered = (await mpesa.c2bRegister(`${reports.url}/confirmation`, `${reports.url}/validation`)).data;
    assert.match(registered.ResponseDescription, /success/i);
    await mpesa.c2bSimulate(254708374149, 10, 'ADM1024');
    const money = await reports.next('confirmation');
    assert.strictEqual(money.BillRefNumber, 'ADM1024');
    assert.strictEqual(Number(money.TransAmount), 10);
    return money.TransID;
}

async function reverse(reports, receipt, amount) {
    await mpesa.reversal(receipt, amount, `${reports.url}/timeout`, `${reports.url}/result`);
    const { Result } = await reports.next('result');
    assert.strictEqual(Number(Result.ResultCode), 0);
}

(async () => {
    const reports = await listen();
    await prompt(reports);
    const receipt = await registerAndSimulate(reports);
    await reverse(reports, receipt, 10);
    reports.server.close();
    await assert.rejects(mpesa.lipaNaMpesaOnline(254711000001, 0, `${reports.url}/stk`, 'ADM1024'),
        (error) => error.response.status === 400);
    process.exit(0);
})().catch((error) => {
    console.error(error.response ? error.response.data : error);
    process.exit(1);
});
