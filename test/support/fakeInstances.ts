/** Instances and their volumes in memory, as a current node stores and reports them; requests are validated by the wire models. */
import type { CreateInstanceRequest, InstanceItem } from "../../provider/contract/models";
import { type RouteName, routes } from "../../provider/contract/routes";
import type { Client } from "../../provider/client/client";
import type { ProviderContext } from "../../provider/resources/context";
import { contextWithClient } from "./resourceContext";

type Named = { readonly uuid?: string; readonly name?: string };
type Mount = { uuid: string; name: string; at: string; readonly: boolean };
export type StoredInstance = Omit<InstanceItem, "volumes"> & { uuid: string; name: string; volumes: Mount[] };

/** Uuids that are easy to tell apart. */
export const uuidOf = (kind: string, number: number): string =>
  `${kind.repeat(8)}-0000-4000-8000-${String(number).padStart(12, "0")}`;

export const DIGEST = `sha256:${"a".repeat(64)}`;

/** A reference as a server returns it: with scheme, host and digest. */
export const canonicalImage = (image: string): string =>
  image.includes("@") ? `oci://unikraft.io/${image}` : `oci://unikraft.io/${image}@${DIGEST}`;

const urlOf = (image: CreateInstanceRequest["image"]): string =>
  typeof image === "string" ? image : (image?.url ?? "created-from-another");

/** What a GET reports after a POST: defaults filled in, sets in the server's order, references canonical. */
export function itemOf(request: CreateInstanceRequest, uuid = uuidOf("1", 1)): StoredInstance {
  const { name = "it", scale_to_zero, gpus, service_group, volumes = [], roms, plugins, ...rest } = request;
  const { template: _t, branch_from: _b, checkpoint: _c, autostart, network_interfaces, ...settings } = rest;
  const reversed = <T>(list: readonly T[] | undefined): T[] | undefined => list && [...list].reverse();
  const named = service_group as
    { uuid?: string; name?: string; services?: { port: number; protocol?: string }[] } | undefined;
  return {
    status: "success",
    memory_mb: 128,
    vcpus: 1,
    args: ["/server"],
    env: {},
    restart_policy: "never",
    delete_lock: false,
    sched_priority: "normal",
    type: "micro",
    created_at: "2026-01-01T00:00:00Z",
    private_ip: "10.0.0.2",
    private_fqdn: `${name}.internal`,
    hostname: name,
    ...settings,
    uuid,
    name,
    image: canonicalImage(urlOf(request.image)),
    state: autostart === true ? "running" : "stopped",
    tags: reversed(request.tags) ?? [],
    dependencies: reversed(request.dependencies),
    schedules: reversed(request.schedules)?.map((one) => ({ ...one, next_at: "2026-02-01T00:00:00Z" })),
    roms: reversed(roms)?.map(({ name: rom, image, files, at }) => ({
      name: rom,
      image: canonicalImage(image === undefined ? "created-from-files" : urlOf(image)),
      at: at ?? `/rom/${rom}`,
      ...(files === undefined ? {} : { files: reversed(files) }),
    })),
    plugins: reversed(plugins)?.map((one) => ({ ...one, rom: canonicalImage(urlOf(one.rom)) })),
    scale_to_zero: {
      enabled: false,
      policy: "off",
      stateful: false,
      cooldown_time_ms: 1000,
      notify_time_ms: 0,
      ...scale_to_zero,
    },
    gpus: gpus === undefined ? undefined : [{ uuid: uuidOf("9", 1), model: "any" }],
    service_group: named && {
      uuid: named.uuid ?? uuidOf("5", 1),
      name: named.name ?? "calm-river",
      domains: (service_group?.domains ?? [{ name: "calm-river-1", certificate: undefined }]).map((domain) => ({
        fqdn: domain.name.endsWith(".") ? domain.name.slice(0, -1) : `${domain.name}.fra.unikraft.app`,
        ...(domain.certificate === undefined ? {} : { certificate: domain.certificate }),
      })),
    },
    services: named?.services?.map(({ port, protocol = "tcp" }) => `${protocol}:${port}`).reverse(),
    volumes: reversed(volumes)?.map((one, index) => ({
      uuid: one.uuid ?? uuidOf("7", index),
      name: one.name ?? `vol-${index}`,
      at: one.at,
      readonly: one.readonly ?? false,
    })) as Mount[],
    network_interfaces: (network_interfaces ?? [{}]).map((one, index) => ({
      ...one,
      uuid: uuidOf("6", index),
      private_ip: one.ip?.split("/")[0] ?? "10.0.0.2",
      mac: one.mac?.toUpperCase() ?? "12:b0:0a:00:04:11",
      autoconfig: one.autoconfig ?? true,
    })),
  } as StoredInstance;
}

/** A fault in place of a call's response: a failed item or a thrown error. `after`: thrown after the call took effect. */
export type Fault = { readonly item?: object; readonly error?: Error; readonly after?: boolean };

const NOT_FOUND = { status: "error", error: 8, message: "No such thing" };

/** A fake API of instances; see the top of the file. */
export class FakeInstances {
  readonly held = new Map<string, StoredInstance>();
  /** Arguments of every image. */
  imageArgs: readonly string[] = [];
  /** What becomes of an operation without a value; default: it clears. */
  clearing: Readonly<Partial<Record<string, "refuses" | "ignores">>> = {};
  /** Calls that change something, in order: `stop`, `patch memory_mb env`, `attach v1 /data`. */
  readonly log: string[] = [];
  readonly bodies: unknown[] = [];
  /** Injects faults; called with each entry of the log. */
  fault: (entry: string) => Fault | undefined = () => undefined;
  /** Changes the effect of a call of this name, such as the state after a start. */
  afterStart: (item: StoredInstance) => void = (item) => (item.state = "running");
  nowMs = Date.parse("2026-01-01T00:00:00Z");
  readonly context: ProviderContext;

  constructor() {
    const clock = { now: () => this.nowMs, sleep: (ms: number) => Promise.resolve(void (this.nowMs += ms)) };
    this.context = contextWithClient(this.client(), clock);
  }

  /** The only instance. */
  get only(): StoredInstance {
    const [item] = this.held.values();
    if (item === undefined) throw new Error("there is no instance");
    return item;
  }

  private find({ uuid, name }: Named): StoredInstance | undefined {
    return [...this.held.values()].find((item) => (uuid === undefined ? item.name === name : item.uuid === uuid));
  }

  /** Does one action with its faults. */
  private do(entry: string, work: () => object): object {
    this.log.push(entry);
    const fault = this.fault(entry);
    const done = fault === undefined || fault.after === true ? work() : {};
    if (fault?.error !== undefined) throw fault.error;
    return fault?.item ?? done;
  }

  private each(
    call: string,
    body: readonly (Named & Record<string, unknown>)[],
    work: (item: StoredInstance) => void,
  ): object[] {
    return body.map((one) => {
      const item = this.find(one);
      if (item === undefined) return { ...NOT_FOUND, ...one };
      return this.do(call, () => (work(item), { ...item }));
    });
  }

  private client(): Client {
    const handlers: Partial<Record<RouteName, (request: never) => readonly object[]>> = {
      getInstances: ({ query: { uuid, name } = {} }: { query?: { uuid?: string[]; name?: string[] } }) =>
        uuid === undefined && name === undefined
          ? [...this.held.values()].map((one) => structuredClone(one))
          : [...(uuid ?? []).map((one) => ({ uuid: one })), ...(name ?? []).map((one) => ({ name: one }))].map(
              (one) => structuredClone(this.find(one)) ?? { ...NOT_FOUND, ...one },
            ),
      waitInstances: ({ query }: { query: { uuid: string[] } }) => {
        this.nowMs += 2000;
        return query.uuid.map((uuid) => this.find({ uuid }) ?? NOT_FOUND);
      },
      createInstance: ({ body }: { body: CreateInstanceRequest }) => [
        this.do("create", () => {
          if (this.find({ name: body.name ?? "" }) !== undefined)
            return { status: "error", error: 23, message: "taken" };
          const item = itemOf(body, uuidOf("1", this.held.size + 1));
          this.held.set(item.uuid, item);
          if (body.autostart === true) this.afterStart(item);
          return { status: "success", uuid: item.uuid, name: item.name };
        }),
      ],
      startInstances: ({ body }: { body: Named[] }) =>
        this.each("start", body as never, (item) => this.afterStart(item)),
      stopInstances: ({ body }: { body: { drain_timeout_ms?: number }[] }) =>
        this.each(
          `stop${body[0]?.drain_timeout_ms === undefined ? "" : ` ${body[0].drain_timeout_ms}`}`,
          body as never,
          // A stop or start ends the restarts.
          (item) => Object.assign(item, { state: "stopped", stop_reason: 15, restart: undefined }),
        ),
      deleteInstances: ({ body }: { body: Named[] }) =>
        this.each("delete", body as never, (item) => void this.held.delete(item.uuid)),
      patchInstances: ({ body }: { body: { uuid: string; prop: string; op: string; value?: unknown }[] }) => {
        const entry = `patch ${body.map(({ prop }) => prop).join(" ")}`;
        this.log.push(entry);
        const fault = this.fault(entry);
        if (fault?.error !== undefined && fault.after !== true) throw fault.error;
        const items = body.map((operation) => {
          const rejected = this.fault(`set ${operation.prop}`)?.item;
          return rejected ?? this.applied(operation);
        });
        if (fault?.error !== undefined) throw fault.error;
        return items;
      },
      attachVolumes: ({ body: [one] }: { body: (Named & { attach_to: Named; at: string; readonly?: boolean })[] }) => [
        this.do(`attach ${one?.uuid ?? one?.name ?? ""} ${one?.at ?? ""}`, () => {
          const item = this.find(one?.attach_to ?? {});
          const { uuid = "", name = "data", at = "", readonly = false } = one ?? {};
          if (item?.volumes.some((mount) => mount.uuid === uuid))
            return { status: "error", error: 15, message: "attached" };
          item?.volumes.push({ uuid, name, at, readonly });
          return { status: "success", uuid, name };
        }),
      ],
      detachVolumes: ({ body: [one] }: { body: (Named & { from: Named })[] }) => [
        this.do(`detach ${one?.uuid ?? one?.name ?? ""}`, () => {
          const item = this.find(one?.from ?? {});
          if (item === undefined || !item.volumes.some(({ uuid }) => uuid === one?.uuid))
            return { status: "error", error: 21, message: "not attached" };
          item.volumes = item.volumes.filter(({ uuid }) => uuid !== one?.uuid);
          return { status: "success", uuid: one?.uuid, name: "data" };
        }),
      ],
      getInstanceLogs: () => [{ uuid: "", output: "" }],
      getImages: ({ query: { digest = [] } }: { query: { digest?: string[] } }) =>
        digest.map((one) => ({ url: `oci://unikraft.io/acme/web@${one}`, args: this.imageArgs })),
    };
    const calls = Object.entries(handlers).map(([name, handle]) => [
      name,
      async (request: { body?: unknown }) => {
        await Promise.resolve();
        if (request.body !== undefined) {
          routes[name as RouteName].body.parse(request.body);
          this.bodies.push(request.body);
        }
        return { items: handle(request as never), message: undefined, metro: "test", requestId: undefined };
      },
    ]);
    return Object.assign(Object.fromEntries(calls), { metro: "test" }) as Client;
  }

  private applied({ uuid, prop, op, value }: { uuid: string; prop: string; op: string; value?: unknown }): object {
    const item = this.find({ uuid });
    if (item === undefined) return NOT_FOUND;
    const isClear = value === undefined;
    if (isClear && this.clearing[op] === "refuses") return { status: "error", error: 7, message: `'value' of '${op}'` };
    if (isClear && this.clearing[op] === "ignores") return { status: "success", uuid, name: item.name };
    const reported = itemOf({ name: item.name, image: "none", ...(isClear ? {} : { [prop]: value }) }) as Record<
      string,
      unknown
    >;
    Object.assign(item, { [prop]: prop === "delete_lock" ? value === true : reported[prop] });
    return { status: "success", uuid, name: item.name };
  }
}
