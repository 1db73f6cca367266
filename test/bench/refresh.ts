/**
 * What refreshing a large stack costs where nothing changed: requests, through the real engine. Fails when there are more than the
 * pages that there are.
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

/** The first reads are sent one by one, before the client knows that there are many; a cached listing expires after this time. */
const FIRST_READS = 20;
const LISTING_MAX_AGE_S = 10;

/** Pages of a listing: one begins with the last object of the one before it. */
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

/** Returns no ratios: what counts is the number of requests. */
export async function benchRefresh(args: string[]): Promise<readonly Ratio[]> {
  const { values } = parseArgs({ args, options: { count: { type: "string", default: "1000" } } });
  await benchRefreshOf(Number(values.count));
  return [];
}
