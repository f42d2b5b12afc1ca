// The service a team would write by hand: mutual TLS, token, EDS of the body, schema, one durable row, signed answer.
// COMMIT is `request` (a transaction each, what teams write) or `group` (one transaction for all that wait: tuned).
// usage: node server.mjs HOST:PORT CA CERT KEY SIGN-KEY DATABASE TOKEN COMMIT
import { createHash, createPrivateKey, randomUUID, sign as makeSignature, verify, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import Fastify from "fastify";
import Database from "better-sqlite3";

const [address, ca, cert, key, signKey, database, token, commit] = process.argv.slice(2);
const [host, port] = address.split(":");

const db = new Database(database);
db.pragma("journal_mode = WAL");
db.pragma("synchronous = FULL");
db.exec(`CREATE TABLE IF NOT EXISTS record (id TEXT PRIMARY KEY, natural_key TEXT UNIQUE, document TEXT, body TEXT);
         CREATE INDEX IF NOT EXISTS record_document ON record (document);
         CREATE TABLE IF NOT EXISTS message (id TEXT PRIMARY KEY, digest TEXT);
         CREATE TABLE IF NOT EXISTS call (at INTEGER, message TEXT, status INTEGER);`);
const insertRecord = db.prepare("INSERT INTO record VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING");
const insertMessage = db.prepare("INSERT INTO message VALUES (?, ?)");
const insertCall = db.prepare("INSERT INTO call VALUES (?, ?, ?)");
function record(body, digest) {
  insertMessage.run(body.message_id, digest);
  const results = body.records.map((record, index) => {
    const changed = insertRecord.run(randomUUID(), record.crossing_id, record.doc.doc_number, JSON.stringify(record)).changes;
    return { index, result: changed ? "accepted" : "duplicate" };
  });
  insertCall.run(Date.now(), body.message_id, 200);
  return results;
}

const alone = db.transaction(record);
const together = db.transaction((jobs) => jobs.map(({ body, digest }) => {
  try {
    return { records: record(body, digest) };
  } catch (error) {
    return { error }; // The message's key comes first: nothing of this job was written.
  }
}));
let waiting = [];
function flush() {
  const jobs = waiting;
  waiting = [];
  try {
    together(jobs).forEach(({ records, error }, index) => (error ? jobs[index].reject(error) : jobs[index].resolve(records)));
  } catch (error) {
    jobs.forEach((job) => job.reject(error));
  }
}
function grouped(body, digest) {
  return new Promise((resolve, reject) => {
    if (waiting.push({ body, digest, resolve, reject }) === 1) setImmediate(flush);
  });
}
const store = commit === "group" ? grouped : alone;

const text = { type: "string", maxLength: 60 };
const schema = {
  type: "object",
  required: ["message_id", "message_time", "message_source", "record_kind", "records"],
  additionalProperties: false,
  properties: {
    message_id: { type: "string", minLength: 36, maxLength: 36 },
    message_time: text,
    message_source: text,
    record_kind: { const: "crossings" },
    records: {
      type: "array",
      minItems: 1,
      maxItems: 500,
      items: {
        type: "object",
        required: ["crossing_id", "foreigner", "doc", "direction", "crossing_time", "checkpoint_code", "state_side", "transport_kind"],
        properties: {
          crossing_id: text,
          direction: { enum: ["entry", "exit"] },
          crossing_time: text,
          checkpoint_code: text,
          foreigner: { type: "object", required: ["surname_lat", "given_names_lat", "birth_date", "sex", "citizenship"] },
          doc: { type: "object", required: ["doc_type", "doc_number", "issuing_state"] },
        },
      },
    },
  },
};

const signingKey = createPrivateKey(readFileSync(signKey));
const tokens = new Map([[createHash("sha256").update(token).digest("hex"), "border-committee"]]);
const authorities = readFileSync(ca, "utf8").match(/-----BEGIN[^]+?-----END CERTIFICATE-----/g).map((pem) => new X509Certificate(pem));
const certificates = new Map();

// The key of a signer whom one of the authorities certified and whose term has not ended; undefined otherwise.
function signer(text) {
  if (!certificates.has(text)) {
    const found = new X509Certificate(Buffer.from(text, "base64"));
    const known = authorities.some((authority) => found.checkIssued(authority) && found.verify(authority.publicKey));
    certificates.set(text, known && Date.now() < Date.parse(found.validTo) ? found.publicKey : undefined);
  }
  return certificates.get(text);
}

const app = Fastify({
  https: { ca: readFileSync(ca), cert: readFileSync(cert), key: readFileSync(key), requestCert: true, rejectUnauthorized: true },
  bodyLimit: 10 * 1024 * 1024,
});
app.addContentTypeParser("application/json", { parseAs: "buffer" }, (request, body, done) => {
  try {
    request.bytes = body;
    done(null, JSON.parse(body));
  } catch (error) {
    error.statusCode = 400;
    done(error);
  }
});
app.post("/mvd-38801/v1/crossings/submit", {
  schema: { body: schema },
  preValidation: async (request, reply) => {
    const hashed = createHash("sha256").update((request.headers.authorization ?? "").replace("Bearer ", "")).digest("hex");
    if (!tokens.has(hashed)) return reply.code(401).send({ status: 401 });
    const { sign, certificate } = request.headers;
    if (sign) {
      const key = signer(certificate);
      const algorithm = key?.asymmetricKeyType === "ed25519" ? null : "sha256";
      if (!key || !verify(algorithm, request.bytes, key, Buffer.from(sign, "base64"))) return reply.code(401).send({ status: 401 });
    }
  },
}, async (request, reply) => {
  const digest = createHash("sha256").update(request.bytes).digest("base64");
  const records = await store(request.body, digest);
  const answer = JSON.stringify({ status: 200, package_id: randomUUID(), message: "Package received", records });
  if (!(request.headers.prefer ?? "").includes("receipt")) {
    reply.header("sign", makeSignature("sha256", Buffer.from(answer), signingKey).toString("base64"));
  }
  return reply.type("application/json").send(answer);
});
await app.listen({ host, port: Number(port) });
