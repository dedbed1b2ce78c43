// Seals and opens the secret fields of messages: HPKE (RFC 9180) in base mode with
// DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and AES-256-GCM, as docs/integration.md says.
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
} from "node:crypto";

const KEM = Buffer.from([..."KEM"].map((one) => one.charCodeAt(0)).concat(0x00, 0x20));
const SUITE = Buffer.concat([Buffer.from("HPKE"), Buffer.from([0, 0x20, 0, 1, 0, 2])]);
const VERSION = Buffer.from("HPKE-v1");
const TAG_BYTES = 16;
const KEY_BYTES = 32;

const hmac = (key, ...parts) => createHmac("sha256", key).update(Buffer.concat(parts)).digest();
const extract = (suite, salt, label, input) =>
  hmac(salt, VERSION, suite, Buffer.from(label), input);

function expand(suite, key, label, info, length) {
  // One block of SHA-256 is as long as everything that is wanted here.
  const size = Buffer.from([0, length]);
  const text = Buffer.concat([size, VERSION, suite, Buffer.from(label), info, Buffer.from([1])]);
  return hmac(key, text).subarray(0, length);
}

/** The raw bytes of a key object. */
const raw = (key) => Buffer.from(key.export({ format: "jwk" }).x, "base64url");

/** A public key from its 32 bytes. */
export function publicKey(bytes) {
  const jwk = { kty: "OKP", crv: "X25519", x: bytes.toString("base64url") };
  return createPublicKey({ key: jwk, format: "jwk" });
}

/** A private key from its 32 bytes. */
export function privateKey(bytes) {
  const head = Buffer.from("302e020100300506032b656e04220420", "hex"); // PKCS #8, X25519
  return createPrivateKey({ key: Buffer.concat([head, bytes]), format: "der", type: "pkcs8" });
}

function keyAndNonce(secret, enc, reader, info) {
  const none = Buffer.alloc(0);
  const prk = extract(KEM, none, "eae_prk", secret);
  const shared = expand(KEM, prk, "shared_secret", Buffer.concat([enc, raw(reader)]), KEY_BYTES);
  const context = Buffer.concat([
    Buffer.from([0]),
    extract(SUITE, none, "psk_id_hash", none),
    extract(SUITE, none, "info_hash", Buffer.from(info)),
  ]);
  const base = extract(SUITE, shared, "secret", none);
  return [expand(SUITE, base, "key", context, 32), expand(SUITE, base, "base_nonce", context, 12)];
}

/** The current key of a setting such as IMPEX_SEAL_KEYS_REGISTRATION: [id, 32 bytes]. */
export function currentKey(setting) {
  const [id, , encoded] = setting.split(",")[0].split(":");
  return [id, Buffer.from(encoded, "base64")];
}

/** A `Sealed` field for `recipient`; `context` is the reference's x-seal-context. */
export function seal(recipient, setting, context, plain, ephemeral = undefined) {
  const [id, bytes] = currentKey(setting);
  const reader = publicKey(bytes);
  const own = ephemeral ?? generateKeyPairSync("x25519").privateKey;
  const enc = raw(createPublicKey(own));
  const secret = diffieHellman({ privateKey: own, publicKey: reader });
  const [key, nonce] = keyAndNonce(secret, enc, reader, `${recipient}|${id}|${context}`);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  const text = Buffer.concat([enc, cipher.update(plain, "utf8"), cipher.final()]);
  const box = Buffer.concat([text, cipher.getAuthTag()]).toString("base64");
  return { recipient, key_id: id, box: box.replaceAll("+", "-").replaceAll("/", "_") };
}

/** The secret of a field that was sealed for the holder of the private keys in `setting`. */
export function open(sealed, setting, context) {
  const entry = setting.split(",").find((one) => one.startsWith(`${sealed.key_id}:`));
  const own = privateKey(currentKey(entry)[1]);
  const box = Buffer.from(sealed.box, "base64url");
  const [enc, text] = [box.subarray(0, KEY_BYTES), box.subarray(KEY_BYTES, -TAG_BYTES)];
  const secret = diffieHellman({ privateKey: own, publicKey: publicKey(enc) });
  const info = `${sealed.recipient}|${sealed.key_id}|${context}`;
  const [key, nonce] = keyAndNonce(secret, enc, createPublicKey(own), info);
  const decipher = createDecipheriv("aes-256-gcm", key, nonce);
  decipher.setAuthTag(box.subarray(-TAG_BYTES));
  return Buffer.concat([decipher.update(text), decipher.final()]).toString("utf8");
}
