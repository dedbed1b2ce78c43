// Compares sealing.mjs with the test vector: node check-sealing.mjs ../../docs/sealing-vector.json
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { open, privateKey, seal } from "./sealing.mjs";

const vector = JSON.parse(readFileSync(process.argv[2], "utf8"));
const { recipient } = vector.sealed;
const ephemeral = privateKey(Buffer.from(vector.ephemeral_private_key, "base64"));
const given = [recipient, vector.senders_setting, vector.context, vector.plain];
assert.deepEqual(seal(...given, ephemeral), vector.sealed);
for (const sealed of [vector.sealed, seal(...given)]) {
  assert.equal(open(sealed, vector.readers_setting, vector.context), vector.plain);
}
assert.throws(() => open(vector.sealed, vector.readers_setting, "another/field"));
console.log("the vector is sealed and opened alike");
