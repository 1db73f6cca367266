/** Quotas, images, and the control plane that shares the metro's address. */
import assert from "node:assert/strict";
import { createClient } from "../../../provider/client/client";
import { resolveQuotas } from "../../../provider/platform/quota/quotaSettings";
import { freePort } from "../../support/freePorts";
import { TestPlatform } from "../../support/testPlatform";

describe("the quotas of the local platform", () => {
  let platform: TestPlatform;
  beforeEach(async () => (platform = await TestPlatform.open()));
  afterEach(() => platform.close());

  it("match the documented example by default", async () => {
    await platform.start();
    const { uuid, hard, limits, used } = await platform.requestItem("GET", "/v1/users/quotas");
    assert.match(uuid, /^[0-9a-f-]{36}$/);
    assert.deepEqual(hard, {
      instances: 64,
      live_instances: 64,
      live_vcpus: 64,
      live_memory_mb: 32768,
      service_groups: 253,
      services: 253,
      volumes: 253,
      total_volume_mb: 20480,
    });
    assert.deepEqual(limits, {
      min_memory_mb: 16,
      max_memory_mb: 8192,
      min_vcpus: 1,
      max_vcpus: 4,
      min_volume_mb: 8,
      max_volume_mb: 20480,
      min_autoscale_size: 0,
      max_autoscale_size: 16,
    });
    assert.deepEqual(Object.keys(used as object).sort(), Object.keys(hard as object).sort());
  });

  it("are readable for the current user only", async () => {
    await platform.start();
    const own = await platform.requestItem("GET", "/v1/users/quotas");
    assert.deepEqual(await platform.requestItem("GET", `/v1/users/${own.uuid}/quotas`), own);
    const other = await platform.api("GET", "/v1/users/11111111-1111-4111-8111-111111111111/quotas");
    assert.deepEqual([other.httpStatus, other.status, other.items[0]?.["error"]], [200, "error", 8]);
    assert.equal((await platform.requestItem("GET", "/v1/users/me/quotas"))["error"], 7);
  });

  it("are shown and enforced when set", async () => {
    const quotas = resolveQuotas({
      volumes: 2,
      total_volume_mb: 30,
      max_volume_mb: 20,
      services: 1,
      max_memory_mb: 64,
    });
    await platform.start({ quotas });
    const shown = await platform.requestItem("GET", "/v1/users/quotas");
    assert.deepEqual([shown["hard"], shown["limits"]], [quotas.hard, quotas.limits]);

    const codeOf = async (target: string, body: object) => (await platform.requestItem("POST", target, body))["error"];
    assert.equal(await codeOf("/v1/volumes", { size_mb: 21 }), 7);
    assert.equal(await codeOf("/v1/volumes", { name: "a", size_mb: 20 }), undefined);
    assert.equal(await codeOf("/v1/volumes", { size_mb: 11 }), 19);
    assert.equal(await codeOf("/v1/volumes", { name: "b", size_mb: 10 }), undefined);
    assert.equal(await codeOf("/v1/volumes", { size_mb: 8 }), 19);
    const grown = await platform.requestItem("PATCH", "/v1/volumes", [
      { name: "b", prop: "size_mb", op: "set", value: 11 },
    ]);
    assert.equal(grown["error"], 19);
    const ports = [await freePort(), await freePort()];
    assert.equal(await codeOf("/v1/services", { services: ports.map((port) => ({ port })) }), 19);
    assert.equal(await codeOf("/v1/instances", { image: "app:1", memory_mb: 65 }), 7);

    const { used } = await platform.requestItem("GET", "/v1/users/quotas");
    const { volumes, total_volume_mb } = used as Record<string, number>;
    assert.deepEqual([volumes, total_volume_mb], [2, 30]);
    const refused = await platform.requestItem("POST", "/v1/volumes", { size_mb: 8 });
    assert.match(refused.message, /'volumes' is 2 of 2/);
  });

  it("are enforced across concurrent requests", async () => {
    await platform.start({ quotas: resolveQuotas({ volumes: 3 }) });
    const created = await platform.api("POST", "/v1/volumes", Array.from({ length: 10 }, () => ({ size_mb: 8 }))); // prettier-ignore
    const codes = created.items.map((item) => item["error"] ?? 0).sort();
    assert.deepEqual(codes, [0, 0, 0, ...Array.from({ length: 7 }, () => 19)]);
  });
});

describe("the control plane of the local platform", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await TestPlatform.open();
    await platform.addImage("acme/shop", "1", "kernel of shop");
    await platform.addImage("acme/shop", "2", "newer kernel of shop");
    await platform.start();
  });
  after(() => platform.close());

  it("lists its one metro with this server as endpoint", async () => {
    const { items } = await platform.api("GET", "/v1/metros");
    assert.deepEqual(items.map(({ name, ...item }) => [name, item["endpoint"]]), [["local", platform.daemon.url]]); // prettier-ignore
    const { token } = platform.daemon;
    const url = String(items[0]?.["endpoint"]);
    const client = createClient({ metro: "local", endpoint: () => Promise.resolve({ url, token }) });
    assert.equal((await client.getMetros({})).items[0]?.name, "local");
  });

  it("reports the owner of the token", async () => {
    const { envelope: raw } = await platform.api("GET", "/v1/auth");
    const { uuid } = await platform.requestItem("GET", "/v1/users/quotas");
    assert.deepEqual(raw["data"], {
      organization_name: "local",
      organization_display_name: "Local platform",
      organization_uuid: uuid,
    });
  });

  it("lists repositories for its own parameters and the metro's images otherwise", async () => {
    const registry = (await platform.api("GET", "/v1/images?details=true")).items;
    assert.deepEqual(registry.map(({ name }) => name).sort(), ["acme/shop", "app"]);
    const shop = registry.find(({ name }) => name === "acme/shop");
    const tags = shop?.["tags"] as { name: string; digest: string; size: number }[];
    assert.deepEqual(tags.map(({ name }) => name).sort(), ["1", "2"]);
    for (const { digest, size } of tags) {
      assert.match(digest, /^sha256:[0-9a-f]{64}$/);
      assert.ok(size > 0);
    }
    const names = async (query: string) => (await platform.api("GET", `/v1/images?${query}`)).items.map((item) => item.name); // prettier-ignore
    assert.deepEqual(await names("namespace=acme"), ["acme/shop"]);
    assert.deepEqual(await names("namespace=official"), ["app"]);
    assert.deepEqual(await names("namespace=acm"), []);
    const brief = (await platform.api("GET", "/v1/images?details=false&namespace=acme")).items;
    assert.deepEqual(brief, [{ status: "success", name: "acme/shop" }]);
    const own = await platform.requestItem("GET", "/v1/images?tag=acme/shop:2");
    assert.match(String(own["url"]), /^oci:\/\/local\/acme\/shop@sha256:/);
  });

  it("finds images by tag and digest in every notation, also in the older listing", async () => {
    const { url } = (await platform.requestItem("GET", "/v1/images?tag=acme/shop:1")) as unknown as { url: string };
    const digest = url.split("@")[1] ?? "";
    for (const query of [
      `digest=${digest}`,
      `digest=${encodeURIComponent(url)}`,
      `digest=acme/shop@${digest}`,
      "tag=oci://local/acme/shop:1",
      "tag=index.unikraft.io/acme/shop:1",
    ]) {
      const { items } = await platform.api("GET", `/v1/images?${query}`);
      assert.deepEqual(items.map((item) => item["url"]), [url], query); // prettier-ignore
    }
    assert.equal((await platform.api("GET", "/v1/images?tag=a b")).httpStatus, 400);
    const older = await platform.api("GET", "/v1/images/list?namespace=acme", [{ digest: `acme/shop@${digest}` }]);
    const [item] = older.items;
    assert.deepEqual([item?.["digest"], item?.["tags"], item?.["args"]], [`acme/shop@${digest}`, ["acme/shop:1"], "/server"]); // prettier-ignore
    assert.equal((await platform.api("GET", "/v1/images/list", [{ tag: "app:1" }, { tag: "acme/shop:2" }])).items.length, 2); // prettier-ignore
    assert.equal((await platform.api("GET", "/v1/images/list?tagged=true")).items.length, 3);
  });

  it("lists only bootable images in the image store", async () => {
    assert.deepEqual((await platform.api("GET", "/v1/image-store")).items, []);
    const instance = await platform.requestItem("POST", "/v1/instances", { name: "one", image: "acme/shop:2" });
    const [stored, ...more] = (await platform.api("GET", "/v1/image-store")).items;
    assert.deepEqual(more, []);
    assert.deepEqual(stored, await platform.requestItem("GET", "/v1/images?tag=acme/shop:2"));
    assert.equal((await platform.api("GET", "/v1/image-store?tag=app:1")).items.length, 0);
    await platform.api("DELETE", "/v1/instances", [{ uuid: instance.uuid }]);
    assert.deepEqual((await platform.api("GET", "/v1/image-store")).items, []);
  });
});
