/**
 * Number of requests to refresh a large unchanged stack through the real engine. Fails when there are more requests than the listings
 * have pages.
 *
 * npm run bench -- refresh [--count 1000]
 */
import { parseArgs } from "node:util";
import { assertSucceeded } from "../support/engine";
import { startFakeApi } from "../support/fakeApi";
import { TestProject } from "../support/project";
import { fleetApi } from "./fleetApi";
import type { Ratio } from "./ratios";

const DIGEST = `sha256:${"a".repeat(64)}`;
const PAGE_SIZE = 100;

/** The client sends the first reads one by one, before it switches to listings; a cached listing expires after this time. */
const FIRST_READS = 20;
const LISTING_MAX_AGE_S = 10;

/** Number of pages of a listing: each begins with the last object of the previous one. */
const pagesOf = (count: number): number => Math.max(1, Math.ceil((count - 1) / (PAGE_SIZE - 1)));

/** Puts half of the instances in each of two metros, which have one Provider each. */
async function benchRefreshOf(count: number): Promise<void> {
  await using east = await startFakeApi(fleetApi());
  await using west = await startFakeApi(fleetApi());
  const project = await TestProject.copy("test/fixtures/projects/many");
  try {
    const config = {
      ...{ "many:count": String(count), "many:url": east.url, "many:form": "instances" },
      ...{ "many:east": east.url, "many:west": west.url, "many:image": `app@${DIGEST}` },
    };
    // Skips the engine's checkpoints around each create, which are not measured.
    const quick = { PULUMI_EXPERIMENTAL: "true", PULUMI_SKIP_CHECKPOINTS: "true" };
    const created = assertSucceeded(await project.stack(config, quick).up());
    console.log(`set-up: ${count} instances in ${(created.durationMs / 1000).toFixed(1)} s`);
    const counts = { east: Math.ceil(count / 2), west: Math.floor(count / 2) };
    for (const api of [east, west]) api.requests.length = 0;
    const refreshed = assertSucceeded(await project.stack(config).refresh({ expectNoChanges: true }));
    const seconds = refreshed.durationMs / 1000;
    console.log(`refresh of ${count} instances in two metros: ${seconds.toFixed(1)} s`);
    for (const [metro, { requests: requests }] of Object.entries({ east, west })) {
      const pages = pagesOf(counts[metro as keyof typeof counts]);
      const listings = requests.filter(({ url }) => url.includes("count=")).length;
      const summary = `${metro}: ${requests.length} requests, ${listings} of them pages of a listing (of ${pages} pages)`;
      console.log(`  ${summary}`);
      const listedAgain = 1 + Math.floor(seconds / LISTING_MAX_AGE_S);
      if (requests.length > FIRST_READS + pages * listedAgain) throw new Error(`too many requests: ${summary}`);
    }
  } finally {
    await project.remove();
  }
}

/** Returns no ratios: only the number of requests matters. */
export async function benchRefresh(args: string[]): Promise<readonly Ratio[]> {
  const { values } = parseArgs({ args, options: { count: { type: "string", default: "1000" } } });
  await benchRefreshOf(Number(values.count));
  return [];
}
