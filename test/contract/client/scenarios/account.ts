/** Account and node: images, quotas, health. */
import { onlyItem } from "../../../../provider/client/client";
import { resolveQuotas } from "../../../../provider/platform/quota/quotaSettings";
import {
  DIGEST,
  INSTANCE,
  MISSING,
  OTHER,
  type Scenario,
  failed,
  failure,
  get,
  item,
  itemCodes,
  ok,
  post,
  remove,
} from "../scenario";

const URL = `oci://unikraft.io/acme/app:1@${DIGEST}`;
const USER = "44444444-4444-4444-8444-444444444444";
const PIN = { status: "success", uuid: OTHER, name: "app" };
const isPinned = (url: string) => /app.*@sha256:[0-9a-f]{64}$/.test(url);

/** Scenarios of the contract suite. */
export const scenarios = (): readonly Scenario[] => [
  {
    name: "reports images, quotas and health",
    exchanges: [
      get("/v1/images", ok("images", { url: URL, args: ["/server"], size_in_bytes: 5 })),
      get(
        "/v1/users/quotas",
        ok("quotas", {
          status: "success",
          uuid: USER,
          used: { instances: 0 },
          hard: { instances: 64 },
          limits: { min_memory_mb: 16 },
        }),
      ),
      get("/v1/healthz", {
        status: "success",
        op_time_us: 1,
        data: { checks: { images: "healthy" }, versions: { platform: "1" } },
      }),
    ],
    run: async (client) => {
      const image = onlyItem(await client.getImages({}), "Listing");
      const quotas = onlyItem(await client.getQuotas({}), "Reading");
      const health = (await client.getHealthz({})).items[0];
      return [
        image.args,
        quotas.used.instances,
        typeof quotas.hard.instances,
        quotas.limits.min_memory_mb,
        Object.keys(health?.versions ?? {}).length > 0,
      ];
    },
    expected: [["/server"], 0, "number", 16, true],
  },
  {
    name: "lists images by tag, and those stored on the node",
    exchanges: [
      get("/v1/images?tag=app:1", ok("images", { url: URL, tags: ["app:1"] })),
      get("/v1/images?tag=nowhere:1", ok("images")),
      get("/v1/image-store", ok("images")),
      post("/v1/instances", { name: "one", image: "app:1" }, ok("instances", item(INSTANCE, "one"))),
      get("/v1/image-store", ok("images", { url: URL })),
    ],
    run: async (client) => {
      const found = await client.getImages({ query: { tag: ["app:1"] } });
      const missing = await client.getImages({ query: { tag: ["nowhere:1"] } });
      const before = await client.getImageStore({});
      onlyItem(await client.createInstance({ body: { name: "one", image: "app:1" } }), "Creating");
      const after = await client.getImageStore({});
      return [
        found.items.map(({ url }) => isPinned(url)),
        missing.items,
        before.items,
        after.items.map(({ url }) => isPinned(url)),
      ];
    },
    expected: [[true], [], [], [true]],
  },
  {
    name: "pins and unpins an image",
    exchanges: [
      post(
        "/v1/images",
        [{ url: "app:1", timeout_s: -1 }],
        ok("images", { ...PIN, url: URL, state: "ready", persistent: true, tags: ["app:1"] }),
      ),
      get("/v1/images", ok("images", { url: URL, persistent: true })),
      remove("/v1/images", [{ uuid: OTHER }], ok("images", PIN)),
      remove("/v1/images", [{ uuid: MISSING }], failed("images", failure(8, "none", { uuid: MISSING }))),
      get("/v1/images", ok("images", { url: URL })),
    ],
    run: async (client) => {
      const pinned = onlyItem(await client.pinImages({ body: [{ url: "app:1", timeout_s: -1 }] }), "Pinning");
      const marked = onlyItem(await client.getImages({}), "Listing");
      const gone = onlyItem(await client.unpinImages({ body: [{ uuid: pinned.uuid ?? "" }] }), "Unpinning");
      const missing = await client.unpinImages({ body: [{ uuid: MISSING }] });
      const after = onlyItem(await client.getImages({}), "Listing");
      return [
        isPinned(pinned.url ?? ""),
        [pinned.state, pinned.persistent, pinned.tags, gone.name],
        itemCodes(missing),
        [marked.persistent, after.persistent],
      ];
    },
    expected: [true, ["ready", true, ["app:1"], "app"], ["8 NOT_FOUND"], [true, undefined]],
  },
  {
    name: "reports an exhausted quota",
    exchanges: [
      post("/v1/instances", { name: "one", image: "app:1" }, ok("instances", item(INSTANCE, "one"))),
      post("/v1/instances", { name: "two", image: "app:1" }, failed("instances", failure(19, "Quota exceeded"))),
      get(
        "/v1/users/quotas",
        ok("quotas", { status: "success", uuid: USER, used: { instances: 1 }, hard: { instances: 1 }, limits: {} }),
      ),
    ],
    run: async (client) => {
      onlyItem(await client.createInstance({ body: { name: "one", image: "app:1" } }), "Creating");
      const second = await client.createInstance({ body: { name: "two", image: "app:1" } });
      const { used, hard } = onlyItem(await client.getQuotas({}), "Reading");
      return [itemCodes(second), used.instances, hard.instances];
    },
    expected: [["19 QUOTA_EXCEEDED"], 1, 1],
    platformOptions: { quotas: resolveQuotas({ instances: 1 }) },
  },
];
