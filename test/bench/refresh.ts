/**
 * What a large stack costs where nothing changed: requests of a refresh, through the real engine, and the provider's own time per
 * resource in a preview, through its real process. Fails when a refresh asks for more than the pages that there are.
 *
 * npm run bench -- refresh [--count 1000]
 */
import { parseArgs } from "node:util";
import { DynamicProcess } from "../support/dynamicProcess";
import { assertSucceeded } from "../support/engine";
import { type ReceivedRequest, startFakeApi, success } from "../support/fakeApi";
import { TestProject } from "../support/project";

const DIGEST = `sha256:${"a".repeat(64)}`;
const PAGE_SIZE = 100;

/** The first reads are sent one by one, before the client knows that there are many; a cached listing expires after this time. */
const FIRST_READS = 20;
const LISTING_MAX_AGE_S = 10;

/** Instances and services in memory, listed in pages as a metro does: a page starts at the object `from`. */
function fleetApi() {
  const instances = new Map<string, object>();
  const services = new Map<string, object>();
  return ({ method, url, body }: ReceivedRequest) => {
    const { pathname, searchParams } = new URL(url, "http://x");
    if (pathname === "/v1/users/quotas") return { status: 404, body: { status: "error", message: "no quotas here" } };
    if (pathname === "/v1/services") {
      const { name, services: ports } = (body ?? {}) as { name: string; services: object[] };
      const uuid = "00000000-0000-4000-9000-000000000000";
      if (method === "POST") services.set(uuid, { status: "success", uuid, name, services: ports, instances: [] });
      return success("service_groups", services.get(uuid) ?? { status: "error", error: 8, uuid });
    }
    if (method === "POST") {
      const { name, image, autostart } = body as { name: string; image: string; autostart?: boolean };
      const uuid = `00000000-0000-4000-8000-${String(instances.size).padStart(12, "0")}`;
      const item = {
        status: "success",
        uuid,
        name,
        state: autostart === true ? "running" : "stopped",
        image: `oci://x/${image}`,
        memory_mb: 128,
        vcpus: 1,
      };
      instances.set(uuid, item);
      return success("instances", item);
    }
    const named = method === "GET" ? searchParams.getAll("uuid") : (body as { uuid: string }[]).map((one) => one.uuid);
    const items = named.map((uuid) => instances.get(uuid) ?? { status: "error", error: 8, uuid });
    if (method === "DELETE") named.forEach((uuid) => instances.delete(uuid));
    if (pathname.endsWith("/stop")) return success("instances", ...items);
    if (pathname.endsWith("/wait"))
      return success("instances", ...items.map((item) => ({ ...item, state: "stopped" })));
    if (named.length > 0) return success("instances", ...items);
    const all = [...instances.values()];
    const from = searchParams.get("from");
    const start = from === null ? 0 : [...instances.keys()].indexOf(from);
    return success("instances", ...all.slice(start, start + Number(searchParams.get("count") ?? all.length)));
  };
}

/** Pages of a listing: each starts with the last object of the previous one. */
const pagesOf = (count: number): number => Math.max(1, Math.ceil((count - 1) / (PAGE_SIZE - 1)));

/** Half of the instances are in each of two metros, which have one Provider each. */
async function benchRefreshOf(count: number): Promise<void> {
  await using east = await startFakeApi(fleetApi());
  await using west = await startFakeApi(fleetApi());
  const project = await TestProject.copy("test/fixtures/projects/many");
  try {
    const config = {
      ...{ "many:count": String(count), "many:url": east.url, "many:form": "instances" },
      ...{ "many:east": east.url, "many:west": west.url, "many:image": `app@${DIGEST}` },
    };
    // The engine writes the whole state before and after each resource that it creates, which is not measured.
    const quick = { PULUMI_EXPERIMENTAL: "true", PULUMI_SKIP_CHECKPOINTS: "true" };
    const created = assertSucceeded(await project.stack(config, quick).up());
    console.log(`set-up: ${count} instances in ${(created.durationMs / 1000).toFixed(1)} s`);
    const counts = { east: Math.ceil(count / 2), west: Math.floor(count / 2) };
    for (const api of [east, west]) api.requests.length = 0;
    const refreshed = assertSucceeded(await project.stack(config).refresh({ expectNoChanges: true }));
    const seconds = refreshed.durationMs / 1000;
    console.log(`refresh of ${count} instances in two metros: ${seconds.toFixed(1)} s`);
    for (const [metro, { requests: asked }] of Object.entries({ east, west })) {
      const pages = pagesOf(counts[metro as keyof typeof counts]);
      const listings = asked.filter(({ url }) => url.includes("count=")).length;
      const said = `${metro}: ${asked.length} requests, ${listings} of them pages of a listing (${pages} pages there are)`;
      console.log(`  ${said}`);
      const listedAgain = 1 + Math.floor(seconds / LISTING_MAX_AGE_S);
      if (asked.length > FIRST_READS + pages * listedAgain) throw new Error(`too many requests: ${said}`);
    }
  } finally {
    await project.remove();
  }
}

const IMAGE = `app@${DIGEST}`;
/** Inputs of a preview, as a program writes them. */
const SUBJECTS = {
  Instance: { image: IMAGE, memoryMb: 256, env: { A: "b" }, autostart: false },
  Service: {
    ports: [{ port: 443, destinationPort: 8080, handlers: ["tls", "http"] }],
    replicas: 0,
    template: { image: IMAGE, memoryMb: 256, env: { A: "b" }, tags: ["one", "two"] },
  },
} as const;

/** Check and diff, as the engine calls them for every resource in a preview, and the same calls of a provider that does nothing. */
async function benchPreviewOf(kind: keyof typeof SUBJECTS, count: number): Promise<void> {
  await using api = await startFakeApi(fleetApi());
  const inputs = { name: "web", ...SUBJECTS[kind], __resourceName: "web" };
  const provider = await DynamicProcess.start(kind, { "unikernel:metro": api.url, "unikernel:token": "t" });
  try {
    const { inputs: checked } = await provider.check({}, inputs);
    // The engine passes the whole state: inputs and outputs.
    const { id, outs } = await provider.create(checked);
    const once = async (): Promise<void> => {
      const { inputs: news, failures } = await provider.check(checked, inputs);
      const { changes } = await provider.diff(id, outs, news);
      if (changes || failures.length > 0) throw new Error("an unchanged resource shows a change");
    };
    const bare = () => provider.ping();
    for (let i = 0; i < 50; i++) await once();
    const asked = api.requests.length;
    const time = async (work: () => Promise<unknown>): Promise<number> => {
      const begun = performance.now();
      for (let i = 0; i < count; i++) await work();
      return (performance.now() - begun) / count;
    };
    const [calls, floor] = [await time(once), 2 * (await time(bare))];
    console.log(
      `preview of an unchanged ${kind}: ${calls.toFixed(2)} ms for its check and diff (aim 5), two calls that do nothing ${floor.toFixed(2)} ms, ratio ${(calls / floor).toFixed(1)}`,
    );
    if (api.requests.length > asked)
      throw new Error(`a preview without changes asked ${api.requests.length - asked} times`);
  } finally {
    await provider.stop();
  }
}

export async function benchRefresh(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { count: { type: "string", default: "1000" } } });
  for (const kind of ["Instance", "Service"] as const) await benchPreviewOf(kind, Number(values.count));
  await benchRefreshOf(Number(values.count));
}
