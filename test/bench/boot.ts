/**
 * Time from create to first byte: an instance created through the local platform's API and requested through its proxy, against bare
 * QEMU with the same kernel, initrd, machine and memory, alternating in one run. Prints both times and their ratio.
 *
 * npm run bench -- boot [--rounds 7]
 */
import * as childProcess from "node:child_process";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { onlyItem } from "../../provider/client/client";
import { localPaths } from "../../provider/base/localPaths";
import { buildImage } from "../../provider/image/build/buildImage";
import { planBuild } from "../../provider/image/build/planBuild";
import { extractLayer } from "../../provider/image/oci/layer";
import { openLayout } from "../../provider/image/oci/layout";
import { resolveRuntime } from "../../provider/image/resolveRuntime";
import { buildCommandLine } from "../../provider/platform/vmm/qemu/boot/commandLine";
import { detectKernelKind } from "../../provider/platform/vmm/qemu/boot/kernelKind";
import { probeQemu } from "../../provider/platform/vmm/qemu/host/probe";
import { LocalPlatform, freePort } from "../support/localPlatform";
import { httpGet } from "../support/loadGenerator";
import type { Ratio } from "./ratios";

const MEMORY_MB = 128;
const GUEST_PORT = 8080;
/** Timeout of one attempt of the bare client. Longer ones would hit the slow retransmissions of QEMU's user network. */
const BARE_ATTEMPT_MS = 100;

const summary = (values: readonly number[]) => {
  const sorted = [...values].sort((a, b) => a - b);
  return { minMs: sorted[0] ?? 0, medianMs: sorted[Math.floor(sorted.length / 2)] ?? 0 };
};

async function bareRound(qemu: string, args: readonly string[], port: number): Promise<number> {
  const start = performance.now();
  const child = childProcess.spawn(qemu, args, { stdio: ["ignore", "ignore", "inherit"] });
  const exited = new Promise((resolve) => child.once("exit", resolve));
  try {
    for (;;) {
      const response = await httpGet(`http://127.0.0.1:${port}/`, { agent: false, timeout: BARE_ATTEMPT_MS }).catch(
        () => undefined,
      );
      if (response !== undefined) return performance.now() - start;
      if (child.exitCode !== null) throw new Error(`QEMU exited with ${child.exitCode}`);
      await delay(5);
    }
  } finally {
    child.kill("SIGKILL");
    await exited;
  }
}

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
    const stored = await openLayout(localPaths().imagesDir).resolve(image);
    if (stored?.kernel === undefined || stored.initrd === undefined)
      throw new Error("the image has no kernel or no initrd");
    const [kernel, initrd] = [path.join(folder, "kernel"), path.join(folder, "initrd")];
    await extractLayer(stored.kernel, kernel);
    await extractLayer(stored.initrd, initrd);

    const facts = await probeQemu(localPaths().cacheDir);
    const spec = {
      uuid: "bench",
      hostname: "bench",
      kernel,
      initrd,
      args: stored.cmd,
      env: stored.env,
      memoryMb: MEMORY_MB,
      vcpus: 1,
      disks: [],
      roms: [],
      annotations: {},
    };
    const { append } = buildCommandLine(spec, await detectKernelKind(kernel), facts.accelerator === "tcg");
    const bareArgs = (port: number) => [
      ...[
        "-machine",
        facts.machine,
        "-accel",
        facts.accelerator,
        "-cpu",
        facts.accelerator === "tcg" ? "qemu64" : "host",
      ],
      ...["-m", `${MEMORY_MB}M`, "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"],
      ...["-kernel", kernel, "-initrd", initrd, "-append", append, "-serial", "null", "-serial", "null"],
      ...[
        "-netdev",
        `user,id=n0,hostfwd=tcp:127.0.0.1:${port}-:${GUEST_PORT}`,
        "-device",
        "virtio-net-pci,netdev=n0,romfile=",
      ],
    ];

    const port = await freePort();
    const services = [{ port, destination_port: GUEST_PORT }];
    const service = onlyItem(await platform.client.createService({ body: { services } }), "Creating the service").uuid;
    const bare: number[] = [];
    const through: number[] = [];
    await platformRound(platform, image, service, port); // warm-up: unpacks the image, as for any instance after the first
    for (let i = 0; i < Number(values.rounds); i++) {
      const barePort = await freePort();
      bare.push(await bareRound(facts.file, bareArgs(barePort), barePort));
      through.push(await platformRound(platform, image, service, port));
    }
    await platform.client.deleteServices({ body: [{ uuid: service }] });

    const [a, b] = [summary(bare), summary(through)];
    console.log(`Create to first byte, ${values.rounds} rounds, ${facts.accelerator}:`);
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
