/** The client against the local platform when it behaves as the nodes that the cloud runs today. */
import assert from "node:assert/strict";
import { type Client, createClient, onlyItem } from "../../../provider/api/client";
import { UnikernelError } from "../../../provider/base/errors";
import { makeCertificate } from "../../support/certificates";
import { TestPlatform } from "../../support/testDaemon";

describe("the client against older nodes", () => {
  let platform: TestPlatform;
  let client: Client;
  before(async () => {
    platform = await TestPlatform.open();
    await platform.start({ strict2026: true });
    const { url, token } = platform.daemon;
    client = createClient({ metro: "local", endpoint: () => Promise.resolve({ url, token }) });
  });
  after(() => platform.close());

  it("creates an instance from an image that is described by an object, and deletes it without options", async () => {
    const body = { name: "one", image: { url: "app:1", pull_policy: "if_not_present" as const } };
    const { uuid } = onlyItem(await client.createInstance({ body }), "Creating");
    assert.match(String((await platform.instance(uuid))["image"]), /app/);
    onlyItem(await client.deleteInstances({ body: [{ uuid, timeout_s: -1, dont_retain: true }] }), "Deleting");
    assert.equal((await platform.instance(uuid))["error"], 8);
  });

  it("renews a certificate by PATCH where PUT is not known", async () => {
    const [first, second] = [makeCertificate("www.example.com"), makeCertificate("www.example.com")];
    const body = { name: "www", common_name: "www.example.com", ...first };
    const { uuid } = onlyItem(await client.createCertificate({ body }), "Creating");
    const serial = async () =>
      onlyItem(await client.getCertificates({ query: { uuid: [uuid] } }), "Reading").serial_number;
    const before = await serial();
    onlyItem(await client.updateCertificates({ body: [{ uuid, ...second }] }), "Renewing");
    assert.notEqual(await serial(), before);
  });

  it("says what was refused when no older form can help", async () => {
    const body = { name: "two", image: { url: "app:1", credentials: "s3cret" } };
    await assert.rejects(client.createInstance({ body }), (error: unknown) => {
      return UnikernelError.has(error, "API_REJECTED") && /image/.test(error.message) && !/s3cret/.test(error.message);
    });
  });
});
