/**
 * Time from create to first byte: an instance created through the local platform's API and requested through its proxy, against bare
 * QEMU with the same kernel, initrd, machine and memory, alternating in one run. Prints both times and their ratio.
 *
 * npm run bench -- boot [--rounds 7]
 */
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { onlyItem } from "../../provider/client/client";
import { localPaths } from "../../provider/base/localPaths";
import { buildImage } from "../../provider/image/build/buildImage";
import { planBuild } from "../../provider/image/build/planBuild";
import { resolveRuntime } from "../../provider/image/resolveRuntime";
import { LocalPlatform, freePort } from "../support/localPlatform";
import { httpGet } from "../support/loadGenerator";
import { bootBareVm, prepareBareVm } from "./bareVm";
import type { Ratio } from "./ratios";

const MEMORY_MB = 128;
const GUEST_PORT = 8080;

const summary = (values: readonly number[]) => {
  const sorted = [...values].sort((a, b) => a - b);
  return { minMs: sorted[0] ?? 0, medianMs: sorted[Math.floor(sorted.length / 2)] ?? 0 };
};

async function platformRound(platform: LocalPlatform, image: string, service: string, port: number): Promise<number> {
  const start = performance.now();
  const body = { image, memory_mb: MEMORY_MB, autostart: true, service_group: { uuid: service } };
  const { uuid } = onlyItem(await platform.client.createInstance({ body }), "Creating the instance");
  await httpGet(`http://127.0.0.1:${port}/`);
  const tookMs = performance.now() - start;
  onlyItem(await platform.client.deleteInstances({ body: [{ uuid }] }), "Deleting the instance");
  return tookMs;
}

export async function benchBoot(args: string[]): Promise<readonly Ratio[]> {
  const { values } = parseArgs({ args, options: { rounds: { type: "string", default: "7" } } });
  const platform = await LocalPlatform.open();
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "unikernel-bench-"));
  try {
    const context = path.resolve(__dirname, "../../examples/quickstart/site");
    const plan = await planBuild({ context, name: "bench", scratch: folder });
    const { digest } = await buildImage(plan, { layout: localPaths().imagesDir, repository: "bench", resolveRuntime });
    const image = `bench@${digest}`;
    const vm = await prepareBareVm(image, MEMORY_MB, folder);
    const port = await freePort();
    const services = [{ port, destination_port: GUEST_PORT }];
    const service = onlyItem(await platform.client.createService({ body: { services } }), "Creating the service").uuid;
    const bare: number[] = [];
    const through: number[] = [];
    await platformRound(platform, image, service, port); // warm-up: unpacks the image, as for any instance after the first
    for (let i = 0; i < Number(values.rounds); i++) {
      const barePort = await freePort();
      bare.push(await bootBareVm(vm, { port: barePort, guestPort: GUEST_PORT }));
      through.push(await platformRound(platform, image, service, port));
    }
    await platform.client.deleteServices({ body: [{ uuid: service }] });

    const [a, b] = [summary(bare), summary(through)];
    console.log(`Create to first byte, ${values.rounds} rounds, ${vm.accelerator}:`);
    console.log(`  bare QEMU        min ${a.minMs.toFixed(0)} ms, median ${a.medianMs.toFixed(0)} ms`);
    console.log(`  local platform   min ${b.minMs.toFixed(0)} ms, median ${b.medianMs.toFixed(0)} ms`);
    return [
      { name: "boot: platform/bare, median", value: b.medianMs / a.medianMs, target: 1.15 },
      { name: "boot: platform/bare, least", value: b.minMs / a.minMs },
    ];
  } finally {
    await fs.rm(folder, { recursive: true });
    await platform.close();
  }
}
