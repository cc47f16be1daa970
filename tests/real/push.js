// firebase-admin and @parse/node-apn against the front at PORT, with the keys in KEYS.
const assert = require('assert');
const fs = require('fs');
const https = require('https');
const apn = require('@parse/node-apn');
const { initializeApp, cert } = require('firebase-admin/app');
const { getMessaging } = require('firebase-admin/messaging');

const port = Number(process.env.PORT);
const ca = fs.readFileSync(process.env.CA);
const key = name => process.env.KEYS + '/' + name;

// Whatever host is meant: its name is looked for in the certificate, its port is the front's.
class Here extends https.Agent {
    createConnection(options, callback) {
        const servername = options.servername || options.host;
        return super.createConnection({ ...options, host: '127.0.0.1', port, servername, ca }, callback);
    }
}

async function fcm() {
    const agent = https.globalAgent = new Here({ keepAlive: true }); // tokens are asked for by the global one
    const account = JSON.parse(fs.readFileSync(key('service-account.json')));
    const messaging = getMessaging(
        initializeApp({ credential: cert(account, agent), httpAgent: agent }));
    messaging.enableLegacyHttpTransport(); // its HTTP/2 writes ":scheme: https:", which nghttpx resets

    const name = await messaging.send({ token: 'sdk:1', notification: { title: 'Fees', body: 'KES 12,500' },
        android: { ttl: 3600000, priority: 'high', collapseKey: 'fees' } });
    assert.match(name, /^projects\/demo-school\/messages\//);
    assert.match(await messaging.send({ topic: 'all', notification: { title: 'A' } }, true), /fake_message_id$/);
    const codes = { 'DEAD:1': 'messaging/registration-token-not-registered',
        'FOREIGN:1': 'messaging/mismatched-credential', 'THIRDPARTY:1': 'messaging/third-party-auth-error',
        'no colon': 'messaging/invalid-argument' };
    for (const [token, code] of Object.entries(codes))
        await assert.rejects(messaging.send({ token, notification: { title: 'A' } }), { code });
    agent.destroy();
}

async function apns() {
    const provider = new apn.Provider({ token: { key: key('AuthKey_TESTKEY123.p8'), keyId: 'TESTKEY123',
        teamId: 'TEAMTEST01' }, production: true, address: '127.0.0.1', port, ca: [ca] });
    const note = new apn.Notification({ alert: { title: 'Fees', body: 'KES 12,500' }, sound: 'default',
        topic: 'ke.example.school', pushType: 'alert', priority: 10, collapseId: 'fees' });
    const result = await provider.send(note, ['aa01', 'dead01', 'bad001', '0ff001']);
    assert.deepStrictEqual(result.sent.map(one => one.device), ['aa01']);
    const reasons = Object.fromEntries(result.failed.map(one => [one.device, one.response && one.response.reason]));
    assert.deepStrictEqual(reasons, { dead01: 'Unregistered', bad001: 'BadDeviceToken',
        '0ff001': 'DeviceTokenNotForTopic' });
    await provider.shutdown();
}

fcm().then(apns).then(() => process.exit(0), error => { console.error(error); process.exit(1); });
