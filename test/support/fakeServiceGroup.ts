/** One service and its instances in memory, behind the client's interface, on a clock that moves only during sleeps. */
import type { Client } from "../../provider/client/client";
import { isRolloutLock } from "../../provider/contract/rolloutLock";
import type { CreateInstanceRequest, InstanceItem, InstanceMetricsItem } from "../../provider/contract/models";
import type { Clock } from "../../provider/base/clock";
import { UnikernelError } from "../../provider/base/errors";

export const SERVICE = { uuid: "service-1", name: "web" };

/** The behaviour of an instance of this image, in milliseconds after its creation. */
export type InstanceTimeline = (ageMs: number) => Partial<InstanceItem>;

/** Ready at the first probe. */
export const healthyTimeline: InstanceTimeline = () => ({ state: "running", net_time_us: 1000 });

interface FakeInstance {
  readonly request: CreateInstanceRequest;
  readonly createdAtMs: number;
  readonly timeline: InstanceTimeline;
  override: Partial<InstanceItem>;
  /** Its last start; `undefined`: its creation. */
  startedAtMs?: number;
  starts?: number;
  /** When a stop that was requested completes. */
  stopsAtMs?: number;
}

/** The requested image reference. */
const imageOf = ({ image }: CreateInstanceRequest): string => (typeof image === "string" ? image : (image?.url ?? ""));

/** An item as the API reports the requested settings. */
const itemOf = (
  uuid: string,
  { request, override, timeline: life, createdAtMs, startedAtMs = createdAtMs, starts = 1 }: FakeInstance,
  nowMs: number,
): InstanceItem => ({
  status: "success",
  uuid,
  name: request.name ?? uuid,
  image: imageOf(request).includes("://") ? imageOf(request) : `oci://registry.test/${imageOf(request)}`,
  tags: request.tags,
  memory_mb: request.memory_mb ?? 128,
  vcpus: request.vcpus ?? 1,
  ...(request.env === undefined ? {} : { env: request.env }),
  ...(request.args === undefined ? {} : { args: request.args }),
  start_count: starts,
  ...(request.rotation === undefined ? {} : { rotation: request.rotation }),
  ...(request.autokill === undefined ? {} : { autokill: request.autokill }),
  ...(request.readiness_probe === undefined
    ? {}
    : { readiness_probe: request.readiness_probe, readiness: { state: "passed" } }),
  ...life(nowMs - startedAtMs),
  ...override,
});

const notFound = (uuid: string) => ({ status: "error", uuid, error: 8, message: `No instance with uuid '${uuid}'` });
const respondWith = (...items: readonly object[]) => Promise.resolve({ items, message: undefined });
const unreachable = () => new UnikernelError("API_UNREACHABLE", "The response was lost.");

/** Domains as reported: labels below the metro's own domain, whole names without the trailing dot. */
const toReportedDomains = (domains: unknown): object[] =>
  (domains as { name: string; certificate?: { uuid?: string; name?: string } }[]).map(({ name, certificate }) => ({
    fqdn: name.endsWith(".") ? name.slice(0, -1) : `${name}.metro.test`,
    ...(certificate === undefined ? {} : { certificate: { uuid: "c1", name: "cert", ...certificate } }),
  }));

/** The selectors that a test may use. */
interface Selected {
  readonly query?: { readonly uuid?: readonly string[]; readonly name?: readonly string[] };
}

/** A fake API of one service; see the top of the file. Fields inject faults. */
export class FakeServiceGroup {
  nowMs = 1_000_000;
  /** By image. */
  readonly lives = new Map<string, InstanceTimeline>();
  readonly instances = new Map<string, FakeInstance>();
  /** The actions in order, such as `create web-1`, `stop i1`, `delete i1`. */
  readonly log: string[] = [];
  services: object[] = [{ port: 80, handlers: ["http"] }];
  /** Other settings of the service, in API form. */
  group: Record<string, unknown> = { domains: [{ fqdn: "web.test" }] };
  /** The autoscale configuration, in API form. */
  autoscale: Record<string, unknown> | undefined;
  /** Deleted instances that the service still lists. */
  deletedMembers: { uuid: string; name: string }[] = [];
  /** Rejects a PATCH by its property, or a change of autoscale (`autoscale`), with this item. */
  readonly rejections = new Map<string, object>();
  serviceExists = true;
  /** Extensions of the API that the metro reports. */
  features: string[] = ["groups-without-ports"];
  /** Locks of rollouts by name, in API form. */
  readonly locks = new Map<string, { uuid: string; name: string; domains: object[] }>();
  console = "";
  /** By uuid: what the metrics of an instance say. */
  readonly metrics = new Map<string, Partial<InstanceMetricsItem>>();
  /** Called before every create; throws, or returns "lose" to lose the response after the instance is created. */
  onCreate: (request: CreateInstanceRequest) => "respond" | "lose" = () => "respond";
  /** Observes the state after each change and each sleep. */
  onChange: () => void = () => undefined;
  /** Milliseconds after its creation from which an instance is listed. */
  listedAfterMs = 0;
  /** Rejects deletions with this error. */
  deleteFails: Error | undefined;
  /** How long a stop takes. Milliseconds. */
  stopMs = 300;
  private count = 0;
  private lockCount = 0;

  readonly clock: Clock = {
    now: () => this.nowMs,
    sleep: (ms) => {
      this.nowMs += ms;
      this.completeStops();
      this.onChange();
      return Promise.resolve();
    },
  };

  readonly client: Client = {
    metro: "test",
    changeCount: () => 0,
    getHealthz: () => respondWith({ features: this.features }),
    getServices: ({ query }: Selected = {}) => {
      const [name] = query?.name ?? [];
      if (name !== undefined && isRolloutLock({ name })) return respondWith(this.lockItem(name));
      const isOther = name?.includes("-second-") === true; // no rollout here has a second set
      return respondWith(isOther ? { status: "error", error: 8, message: "none" } : this.serviceItem());
    },
    createService: ({ body }: { body: Record<string, unknown> & { name: string; services: object[] } }) => {
      if (isRolloutLock(body)) return respondWith(this.lock(body));
      const { services, name: _name, domains, ...group } = body;
      this.services = services;
      this.group = {
        ...this.group,
        ...group,
        ...(domains === undefined ? {} : { domains: toReportedDomains(domains) }),
      };
      this.serviceExists = true;
      return respondWith(this.serviceItem());
    },
    patchServices: ({ body: [{ prop, op, value }] }: { body: [{ prop: string; op: string; value: unknown }] }) => {
      const rejection = this.rejections.get(prop);
      if (rejection !== undefined) return respondWith(rejection);
      this.log.push(`${op} ${prop} ${JSON.stringify(value)}`);
      if (prop === "services") this.services = value as object[];
      else if (prop === "domains")
        this.group["domains"] = op === "del" || value === undefined ? [] : toReportedDomains(value);
      else this.group[prop] = op === "del" ? undefined : value;
      return respondWith(this.serviceItem());
    },
    patchInstances: ({ body }: { body: { uuid: string; prop: string; value?: unknown }[] }) => {
      const items = body.map(({ uuid, prop, value }) => {
        const held = this.instances.get(uuid);
        if (held === undefined) return notFound(uuid);
        this.instances.set(uuid, { ...held, request: { ...held.request, [prop]: value } });
        const name = held.request.name ?? uuid;
        this.log.push(prop === "tags" ? `tag ${name}` : `set ${prop} of ${uuid} to ${JSON.stringify(value)}`);
        return { status: "success", uuid, name };
      });
      this.onChange();
      return respondWith(...items);
    },
    startInstances: ({ body }: { body: readonly { uuid: string }[] }) => {
      for (const { uuid } of body) {
        this.log.push(`start ${uuid}`);
        const held = this.instances.get(uuid);
        if (held === undefined) continue;
        const timeline = this.lives.get(imageOf(held.request)) ?? healthyTimeline;
        const starts = (held.starts ?? 1) + 1;
        this.instances.set(uuid, { ...held, override: {}, timeline, startedAtMs: this.nowMs, starts });
      }
      this.onChange();
      return respondWith(...body.map(({ uuid }) => this.item(uuid)));
    },
    getAutoscale: () =>
      respondWith({
        ...SERVICE,
        ...(this.autoscale === undefined
          ? { status: "unconfigured", enabled: false }
          : { status: "success", enabled: true, ...this.autoscale }),
      }),
    createAutoscale: ({ body: [request] }: { body: [Record<string, unknown>] }) => {
      const rejection = this.rejections.get("autoscale");
      if (rejection !== undefined) return respondWith(rejection);
      this.log.push(`configure ${JSON.stringify(request)}`);
      const { create_args, ...rest } = request as { create_args: { template: { uuid?: string; name?: string } } };
      const { uuid = "template-1", name = "base" } = create_args.template;
      this.autoscale = {
        min_size: 1,
        max_size: 4,
        warmup_time_ms: 1000,
        cooldown_time_ms: 1000,
        ...rest,
        template: { uuid, name },
      };
      return respondWith({ status: "success", ...SERVICE });
    },
    deleteAutoscale: () => {
      this.log.push("unconfigure");
      this.autoscale = undefined;
      return respondWith({ status: "success", ...SERVICE });
    },
    createPolicy: ({ body }: { body: { name: string } }) => {
      this.log.push(`add ${JSON.stringify(body)}`);
      this.autoscale = { ...this.autoscale, policies: [...this.policies(), body] };
      return respondWith({ status: "success", name: body.name });
    },
    deletePolicy: ({ path }: { path: { name: string } }) => {
      this.log.push(`remove ${path.name}`);
      this.autoscale = { ...this.autoscale, policies: this.policies().filter(({ name }) => name !== path.name) };
      return respondWith({ status: "success", name: path.name });
    },
    deleteServices: ({ body }: { body: { uuid?: string; name?: string }[] }) => {
      const lock = [...this.locks.values()].find((one) => body.some(({ uuid }) => uuid === one.uuid));
      if (lock !== undefined) {
        this.log.push("unlock");
        this.locks.delete(lock.name);
        this.onChange();
        return respondWith({ status: "success", ...lock });
      }
      if (body.some(({ uuid }) => uuid?.startsWith("lock-") === true))
        return respondWith({ status: "error", error: 8, message: "No service group" });
      if (this.deleteFails !== undefined) return Promise.reject(this.deleteFails);
      this.log.push("delete service");
      this.serviceExists = false;
      return respondWith({ status: "success", ...SERVICE });
    },
    getInstances: ({ query }: Selected) =>
      respondWith(
        ...(query?.uuid ?? []).map((uuid) => this.item(uuid)),
        ...(query?.name ?? []).map((name) => this.named(name)),
      ),
    createInstance: ({ body }: { body: CreateInstanceRequest }) => {
      const outcome = this.onCreate(body);
      const isNameTaken = [...this.instances.values()].some(({ request }) => request.name === body.name);
      if (isNameTaken) return respondWith({ status: "error", name: body.name, error: 23, message: "exists" });
      const uuid = this.add(body);
      this.log.push(`create ${uuid}`);
      this.onChange();
      return outcome === "lose"
        ? Promise.reject(unreachable())
        : respondWith({ status: "success", uuid, name: body.name });
    },
    stopInstances: ({ body }: { body: readonly { uuid: string }[] }) => {
      for (const { uuid } of body) {
        this.log.push(`stop ${uuid}`);
        const held = this.instances.get(uuid);
        if (held === undefined) continue;
        held.override = { state: "draining" };
        held.stopsAtMs = this.nowMs + this.stopMs;
      }
      this.onChange();
      return respondWith(...body.map(({ uuid }) => this.item(uuid)));
    },
    /** A wait lets the stop complete. */
    waitInstances: ({ query }: Selected) => {
      this.nowMs += 1000;
      const uuids = query?.uuid ?? [];
      for (const uuid of uuids) {
        const held = this.instances.get(uuid);
        if (held?.override.state === "draining" && this.stopMs < Infinity) held.stopsAtMs = this.nowMs;
      }
      this.completeStops();
      this.onChange();
      return respondWith(...uuids.map((uuid) => this.item(uuid)));
    },
    deleteInstances: ({ body }: { body: readonly { uuid: string }[] }) => {
      if (this.deleteFails !== undefined) return Promise.reject(this.deleteFails);
      const items = body.map(({ uuid }) => {
        this.log.push(`delete ${uuid}`);
        return this.instances.delete(uuid) ? { status: "success", uuid, name: uuid } : notFound(uuid);
      });
      this.onChange();
      return respondWith(...items);
    },
    getInstanceMetrics: ({ query }: Selected) =>
      respondWith(
        ...(query?.uuid ?? []).map((uuid) => ({ uuid, name: uuid, status: "success", ...this.metrics.get(uuid) })),
      ),
    getInstanceLogs: ({ query }: Selected) =>
      respondWith({ uuid: query?.uuid?.[0], output: Buffer.from(this.console).toString("base64") }),
  } as unknown as Client;

  /** Adds an instance as if created earlier; returns its uuid. */
  add(request: CreateInstanceRequest, override: Partial<InstanceItem> = {}): string {
    const uuid = `i${++this.count}`;
    const life = this.lives.get(imageOf(request)) ?? healthyTimeline;
    this.instances.set(uuid, { request, createdAtMs: this.nowMs, timeline: life, override });
    return uuid;
  }

  item(uuid: string): InstanceItem | ReturnType<typeof notFound> {
    const held = this.instances.get(uuid);
    return held === undefined || !this.isListed(held) ? notFound(uuid) : itemOf(uuid, held, this.nowMs);
  }

  /** All instances by uuid. */
  items(): InstanceItem[] {
    return [...this.instances].map(([uuid, held]) => itemOf(uuid, held, this.nowMs));
  }

  private lock(body: Record<string, unknown> & { name: string; services: object[] }): object {
    const { name, domains, services, autokill } = body;
    if (this.locks.has(name)) return { status: "error", name, error: 23, message: "exists" };
    if (services.length === 0 && !this.features.includes("groups-without-ports"))
      return { status: "error", name, error: 7, message: "At least one service is required" };
    const created_at = new Date(this.nowMs).toISOString();
    const lock = {
      uuid: `lock-${++this.lockCount}`,
      name,
      created_at,
      services,
      autokill,
      domains: toReportedDomains(domains),
    };
    this.locks.set(name, lock);
    this.log.push("lock");
    this.onChange();
    return { status: "success", ...lock };
  }

  private lockItem(name: string): object {
    const lock = this.locks.get(name);
    return lock === undefined
      ? { status: "error", name, error: 8, message: `No service group with name '${name}'` }
      : { status: "success", ...lock };
  }

  private completeStops(): void {
    for (const held of this.instances.values())
      if (held.override.state === "draining" && (held.stopsAtMs ?? held.createdAtMs + this.stopMs) <= this.nowMs)
        held.override = { state: "stopped", stop_reason: 15, restart: null };
  }

  private policies(): readonly { readonly name: string }[] {
    return (this.autoscale?.["policies"] ?? []) as { name: string }[];
  }

  private isListed(held: FakeInstance): boolean {
    return this.nowMs - held.createdAtMs >= this.listedAfterMs;
  }

  private named(name: string): object {
    const found = [...this.instances].find(([, held]) => held.request.name === name);
    return found === undefined ? notFound(name) : this.item(found[0]);
  }

  private serviceItem(): object {
    if (!this.serviceExists) return { status: "error", uuid: SERVICE.uuid, error: 8, message: "No service" };
    const members = [...this.instances]
      .filter(([, held]) => this.isListed(held))
      .map(([uuid]) => ({ uuid, name: uuid }));
    return {
      status: "success",
      ...SERVICE,
      services: this.services,
      ...this.group,
      autoscale: this.autoscale !== undefined,
      instances: [...members, ...this.deletedMembers],
    };
  }
}
