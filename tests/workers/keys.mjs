// Keys and records as the specification has them, made here from a pepper: a second hand, which shares no code.

import { createHmac, hkdfSync, randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

function base62(number, symbols) {
  let text = "";
  for (let left = BigInt(number); text.length < symbols; left /= 62n) text = ALPHABET[Number(left % 62n)] + text;
  return text;
}

/** The pepper that issues, of the JSON of secrets. */
export function pepper(secrets) {
  const { peppers, issuing } = JSON.parse(secrets);
  const found = peppers.find(({ id }) => id === issuing);
  return { id: found.id, secret: Buffer.from(found.secret, "hex") };
}

/** A new key: its text, and what it is known by. */
export function mint({ id, secret }, prefix = "tg", env = "live") {
  const body = Buffer.concat([Buffer.from([0x10 | id]), randomBytes(19)]);
  const mac = createHmac("sha256", secret).update(`tgk1${prefix}_${env}_`).update(body).digest();
  const whole = Buffer.concat([body, mac.subarray(0, 12)]);
  let key = `${prefix}_${env}_`;
  for (let at = 0; at < 32; at += 8) key += base62(whole.readBigUInt64BE(at), 11);
  return { key: key + base62(crc32(key), 6), lookup: mac.subarray(16).toString("hex"), pepper: id };
}

/** The sealed record of a key that may do everything about keys. */
export function record({ id, secret }, lookup, told = {}) {
  const body = {
    v: 1,
    k: id,
    as_of: [1, 1],
    lookup,
    key: "key_admin",
    tenant: "operators",
    owner: "ann",
    env: "live",
    state: "active",
    not_before: null,
    expires: null,
    plan: null,
    scopes: ["keys:read", "keys:write"],
    limits: [],
    quotas: [],
    ips: { allow: [], deny: [] },
    countries: { allow: [], deny: [] },
    ...told,
  };
  const text = JSON.stringify(body).slice(0, -1);
  const key = Buffer.from(hkdfSync("sha256", secret, "", "tollgate record 1", 32));
  const mac = createHmac("sha256", key).update("tgr1").update(text).digest("hex");
  return `${text},"mac":"${mac}"}`;
}
