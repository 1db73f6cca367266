/** Keys and commands that sign, and those that cannot. */
import assert from "node:assert/strict";
import * as crypto from "node:crypto";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout } from "node:timers/promises";
import { UnikernelError } from "../../../../provider/base/errors";
import { isProcessAlive } from "../../../../provider/base/exec";
import { signerFromCommand, signerFromPem } from "../../../../provider/image/attest/signer";
import { check } from "../../../../provider/definition/check";
import { gatewayImage } from "../../../../provider/resources/image/resource";

const PAYLOAD = Buffer.from("payload");

const { privateKey, publicKey } = crypto.generateKeyPairSync("ec", { namedCurve: "prime256v1" });
const pemOf = (key: crypto.KeyObject): string => key.export({ type: "pkcs8", format: "pem" }).toString();
const encrypted = (type: "pkcs8" | "sec1"): string =>
  privateKey.export({ type, format: "pem", cipher: "aes-128-cbc", passphrase: "hunter2" }).toString();

const rejectsKey = (pem: string, passphrase: string | undefined, expected: RegExp): void =>
  assert.throws(
    () => signerFromPem(pem, passphrase),
    (error) => {
      assert.ok(UnikernelError.has(error, "INPUT_INVALID"));
      const text = `${error.message} ${error.hint}`;
      assert.match(text, expected);
      return !`${text}${String(error.cause)}`.includes("hunter2");
    },
  );

describe("a signing key", () => {
  it("signs in each form that openssl writes", async () => {
    const parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
    const sec1 = privateKey.export({ type: "sec1", format: "pem" }).toString();
    const signers = [
      ...[pemOf(privateKey), sec1, parameters + sec1, sec1.replaceAll("\n", "\r\n")].map((pem) => signerFromPem(pem)),
      ...(["pkcs8", "sec1"] as const).map((type) => signerFromPem(encrypted(type), "hunter2")),
    ];
    for (const sign of signers) assert.ok(crypto.verify("sha256", PAYLOAD, publicKey, await sign(PAYLOAD)));
  });

  it("that cannot sign says why, and is never shown", () => {
    for (const type of ["pkcs8", "sec1"] as const) {
      rejectsKey(encrypted(type), undefined, /is encrypted\. Set 'attestation\.signingKeyPassphrase'/);
      rejectsKey(encrypted(type), "hunter2-wrong", /cannot be decrypted with its passphrase/);
    }
    rejectsKey(pemOf(crypto.generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey), undefined, /kind rsa/);
    const p384 = crypto.generateKeyPairSync("ec", { namedCurve: "secp384r1" }).privateKey;
    rejectsKey(pemOf(p384), undefined, /curve secp384r1; it must be ECDSA on the curve P-256/);
    for (const text of ["/home/hunter2/key.pem", "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n"])
      rejectsKey(text, undefined, /must be a private key in PEM.* its content, not its path/);
    // Source of the header: sigstore/cosign, `pkg/cosign/keys.go`.
    const cosign =
      "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nhunter2\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n";
    rejectsKey(cosign, undefined, /only cosign reads.*import-key-pair/);
  });

  it("that cannot sign fails a preview", async () => {
    const attestation = { signingKey: encrypted("pkcs8"), signingKeyPassphrase: "wrong" };
    const inputs = { name: "site", context: "/nowhere", attestation };
    const { failures } = await check(gatewayImage, {}, inputs);
    assert.deepEqual(
      failures.map(({ property }) => property),
      ["attestation.signingKey"],
    );
    assert.match(failures[0]?.reason ?? "", /^cannot be decrypted with its passphrase/);
  });
});

describe("a signing command", () => {
  const rejects = (script: string, text: RegExp, signal?: AbortSignal): Promise<void> =>
    assert.rejects(signerFromCommand(["sh", "-c", script])(PAYLOAD, signal), (error) => {
      assert.ok(UnikernelError.has(error, "OPERATION_FAILED"), String(error));
      assert.match(error.message, text);
      return !`${error.message}${error.hint}${String(error.cause)}`.includes("hunter2");
    });

  it("must print a signature that verifiers can read, and its output is never shown", async () => {
    await rejects("echo hunter2 >&2; exit 3", /failed with exit code 3/);
    await rejects("kill -9 $$", /was ended by a signal/);
    await rejects("echo hunter2!", /printed no signature in base64/);
    await rejects("cat", /else than an ECDSA signature in DER/);
    // As WebCrypto and JWS have them: the two numbers without DER.
    const raw = crypto.sign("sha256", PAYLOAD, { key: privateKey, dsaEncoding: "ieee-p1363" }).toString("base64");
    await rejects(`echo ${raw}`, /else than an ECDSA signature in DER/);
    const { privateKey: rsa } = crypto.generateKeyPairSync("rsa", { modulusLength: 2048 });
    await rejects(`echo ${crypto.sign("sha256", PAYLOAD, rsa).toString("base64")}`, /else than an ECDSA signature/);
    const whole = crypto.sign("sha256", PAYLOAD, privateKey);
    await rejects(`echo ${whole.subarray(0, -1).toString("base64")}`, /else than an ECDSA signature/);
    await assert.rejects(signerFromCommand(["/no/such/tool"])(PAYLOAD), /'\/no\/such\/tool' was not found/);
  });

  it("may sign on another curve", async () => {
    for (const namedCurve of ["secp384r1", "secp521r1"]) {
      const pair = crypto.generateKeyPairSync("ec", { namedCurve });
      const signature = crypto.sign("sha256", PAYLOAD, pair.privateKey);
      assert.deepEqual(await signerFromCommand(["echo", signature.toString("base64")])(PAYLOAD), signature);
    }
  });

  it("that prints without end is stopped before it fills the memory", () => rejects("yes", /printed more than a sig/));

  it("that hangs ends with all its children when the operation is cancelled", async () => {
    const folder = await fs.mkdtemp(path.join(os.tmpdir(), "signer-"));
    const pidFile = path.join(folder, "pid");
    const cancel = new AbortController();
    const script = `trap '' TERM; sleep 600 & echo $! > '${pidFile}.new'; mv '${pidFile}.new' '${pidFile}'; wait`;
    const failed = assert.rejects(signerFromCommand(["sh", "-c", script])(PAYLOAD, cancel.signal), /by the user/);
    const readPid = () => fs.readFile(pidFile, "utf8").then(Number, () => undefined);
    let pid: number | undefined;
    while ((pid = await readPid()) === undefined) await setTimeout(20);
    cancel.abort(new Error("cancelled by the user"));
    await failed;
    for (let left = 100; left > 0 && isProcessAlive(pid); left--) await setTimeout(20);
    assert.ok(pid > 0 && !isProcessAlive(pid), "its child still runs");
    await fs.rm(folder, { recursive: true });
  });
});
