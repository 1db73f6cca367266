import assert from "node:assert/strict";
import * as crypto from "node:crypto";
import { isSignedBySameKey } from "../../../../provider/image/attest/signingKey";

const newKey = (namedCurve = "prime256v1") => crypto.generateKeyPairSync("ec", { namedCurve }).privateKey;
const sign = (payload: Buffer, key: crypto.KeyObject): Buffer => crypto.sign("sha256", payload, key);

describe("the key of a signature", () => {
  it("is found again among other signatures, whatever the key, the payload and the nonce", () => {
    for (let round = 0; round < 8; round++) {
      const [own, other] = [newKey(), newKey()];
      const payload = crypto.randomBytes(1 + round * 7);
      const others = [sign(payload, other), sign(crypto.randomBytes(9), own)];
      assert.equal(isSignedBySameKey(payload, sign(payload, own), others), false);
      assert.equal(isSignedBySameKey(payload, sign(payload, own), [...others, sign(payload, own)]), true);
    }
  });

  it("is not found out for other curves, and for what is no signature", () => {
    const payload = Buffer.from("payload");
    const [p256, p384] = [sign(payload, newKey()), newKey("secp384r1")];
    assert.equal(isSignedBySameKey(payload, sign(payload, p384), [sign(payload, p384)]), false);
    for (const wrong of [Buffer.of(), Buffer.from("30", "hex"), Buffer.alloc(72, 0x30), p256.subarray(0, 40)]) {
      assert.equal(isSignedBySameKey(payload, wrong, [p256]), false);
      assert.equal(isSignedBySameKey(payload, p256, [wrong]), false);
    }
  });
});
