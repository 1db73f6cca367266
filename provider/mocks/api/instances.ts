/** Instances of a mock metro. Each runs as soon as it is started. */
import { digestOf } from "../../base/digest";
import { STOP_REASON } from "../../contract/codes";
import { canonicalImageUrl } from "../../contract/imageUrl";
import type { CreateInstanceRequest } from "../../contract/models/instance";
import type { MockHandlers } from "./client";
import { type ApiObject, CREATED_AT, type ObjectQuery, type Selector, answerOf, derivedUuid } from "./objects";
import { createServiceGroup } from "./services";
import type { World } from "./world";

/** What the API fills in. */
const DEFAULTS = {
  memory_mb: 128,
  vcpus: 1,
  env: {},
  args: [],
  restart_policy: "never",
  delete_lock: false,
  sched_priority: "normal",
  type: "micro",
  tags: [],
  start_count: 0,
  restart_count: 0,
};
const SCALE_TO_ZERO = { enabled: false, policy: "off", stateful: false, cooldown_time_ms: 1000, notify_time_ms: 0 };

/** How long a start takes, in microseconds. */
const [BOOT_TIME_US, NET_TIME_US] = [1_000, 2_000];

const urlOf = (image: CreateInstanceRequest["image"]): string =>
  typeof image === "string" ? image : (image?.url ?? "");

/** A reference by digest as the API reports it. Of a tag, the digest derives from the text. */
function canonicalImage(reference: string): string {
  const [repository = "", digest] = reference.replace(/^(oci:\/\/)?(local\/)?/, "").split("@");
  return canonicalImageUrl(repository, digest ?? digestOf(reference));
}

/** The members of an instance that was started. A job has ended by then. */
const startedMembers = (isJob: boolean, starts: number): object => ({
  start_count: starts,
  started_at: CREATED_AT,
  boot_time_us: BOOT_TIME_US,
  net_time_us: NET_TIME_US,
  ...(isJob
    ? { state: "stopped", stopped_at: CREATED_AT, stop_reason: STOP_REASON.Application, stop_code: 0, exit_code: 0 }
    : { state: "running" }),
});

type Attached = { readonly failed: object } | { readonly members: object };

/** The service group of a new instance. */
function joinGroup(world: World, name: string, group: CreateInstanceRequest["service_group"]): Attached {
  if (group === undefined) return { members: {} };
  const { services, uuid, name: groupName, ...settings } = group;
  const result =
    services === undefined
      ? world.services.findOrFail(uuid === undefined ? { name: groupName } : { uuid })
      : createServiceGroup(world, { ...settings, services, name: groupName ?? `${name}-group` }, { persistent: false });
  if ("failed" in result) return result;
  const joined = "found" in result ? result.found : result.added;
  const ports = joined["services"] as readonly { port: number; protocol?: string }[];
  return {
    members: {
      service_group: { uuid: joined.uuid, name: joined.name, domains: joined["domains"] },
      services: ports.map(({ port, protocol = "tcp" }) => `${protocol}:${port}`),
    },
  };
}

/** The volumes of a new instance; one with a size is created with it. */
function mountVolumes(world: World, name: string, volumes: CreateInstanceRequest["volumes"] = []): Attached {
  const mounts: object[] = [];
  for (const { at, readonly = false, uuid, name: volume, ...own } of volumes) {
    const isOwn = own.size_mb !== undefined || own.host_path !== undefined;
    const result = isOwn
      ? world.volumes.add(volume ?? `${name}${at.replaceAll("/", "-")}`, {
          ...own,
          persistent: false,
          state: "mounted",
        })
      : world.volumes.findOrFail(uuid === undefined ? { name: volume } : { uuid });
    if ("failed" in result) return result;
    const mounted = "found" in result ? result.found : result.added;
    mounts.push({ uuid: mounted.uuid, name: mounted.name, at, readonly });
  }
  return { members: { volumes: mounts } };
}

/** Creates an instance. */
function createInstance(world: World, request: CreateInstanceRequest): object {
  const {
    name = "",
    image,
    autostart = false,
    service_group,
    volumes,
    scale_to_zero,
    network_interfaces,
    gpus,
    ...rest
  } = request;
  const {
    template,
    branch_from,
    checkpoint,
    schedules,
    roms,
    plugins,
    timeout_s: _wait,
    replicas: _one,
    ...settings
  } = rest;
  const source = (template ?? branch_from ?? checkpoint) as Selector | undefined;
  const original = source && world.instances.findOrFail(source);
  if (original !== undefined && "failed" in original) return original.failed;
  const [group, mounts] = [joinGroup(world, name, service_group), mountVolumes(world, name, volumes)];
  if ("failed" in group) return group.failed;
  if ("failed" in mounts) return mounts.failed;
  const address = world.nextAddress();
  const inherited = original && { image: original.found["image"], memory_mb: original.found["memory_mb"] };
  const result = world.instances.add(name, {
    ...DEFAULTS,
    state: "stopped",
    private_ip: address,
    private_fqdn: `${name}.internal`,
    hostname: name,
    ...settings,
    ...(inherited ?? { image: canonicalImage(urlOf(image)) }),
    ...group.members,
    ...mounts.members,
    ...(schedules && { schedules }),
    ...(roms && {
      roms: roms.map(({ image: rom, ...one }) => ({
        at: `/rom/${one.name}`,
        ...one,
        image: canonicalImage(urlOf(rom)),
      })),
    }),
    ...(plugins && { plugins: plugins.map((one) => ({ ...one, rom: canonicalImage(urlOf(one.rom)) })) }),
    ...(gpus === undefined ? {} : { gpus: [{ uuid: derivedUuid("gpu", name), model: "any" }] }),
    scale_to_zero: { ...SCALE_TO_ZERO, ...scale_to_zero },
    network_interfaces: (network_interfaces ?? [{}]).map(({ ip, mac, ...one }, index) => ({
      ...one,
      uuid: derivedUuid("interface", name, String(index)),
      private_ip: ip?.split("/")[0] ?? address,
      mac:
        mac ??
        `02:00:${address
          .split(".")
          .map((part) => Number(part).toString(16).padStart(2, "0"))
          .join(":")}`,
    })),
    ...(autostart ? startedMembers(world.jobs.has(name), 1) : {}),
  });
  return "failed" in result ? result.failed : answerOf(result.added);
}

/** What a PATCH does to a member. */
function patched(before: unknown, op: string, value: unknown): unknown {
  if (!Array.isArray(before) || op === "set") return op === "set" ? value : before;
  const named: readonly unknown[] = Array.isArray(value) ? value : [value];
  return op === "add" ? [...(before as unknown[]), ...named] : before.filter((one: unknown) => !named.includes(one));
}

/** The operations on instances. */
export function instanceHandlers(world: World): MockHandlers {
  const { instances } = world;
  const withInstance = (selector: Selector, act: (found: ApiObject) => object): object => {
    const result = instances.findOrFail(selector);
    return "failed" in result ? result.failed : act(result.found);
  };
  return {
    createInstance: (body: CreateInstanceRequest) => createInstance(world, body),
    getInstances: (_body, { query }) => instances.read(query as ObjectQuery, (one) => one),
    waitInstances: (_body, { query }) => instances.read(query as ObjectQuery, (one) => one),
    patchInstances: ({
      prop,
      op,
      value,
      ...selector
    }: Selector & { readonly prop: string; readonly op: string; readonly value?: unknown }) =>
      withInstance(selector, (found) => {
        found[prop] = patched(found[prop], op, value);
        return answerOf(found);
      }),
    startInstances: (selector: Selector) =>
      withInstance(selector, (found) => {
        Object.assign(found, startedMembers(world.jobs.has(found.name), Number(found["start_count"]) + 1));
        return { ...answerOf(found), state: found["state"] };
      }),
    stopInstances: (selector: Selector) =>
      withInstance({ uuid: selector.uuid, name: selector.name }, (found) => {
        const before = found["state"];
        Object.assign(found, { state: "stopped", stopped_at: CREATED_AT, stop_reason: STOP_REASON.User, stop_code: 0 });
        return { ...answerOf(found), state: "stopped", previous_state: before };
      }),
    deleteInstances: (selector: Selector) =>
      withInstance({ uuid: selector.uuid, name: selector.name }, (found) => {
        instances.remove(found);
        return answerOf(found);
      }),
    getInstanceLogs: (_body, { query }) =>
      instances.read(query as ObjectQuery, ({ uuid, name, state }) => ({ uuid, name, state, output: "" })),
    getInstanceMetrics: (_body, { query }) =>
      instances.read(query as ObjectQuery, ({ uuid, name, state }) => ({
        ...{ uuid, name, state, boot_time_us: BOOT_TIME_US, net_time_us: NET_TIME_US },
        ...{ rss_bytes: 0, cpu_time_ms: 0, nreqs: 0, nconns: 0, nqueued: 0, ntotal: 0 },
      })),
  };
}
