/** Instance templates: instances that never run again and are the source of others. */
import { type Client, onlyItem } from "../../../../provider/client/client";
import {
  INSTANCE,
  OTHER,
  type Scenario,
  failed,
  failure,
  get,
  item,
  itemCodes,
  ok,
  patch,
  post,
  put,
  remove,
} from "../scenario";

const INSTANCES = "/v1/instances";
const PATH = `${INSTANCES}/templates`;
const KEY = "instances";
const golden = item(INSTANCE, "golden", { state: "template", memory_mb: 256, tags: ["x"] });
const created = post(
  INSTANCES,
  { name: "golden", image: "app:1", memory_mb: 256 },
  ok(KEY, item(INSTANCE, "golden", { state: "stopped" })),
);
const converted = post(
  PATH,
  [{ uuid: INSTANCE, timeout_s: 10 }],
  ok(KEY, item(INSTANCE, "golden", { state: "template" })),
);

/** Creates a template of 256 MiB and returns its uuid. */
async function createTemplate(client: Client): Promise<string> {
  const body = { name: "golden", image: "app:1", memory_mb: 256 };
  const { uuid } = onlyItem(await client.createInstance({ body }), "Creating");
  onlyItem(await client.createTemplates({ body: [{ uuid, timeout_s: 10 }] }), "Converting");
  return uuid;
}

/** Scenarios of the contract suite. */
export const scenarios = (): readonly Scenario[] => [
  {
    name: "are converted in place, tagged, listed apart from instances, and inherited by new instances",
    exchanges: [
      created,
      converted,
      patch(PATH, [{ uuid: INSTANCE, prop: "tags", op: "set", value: ["x"] }], ok(KEY, item(INSTANCE, "golden"))),
      get(`${PATH}?tags=x`, ok(KEY, golden)),
      get(INSTANCES, ok(KEY)),
      post(
        INSTANCES,
        { name: "clone", template: { uuid: INSTANCE } },
        ok(KEY, item(OTHER, "clone", { state: "stopped" })),
      ),
      get(`${INSTANCES}?uuid=${OTHER}`, ok(KEY, item(OTHER, "clone", { state: "stopped", memory_mb: 256 }))),
    ],
    run: async (client) => {
      const uuid = await createTemplate(client);
      onlyItem(await client.patchTemplates({ body: [{ uuid, prop: "tags", op: "set", value: ["x"] }] }), "Tagging");
      const listed = await client.getTemplates({ query: { tags: ["x"] } });
      const instances = await client.getInstances({});
      const body = { name: "clone", template: { uuid } };
      const clone = onlyItem(await client.createInstance({ body }), "Creating");
      const read = onlyItem(await client.getInstances({ query: { uuid: [clone.uuid] } }), "Reading");
      return [
        listed.items.map(({ name, state, tags }) => [name, state, tags]),
        instances.items,
        [clone.uuid !== uuid, read.state, read.memory_mb],
      ];
    },
    expected: [[["golden", "template", ["x"]]], [], [true, "stopped", 256]],
  },
  {
    name: "never start, and are deleted only once unlocked",
    exchanges: [
      created,
      converted,
      put(
        `${INSTANCES}/start`,
        [{ uuid: INSTANCE }],
        failed(KEY, failure(11, "Instance is a template", { uuid: INSTANCE })),
      ),
      patch(PATH, [{ uuid: INSTANCE, prop: "delete_lock", op: "set", value: true }], ok(KEY, item(INSTANCE, "golden"))),
      remove(PATH, [{ uuid: INSTANCE }], failed(KEY, failure(14, "Deletion protection enabled", { uuid: INSTANCE }))),
      patch(
        PATH,
        [{ uuid: INSTANCE, prop: "delete_lock", op: "set", value: false }],
        ok(KEY, item(INSTANCE, "golden")),
      ),
      remove(PATH, [{ uuid: INSTANCE }], ok(KEY, item(INSTANCE, "golden"))),
      get(`${PATH}?uuid=${INSTANCE}`, failed(KEY, failure(8, "No template", { uuid: INSTANCE }))),
    ],
    run: async (client) => {
      const uuid = await createTemplate(client);
      const started = await client.startInstances({ body: [{ uuid }] });
      const lock = (value: boolean) =>
        client.patchTemplates({ body: [{ uuid, prop: "delete_lock", op: "set", value }] });
      await lock(true);
      const locked = await client.deleteTemplates({ body: [{ uuid }] });
      await lock(false);
      onlyItem(await client.deleteTemplates({ body: [{ uuid }] }), "Deleting");
      return [started, locked, await client.getTemplates({ query: { uuid: [uuid] } })].map(itemCodes);
    },
    expected: [["11 STATE_CONFLICT"], ["14 NOT_ALLOWED"], ["8 NOT_FOUND"]],
  },
];
