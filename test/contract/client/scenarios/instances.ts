/** Instances: lifecycle, changes and reads. */
import { type Client, onlyItem } from "../../../../provider/client/client";
import { assessLiveness, waitForInstance } from "../../../../provider/client/waitForInstance";
import { systemClock } from "../../../../provider/base/clock";
import { timeoutSignal } from "../../../../provider/base/timeout";
import { UnikernelError } from "../../../../provider/base/errors";
import {
  DIGEST,
  INSTANCE,
  SERVICE,
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

type CreateBody = Parameters<Client["createInstance"]>[0]["body"];

const PATH = "/v1/instances";
const KEY = "instances";
const byUuid = `${PATH}?uuid=${INSTANCE}`;
const one = (more: object = {}) => item(INSTANCE, "one", more);
const running = one({ state: "running", image: `oci://unikraft.io/acme/app:1@${DIGEST}` });
const waitExchange = (state: string) =>
  get(`${PATH}/wait?uuid=${INSTANCE}&state=${state}&timeout_s=10`, ok(KEY, one({ state })));
const createExchange = post(PATH, { name: "one", image: "app:1" }, ok(KEY, one({ state: "stopped" })));
const startExchange = post(PATH, { name: "one", image: "app:1", autostart: true, timeout_s: 10 }, ok(KEY, running));

const create = async (client: Client, more: Partial<CreateBody> = {}) =>
  onlyItem(await client.createInstance({ body: { name: "one", image: "app:1", ...more } }), "Creating");
const start = (client: Client) => create(client, { autostart: true, timeout_s: 10 });
const read = async (client: Client, uuid: string) =>
  onlyItem(await client.getInstances({ query: { uuid: [uuid] } }), "Reading");
const waitUntilStopped = async (client: Client, uuid: string) =>
  onlyItem(
    await client.waitInstances({ query: { uuid: [uuid], state: ["stopped"], timeout_s: [10] } }),
    "Waiting for the stop",
  );

/** Scenarios of the contract suite. `port` is a free TCP port. */
export const scenarios = (port: number): readonly Scenario[] => [
  {
    name: "are created, awaited, read, listed in their service, stopped and deleted",
    exchanges: [
      post("/v1/services", undefined, ok("service_groups", item(SERVICE, "web"))),
      post(
        PATH,
        { name: "one", image: "app:1", autostart: true, service_group: { uuid: SERVICE } },
        ok(KEY, one({ state: "starting" })),
      ),
      get(byUuid, ok(KEY, { ...running, net_time_us: 20_000, service_group: { uuid: SERVICE, name: "web" } })),
      get(
        `/v1/services?uuid=${SERVICE}`,
        ok("service_groups", item(SERVICE, "web", { instances: [{ uuid: INSTANCE, name: "one" }] })),
      ),
      remove(
        "/v1/services",
        [{ uuid: SERVICE }],
        failed("service_groups", failure(15, "Service group has instances attached", { uuid: SERVICE })),
      ),
      put(`${PATH}/stop`, [{ uuid: INSTANCE }], ok(KEY, one({ state: "stopping", previous_state: "running" }))),
      waitExchange("stopped"),
      remove(PATH, [{ uuid: INSTANCE }], ok(KEY, one({ previous_state: "stopped" }))),
      remove("/v1/services", [{ uuid: SERVICE }], ok("service_groups", item(SERVICE, "web"))),
    ],
    run: async (client) => {
      const group = onlyItem(
        await client.createService({ body: { name: "web", services: [{ port }] } }),
        "Creating",
      ).uuid;
      const { uuid } = await create(client, { autostart: true, service_group: { uuid: group } });
      const up = await waitForInstance(client, uuid, assessLiveness, {
        signal: timeoutSignal(10_000, "Waiting"),
        clock: systemClock,
      });
      const members = onlyItem(await client.getServices({ query: { uuid: [group] } }), "Reading").instances;
      const inUse = await client.deleteServices({ body: [{ uuid: group }] });
      onlyItem(await client.stopInstances({ body: [{ uuid }] }), "Stopping");
      const { state } = await waitUntilStopped(client, uuid);
      onlyItem(await client.deleteInstances({ body: [{ uuid }] }), "Deleting");
      onlyItem(await client.deleteServices({ body: [{ uuid: group }] }), "Deleting");
      return [
        up.state,
        /@sha256:[0-9a-f]{64}$/.test(up.image ?? ""),
        members?.map(({ name }) => name),
        itemCodes(inUse),
        state,
      ];
    },
    expected: ["running", true, ["one"], ["15 IN_USE"], "stopped"],
  },
  {
    name: "are sent a request past their service",
    exchanges: [
      post("/v1/services", undefined, ok("service_groups", item(SERVICE, "web"))),
      post(PATH, undefined, ok(KEY, one({ state: "starting" }))),
      put(
        `${PATH}/request`,
        [{ uuid: INSTANCE, port: 80, path: "/reload", method: "GET", headers: {}, timeout_ms: 5_000 }],
        ok(KEY, item(INSTANCE, "one", { http_status: 200, body: "one" })),
      ),
    ],
    run: async (client) => {
      const services = [{ port, destination_port: 80 }];
      const group = onlyItem(await client.createService({ body: { name: "web", services } }), "Creating").uuid;
      const { uuid } = await create(client, { autostart: true, service_group: { uuid: group } });
      const request = { uuid, port: 80, path: "/reload", method: "GET", headers: {}, timeout_ms: 5_000 } as const;
      const answer = onlyItem(await client.requestInstances({ body: [request] }), "Asking");
      return [answer.http_status, answer.body?.trim(), answer.problem];
    },
    expected: [200, "one", undefined],
  },
  {
    name: "report the stop reason when their program exits",
    exchanges: [
      post(PATH, undefined, ok(KEY, item(INSTANCE, "broken", { state: "starting" }))),
      get(
        byUuid,
        ok(KEY, item(INSTANCE, "broken", { state: "stopped", stop_reason: 3, stop_code: 33024, exit_code: 3 })),
      ),
    ],
    run: async (client) => {
      const { uuid } = await create(client, { name: "broken", autostart: true });
      const assess = (instance: Parameters<typeof assessLiveness>[0]) =>
        instance.state === "stopped"
          ? assessLiveness(instance)
          : ({ outcome: "pending", reason: "it is still running" } as const);
      const error: unknown = await waitForInstance(client, uuid, assess, {
        signal: timeoutSignal(10_000, "Waiting"),
        clock: systemClock,
      }).catch((e: unknown) => e);
      return UnikernelError.is(error) && [error.code, /the program exited with code 3/.test(error.message)];
    },
    expected: ["GUEST_STOPPED", true],
  },
  {
    name: "report their current state without a code when a wait times out",
    exchanges: [
      createExchange,
      get(`${PATH}/wait?uuid=${INSTANCE}&state=running&timeout_s=0`, {
        status: "error",
        message: "Operation timed out",
        op_time_us: 1,
        data: { instances: [{ status: "error", uuid: INSTANCE, name: "one", state: "stopped" }] },
      }),
    ],
    run: async (client) => {
      const { uuid } = await create(client);
      const response = await client.waitInstances({ query: { uuid: [uuid], state: ["running"], timeout_s: [0] } });
      return [response.message, response.items.map(({ state, error }) => [state, error]), itemCodes(response)];
    },
    expected: ["Operation timed out", [["stopped", undefined]], ["WAIT_TIMEOUT"]],
  },
  {
    name: "start, and a second start changes nothing",
    exchanges: [
      createExchange,
      put(
        `${PATH}/start`,
        [{ uuid: INSTANCE, timeout_s: 10 }],
        ok(KEY, one({ state: "running", previous_state: "stopped" })),
      ),
      put(
        `${PATH}/start`,
        [{ uuid: INSTANCE, timeout_s: 10 }],
        ok(KEY, one({ state: "running", previous_state: "running" })),
      ),
      get(byUuid, ok(KEY, { ...running, start_count: 1 })),
    ],
    run: async (client) => {
      const { uuid } = await create(client);
      const again = async () => onlyItem(await client.startInstances({ body: [{ uuid, timeout_s: 10 }] }), "Starting");
      const [first, second] = [await again(), await again()];
      const { start_count: count } = await read(client, uuid);
      return [[first.previous_state, first.state], [second.previous_state, second.state], count];
    },
    expected: [["stopped", "running"], ["running", "running"], 1],
  },
  {
    name: "apply changes at once while stopped, each with its own item",
    exchanges: [
      createExchange,
      patch(
        PATH,
        [
          { uuid: INSTANCE, id: "memory", prop: "memory_mb", op: "set", value: 256 },
          { uuid: INSTANCE, id: "env", prop: "env", op: "add", value: { A: "b" } },
          { uuid: INSTANCE, id: "tags", prop: "tags", op: "set", value: ["x"] },
        ],
        ok(KEY, one({ id: "memory" }), one({ id: "env" }), one({ id: "tags" })),
      ),
      get(byUuid, ok(KEY, one({ state: "stopped", memory_mb: 256, env: { A: "b" }, tags: ["x"] }))),
    ],
    run: async (client) => {
      const { uuid } = await create(client);
      const changed = await client.patchInstances({
        body: [
          { uuid, id: "memory", prop: "memory_mb", op: "set", value: 256 },
          { uuid, id: "env", prop: "env", op: "add", value: { A: "b" } },
          { uuid, id: "tags", prop: "tags", op: "set", value: ["x"] },
        ],
      });
      const { memory_mb: memoryMb, env, tags } = await read(client, uuid);
      return [changed.items.map(({ id }) => id), memoryMb, env, tags];
    },
    expected: [["memory", "env", "tags"], 256, { A: "b" }, ["x"]],
  },
  {
    name: "keep a change pending until they stop",
    exchanges: [
      startExchange,
      patch(PATH, [{ uuid: INSTANCE, prop: "memory_mb", op: "set", value: 256 }], ok(KEY, one())),
      get(
        byUuid,
        ok(KEY, {
          ...running,
          memory_mb: 128,
          updates: [{ prop: "memory_mb", op: "set", value: 256, status: "pending" }],
        }),
      ),
      put(`${PATH}/stop`, [{ uuid: INSTANCE }], ok(KEY, one({ state: "stopping" }))),
      waitExchange("stopped"),
      get(byUuid, ok(KEY, one({ state: "stopped", memory_mb: 256 }))),
    ],
    run: async (client) => {
      const { uuid } = await start(client);
      const change = { uuid, prop: "memory_mb" as const, op: "set" as const, value: 256 };
      onlyItem(await client.patchInstances({ body: [change] }), "Changing");
      const before = await read(client, uuid);
      onlyItem(await client.stopInstances({ body: [{ uuid }] }), "Stopping");
      await waitUntilStopped(client, uuid);
      const after = await read(client, uuid);
      return [
        before.memory_mb,
        before.updates?.map(({ prop, value, status }) => [prop, value, status]),
        after.memory_mb,
        after.updates ?? [],
      ];
    },
    expected: [128, [["memory_mb", 256, "pending"]], 256, []],
  },
  {
    name: "suspend: stopped with a snapshot, from which the next start resumes",
    exchanges: [
      startExchange,
      put(`${PATH}/suspend`, [{ uuid: INSTANCE }], ok(KEY, one({ state: "stopping", previous_state: "running" }))),
      waitExchange("stopped"),
      get(byUuid, ok(KEY, one({ state: "stopped", snapshot: { uuid: "88888888-8888-4888-8888-888888888888" } }))),
      put(`${PATH}/start`, [{ uuid: INSTANCE, timeout_s: 10 }], ok(KEY, one({ state: "running" }))),
    ],
    run: async (client) => {
      const { uuid } = await start(client);
      const { previous_state: before } = onlyItem(await client.suspendInstances({ body: [{ uuid }] }), "Suspending");
      await waitUntilStopped(client, uuid);
      const { snapshot } = await read(client, uuid);
      const again = onlyItem(await client.startInstances({ body: [{ uuid, timeout_s: 10 }] }), "Starting");
      return [before, /^[0-9a-f-]{36}$/.test(snapshot?.uuid ?? ""), again.state];
    },
    expected: ["running", true, "running"],
  },
  {
    name: "return metrics and log while running",
    exchanges: [
      startExchange,
      get(
        `${PATH}/metrics?uuid=${INSTANCE}`,
        ok(KEY, one({ state: "running", rss_bytes: 30_000_000, cpu_time_ms: 12, start_count: 1, nconns: 0 })),
      ),
      get(
        `${PATH}/log?uuid=${INSTANCE}&offset=0&limit=100`,
        ok(KEY, one({ output: "", available: { start: 0, end: 0 }, range: { start: 0, end: 0 }, state: "running" })),
      ),
    ],
    run: async (client) => {
      const { uuid } = await start(client);
      const metrics = onlyItem(await client.getInstanceMetrics({ query: { uuid: [uuid] } }), "Measuring");
      const log = onlyItem(
        await client.getInstanceLogs({ query: { uuid: [uuid], offset: [0], limit: [100] } }),
        "Reading the log",
      );
      return [
        [metrics.state, metrics.start_count, metrics.nconns, typeof metrics.rss_bytes, typeof metrics.cpu_time_ms],
        [log.output, log.range, log.state],
      ];
    },
    expected: [
      ["running", 1, 0, "number", "number"],
      ["", { start: 0, end: 0 }, "running"],
    ],
  },
  {
    name: "cannot be deleted while locked",
    exchanges: [
      createExchange,
      patch(PATH, [{ uuid: INSTANCE, prop: "delete_lock", op: "set", value: true }], ok(KEY, one())),
      remove(PATH, [{ uuid: INSTANCE }], failed(KEY, failure(14, "Deletion protection enabled", { uuid: INSTANCE }))),
      patch(PATH, [{ uuid: INSTANCE, prop: "delete_lock", op: "del" }], ok(KEY, one())),
      remove(PATH, [{ uuid: INSTANCE }], ok(KEY, one({ previous_state: "stopped" }))),
    ],
    run: async (client) => {
      const { uuid } = await create(client);
      await client.patchInstances({ body: [{ uuid, prop: "delete_lock", op: "set", value: true }] });
      const locked = await client.deleteInstances({ body: [{ uuid }] });
      await client.patchInstances({ body: [{ uuid, prop: "delete_lock", op: "del" }] });
      const deleted = onlyItem(await client.deleteInstances({ body: [{ uuid }] }), "Deleting");
      return [itemCodes(locked), locked.items[0]?.message, deleted.previous_state];
    },
    expected: [["14 NOT_ALLOWED"], "Deletion protection enabled", "stopped"],
  },
];
