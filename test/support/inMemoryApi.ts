/**
 * The API's instances, services, volumes and certificates in memory, as a current node stores and reports them: defaults filled in,
 * references canonical, changes that need a stopped instance rejected while it runs. Objects that a program refers to and does not
 * create exist from the start. Without quotas, and without conflicts between two owners of a domain or a volume.
 */
import * as crypto from "node:crypto";
import type { Client } from "../../provider/client/client";
import { ITEM_CODES } from "../../provider/contract/codes";
import type { CreateInstanceRequest, InstanceProp } from "../../provider/contract/models";
import { type RouteName, routes } from "../../provider/contract/routes";
import type { ProviderContext } from "../../provider/resources/context";
import { type StoredInstance, itemOf, uuidOf } from "./fakeInstances";
import { contextWithClient } from "./resourceContext";

type Named = { readonly uuid?: string; readonly name?: string };
type Item = Record<string, unknown> & { uuid: string; name: string };
type PatchEntry = Named & { prop: string; op: string; value?: unknown };
type Domain = { name: string; certificate?: Named };

/** A call that changes something, with one entry of its body. */
export interface ApiCall {
  readonly route: RouteName;
  readonly body: Readonly<Record<string, unknown>>;
  /** Mount path of a volume. */
  readonly at?: string | undefined;
}

/** Size of the volumes that existed before. */
export const FOREIGN_SIZE_MB = 64;
const ANY_VOLUME = { state: "available", size_mb: FOREIGN_SIZE_MB, filesystem: "ext4", access_mode: "rwo" };

/** Changes that apply to a running instance; others need a stop. Source: the API's reference, section 19; `readiness_probe`: an extension. */
const LIVE_PATCHABLE_PROPS: readonly string[] = [
  "tags",
  "annotations",
  "delete_lock",
  "schedules",
  "autokill",
  "readiness_probe",
] satisfies InstanceProp[];

/** More calls than any update makes. Without passing time, an endless update would hang its test. */
const MAX_REQUESTS = 20_000;

/** The settings of instances that autoscale creates. */
const AUTOSCALED_NAME_PREFIX = "scaled-";

const serviceGroupUuidOf = ({ service_group: group }: StoredInstance): unknown =>
  (group as Named | null | undefined)?.uuid;
const failedItem = (error: number, message: string): object => ({ status: "error", error, message });
const identityOf = ({ uuid, name }: Item): Item => ({ uuid, name });
/** Derived from the name, so that it is the same object in every world. */
const foreignUuid = (name: string): string =>
  `ffffffff-0000-4000-8000-${crypto.createHash("md5").update(name).digest("hex").slice(0, 12)}`;

const LABEL_PREFIX = "cloud.unikraft.v1.instances/scale_to_zero.";
/** What the labels of images may say. */
const LABELS: readonly Readonly<Record<string, string>>[] = [
  {},
  { policy: "on", stateful: "true", cooldown_time_ms: "3000" },
  { policy: "idle" },
  { stateful: "true" },
];

/** The labels of an image in this world, which its name decides. */
function labelsOf(image: string): Readonly<Record<string, string>> {
  const labels = LABELS[(crypto.createHash("md5").update(image).digest()[0] ?? 0) % LABELS.length] ?? {};
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [LABEL_PREFIX + name, value]));
}

/** A fake API in memory; see the top of the file. */
export class InMemoryApi {
  readonly calls: ApiCall[] = [];
  /** Reported of each instance from its creation on: 0 for a program that never listens. */
  netTimeUs = 1000;
  readonly instances = new Map<string, StoredInstance>();
  readonly services = new Map<string, Item>();
  readonly volumes = new Map<string, Item>();
  readonly certificates = new Map<string, Item>();
  readonly context: ProviderContext;
  private nowMs = Date.parse("2026-01-01T00:00:00Z");
  private uuidCount = 0;
  private requests = 0;

  constructor() {
    const clock = { now: () => this.nowMs, sleep: (ms: number) => Promise.resolve(void (this.nowMs += ms)) };
    this.context = {
      ...contextWithClient(this.client(), clock),
      readImageLabels: (image) => Promise.resolve(labelsOf(image)),
    };
  }

  private find<T extends Item>(all: Map<string, T>, { uuid, name }: Named): T | undefined {
    return uuid === undefined ? [...all.values()].find((one) => one.name === name) : all.get(uuid);
  }

  /** Objects created here or earlier by someone else. */
  private referred(all: Map<string, Item>, named: Named, like: object): Item {
    const { uuid, name } = named;
    const found = this.find(all, named);
    if (found !== undefined) return found;
    const item = {
      status: "success",
      uuid: uuid ?? foreignUuid(name ?? ""),
      name: name ?? `foreign-${uuid ?? ""}`,
      ...like,
    };
    all.set(item.uuid, item);
    return item;
  }

  private foreign({ uuid = "", name }: Named): Item {
    return { uuid: name === undefined ? uuid : foreignUuid(name), name: name ?? `foreign-${uuid}` };
  }

  private readonly volumeOf = (named: Named): Item => this.referred(this.volumes, named, { ...ANY_VOLUME });
  private readonly serviceOf = (named: Named): Item =>
    this.referred(this.services, named, { services: [{ port: 80, handlers: ["http"] }], domains: [] });

  private countRequest(route: string): void {
    this.requests += 1;
    if (this.requests > MAX_REQUESTS) throw new Error(`still asking after ${MAX_REQUESTS} requests, now for ${route}`);
  }

  private newUuid(): string {
    return uuidOf("1", (this.uuidCount += 1));
  }

  private domains(name: string, requested: readonly Domain[] | undefined): object[] {
    return (requested ?? [{ name: `${name}-1a2b3c` }]).map(({ name: one, certificate }) => ({
      fqdn: one.endsWith(".") ? one.slice(0, -1) : `${one}.metro.test`,
      ...(certificate === undefined ? {} : { certificate: this.foreign(certificate) }),
    }));
  }

  /** A request's fields as a GET reports them. */
  private reported(request: CreateInstanceRequest, uuid: string): StoredInstance {
    const item = itemOf(request, uuid);
    if (request.dependencies !== undefined) item.dependencies = request.dependencies.map((one) => this.foreign(one));
    return item;
  }

  private createInstance(request: CreateInstanceRequest): object {
    if (this.find(this.instances as Map<string, StoredInstance & Item>, { name: request.name ?? "" }) !== undefined)
      return failedItem(ITEM_CODES.AlreadyExists, "taken");
    const uuid = this.newUuid();
    const original =
      request.template && this.find(this.instances as Map<string, StoredInstance & Item>, request.template);
    // A template that was not made here is one that the account has.
    if (original !== undefined && original.state !== "template") return failedItem(ITEM_CODES.NotFound, "none");
    const item = this.reported(request, uuid);
    if (original !== undefined) Object.assign(item, { image: original.image, memory_mb: original.memory_mb });
    item.volumes = (request.volumes ?? [])
      .toReversed()
      .map(({ at, readonly = false, size_mb, host_path, ...named }) => {
        const isOwn = size_mb !== undefined || host_path !== undefined;
        const { uuid: id, name } = isOwn ? this.foreign({ name: `${uuid} ${at}` }) : this.volumeOf(named as Named);
        return { uuid: id, name, at, readonly };
      });
    const { service_group: group } = request;
    if (group !== undefined && group.services === undefined) {
      const { uuid: id, name, domains, services } = this.serviceOf(group as Named);
      item.service_group = { uuid: id, name, domains: domains as [] };
      item.services = (services as { port: number; protocol?: string }[]).map(
        (one) => `${one.protocol ?? "tcp"}:${one.port}`,
      );
    }
    item.net_time_us = this.netTimeUs;
    this.instances.set(uuid, item);
    return { status: "success", ...identityOf(item) };
  }

  /** As the API's reference has it, section 7.12: the instance itself becomes the template, and leaves its group. */
  private createTemplate(named: Named): object {
    const item = this.instances.get(named.uuid ?? "");
    if (item === undefined) return failedItem(ITEM_CODES.NotFound, "none");
    Object.assign(item, { state: "template", service_group: null });
    return { status: "success", ...identityOf(item), state: "template" };
  }

  private patchInstance({ uuid = "", prop, op, value }: PatchEntry): object {
    const item = this.instances.get(uuid);
    if (item === undefined) return failedItem(ITEM_CODES.NotFound, "none");
    if (!LIVE_PATCHABLE_PROPS.includes(prop) && item.state !== "stopped")
      return failedItem(ITEM_CODES.FailedWrongVmState, `${prop} needs a stop`);
    const settings = op === "set" && value !== undefined ? { [prop]: value } : {};
    const fresh = this.reported({ name: item.name, image: "none", ...settings }, uuid) as Record<string, unknown>;
    Object.assign(item, { [prop]: prop === "delete_lock" ? value === true : fresh[prop] });
    return { status: "success", ...identityOf(item) };
  }

  private serviceItem(item: Item): object {
    const members = [...this.instances.values()].filter((one) => serviceGroupUuidOf(one) === item.uuid);
    const { scaling, ...settings } = item;
    return { ...settings, autoscale: scaling !== undefined, instances: members.map(identityOf) };
  }

  private createService(body: Record<string, unknown>): object {
    const { name, domains, services, ...rest } = body as { name: string; domains?: Domain[]; services: object[] };
    if (this.find(this.services, { name }) !== undefined) return failedItem(ITEM_CODES.AlreadyExists, "taken");
    const plain = { soft_limit: 1, hard_limit: 65_535, persistent: true, autokill: { time_ms: 0 } };
    const item = { status: "success", ...plain, ...rest, uuid: this.newUuid(), name, services: this.ports(services) };
    this.services.set(item.uuid, { ...item, domains: this.domains(name, domains) });
    return { status: "success", ...identityOf(item) };
  }

  private ports(services: readonly object[]): object[] {
    return services.toReversed().map((one) => {
      const { port } = one as { port: number };
      return { destination_port: port, handlers: [], protocol: "tcp", ...one };
    });
  }

  private patchService({ uuid = "", prop, op, value }: PatchEntry): object {
    const item = this.services.get(uuid);
    if (item === undefined) return failedItem(ITEM_CODES.NotFound, "none");
    if (prop === "services") item["services"] = this.ports(value as object[]);
    else if (prop === "domains") return this.patchDomains(item, op, (value ?? []) as Domain[]);
    else item[prop] = op === "del" || value === undefined ? { time_ms: 0 } : value;
    if (Number(item["soft_limit"]) > Number(item["hard_limit"])) return failedItem(ITEM_CODES.Invalid, "limits");
    return { status: "success", ...identityOf(item) };
  }

  /** As the API's reference has it, section 9.5: `add` and `del` name domains, and a domain has one owner. */
  private patchDomains(item: Item, op: string, value: readonly Domain[]): object {
    const named = this.domains(item.name, value) as { fqdn: string }[];
    const isNamed = ({ fqdn }: { fqdn: string }) => named.some((one) => one.fqdn === fqdn);
    const domainsOf = (one: Item) => one["domains"] as { fqdn: string }[];
    if (op === "add" && [...this.services.values()].some((one) => domainsOf(one).some(isNamed)))
      return failedItem(ITEM_CODES.CannotBeUsed, "the domain is taken");
    if (op === "set") item["domains"] = named;
    else item["domains"] = [...domainsOf(item).filter((one) => !isNamed(one)), ...(op === "add" ? named : [])];
    return { status: "success", ...identityOf(item) };
  }

  private configure({ uuid = "", create_args, ...rest }: Named & { create_args?: { template: Named } }): object {
    const item = this.services.get(uuid);
    if (item === undefined) return failedItem(ITEM_CODES.NotFound, "none");
    if (item["scaling"] !== undefined) return failedItem(ITEM_CODES.AutoscaleConfigured, "configured");
    const plain = { min_size: 1, max_size: 4, warmup_time_ms: 1000, cooldown_time_ms: 1000, policies: [] };
    const configuration = { ...plain, ...rest, template: this.foreign(create_args?.template ?? {}) };
    item["scaling"] = configuration;
    for (let count = 0; count < Number(configuration.min_size); count++) {
      const scaled = {
        name: `${AUTOSCALED_NAME_PREFIX}${this.newUuid()}`,
        image: "scaled",
        autostart: true,
        service_group: { uuid },
      };
      this.createInstance(scaled);
    }
    return { status: "success", ...identityOf(item) };
  }

  private policiesOf(uuid: string): { name: string }[] {
    return (this.services.get(uuid)?.["scaling"] as { policies: { name: string }[] }).policies;
  }

  private createVolume(body: Record<string, unknown>, original?: Item): object {
    const { name, template, ...rest } = body as { name: string; template?: Named };
    const from = original ?? (template === undefined ? undefined : this.volumeOf(template));
    const { size_mb, filesystem = "ext4", access_mode = "rwo" }: Record<string, unknown> = from ?? {};
    const plain = { quota_policy: "static", tags: [], delete_lock: false, state: "available" };
    const item: Item = {
      status: "success",
      size_mb,
      filesystem,
      access_mode,
      ...plain,
      ...rest,
      uuid: this.newUuid(),
      name,
    };
    this.volumes.set(item.uuid, item);
    return { ...item };
  }

  private patchVolume({ uuid = "", prop, value }: PatchEntry): object {
    const item = this.volumes.get(uuid);
    if (item === undefined) return failedItem(ITEM_CODES.NotFound, "none");
    if (prop === "size_mb" && Number(value) < Number(item["size_mb"])) return failedItem(ITEM_CODES.Invalid, "shrinks");
    item[prop] = value;
    return { status: "success", ...identityOf(item) };
  }

  /** Attaches (with `at`) or detaches. */
  private mount(named: Named, instance: Named, at: string | undefined, readonly = false): object {
    const { uuid, name } = this.volumeOf(named);
    const item = this.instances.get(instance.uuid ?? "");
    if (item === undefined) return failedItem(ITEM_CODES.NotFound, "none");
    if (item.state !== "stopped") return failedItem(ITEM_CODES.FailedWrongVmState, "it runs");
    const isThere = item.volumes.some((one) => one.uuid === uuid);
    if (isThere === (at !== undefined)) return failedItem(isThere ? ITEM_CODES.Attached : ITEM_CODES.NotAttached, "no");
    if (at === undefined) item.volumes = item.volumes.filter((one) => one.uuid !== uuid);
    else item.volumes = [{ uuid, name, at, readonly }, ...item.volumes];
    return { status: "success", uuid, name };
  }

  private certificateItem(common_name: string, chain: string): object {
    const { serialNumber, subject, issuer } = new crypto.X509Certificate(chain);
    return { common_name, state: "valid", serial_number: serialNumber, subject, issuer };
  }

  private chosen(
    all: Map<string, Item>,
    query: Readonly<Record<string, string[]>> | undefined,
    show: (one: Item) => object,
  ): object[] {
    if (query === undefined) return [...all.values()].map(show);
    const selectors: Named[] = [
      ...(query["uuid"] ?? []).map((uuid) => ({ uuid })),
      ...(query["name"] ?? []).map((name) => ({ name })),
    ];
    return selectors.map((one) => {
      const item = this.find(all, one);
      return item === undefined ? { ...failedItem(ITEM_CODES.NotFound, "none"), ...one } : show(item);
    });
  }

  private deleteItem(all: Map<string, Item>, { uuid = "" }: Named): object {
    const item = all.get(uuid);
    if (item === undefined) return { ...failedItem(ITEM_CODES.NotFound, "none"), uuid };
    if (item["delete_lock"] === true) return failedItem(ITEM_CODES.NotAllowed, "locked");
    all.delete(uuid);
    return { status: "success", ...identityOf(item) };
  }

  private turned({ uuid = "" }: Named, state: "running" | "draining"): object {
    const item = this.instances.get(uuid);
    if (item === undefined) return { ...failedItem(ITEM_CODES.NotFound, "none"), uuid };
    if (state === "running" || item.state === "running") item.state = state;
    return { status: "success", ...identityOf(item), state };
  }

  private client(): Client {
    const instances = this.instances as unknown as Map<string, Item>;
    const copy = (item: object): object => structuredClone(item);
    type Query = { query: Record<string, string[]> };
    const reads = {
      getInstances: ({ query }: Partial<Query>) => this.chosen(instances, query, copy),
      waitInstances: ({ query }: Query) => {
        this.nowMs += 100;
        for (const one of this.instances.values()) if (one.state === "draining") one.state = "stopped";
        return this.chosen(instances, query, copy);
      },
      getServices: ({ query }: Query) => this.chosen(this.services, query, (one) => copy(this.serviceItem(one))),
      getInstanceMetrics: ({ query }: Query) => this.chosen(instances, query, identityOf),
      getVolumes: ({ query }: Query) => this.chosen(this.volumes, query, copy),
      getCertificates: ({ query }: Query) => this.chosen(this.certificates, query, copy),
      // Every image is there at once.
      getImages: ({ query: { digest = [] } }: Query) =>
        digest.map((one) => ({ status: "success", url: `acme/app@${one}` })),
      getAutoscale: ({ query }: Query) =>
        this.chosen(this.services, query, (one) => ({
          ...identityOf(one),
          ...(one["scaling"] === undefined ? { status: "unconfigured" } : { status: "success", enabled: true }),
          ...copy((one["scaling"] ?? {}) as object),
        })),
    };
    const changes: Partial<Record<RouteName, (body: never, path: { uuid: string; name: string }) => object>> = {
      createInstance: (body: CreateInstanceRequest) => this.createInstance(body),
      patchInstances: (one: PatchEntry) => this.patchInstance(one),
      startInstances: (one: Named) => this.turned(one, "running"),
      stopInstances: (one: Named) => this.turned(one, "draining"),
      createTemplates: (one: Named) => this.createTemplate(one),
      deleteTemplates: (one: Named) => {
        const item = this.find(instances, one);
        if (item?.["state"] !== "template") return failedItem(ITEM_CODES.NotFound, "none");
        return this.deleteItem(instances, { uuid: item.uuid });
      },
      deleteInstances: (one: Named) => this.deleteItem(instances, one),
      createService: (body: Record<string, unknown>) => this.createService(body),
      patchServices: (one: PatchEntry) => this.patchService(one),
      deleteServices: (one: Named) => this.deleteItem(this.services, one),
      createAutoscale: (one: Named) => this.configure(one),
      deleteAutoscale: ({ uuid = "" }: Named) => {
        const item = this.services.get(uuid) ?? { uuid, name: "", scaling: undefined };
        item.scaling = undefined;
        for (const one of [...this.instances.values()])
          if (serviceGroupUuidOf(one) === uuid && one.name.startsWith(AUTOSCALED_NAME_PREFIX))
            this.instances.delete(one.uuid);
        return { status: "success", ...identityOf(item) };
      },
      createPolicy: (body: { name: string }, { uuid }) => {
        if (this.policiesOf(uuid).some(({ name }) => name === body.name))
          return failedItem(ITEM_CODES.AlreadyExists, "taken");
        this.policiesOf(uuid).push(body);
        return { status: "success", name: body.name };
      },
      deletePolicy: (_body: undefined, { uuid, name }) => {
        const index = this.policiesOf(uuid).findIndex((one) => one.name === name);
        if (index < 0) return failedItem(ITEM_CODES.NotFound, "none");
        this.policiesOf(uuid).splice(index, 1);
        return { status: "success", name };
      },
      createVolume: (body: Record<string, unknown>) => this.createVolume(body),
      cloneVolumes: ({ uuid, name, vol_name, ...rest }: Named & { vol_name: string }) =>
        this.createVolume(
          { ...rest, name: vol_name },
          this.volumeOf(uuid === undefined ? { name: name ?? "" } : { uuid }),
        ),
      patchVolumes: (one: PatchEntry) => this.patchVolume(one),
      deleteVolumes: (one: Named) => this.deleteItem(this.volumes, one),
      attachVolumes: ({
        attach_to,
        at,
        readonly,
        ...named
      }: Named & { attach_to: Named; at: string; readonly?: boolean }) => this.mount(named, attach_to, at, readonly),
      detachVolumes: ({ from, ...named }: Named & { from: Named }) => this.mount(named, from, undefined),
      createCertificate: ({ name, common_name, chain }: Record<"name" | "common_name" | "chain", string>) => {
        const item = { status: "success", uuid: this.newUuid(), name, ...this.certificateItem(common_name, chain) };
        this.certificates.set(item.uuid, item);
        return copy(item);
      },
      updateCertificates: ({ uuid = "", chain }: Named & { chain: string }) => {
        const item = this.certificates.get(uuid);
        if (item === undefined) return failedItem(ITEM_CODES.NotFound, "none");
        return copy(Object.assign(item, this.certificateItem(String(item["common_name"]), chain)));
      },
      deleteCertificates: (one: Named) => this.deleteItem(this.certificates, one),
    };
    const toReply = (items: readonly object[]) => ({ items, message: undefined, metro: "test", requestId: undefined });
    const asking = Object.entries(reads).map(([name, read]) => [
      name,
      async (request: Query) => {
        await Promise.resolve();
        this.countRequest(name);
        return toReply(read(request));
      },
    ]);
    const changing = Object.entries(changes).map(([name, change]) => [
      name,
      async ({ body, path }: { body?: object; path?: { uuid: string; name: string } }) => {
        await Promise.resolve();
        this.countRequest(name);
        const route = name as RouteName;
        if (body !== undefined) routes[route].body.parse(body);
        return toReply(
          [body ?? {}].flat().map((one) => {
            const entry = { ...path, ...one } as Readonly<Record<string, unknown>>;
            this.calls.push({ route, body: entry, at: this.mountedAt(entry) });
            return change(structuredClone(one) as never, path ?? { uuid: "", name: "" });
          }),
        );
      },
    ]);
    return Object.assign(Object.fromEntries([...asking, ...changing]), { metro: "test" }) as Client;
  }

  private mountedAt({ from, uuid, name }: { readonly from?: Named } & Named): string | undefined {
    const mounts = from?.uuid === undefined ? [] : (this.instances.get(from.uuid)?.volumes ?? []);
    return mounts.find((one) => one.uuid === uuid || one.name === name)?.at;
  }
}
