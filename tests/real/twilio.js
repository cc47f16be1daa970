// What tests/real/twilio.sh lets Twilio's SDK do. SANDBOX: the simulated API; STATUS_URL: the
// daemon's address for reports; SID: of a message that the daemon knows.
'use strict';
const assert = require('assert');
const http = require('http');
const twilio = require('twilio');
const { getExpectedTwilioSignature } = require('twilio/lib/webhooks/webhooks');

const ACCOUNT = 'AC00000000000000000000000000000001';
const TOKEN = 'sandbox-token';

// The SDK's own requests, to another host.
class Redirected extends twilio.RequestClient {
    request(options) {
        return super.request({ ...options, uri: options.uri.replace('https://api.twilio.com', process.env.SANDBOX) });
    }
}
const client = twilio(ACCOUNT, TOKEN, { httpClient: new Redirected() });

async function refused(promise, code) {
    await assert.rejects(promise, (error) => {
        assert.strictEqual(error.code, code);
        return true;
    });
}

// Reports that come, one after the other.
function listen() {
    const waiting = [], come = [];
    const server = http.createServer((request, response) => {
        let body = '';
        request.on('data', (bytes) => { body += bytes; });
        request.on('end', () => {
            response.writeHead(204).end();
            const report = { url: request.url, signature: request.headers['x-twilio-signature'], params: Object.fromEntries(new URLSearchParams(body)) };
            if (waiting.length) waiting.shift()(report); else come.push(report);
        });
    });
    const next = () => (come.length ? Promise.resolve(come.shift()) : new Promise((done) => waiting.push(done)));
    return new Promise((done) => server.listen(0, '127.0.0.1', () => done({ server, next, url: `http://127.0.0.1:${server.address().port}` })));
}

async function sandboxIsTwilio() {
    const reports = await listen();
    const made = await client.messages.create({ to: '+254711000001', from: '+15005550006', body: 'Ada ya muhula – é 😀', statusCallback: `${reports.url}/r?id=m1#rc=5` });
    assert.match(made.sid, /^SM[0-9a-f]{32}$/);
    assert.strictEqual(made.status, 'queued');
    for (const status of ['sent', 'delivered']) {
        const report = await reports.next();
        assert.strictEqual(report.url, '/r?id=m1');
        assert.strictEqual(report.params.MessageStatus, status);
        assert.strictEqual(report.params.MessageSid, made.sid);
        assert(twilio.validateRequest(TOKEN, report.signature, reports.url + report.url, report.params), 'the SDK does not believe the sandbox');
    }
    reports.server.close();
    const read = await client.messages(made.sid).fetch();
    assert.strictEqual(read.body, 'Ada ya muhula – é 😀');
    assert.strictEqual(read.status, 'delivered');
    assert(read.dateCreated instanceof Date && !isNaN(read.dateCreated));
    const listed = await client.messages.list({ to: '+254711000001', limit: 20 });
    assert(listed.some((message) => message.sid === made.sid));
    assert.strictEqual((await client.balance.fetch()).currency, 'USD');
    assert.strictEqual((await client.api.v2010.accounts(ACCOUNT).fetch()).status, 'active');
    await refused(client.messages.create({ to: '+15005550001', from: '+15005550006', body: 'x' }), 21211);
    await refused(client.messages.create({ to: '+254711000001', from: '+15005550007', body: 'x' }), 21606);
    await refused(client.messages('SM' + '0'.repeat(32)).fetch(), 20404);
    await refused(twilio(ACCOUNT, 'wrong', { httpClient: new Redirected() }).messages.list({ limit: 1 }), 20003);
}

function post(url, params, signature) {
    return new Promise((done, fail) => {
        const request = http.request(url, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-twilio-signature': signature } },
            (response) => { response.resume(); done(response.statusCode); });
        request.on('error', fail);
        request.end(new URLSearchParams(params).toString());
    });
}

async function daemonBelievesTheSdk() {
    const url = `${process.env.STATUS_URL}?id=m1`;
    const params = { MessageSid: process.env.SID, MessageStatus: 'delivered', To: '+254711000001', AccountSid: ACCOUNT, Note: 'é & + =', Empty: '' };
    const signature = getExpectedTwilioSignature(TOKEN, url, params);
    assert.strictEqual(await post(url, { ...params, MessageStatus: 'failed' }, signature), 403);
    assert.strictEqual(await post(`${url}2`, params, signature), 403);
    assert.strictEqual(await post(url, params, getExpectedTwilioSignature('wrong', url, params)), 403);
    assert.strictEqual(await post(url, params, signature), 204);
}

sandboxIsTwilio().then(daemonBelievesTheSdk).catch((error) => {
    console.error(error);
    process.exit(1);
});
