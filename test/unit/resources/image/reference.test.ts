import assert from "node:assert/strict";
import { vendorToken } from "../../../../provider/base/config/metroConfig";
import { UNKNOWN } from "../../../../provider/definition/unknowns";
import { destinationFailures, imageDestination, imageRef } from "../../../../provider/resources/image/reference";

/** As in the vendor's documentation: base64 of `robot$<user>.users.kraftcloud:<secret>`. */
const TOKEN = Buffer.from("robot$acme.users.kraftcloud:s3cret").toString("base64");
const CLOUD = { metro: "fra", token: TOKEN };
const LOCAL = { metro: "local" };

describe("where a GatewayImage is stored", () => {
  it("stays on this machine for local, under its name", () => {
    assert.deepEqual(imageDestination({ name: "site" }, LOCAL), { repository: "site", isPushed: false });
  });

  it("belongs to the token's user at the vendor's registry in a cloud metro", () => {
    assert.deepEqual(imageDestination({ name: "site" }, CLOUD), {
      repository: "index.unikraft.io/acme/site",
      isPushed: true,
    });
  });

  it("is the repository that the program names, in every metro", () => {
    for (const metro of [LOCAL, CLOUD]) {
      assert.deepEqual(imageDestination({ name: "site", repository: "127.0.0.1:5000/team/site" }, metro), {
        repository: "127.0.0.1:5000/team/site",
        isPushed: true,
      });
    }
  });

  it("is never the vendor's registry by the token of another operator's metro", () => {
    const selfHosted = { metro: "https://unikraft.example.com", token: TOKEN };
    assert.equal(vendorToken(selfHosted), undefined);
    assert.equal(vendorToken({ metro: "https://api.fra.unikraft.cloud", token: TOKEN }), TOKEN);
    const [failure] = destinationFailures({ name: "site" }, selfHosted);
    assert.equal(failure?.property, "repository");
    assert.ok(!JSON.stringify(failure).includes(TOKEN));
  });

  it("gives the reference by digest", () => {
    const digest = `sha256:${"a".repeat(64)}`;
    assert.equal(imageRef({ repository: "ghcr.io/acme/site" }, digest), `ghcr.io/acme/site@${digest}`);
  });

  it("reports an invalid repository and a token without a user, and waits for what is unknown", () => {
    const reasons = (inputs: object, metro: { metro: string; token?: string }) =>
      destinationFailures({ ...inputs }, metro).map(({ property, reason }) => `${property}: ${reason}`);
    assert.match(
      String(reasons({ repository: "ghcr.io/acme/site:1" }, LOCAL)),
      /^repository: .*without tag and digest/,
    );
    assert.match(String(reasons({ repository: "ghcr.io/Acme/site" }, CLOUD)), /^repository: .*lower case/);
    assert.match(
      String(reasons({ name: "site" }, { metro: "fra", token: "opaque" })),
      /^repository: .*no token that names a user/,
    );
    const attestation = { sbom: true };
    assert.match(String(reasons({ name: "site", attestation }, LOCAL)), /^attestation: needs a registry/);
    assert.deepEqual(reasons({ name: "site", attestation, repository: "ghcr.io/acme/site" }, LOCAL), []);
    assert.deepEqual(reasons({ repository: UNKNOWN }, { metro: "fra", token: "opaque" }), []);
    assert.deepEqual(reasons({ name: UNKNOWN }, CLOUD), []);
  });
});
