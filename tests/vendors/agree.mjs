// Asks the vendors' own libraries what they think of requests that the callbacks believed or not.
// In: a file of cases, from the tests. Out: a line per vendor; exit 1 where they do not agree.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(`${process.env.ONWARD_VENDORS}/package.json`);
const twilio = require('twilio');
const line = require('@line/bot-sdk');
const { EventWebhook } = require('@sendgrid/eventwebhook');
const { Webhook } = require('standardwebhooks');

const judges = {
  twilio: (one) => {
    const fields = Object.fromEntries(new URLSearchParams(one.body));
    return twilio.validateRequest(one.secret, one.headers['x-twilio-signature'] ?? '', one.url, fields);
  },
  line: (one) => line.validateSignature(one.body, one.secret, one.headers['x-line-signature'] ?? ''),
  sendgrid: (one) => {
    const webhook = new EventWebhook();
    const key = webhook.convertPublicKeyToECDSA(one.secret);
    const header = (name) => one.headers[`x-twilio-email-event-webhook-${name}`] ?? '';
    return webhook.verifySignature(key, one.body, header('signature'), header('timestamp'));
  },
  webhook: (one) => {
    new Webhook(one.secret).verify(one.body, one.headers);
    return true;
  },
  // Meta publishes no library for this; its page names the algorithm.
  whatsapp: (one) => {
    const right = createHmac('sha256', one.secret).update(one.body).digest();
    const said = Buffer.from((one.headers['x-hub-signature-256'] ?? '').replace(/^sha256=/, ''), 'hex');
    return said.length === right.length && timingSafeEqual(said, right);
  },
};

const counts = {};
let wrong = 0;
for (const one of JSON.parse(readFileSync(process.argv[2], 'utf8'))) {
  // The other script has the library of this vendor.
  if (!judges[one.vendor]) continue;
  let believed = false;
  try {
    believed = judges[one.vendor](one);
  } catch {
    believed = false;
  }
  const count = (counts[one.vendor] ??= { believed: 0, disbelieved: 0 });
  count[one.believed ? 'believed' : 'disbelieved'] += 1;
  // What we believe, the vendor's library believes; and what is right, both. It may be laxer about what is nearly right.
  if (one.believed !== believed && (one.believed || one.right)) {
    wrong += 1;
    console.error(`${one.vendor}: we say ${one.believed}, its library says ${believed}: ${JSON.stringify(one)}`);
  }
}
for (const [vendor, count] of Object.entries(counts)) {
  console.log(`${vendor}: ${count.believed} believed, ${count.disbelieved} not, as its library`);
}
process.exit(wrong === 0 ? 0 : 1);
