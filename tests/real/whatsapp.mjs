// Sends by whatsapp-api-js to the sandbox, and hears by it what the sandbox tells.
import assert from "node:assert";
import { createServer } from "node:http";
import { WhatsAppAPI } from "whatsapp-api-js";
import {
    BodyComponent, BodyParameter, Document, Language, Location, Template, Text,
} from "whatsapp-api-js/messages";

const sandbox = process.env.SANDBOX, number = "106540352242922", to = "254711000001";
const options = {
    token: "EAAsandbox",
    appSecret: "0123456789abcdef0123456789abcdef",
    v: "v24.0",
    ponyfill: {
        fetch: (url, init) => fetch(String(url).replace("https://graph.facebook.com", sandbox), init),
    },
};
const api = new WhatsAppAPI(options);
const statuses = new Map(), texts = [];
let wake = () => {};
api.on.status = ({ id, status }) => { statuses.set(`${id} ${status}`, true); wake(); };
api.on.message = ({ message }) => { texts.push(message.text.body); wake(); };

const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (more) => { body += more; }).on("end", async () => {
        try {
            await api.post(JSON.parse(body), body, request.headers["x-hub-signature-256"] ?? "");
            response.writeHead(200).end();
        } catch (error) {
            response.writeHead(error.httpStatus ?? 500).end();
        }
    });
});
await new Promise((ready) => { server.listen(0, "127.0.0.1", ready); });

const control = (path, doc) =>
    fetch(`${sandbox}/_sandbox/${path}`, { method: "POST", body: JSON.stringify(doc) });
const until = async (is) => {
    for (const end = Date.now() + 10000; !is();) {
        assert(Date.now() < end, `never told: ${[...statuses.keys()]} ${texts}`);
        await Promise.race([
            new Promise((done) => { wake = done; }),
            new Promise((done) => { setTimeout(done, 200); }),
        ]);
    }
};

await control("callbacks/whatsapp", { events: `http://127.0.0.1:${server.address().port}/` });
await control("fire/whatsapp", { event: "in", phone: to, text: "Habari – é" });
await until(() => texts.includes("Habari – é"));

const send = async (message) => {
    const answer = await api.sendMessage(number, to, message, undefined, "msg-1");
    assert(answer.messages?.[0]?.id, JSON.stringify(answer));
    return answer.messages[0].id;
};
const form = new FormData();
form.set("file", new Blob(["%PDF-1.4"], { type: "application/pdf" }), "report é.pdf");
form.set("type", "application/pdf");
form.set("messaging_product", "whatsapp");
const { id: media } = await api.uploadMedia(number, form);
assert(media);

const ids = [
    await send(new Text("Fees are due")),
    await send(new Template("fee_reminder", new Language("en"),
        new BodyComponent(new BodyParameter("Jane"), new BodyParameter("KES 1,200")))),
    await send(new Document(media, true, undefined, "report é.pdf")),
    await send(new Location(36.8219, -1.2921, "School gate", "Nairobi")),
];
await until(() => ids.every((id) => statuses.has(`${id} sent`) && statuses.has(`${id} delivered`)));

const refused = await new WhatsAppAPI({ ...options, token: "EAAother" }).sendMessage(number, to,
    new Text("Hi"));
assert.equal(refused.error.code, 190);
server.close();
