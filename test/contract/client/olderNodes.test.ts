/** The client with older nodes: the local platform in strict mode, which behaves like the current cloud nodes, and a fake node. */
import assert from "node:assert/strict";
import { type Client, createClient, onlyItem } from "../../../provider/client/client";
import { type ItemOf, routes } from "../../../provider/contract/routes";
import { UnikernelError } from "../../../provider/base/errors";
import { makeCertificate } from "../../support/certificates";
import { type RawResponder, sendJson, startRawApi } from "../../support/rawApi";
import { TestPlatform } from "../../support/testPlatform";

describe("the client with older nodes", () => {
  let platform: TestPlatform;
  let client: Client;
  before(async () => {
    platform = await TestPlatform.open();
    await platform.start({ strict2026: true });
    const { url, token } = platform.daemon;
    client = createClient({ metro: "local", endpoint: () => Promise.resolve({ url, token }) });
  });
  after(() => platform.close());

  it("creates an instance from an image object and deletes it without options", async () => {
    const body = { name: "one", image: { url: "app:1", pull_policy: "if_not_present" as const } };
    const { uuid } = onlyItem(await client.createInstance({ body }), "Creating");
    assert.match(String((await platform.instance(uuid))["image"]), /app/);
    onlyItem(await client.deleteInstances({ body: [{ uuid, timeout_s: -1, dont_retain: true }] }), "Deleting");
    assert.equal((await platform.instance(uuid))["error"], 8);
  });

  it("renews a certificate by PATCH if PUT is unknown", async () => {
    const [first, second] = [makeCertificate("www.example.com"), makeCertificate("www.example.com")];
    const body = { name: "www", common_name: "www.example.com", ...first };
    const { uuid } = onlyItem(await client.createCertificate({ body }), "Creating");
    const serial = async () =>
      onlyItem(await client.getCertificates({ query: { uuid: [uuid] } }), "Reading").serial_number;
    const before = await serial();
    onlyItem(await client.updateCertificates({ body: [{ uuid, ...second }] }), "Renewing");
    assert.notEqual(await serial(), before);
  });

  it("reads the older image listing like the newer one", async () => {
    const summarize = (items: readonly ItemOf<"getImages">[]) =>
      items.map(({ url, tags, args, size_in_bytes, initrd_or_rom }) => [
        url.replace(/^oci:\/\/local\//, ""),
        ...[tags, args, size_in_bytes, initrd_or_rom],
      ]);
    const newer = summarize((await client.getImages({})).items);
    const { items } = await platform.api("GET", "/v1/images/list");
    assert.notEqual(newer.length, 0);
    assert.deepEqual(summarize(items.map((item) => routes.getImages.item.parse(item))), newer);
  });

  it("reports the first error if no older request variant helps", async () => {
    const body = { name: "two", image: { url: "app:1", credentials: "s3cret" } };
    await assert.rejects(client.createInstance({ body }), (error: unknown) => {
      return UnikernelError.has(error, "API_REJECTED") && /image/.test(error.message) && !/s3cret/.test(error.message);
    });
  });
});

/** A node as described by the vendor's OpenAPI document 0.6.0. */
describe("the client with a node that has only the older image listing", () => {
  const requests: unknown[] = [];
  const image = { status: "success", digest: "acme/shop@sha256:ab", tags: ["acme/shop:1"], initrd: true };
  const more = { size_in_bytes: 7, args: "/server --port  80", kernel_args: "", labels: {} };
  const respond: RawResponder = ({ method, url }, response, body) => {
    requests.push([method, url, body]);
    if (url !== "/v1/images/list") return sendJson(response, 404, JSON.stringify({ status: "error" }));
    sendJson(response, 200, JSON.stringify({ status: "success", data: { images: [{ ...image, ...more }] } }));
  };

  it("sends digests and tags in a body and reads the response in the newer shape", async () => {
    await using api = await startRawApi(respond);
    const client = createClient({ metro: "old", endpoint: () => Promise.resolve({ url: api.url, token: "t0ken" }) });
    const query = { digest: ["sha256:ab"], tag: ["acme/shop:1", "app:2"] };
    const { items } = await client.getImages({ query });
    assert.deepEqual(
      items.map(({ url, tags, initrd_or_rom, size_in_bytes, args }) => [url, tags, initrd_or_rom, size_in_bytes, args]),
      [["acme/shop@sha256:ab", ["acme/shop:1"], true, 7, ["/server", "--port", "80"]]],
    );
    await client.getImages({});
    const filters = [{ digest: "sha256:ab" }, { tag: "acme/shop:1" }, { tag: "app:2" }];
    assert.deepEqual(requests.slice(1), [
      ["GET", "/v1/images/list", JSON.stringify(filters)],
      ["GET", "/v1/images/list", ""],
    ]);
  });
});
