/** Volumes: alone, attached, copied, and as templates. */
import { type Client, onlyItem } from "../../../../provider/client/client";
import { systemClock } from "../../../../provider/base/clock";
import {
  MISSING,
  INSTANCE,
  LENT,
  OTHER,
  type Scenario,
  VOLUME,
  codeOf,
  failed,
  failure,
  get,
  item,
  itemCodes,
  ok,
  partialSuccess,
  patch,
  post,
  put,
  remove,
} from "../scenario";

const PATH = "/v1/volumes";
const TEMPLATES = `${PATH}/templates`;
const byUuid = `${PATH}?uuid=${VOLUME}`;
const data = item(VOLUME, "data", {
  state: "available",
  size_mb: 16,
  persistent: true,
  quota_policy: "static",
  created_at: "2026-01-01T00:00:00Z",
});
const createExchange = post(
  PATH,
  { name: "data", size_mb: 16 },
  ok("volumes", item(VOLUME, "data", { state: "available" })),
);

/** Creates a volume of 16 MiB. */
const create = async (client: Client, name = "data") =>
  onlyItem(await client.createVolume({ body: { name, size_mb: 16 } }), "Creating");
const read = async (client: Client, uuid: string) =>
  onlyItem(await client.getVolumes({ query: { uuid: [uuid] } }), "Reading");

/** Polls a volume until it is available. */
async function waitUntilAvailable(client: Client, uuid: string) {
  for (;;) {
    const volume = await read(client, uuid);
    if (volume.state === "available") return volume;
    await systemClock.sleep(5);
  }
}

/** Scenarios of the contract suite. */
export const scenarios = (): readonly Scenario[] => [
  {
    name: "are created, found by name and uuid, grown, deleted and then not found",
    exchanges: [
      post(PATH, { name: "data", size_mb: 16 }, ok("volumes", item(VOLUME, "data", { state: "uninitialized" }))),
      get(`${PATH}?name=data`, ok("volumes", data)),
      patch(PATH, [{ uuid: VOLUME, prop: "size_mb", op: "set", value: 32 }], ok("volumes", item(VOLUME, "data"))),
      get(byUuid, ok("volumes", { ...data, size_mb: 32 })),
      remove(PATH, [{ uuid: VOLUME }], ok("volumes", item(VOLUME, "data"))),
      get(byUuid, failed("volumes", failure(8, `No volume with uuid '${VOLUME}'`, { uuid: VOLUME }))),
    ],
    run: async (client) => {
      const { uuid } = await create(client);
      const found = onlyItem(await client.getVolumes({ query: { name: ["data"] } }), "Finding");
      await client.patchVolumes({ body: [{ uuid, prop: "size_mb", op: "set", value: 32 }] });
      const grown = await read(client, uuid);
      onlyItem(await client.deleteVolumes({ body: [{ uuid }] }), "Deleting");
      return [found.uuid === uuid, found.size_mb, grown.size_mb, await codeOf(read(client, uuid))];
    },
    expected: [true, 16, 32, "NOT_FOUND"],
  },
  {
    name: "attach to one stopped instance and detach once",
    exchanges: [
      createExchange,
      post("/v1/instances", { name: "one", image: "app:1" }, ok("instances", item(INSTANCE, "one"))),
      put(
        `${PATH}/attach`,
        [{ uuid: VOLUME, attach_to: { uuid: INSTANCE }, at: "/data" }],
        ok("volumes", item(VOLUME, "data")),
      ),
      get(byUuid, ok("volumes", { ...data, state: "idle", attached_to: [{ uuid: INSTANCE, name: "one" }] })),
      get(
        `/v1/instances?uuid=${INSTANCE}`,
        ok(
          "instances",
          item(INSTANCE, "one", {
            state: "stopped",
            volumes: [{ uuid: VOLUME, name: "data", at: "/data", readonly: false }],
          }),
        ),
      ),
      remove(PATH, [{ uuid: VOLUME }], failed("volumes", failure(15, "Volume is attached", { uuid: VOLUME }))),
      put(`${PATH}/detach`, [{ uuid: VOLUME, from: { uuid: INSTANCE } }], ok("volumes", item(VOLUME, "data"))),
      put(`${PATH}/detach`, [{ uuid: VOLUME }], failed("volumes", failure(21, "Not attached", { uuid: VOLUME }))),
      get(byUuid, ok("volumes", { ...data, attached_to: [] })),
    ],
    run: async (client) => {
      const { uuid } = await create(client);
      const instance = onlyItem(await client.createInstance({ body: { name: "one", image: "app:1" } }), "Creating");
      const attachment = { uuid, attach_to: { uuid: instance.uuid }, at: "/data" };
      onlyItem(await client.attachVolumes({ body: [attachment] }), "Attaching");
      const attached = await read(client, uuid);
      const user = onlyItem(await client.getInstances({ query: { uuid: [instance.uuid] } }), "Reading");
      const inUse = await client.deleteVolumes({ body: [{ uuid }] });
      onlyItem(await client.detachVolumes({ body: [{ uuid, from: { uuid: instance.uuid } }] }), "Detaching");
      const again = await client.detachVolumes({ body: [{ uuid }] });
      return [
        [attached.state, attached.attached_to?.map(({ name }) => name)],
        user.volumes?.map(({ name, at, readonly }) => [name, at, readonly]),
        [itemCodes(inUse), itemCodes(again)],
        (await read(client, uuid)).state,
      ];
    },
    expected: [["idle", ["one"]], [["data", "/data", false]], [["15 IN_USE"], ["21 STATE_CONFLICT"]], "available"],
  },
  {
    name: "are cloned to a new volume of the same size with its own tags",
    exchanges: [
      createExchange,
      post(
        `${PATH}/clone`,
        [{ uuid: VOLUME, vol_name: "copy", tags: ["b"] }],
        ok("volumes", item(OTHER, "copy", { state: "initializing" })),
      ),
      get(`${PATH}?uuid=${OTHER}`, ok("volumes", { ...data, uuid: OTHER, name: "copy", tags: ["b"] })),
      post(
        `${PATH}/clone`,
        [{ uuid: VOLUME, vol_name: "copy" }],
        failed("volumes", failure(23, "A volume with the name 'copy' already exists")),
      ),
    ],
    run: async (client) => {
      const { uuid } = await create(client);
      const clone = onlyItem(await client.cloneVolumes({ body: [{ uuid, vol_name: "copy", tags: ["b"] }] }), "Cloning");
      const copy = await waitUntilAvailable(client, clone.uuid);
      const again = await client.cloneVolumes({ body: [{ uuid, vol_name: "copy" }] });
      return [copy.uuid !== uuid, copy.name, copy.size_mb, copy.tags, itemCodes(again)];
    },
    expected: [true, "copy", 16, ["b"], ["23 ALREADY_EXISTS"]],
  },
  {
    name: "become templates that are tagged, copied, locked and deleted but never attached",
    exchanges: [
      createExchange,
      post(TEMPLATES, [{ uuid: VOLUME }], ok("volumes", item(VOLUME, "data", { state: "template" }))),
      patch(
        TEMPLATES,
        [{ uuid: VOLUME, prop: "tags", op: "set", value: ["golden"] }],
        ok("volumes", item(VOLUME, "data")),
      ),
      get(
        `${TEMPLATES}?tags=golden`,
        ok("volumes", { ...data, state: "template", tags: ["golden"], delete_lock: false }),
      ),
      post(
        PATH,
        { name: "fresh", template: { uuid: VOLUME } },
        ok("volumes", item(OTHER, "fresh", { state: "uninitialized" })),
      ),
      get(`${PATH}?uuid=${OTHER}`, ok("volumes", { ...data, uuid: OTHER, name: "fresh" })),
      post("/v1/instances", { name: "one", image: "app:1" }, ok("instances", item(INSTANCE, "one"))),
      put(
        `${PATH}/attach`,
        [{ uuid: VOLUME, attach_to: { uuid: INSTANCE }, at: "/data" }],
        failed("volumes", failure(24, "Volume is a template", { uuid: VOLUME })),
      ),
      patch(
        TEMPLATES,
        [{ uuid: VOLUME, prop: "delete_lock", op: "set", value: true }],
        ok("volumes", item(VOLUME, "data")),
      ),
      remove(
        TEMPLATES,
        [{ uuid: VOLUME }],
        failed("volumes", failure(14, "Deletion protection enabled", { uuid: VOLUME })),
      ),
      patch(
        TEMPLATES,
        [{ uuid: VOLUME, prop: "delete_lock", op: "set", value: false }],
        ok("volumes", item(VOLUME, "data")),
      ),
      remove(TEMPLATES, [{ uuid: VOLUME }], ok("volumes", item(VOLUME, "data"))),
    ],
    run: async (client) => {
      const { uuid } = await create(client);
      const template = onlyItem(await client.createVolumeTemplates({ body: [{ uuid }] }), "Converting");
      const tag = [{ uuid, prop: "tags" as const, op: "set" as const, value: ["golden"] }];
      onlyItem(await client.patchVolumeTemplates({ body: tag }), "Tagging");
      const listed = await client.getVolumeTemplates({ query: { tags: ["golden"] } });
      const created = onlyItem(await client.createVolume({ body: { name: "fresh", template: { uuid } } }), "Creating");
      const fresh = await waitUntilAvailable(client, created.uuid);
      const instance = onlyItem(await client.createInstance({ body: { name: "one", image: "app:1" } }), "Creating");
      const attachment = { uuid, attach_to: { uuid: instance.uuid }, at: "/data" };
      const attached = await client.attachVolumes({ body: [attachment] });
      const lock = (value: boolean) =>
        client.patchVolumeTemplates({ body: [{ uuid, prop: "delete_lock", op: "set", value }] });
      await lock(true);
      const locked = await client.deleteVolumeTemplates({ body: [{ uuid }] });
      await lock(false);
      onlyItem(await client.deleteVolumeTemplates({ body: [{ uuid }] }), "Deleting");
      return [
        template.state,
        listed.items.map(({ name, state, tags }) => [name, state, tags]),
        fresh.size_mb,
        [itemCodes(attached), itemCodes(locked)],
      ];
    },
    expected: ["template", [["data", "template", ["golden"]]], 16, [["24 IN_USE"], ["14 NOT_ALLOWED"]]],
  },
  {
    name: "are listed by tags, page by page from an included volume",
    exchanges: [
      post(PATH, { name: "a", size_mb: 16, tags: ["x", "y"] }, ok("volumes", item(VOLUME, "a"))),
      post(PATH, { name: "b", size_mb: 16, tags: ["x"] }, ok("volumes", item(OTHER, "b"))),
      get(`${PATH}?tags=x&tags=y`, ok("volumes", { ...data, name: "a", tags: ["x", "y"] })),
      get(`${PATH}?details=false&count=1`, ok("volumes", item(VOLUME, "a"))),
      get(`${PATH}?details=false&from=${OTHER}`, ok("volumes", item(OTHER, "b"))),
      get(
        `${PATH}?uuid=${OTHER}&uuid=${MISSING}`,
        partialSuccess("volumes", item(OTHER, "b"), failure(8, "No volume")),
      ),
    ],
    run: async (client) => {
      onlyItem(await client.createVolume({ body: { name: "a", size_mb: 16, tags: ["x", "y"] } }), "Creating");
      const b = onlyItem(await client.createVolume({ body: { name: "b", size_mb: 16, tags: ["x"] } }), "Creating");
      const names = async (query: Parameters<Client["getVolumes"]>[0]["query"]) =>
        (await client.getVolumes(query === undefined ? {} : { query })).items.map(({ name }) => name);
      return [
        await names({ tags: ["x", "y"] }),
        await names({ details: false, count: 1 }),
        await names({ details: false, from: b.uuid }),
        itemCodes(await client.getVolumes({ query: { uuid: [b.uuid, MISSING] } })),
      ];
    },
    expected: [["a"], ["a"], ["b"], [undefined, "8 NOT_FOUND"]],
  },
  {
    name: "take and give the files of a folder that was lent, and of no other",
    exchanges: [
      post(PATH, { name: "data", size_mb: 16 }, ok("volumes", item(VOLUME, "data"))),
      ...(["import", "export"] as const).flatMap((action) => [
        put(`${PATH}/${action}`, [{ uuid: VOLUME, folder: LENT }], ok("volumes", item(VOLUME, "data", { entries: 0 }))),
        put(
          `${PATH}/${action}`,
          [{ uuid: VOLUME, folder: MISSING }],
          failed("volumes", failure(8, `No folder was lent as '${MISSING}'`)),
        ),
      ]),
    ],
    run: async (client) => {
      const { uuid } = onlyItem(await client.createVolume({ body: { name: "data", size_mb: 16 } }), "Creating");
      const request = (folder: string) => ({ body: [{ uuid, folder }] });
      return [
        onlyItem(await client.importVolumes(request(LENT)), "Importing").entries,
        itemCodes(await client.importVolumes(request(MISSING))),
        onlyItem(await client.exportVolumes(request(LENT)), "Exporting").entries,
        itemCodes(await client.exportVolumes(request(MISSING))),
      ];
    },
    expected: [0, ["8 NOT_FOUND"], 0, ["8 NOT_FOUND"]],
  },
];
