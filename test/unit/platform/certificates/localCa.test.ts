/** The local certificate authority, judged by OpenSSL. */
import assert from "node:assert/strict";
import * as childProcess from "node:child_process";
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { ensureCertificateAuthority } from "../../../../provider/platform/certificates/caFiles";
import { issueCertificate } from "../../../../provider/platform/certificates/issue";
import { LocalCa } from "../../../../provider/platform/certificates/localCa";

const DAY_MS = 86_400_000;

describe("the local certificate authority", () => {
  let folder: string;
  let files: { caKeyFile: string; caFile: string };
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "unikernel-ca-"));
    files = { caKeyFile: path.join(folder, "state", "ca-key.pem"), caFile: path.join(folder, "state", "ca.pem") };
  });
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  const ensure = (now = Date.now()) => ensureCertificateAuthority(files, now);
  /** What `openssl verify` says about a certificate, with the authority as the only root. */
  function verify(chain: string, ...options: string[]): string {
    const file = path.join(folder, "leaf.pem");
    fs.writeFileSync(file, chain);
    const command = ["verify", "-x509_strict", "-purpose", "sslserver", ...options, "-CAfile", files.caFile, file];
    const { stdout, stderr } = childProcess.spawnSync("openssl", command, { encoding: "utf8" });
    return stdout + stderr;
  }

  it("issues one certificate per name, valid for it and no other", () => {
    const ca = new LocalCa(files);
    const { chain } = ca.certificateFor("shop.localhost");
    assert.match(verify(chain, "-verify_hostname", "shop.localhost"), /: OK/);
    assert.match(verify(chain, "-verify_hostname", "blog.localhost"), /hostname mismatch/);
    assert.equal(new crypto.X509Certificate(chain).subjectAltName, "DNS:shop.localhost");
    assert.equal(ca.certificateFor("shop.localhost"), ca.certificateFor("shop.localhost"));
    assert.notEqual(ca.certificateFor("blog.localhost"), ca.certificateFor("shop.localhost"));
  });

  it("issues one for the loopback addresses", () => {
    const ca = new LocalCa(files);
    for (const name of [undefined, "localhost", "not a name", "*.localhost"]) {
      const { chain } = ca.certificateFor(name);
      assert.match(verify(chain, "-verify_ip", "127.0.0.1"), /: OK/);
      assert.match(verify(chain, "-verify_ip", "::1"), /: OK/);
      assert.match(verify(chain, "-verify_hostname", "localhost"), /: OK/);
    }
  });

  it("does not sign for names elsewhere, and would not be believed", () => {
    const own = new LocalCa(files).certificateFor("www.example.com").chain;
    ensure();
    assert.match(verify(own), /self-signed certificate/);
    const { publicKey } = crypto.generateKeyPairSync("ec", { namedCurve: "prime256v1" });
    for (const name of ["www.example.com", "192.0.2.1", "localhost.example.com"]) {
      const validity = { notBefore: Date.now() - DAY_MS, notAfter: Date.now() + DAY_MS };
      const use = { kind: "server", names: [name] } as const;
      const misused = issueCertificate({ commonName: "x", ...validity, use }, publicKey, ensure());
      assert.match(verify(misused), /permitted subtree violation/, name);
    }
  });

  it("keeps long names out of the common name", () => {
    const name = `${"a".repeat(60)}.${"b".repeat(60)}.localhost`;
    assert.match(verify(new LocalCa(files).certificateFor(name).chain, "-verify_hostname", name), /: OK/);
  });

  it("keeps at most 1,024 certificates", () => {
    const ca = new LocalCa(files);
    const first = ca.certificateFor("first.localhost");
    for (let index = 0; index < 1_024; index++) ca.certificateFor(`x${index}.localhost`);
    assert.notEqual(ca.certificateFor("first.localhost"), first);
  });

  it("is created once, with a private key file under any umask", () => {
    for (const umask of [0o000, 0o022, 0o077]) {
      fs.rmSync(path.dirname(files.caKeyFile), { recursive: true, force: true });
      const before = process.umask(umask);
      try {
        ensure();
      } finally {
        process.umask(before);
      }
      assert.equal(fs.statSync(files.caKeyFile).mode & 0o777, 0o600);
      assert.deepEqual(fs.readdirSync(path.dirname(files.caKeyFile)).sort(), ["ca-key.pem", "ca.pem"]);
    }
    const { certificate } = ensure();
    assert.equal(ensure().certificate, certificate);
    assert.equal(fs.readFileSync(files.caFile, "utf8"), certificate);
    assert.equal(certificate.includes("PRIVATE"), false);
  });

  it("is valid for ten years, and replaced before certificates would outlive it", () => {
    const now = Date.now();
    const { certificate, notAfter } = ensure(now);
    assert.ok(Math.abs(notAfter - (now + 3650 * DAY_MS)) < 1_000);
    assert.equal(ensure(notAfter - 401 * DAY_MS).certificate, certificate);
    const next = ensure(notAfter - 399 * DAY_MS);
    assert.notEqual(next.certificate, certificate);
    assert.equal(fs.readFileSync(files.caFile, "utf8"), next.certificate);
  });

  it("is replaced when its file is damaged", () => {
    const { certificate } = ensure();
    fs.truncateSync(files.caKeyFile, 100);
    assert.notEqual(ensure().certificate, certificate);
    fs.rmSync(files.caFile);
    assert.equal(fs.readFileSync((ensure(), files.caFile), "utf8"), ensure().certificate);
  });
});
