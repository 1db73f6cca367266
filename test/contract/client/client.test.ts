/** One suite, two targets: what the client makes of the API must be the same for recorded answers and for the local platform. */
import assert from "node:assert/strict";
import { type Client, allItems, onlyItem } from "../../../provider/api/client";
import { createReader } from "../../../provider/api/reader";
import { isUp, waitFor } from "../../../provider/api/wait";
import { systemClock } from "../../../provider/base/clock";
import { UnikernelError } from "../../../provider/base/errors";
import { freePort } from "../../support/localPlatform";
import { type Exchange, targets } from "./targets";

const VOLUME = "11111111-1111-4111-8111-111111111111";
const SERVICE = "22222222-2222-4222-8222-222222222222";
const INSTANCE = "33333333-3333-4333-8333-333333333333";
const GONE = "99999999-9999-4999-8999-999999999999";
const DIGEST = `sha256:${"a".repeat(64)}`;
const ok = (key: string, ...items: object[]) => ({ status: "success", op_time_us: 1, data: { [key]: items } });
const failed = (key: string, ...items: object[]) => ({
  status: "error",
  message: "Failed to perform all operations",
  op_time_us: 1,
  data: { [key]: items },
});

/** Code of the error that a promise rejects with. */
const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "none",
    (error: unknown) => (UnikernelError.is(error) ? error.code : String(error)),
  );

/** A scenario: what the client is asked, the answers recorded for it, and what must come out wherever it runs. */
interface Scenario {
  readonly name: string;
  readonly exchanges: readonly Exchange[];
  readonly run: (client: Client, port: number) => Promise<unknown>;
  readonly expected: unknown;
}

const volume = {
  status: "success",
  uuid: VOLUME,
  name: "data",
  state: "available",
  size_mb: 16,
  created_at: "2026-01-01T00:00:00Z",
};
const service = { status: "success", uuid: SERVICE, name: "web", persistent: true, soft_limit: 1, hard_limit: 65535 };
const instance = {
  status: "success",
  uuid: INSTANCE,
  name: "one",
  state: "running",
  image: `oci://unikraft.io/acme/app:1@${DIGEST}`,
};
const instances = "/v1/instances";

const createVolume = (client: Client, name = "data") => client.createVolume({ body: { name, size_mb: 16 } });

const scenarios = (port: number): readonly Scenario[] => [
  {
    name: "a volume: create, find by name and by uuid, grow, delete, gone",
    exchanges: [
      {
        method: "POST",
        path: "/v1/volumes",
        body: { name: "data", size_mb: 16 },
        reply: ok("volumes", { status: "success", uuid: VOLUME, name: "data", state: "uninitialized" }),
      },
      { method: "GET", path: "/v1/volumes?name=data", reply: ok("volumes", volume) },
      {
        method: "PATCH",
        path: "/v1/volumes",
        body: [{ uuid: VOLUME, prop: "size_mb", op: "set", value: 32 }],
        reply: ok("volumes", { status: "success", uuid: VOLUME, name: "data" }),
      },
      { method: "GET", path: `/v1/volumes?uuid=${VOLUME}`, reply: ok("volumes", { ...volume, size_mb: 32 }) },
      {
        method: "DELETE",
        path: "/v1/volumes",
        body: [{ uuid: VOLUME }],
        reply: ok("volumes", { status: "success", uuid: VOLUME, name: "data" }),
      },
      {
        method: "GET",
        path: `/v1/volumes?uuid=${VOLUME}`,
        reply: failed("volumes", {
          status: "error",
          uuid: VOLUME,
          message: `No volume with uuid '${VOLUME}'`,
          error: 8,
        }),
      },
    ],
    run: async (client) => {
      const { uuid } = onlyItem(await createVolume(client), "Creating");
      const found = onlyItem(await client.getVolumes({ query: { name: ["data"] } }), "Finding");
      await client.patchVolumes({ body: [{ uuid, prop: "size_mb", op: "set", value: 32 }] });
      const grown = onlyItem(await client.getVolumes({ query: { uuid: [uuid] } }), "Reading");
      onlyItem(await client.deleteVolumes({ body: [{ uuid }] }), "Deleting");
      const gone = await client.getVolumes({ query: { uuid: [uuid] } });
      return [
        found.uuid === uuid,
        found.size_mb,
        grown.size_mb,
        await codeOf(Promise.resolve().then(() => onlyItem(gone, "Reading"))),
      ];
    },
    expected: [true, 16, 32, "NOT_FOUND"],
  },
  {
    name: "a name that is taken",
    exchanges: [
      { method: "POST", path: "/v1/volumes", reply: ok("volumes", volume) },
      {
        method: "POST",
        path: "/v1/volumes",
        reply: failed("volumes", {
          status: "error",
          message: "A volume with the name 'data' already exists",
          error: 23,
        }),
      },
    ],
    run: async (client) => {
      onlyItem(await createVolume(client), "Creating");
      const again = await createVolume(client);
      return [again.items[0]?.error, await codeOf(Promise.resolve().then(() => onlyItem(again, "Creating")))];
    },
    expected: [23, "ALREADY_EXISTS"],
  },
  {
    name: "a bulk call of which some items fail keeps their order and those that succeeded",
    exchanges: [
      { method: "POST", path: "/v1/volumes", reply: ok("volumes", volume) },
      {
        method: "DELETE",
        path: "/v1/volumes",
        reply: {
          ...failed(
            "volumes",
            { status: "error", uuid: GONE, message: "No volume", error: 8 },
            { status: "success", uuid: VOLUME, name: "data" },
          ),
          status: "partial_success",
        },
      },
    ],
    run: async (client) => {
      const { uuid } = onlyItem(await createVolume(client), "Creating");
      const reply = await client.deleteVolumes({ body: [{ uuid: GONE }, { uuid }] });
      return reply.items.map((item) => [item.status, item.error]);
    },
    expected: [
      ["error", 8],
      ["success", undefined],
    ],
  },
  {
    name: "a bulk call of which all must succeed: one error that lists each failure and carries what succeeded",
    exchanges: [
      { method: "POST", path: "/v1/volumes", reply: ok("volumes", volume) },
      {
        method: "DELETE",
        path: "/v1/volumes",
        reply: {
          ...failed(
            "volumes",
            { status: "success", uuid: VOLUME, name: "data" },
            { status: "error", uuid: GONE, message: `No volume with uuid '${GONE}'`, error: 8 },
          ),
          status: "partial_success",
        },
      },
    ],
    run: async (client) => {
      const { uuid } = onlyItem(await createVolume(client), "Creating");
      const reply = await client.deleteVolumes({ body: [{ uuid }, { uuid: GONE }] });
      const error: unknown = await Promise.resolve()
        .then(() => allItems(reply, "Deleting 2 volumes"))
        .catch((e: unknown) => e);
      if (!UnikernelError.is(error)) return error;
      const { itemCodeName, resource, succeeded } = error.details as {
        itemCodeName: string;
        resource: string;
        succeeded: { name: string }[];
      };
      return [error.code, itemCodeName, resource, succeeded.map(({ name }) => name)];
    },
    expected: ["NOT_FOUND", "NotFound", GONE, ["data"]],
  },
  {
    name: "objects that are looked up at the same moment: one request, and only code 8 is gone",
    exchanges: [
      { method: "POST", path: "/v1/volumes", reply: ok("volumes", volume) },
      {
        method: "GET",
        path: `/v1/volumes?uuid=${VOLUME}&uuid=${GONE}`,
        reply: {
          ...failed("volumes", volume, { status: "error", uuid: GONE, message: "No such volume", error: 8 }),
          status: "partial_success",
        },
      },
    ],
    run: async (client) => {
      const { uuid } = onlyItem(await createVolume(client), "Creating");
      const reader = createReader(client);
      const [found, gone] = await Promise.all([reader.volume(uuid), reader.volume(GONE)]);
      return [found?.name, gone];
    },
    expected: ["data", undefined],
  },
  {
    name: "the control plane's metros, one of which is this one",
    exchanges: [
      {
        method: "GET",
        path: "/v1/metros",
        reply: ok("metros", { status: "success", name: "fra", endpoint: "https://api.fra.unikraft.cloud/v1" }),
      },
    ],
    run: async (client) =>
      (await client.getMetros({})).items.map(({ name, endpoint }) => [
        name === client.metro,
        /^https?:/.test(endpoint),
      ]),
    expected: [[true, true]],
  },
  {
    name: "an unknown member is refused as a whole, by name",
    exchanges: [
      {
        method: "POST",
        path: "/v1/volumes",
        status: 400,
        reply: { status: "error", message: "Unknown member 'colour'", errors: [{ status: 400 }] },
      },
    ],
    run: async (client) => {
      const body = { name: "data", size_mb: 16, colour: "red" };
      const error: unknown = await client.createVolume({ body }).catch((e: unknown) => e);
      return UnikernelError.is(error) && [error.code, /Unknown member 'colour'/.test(error.message)];
    },
    expected: ["API_REJECTED", true],
  },
  {
    name: "a service: create, add a port in place, delete",
    exchanges: [
      {
        method: "POST",
        path: "/v1/services",
        body: { name: "web", services: [{ port }] },
        reply: ok("service_groups", {
          status: "success",
          uuid: SERVICE,
          name: "web",
          domains: [{ fqdn: "web-x7k2p9qa.fra.unikraft.app" }],
        }),
      },
      {
        method: "PATCH",
        path: "/v1/services",
        reply: ok("service_groups", { status: "success", uuid: SERVICE, name: "web" }),
      },
      {
        method: "GET",
        path: `/v1/services?uuid=${SERVICE}`,
        reply: ok("service_groups", {
          ...service,
          services: [{ port, destination_port: 9000, protocol: "tcp" }],
          domains: [{ fqdn: "web-x7k2p9qa.fra.unikraft.app" }],
          instances: [],
        }),
      },
      {
        method: "DELETE",
        path: "/v1/services",
        reply: ok("service_groups", { status: "success", uuid: SERVICE, name: "web" }),
      },
    ],
    run: async (client) => {
      const created = onlyItem(await client.createService({ body: { name: "web", services: [{ port }] } }), "Creating");
      const { uuid } = created;
      onlyItem(
        await client.patchServices({
          body: [{ uuid, prop: "services", op: "set", value: [{ port, destination_port: 9000 }] }],
        }),
        "Patching",
      );
      const read = onlyItem(await client.getServices({ query: { uuid: [uuid] } }), "Reading");
      onlyItem(await client.deleteServices({ body: [{ uuid }] }), "Deleting");
      return [
        created.domains?.length,
        read.services?.map((s) => [s.port, s.destination_port]),
        read.instances,
        read.soft_limit,
      ];
    },
    expected: [1, [[port, 9000]], [], 1],
  },
  {
    name: "an instance: create, wait, read, member of its service, which cannot go before it, stop, delete",
    exchanges: [
      {
        method: "POST",
        path: "/v1/services",
        reply: ok("service_groups", { status: "success", uuid: SERVICE, name: "web" }),
      },
      {
        method: "POST",
        path: instances,
        body: { name: "one", image: "app:1", autostart: true, service_group: { uuid: SERVICE } },
        reply: ok("instances", { status: "success", uuid: INSTANCE, name: "one", state: "starting" }),
      },
      {
        method: "GET",
        path: `${instances}?uuid=${INSTANCE}`,
        reply: ok("instances", { ...instance, net_time_us: 20_000, service_group: { uuid: SERVICE, name: "web" } }),
      },
      {
        method: "GET",
        path: `/v1/services?uuid=${SERVICE}`,
        reply: ok("service_groups", { ...service, instances: [{ uuid: INSTANCE, name: "one" }] }),
      },
      {
        method: "DELETE",
        path: "/v1/services",
        reply: failed("service_groups", {
          status: "error",
          uuid: SERVICE,
          message: "Service group has instances attached",
          error: 15,
        }),
      },
      {
        method: "PUT",
        path: "/v1/instances/stop",
        body: [{ uuid: INSTANCE }],
        reply: ok("instances", {
          status: "success",
          uuid: INSTANCE,
          name: "one",
          state: "stopping",
          previous_state: "running",
        }),
      },
      {
        method: "GET",
        path: `${instances}/wait?uuid=${INSTANCE}&state=stopped&timeout_s=10`,
        reply: ok("instances", { status: "success", uuid: INSTANCE, name: "one", state: "stopped" }),
      },
      {
        method: "DELETE",
        path: instances,
        body: [{ uuid: INSTANCE }],
        reply: ok("instances", { status: "success", uuid: INSTANCE, name: "one", previous_state: "stopped" }),
      },
      {
        method: "DELETE",
        path: "/v1/services",
        reply: ok("service_groups", { status: "success", uuid: SERVICE, name: "web" }),
      },
    ],
    run: async (client) => {
      const group = onlyItem(
        await client.createService({ body: { name: "web", services: [{ port }] } }),
        "Creating",
      ).uuid;
      const body = { name: "one", image: "app:1", autostart: true, service_group: { uuid: group } };
      const { uuid } = onlyItem(await client.createInstance({ body }), "Creating");
      const up = await waitFor(client, uuid, isUp, { timeoutMs: 10_000, clock: systemClock });
      const members = onlyItem(await client.getServices({ query: { uuid: [group] } }), "Reading").instances;
      const kept = await client.deleteServices({ body: [{ uuid: group }] });
      onlyItem(await client.stopInstances({ body: [{ uuid }] }), "Stopping");
      const stopped = await client.waitInstances({ query: { uuid: [uuid], state: ["stopped"], timeout_s: [10] } });
      onlyItem(await client.deleteInstances({ body: [{ uuid }] }), "Deleting");
      onlyItem(await client.deleteServices({ body: [{ uuid: group }] }), "Deleting");
      return [
        up.state,
        /@sha256:[0-9a-f]{64}$/.test(up.image ?? ""),
        members?.map((member) => member.name),
        kept.items[0]?.error,
        stopped.items[0]?.state,
      ];
    },
    expected: ["running", true, ["one"], 15, "stopped"],
  },
  {
    name: "an instance whose program exits: the error carries the decoded reason and the last console lines",
    exchanges: [
      {
        method: "POST",
        path: instances,
        reply: ok("instances", { status: "success", uuid: INSTANCE, name: "broken", state: "starting" }),
      },
      {
        method: "GET",
        path: `${instances}?uuid=${INSTANCE}`,
        reply: ok("instances", {
          ...instance,
          name: "broken",
          state: "stopped",
          stop_reason: 3,
          stop_code: 33024,
          exit_code: 3,
        }),
      },
      {
        method: "GET",
        path: `${instances}/log?uuid=${INSTANCE}&offset=-16000&limit=16000`,
        reply: ok("instances", {
          status: "success",
          uuid: INSTANCE,
          output: Buffer.from("about to fail\n").toString("base64"),
          available: { start: 0, end: 14 },
          range: { start: 0, end: 14 },
          state: "stopped",
        }),
      },
    ],
    run: async (client) => {
      const { uuid } = onlyItem(
        await client.createInstance({ body: { name: "broken", image: "app:1", autostart: true } }),
        "Creating",
      );
      const stopped = (seen: Parameters<typeof isUp>[0]) =>
        seen.state === "stopped" ? isUp(seen) : ({ is: "pending", because: "it still runs" } as const);
      const error: unknown = await waitFor(client, uuid, stopped, { timeoutMs: 10_000, clock: systemClock }).catch(
        (e: unknown) => e,
      );
      return (
        UnikernelError.is(error) && [
          error.code,
          /the program exited with code 3/.test(error.message),
          /\| about to fail/.test(error.message),
        ]
      );
    },
    expected: ["GUEST_STOPPED", true, true],
  },
  {
    name: "a wait that runs out of time: the state it is in, and no failure",
    exchanges: [
      {
        method: "POST",
        path: instances,
        reply: ok("instances", { status: "success", uuid: INSTANCE, name: "one", state: "stopped" }),
      },
      {
        method: "GET",
        path: `${instances}/wait?uuid=${INSTANCE}&state=running&timeout_s=0`,
        reply: {
          status: "error",
          message: "Operation timed out",
          op_time_us: 1,
          data: { instances: [{ status: "error", uuid: INSTANCE, name: "one", state: "stopped" }] },
        },
      },
    ],
    run: async (client) => {
      const { uuid } = onlyItem(await client.createInstance({ body: { name: "one", image: "app:1" } }), "Creating");
      const reply = await client.waitInstances({ query: { uuid: [uuid], state: ["running"], timeout_s: [0] } });
      return [reply.message, reply.items.map((item) => [item.state, item.error])];
    },
    expected: ["Operation timed out", [["stopped", undefined]]],
  },
  {
    name: "an image that is not there",
    exchanges: [
      {
        method: "POST",
        path: instances,
        reply: failed("instances", { status: "error", message: "No image with name 'nowhere:1'", error: 8 }),
      },
    ],
    run: async (client) =>
      (await client.createInstance({ body: { image: "nowhere:1" } })).items.map((item) => [item.status, item.error]),
    expected: [["error", 8]],
  },
  {
    name: "images, quotas and health",
    exchanges: [
      {
        method: "GET",
        path: "/v1/images",
        reply: ok("images", { url: `oci://unikraft.io/acme/app:1@${DIGEST}`, args: ["/server"], size_in_bytes: 5 }),
      },
      {
        method: "GET",
        path: "/v1/users/quotas",
        reply: ok("quotas", {
          status: "success",
          uuid: "44444444-4444-4444-8444-444444444444",
          used: { instances: 0 },
          hard: { instances: 64 },
          limits: { min_memory_mb: 16 },
        }),
      },
      {
        method: "GET",
        path: "/v1/healthz",
        reply: {
          status: "success",
          op_time_us: 1,
          data: { checks: { images: "healthy" }, versions: { platform: "1" } },
        },
      },
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
];

describe("the client's contract", () => {
  for (const target of targets) {
    describe(`against ${target.name}`, () => {
      for (const [index, { name }] of scenarios(8080).entries()) {
        it(name, async () => {
          const port = await freePort();
          const scenario = scenarios(port)[index] ?? assert.fail("no such scenario");
          const result = await target.run(scenario.exchanges, (client) => scenario.run(client, port));
          assert.deepEqual(result, scenario.expected);
        });
      }
    });
  }
});
