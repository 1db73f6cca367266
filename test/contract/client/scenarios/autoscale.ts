/** Autoscale of service groups: configurations, policies and the instances that they create. */
import { type Client, onlyItem } from "../../../../provider/client/client";
import { systemClock } from "../../../../provider/base/clock";
import { resolveQuotas } from "../../../../provider/platform/quota/quotaSettings";
import {
  type RecordedExchange,
  INSTANCE,
  OTHER,
  SERVICE,
  type Scenario,
  failed,
  failure,
  get,
  item,
  itemCodes,
  ok,
  post,
  put,
  remove,
} from "../scenario";

const SERVICES = "/v1/services";
const PATH = `${SERVICES}/autoscale`;
const POLICIES = `${SERVICES}/${SERVICE}/autoscale/policies`;
const KEY = "service_groups";
const web = item(SERVICE, "web");
const template = { uuid: INSTANCE, name: "golden" };
const busy = {
  name: "busy",
  type: "step" as const,
  metric: "cpu" as const,
  adjustment_type: "change" as const,
  steps: [{ adjustment: 1, lower_bound: 500 }],
};
const idle = { name: "calm", type: "idle" as const, idle_time_ms: 60_000 };

/** Creates a service group and a template. */
const preparation: readonly RecordedExchange[] = [
  post(SERVICES, undefined, ok(KEY, web)),
  post("/v1/instances", { name: "golden", image: "app:1" }, ok("instances", item(INSTANCE, "golden"))),
  post(
    "/v1/instances/templates",
    [{ uuid: INSTANCE, timeout_s: 10 }],
    ok("instances", item(INSTANCE, "golden", { state: "template" })),
  ),
];
async function prepare(client: Client, port: number) {
  const uuid = onlyItem(
    await client.createService({ body: { name: "web", services: [{ port, destination_port: 80 }] } }),
    "Creating",
  ).uuid;
  const source = onlyItem(await client.createInstance({ body: { name: "golden", image: "app:1" } }), "Creating");
  onlyItem(await client.createTemplates({ body: [{ uuid: source.uuid, timeout_s: 10 }] }), "Converting");
  return { uuid, create_args: { template: { uuid: source.uuid } } };
}

const configured = (more: object): RecordedExchange =>
  post(PATH, [{ uuid: SERVICE, create_args: { template: { uuid: INSTANCE } }, ...more }], ok(KEY, web));
const failedConfiguration = (more: object, code: number, message: string): RecordedExchange =>
  post(
    PATH,
    [{ uuid: SERVICE, create_args: { template: { uuid: INSTANCE } }, ...more }],
    failed(KEY, failure(code, message, { uuid: SERVICE })),
  );

/** The first instance of a service group; waits until it has one. */
async function firstInstance(client: Client, uuid: string) {
  for (;;) {
    const { instances } = onlyItem(await client.getServices({ query: { uuid: [uuid] } }), "Reading");
    const [first] = instances ?? [];
    if (first !== undefined) return first;
    await systemClock.sleep(5);
  }
}

/** Scenarios of the contract suite. `port` is a free TCP port. */
export const scenarios = (port: number): readonly Scenario[] => [
  {
    name: "has a configuration that is absent, created once, read and deleted",
    exchanges: [
      ...preparation,
      get(`${PATH}?uuid=${SERVICE}`, ok(KEY, { ...web, status: "unconfigured", enabled: false })),
      remove(PATH, [{ uuid: SERVICE }], failed(KEY, failure(27, "Autoscale is not configured", { uuid: SERVICE }))),
      failedConfiguration({ max_size: 1000 }, 29, "'max_size' must be between 0 and 16"),
      configured({ min_size: 0, max_size: 3 }),
      failedConfiguration({ min_size: 0, max_size: 3 }, 26, "Autoscale is configured already"),
      get(
        `${PATH}?uuid=${SERVICE}`,
        ok(KEY, {
          ...web,
          enabled: true,
          min_size: 0,
          max_size: 3,
          warmup_time_ms: 1000,
          cooldown_time_ms: 1000,
          template,
          policies: [],
        }),
      ),
      get(`${SERVICES}?uuid=${SERVICE}`, ok(KEY, { ...web, autoscale: true })),
      remove(PATH, [{ uuid: SERVICE }], ok(KEY, web)),
    ],
    run: async (client) => {
      const entry = await prepare(client, port);
      const { uuid } = entry;
      const absent = onlyItem(await client.getAutoscale({ query: { uuid: [uuid] } }), "Reading");
      const notConfigured = await client.deleteAutoscale({ body: [{ uuid }] });
      const tooLarge = await client.createAutoscale({ body: [{ ...entry, max_size: 1000 }] });
      const sized = { ...entry, min_size: 0, max_size: 3 };
      onlyItem(await client.createAutoscale({ body: [sized] }), "Configuring");
      const again = await client.createAutoscale({ body: [sized] });
      const configuration = onlyItem(await client.getAutoscale({ query: { uuid: [uuid] } }), "Reading");
      const service = onlyItem(await client.getServices({ query: { uuid: [uuid] } }), "Reading");
      onlyItem(await client.deleteAutoscale({ body: [{ uuid }] }), "Removing");
      return [
        [absent.status, absent.enabled],
        [notConfigured, tooLarge, again].map(itemCodes),
        [
          configuration.enabled,
          configuration.min_size,
          configuration.max_size,
          configuration.warmup_time_ms,
          configuration.cooldown_time_ms,
        ],
        [configuration.template?.name, configuration.policies, service.autoscale],
      ];
    },
    expected: [
      ["unconfigured", false],
      [["27 STATE_CONFLICT"], ["29 API_REJECTED"], ["26 ALREADY_EXISTS"]],
      [true, 0, 3, 1000, 1000],
      ["golden", [], true],
    ],
  },
  {
    name: "has policies that are added, listed, read and deleted by path and by body",
    exchanges: [
      ...preparation,
      configured({ min_size: 0 }),
      post(POLICIES, busy, ok("policies", { status: "success", name: "busy" })),
      post(POLICIES, idle, ok("policies", { status: "success", name: "calm" })),
      get(POLICIES, ok("policies", { ...busy, enabled: true }, { ...idle, enabled: true })),
      get(`${POLICIES}/busy`, ok("policies", { status: "success", ...busy, enabled: true })),
      remove(`${POLICIES}/busy`, undefined, ok("policies", { status: "success", name: "busy" })),
      remove(POLICIES, { name: "calm" }, ok("policies", { status: "success", name: "calm" })),
      get(`${POLICIES}/busy`, failed("policies", failure(8, "No policy with name 'busy'"))),
      get(POLICIES, ok("policies")),
    ],
    run: async (client) => {
      const entry = await prepare(client, port);
      const path = { uuid: entry.uuid };
      const named = { ...path, name: "busy" };
      onlyItem(await client.createAutoscale({ body: [{ ...entry, min_size: 0 }] }), "Configuring");
      onlyItem(await client.createPolicy({ path, body: busy }), "Adding");
      onlyItem(await client.createPolicy({ path, body: idle }), "Adding");
      const all = await client.getPolicies({ path });
      const one = onlyItem(await client.getPolicy({ path: named }), "Reading");
      onlyItem(await client.deletePolicy({ path: named }), "Removing");
      onlyItem(await client.deletePolicies({ path, body: { name: "calm" } }), "Removing");
      return [
        all.items.map(({ name }) => name),
        [one.name, one["metric"], one["steps"]],
        itemCodes(await client.getPolicy({ path: named })),
        (await client.getPolicies({ path })).items,
      ];
    },
    expected: [["busy", "calm"], ["busy", "cpu", busy.steps], ["8 NOT_FOUND"], []],
  },
  {
    name: "rejects too many policies",
    exchanges: [
      ...preparation,
      configured({ min_size: 0, policies: Array.from({ length: 8 }, (_, index) => ({ ...busy, name: `p${index}` })) }),
      post(POLICIES, busy, failed("policies", failure(5, "Too many policies"))),
    ],
    run: async (client) => {
      const entry = await prepare(client, port);
      const policies = Array.from({ length: 8 }, (_, index) => ({ ...busy, name: `p${index}` }));
      onlyItem(await client.createAutoscale({ body: [{ ...entry, min_size: 0, policies }] }), "Configuring");
      return itemCodes(await client.createPolicy({ path: { uuid: entry.uuid }, body: busy }));
    },
    expected: ["5 API_REJECTED"],
  },
  {
    name: "owns the instances that it creates",
    exchanges: [
      ...preparation,
      configured({ min_size: 1 }),
      get(`${SERVICES}?uuid=${SERVICE}`, ok(KEY, { ...web, instances: [{ uuid: OTHER, name: "golden-a1b2c" }] })),
      put(
        "/v1/instances/stop",
        [{ uuid: OTHER }],
        failed("instances", failure(25, "Instance is managed by autoscale", { uuid: OTHER })),
      ),
    ],
    run: async (client) => {
      const entry = await prepare(client, port);
      onlyItem(await client.createAutoscale({ body: [{ ...entry, min_size: 1 }] }), "Configuring");
      const { uuid } = await firstInstance(client, entry.uuid);
      return itemCodes(await client.stopInstances({ body: [{ uuid }] }));
    },
    expected: ["25 STATE_CONFLICT"],
  },
  {
    name: "is rejected for an account without autoscale",
    exchanges: [...preparation, failedConfiguration({}, 28, "Autoscale not enabled for your account")],
    run: async (client) => itemCodes(await client.createAutoscale({ body: [await prepare(client, port)] })),
    expected: ["28 NOT_SUPPORTED"],
    platformOptions: { quotas: resolveQuotas({ max_autoscale_size: 0 }) },
  },
];
