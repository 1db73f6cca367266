/**
 * What a large stack costs where nothing changed: requests of a refresh, through the real engine, and the provider's own time per
 * resource in a preview, through its real process.
 *
 * npm run bench -- refresh [--count 1000]
 */
import { parseArgs } from "node:util";
import { DynamicProcess } from "../support/dynamicProcess";
import { succeeded } from "../support/engine";
import { type Asked, startFakeApi, success } from "../support/fakeApi";
import { Project } from "../support/project";

const DIGEST = `sha256:${"a".repeat(64)}`;
const PAGE_SIZE = 100;

/** Instances in memory, listed in pages as a metro does: the page begins at `from`, itself included. */
function fleetApi() {
  const instances = new Map<string, object>();
  return ({ method, url, body }: Asked) => {
    const { pathname, searchParams } = new URL(url, "http://x");
    if (pathname === "/v1/users/quotas") return { status: 404, body: { status: "error", message: "no quotas here" } };
    if (method === "POST") {
      const { name, image } = body as { name: string; image: string };
      const uuid = `00000000-0000-4000-8000-${String(instances.size).padStart(12, "0")}`;
      const item = {
        status: "success",
        uuid,
        name,
        state: "running",
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

async function benchRefreshOf(count: number): Promise<void> {
  await using api = await startFakeApi(fleetApi());
  const project = await Project.copy("test/fixtures/projects/many");
  try {
    const stack = project.stack({
      "unikernel:metro": api.url,
      "unikernel:token": { secret: "t" },
      "many:count": String(count),
      "many:url": api.url,
      "many:form": "instances",
      "many:image": `app@${DIGEST}`,
    });
    succeeded(await stack.up());
    api.asked.length = 0;
    const refreshed = succeeded(await stack.refresh({ expectNoChanges: true }));
    const listings = api.asked.filter(({ url }) => url.includes("count=")).length;
    // A page begins with the last object of the one before it.
    const pages = Math.ceil((count - 1) / (PAGE_SIZE - 1));
    console.log(
      `refresh of ${count} instances: ${api.asked.length} requests, ${listings} of them pages of a listing (${pages} pages there are)`,
    );
    console.log(
      `  ${(refreshed.durationMs / 1000).toFixed(1)} s; requests per instance ${(api.asked.length / count).toFixed(3)}`,
    );
  } finally {
    await project.remove();
  }
}

/** Check and diff, as the engine asks them of every resource in a preview; and the same calls of a provider that does nothing. */
async function benchPreviewOf(count: number): Promise<void> {
  const inputs = { name: "web", image: `app@${DIGEST}`, memoryMb: 256, env: { A: "b" }, __resourceName: "web" };
  const provider = await DynamicProcess.start("Instance", {
    "unikernel:metro": "http://127.0.0.1:9",
    "unikernel:token": "t",
  });
  try {
    const { inputs: checked } = await provider.check({}, inputs);
    const once = async (): Promise<void> => {
      const { inputs: news } = await provider.check(checked, inputs);
      const { changes } = await provider.diff("id", checked, news);
      if (changes) throw new Error("an unchanged resource shows a change");
    };
    const bare = () => provider.ping();
    for (let i = 0; i < 50; i++) await once();
    const time = async (work: () => Promise<unknown>): Promise<number> => {
      const begun = performance.now();
      for (let i = 0; i < count; i++) await work();
      return (performance.now() - begun) / count;
    };
    const [calls, floor] = [await time(once), 2 * (await time(bare))];
    console.log(
      `preview of an unchanged Instance: ${calls.toFixed(2)} ms for its check and diff (aim 5), two calls that do nothing ${floor.toFixed(2)} ms, ratio ${(calls / floor).toFixed(1)}`,
    );
  } finally {
    await provider.stop();
  }
}

export async function benchRefresh(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { count: { type: "string", default: "1000" } } });
  await benchPreviewOf(Number(values.count));
  await benchRefreshOf(Number(values.count));
}
