// A partner in JavaScript: publishes a dossier, and hears which accounts are validated.
import { randomUUID } from "node:crypto";
import amqp from "amqplib";

const USAGE = `node partner.mjs hear [COUNT]
node partner.mjs publish ACCOUNT

IMPEX_PARTNER_AMQP_URL is the address that impex partner add printed, with user and password.`;

const URL_OF_BROKER = process.env.IMPEX_PARTNER_AMQP_URL || explain();
const NAME = decodeURIComponent(new URL(URL_OF_BROKER).username);
const VALIDATED = "profile.AccountValidated.v1";
const FILED = "backoffice.DossierFiled.v1";

/** Print how this program is called, and end. */
function explain() {
  console.error(USAGE);
  process.exit(1);
}

/** File one dossier of an account. */
async function publish(account) {
  const dossier = randomUUID().slice(0, 12);
  const now = new Date().toISOString();
  const data = {
    dossier_id: `d-${dossier}`,
    version: 1,
    kind: "AI",
    number: `AI-${dossier}`,
    establishment: "Pharmacie des Lilas",
    medicine: "Élinoxa",
    dosage: "500 mg",
    pharmaceutical_form: "gélule",
    filed_at: now,
  };
  const id = randomUUID();
  const envelope = {
    specversion: "1.0",
    id,
    source: `impex/${NAME}`,
    type: FILED,
    subject: account,
    time: now,
    data,
  };
  const connection = await amqp.connect(URL_OF_BROKER, { heartbeat: 15 });
  const channel = await connection.createConfirmChannel();
  channel.publish("impex.events", FILED, Buffer.from(JSON.stringify(envelope)), {
    messageId: id,
    type: FILED,
    userId: NAME,
    deliveryMode: 2,
    contentType: "application/cloudevents+json",
  });
  // The broker's confirm. Without one: again, with the same id.
  await channel.waitForConfirms();
  await connection.close();
  console.log(`published ${FILED}: dossier ${data.dossier_id} of account ${account}`);
}

/** Print every validated account; `count` ends it after so many, 0 never. */
async function hear(count) {
  const handled = new Set(); // A real program stores these ids with what it did.
  const connection = await amqp.connect(URL_OF_BROKER, { heartbeat: 15 });
  const channel = await connection.createChannel();
  await channel.prefetch(20);
  await channel.consume(`${NAME}.events`, async (message) => {
    if (message === null) throw new Error("the broker ended the consumer");
    const event = JSON.parse(message.content.toString("utf8"));
    const owner = event.type.split(".")[0];
    // The owner published it; or an operator, or we ourselves, sent it again.
    const senders = [owner, "operator", "operations", NAME];
    if (!senders.includes(message.properties.userId)) {
      channel.nack(message, false, false); // For the dead letters, where an operator sees it.
      return;
    }
    if (event.type === VALIDATED && !handled.has(event.id)) {
      console.log(`account ${event.subject} is validated: ${event.data.company_name}`);
      handled.add(event.id);
    }
    channel.ack(message);
    if (count > 0 && handled.size >= count) await connection.close();
  });
  console.log(`hearing ${NAME}.events`);
}

const [verb, word] = process.argv.slice(2);
if (verb === "publish" && word) await publish(word);
else if (verb === "hear" && /^\d*$/.test(word ?? "")) await hear(Number(word ?? 0));
else explain();
