/** Checkpoints: copies of stopped instances, and the lineage of an instance. */
import { type Client, onlyItem } from "../../../../provider/client/client";
import {
  CERTIFICATE as LATER,
  INSTANCE,
  OTHER,
  VOLUME as SECOND,
  type Scenario,
  failed,
  failure,
  get,
  item,
  itemCodes,
  ok,
  patch,
  post,
  remove,
} from "../scenario";

const INSTANCES = "/v1/instances";
const PATH = `${INSTANCES}/checkpoints`;
const KEY = "instances";
const created = post(
  INSTANCES,
  { name: "main", image: "app:1" },
  ok(KEY, item(INSTANCE, "main", { state: "stopped" })),
);
const first = item(OTHER, "first", { state: "checkpoint" });
const createCheckpoint = post(PATH, [{ from: { uuid: INSTANCE }, name: "first" }], ok(KEY, first));

/** Creates a stopped instance and a checkpoint of it. */
async function createInstanceAndCheckpoint(client: Client) {
  const main = onlyItem(await client.createInstance({ body: { name: "main", image: "app:1" } }), "Creating").uuid;
  const body = [{ from: { uuid: main }, name: "first" }];
  const { uuid, state } = onlyItem(await client.createCheckpoints({ body }), "Creating");
  return { main, uuid, state };
}

/** Scenarios of the contract suite. */
export const scenarios = (): readonly Scenario[] => [
  {
    name: "are copies with their own name that are tagged and deleted without the instance",
    exchanges: [
      created,
      createCheckpoint,
      post(
        PATH,
        [{ from: { uuid: INSTANCE }, name: "first" }],
        failed(KEY, failure(23, "A checkpoint with the name 'first' already exists")),
      ),
      patch(PATH, [{ uuid: OTHER, prop: "tags", op: "set", value: ["x"] }], ok(KEY, item(OTHER, "first"))),
      get(`${PATH}?tags=x`, ok(KEY, { ...first, tags: ["x"] })),
      remove(PATH, [{ uuid: OTHER }], ok(KEY, item(OTHER, "first"))),
      get(`${PATH}?uuid=${OTHER}`, failed(KEY, failure(8, "No checkpoint", { uuid: OTHER }))),
      get(`${INSTANCES}?uuid=${INSTANCE}`, ok(KEY, item(INSTANCE, "main", { state: "stopped" }))),
    ],
    run: async (client) => {
      const { main, uuid, state } = await createInstanceAndCheckpoint(client);
      const again = await client.createCheckpoints({ body: [{ from: { uuid: main }, name: "first" }] });
      onlyItem(await client.patchCheckpoints({ body: [{ uuid, prop: "tags", op: "set", value: ["x"] }] }), "Tagging");
      const listed = await client.getCheckpoints({ query: { tags: ["x"] } });
      onlyItem(await client.deleteCheckpoints({ body: [{ uuid }] }), "Deleting");
      const gone = await client.getCheckpoints({ query: { uuid: [uuid] } });
      const source = onlyItem(await client.getInstances({ query: { uuid: [main] } }), "Reading");
      return [
        state,
        itemCodes(again),
        listed.items.map(({ name, tags }) => [name, tags]),
        itemCodes(gone),
        source.state,
      ];
    },
    expected: ["checkpoint", ["23 ALREADY_EXISTS"], [["first", ["x"]]], ["8 NOT_FOUND"], "stopped"],
  },
  {
    name: "report their lineage, nearest first",
    exchanges: [
      created,
      createCheckpoint,
      get(`${INSTANCES}/history?uuid=${INSTANCE}`, ok(KEY, item(INSTANCE, "main", { history: [] }))),
      post(INSTANCES, { name: "second", checkpoint: { uuid: OTHER } }, ok(KEY, item(SECOND, "second"))),
      get(
        `${INSTANCES}/history?uuid=${SECOND}`,
        ok(KEY, item(SECOND, "second", { history: [{ uuid: OTHER, name: "first" }] })),
      ),
      post(PATH, [{ from: { uuid: SECOND }, name: "later" }], ok(KEY, item(LATER, "later", { state: "checkpoint" }))),
      get(
        `${PATH}/history?uuid=${LATER}`,
        ok(KEY, item(LATER, "later", { history: [{ uuid: OTHER, name: "first" }] })),
      ),
    ],
    run: async (client) => {
      const { main, uuid } = await createInstanceAndCheckpoint(client);
      const lineageOf = async (uuid: string) =>
        onlyItem(await client.getInstanceHistory({ query: { uuid: [uuid] } }), "Reading").history?.map(
          ({ name }) => name,
        );
      const ofMain = await lineageOf(main);
      const body = { name: "second", checkpoint: { uuid } };
      const second = onlyItem(await client.createInstance({ body }), "Creating").uuid;
      const ofSecond = await lineageOf(second);
      const later = onlyItem(
        await client.createCheckpoints({ body: [{ from: { uuid: second }, name: "later" }] }),
        "Creating",
      );
      const ofLater = onlyItem(await client.getCheckpointHistory({ query: { uuid: [later.uuid] } }), "Reading");
      return [ofMain, ofSecond, ofLater.history?.map(({ name }) => name)];
    },
    expected: [[], ["first"], ["first"]],
  },
];
