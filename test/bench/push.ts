/**
 * Time to push an image to Debian's `docker-registry`, against `skopeo copy` of the same image, alternating in one run. Each push goes to a
 * repository of its own in a new registry, so that nothing is there yet. A second push without changes is measured too.
 *
 * npm run bench -- push [--rounds 5] [--size 256]
 */
import * as crypto from "node:crypto";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { exec } from "../../provider/base/exec";
import { pushImage } from "../../provider/image/registry/push";
import { startDockerRegistry } from "../support/dockerRegistry";
import { putTestImage } from "../support/testImages";
import { type Ratio, least } from "./ratios";

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
};

/** `--preserve-digests`, or it would compress the layers, which the platform does not read. */
async function copyWithSkopeo(source: string, destination: string): Promise<void> {
  const flags = ["--all", "--quiet", "--preserve-digests", "--dest-tls-verify=false"];
  const result = await exec("skopeo", ["--insecure-policy", "copy", ...flags, source, `docker://${destination}`]);
  if (result.code !== 0) throw new Error(`skopeo failed: ${result.stderr}`);
}

export async function benchPush(args: string[]): Promise<readonly Ratio[]> {
  const { values } = parseArgs({
    args,
    options: { rounds: { type: "string", default: "5" }, size: { type: "string", default: "256" } },
  });
  const sizeBytes = Number(values.size) * 2 ** 20;
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "unikernel-bench-"));
  const [ours, theirs, unchanged]: [number[], number[], number[]] = [[], [], []];
  try {
    for (let round = 0; round < Number(values.rounds); round++) {
      // New bytes each time: skopeo remembers where it has seen a blob.
      const { layout, digest } = await putTestImage(folder, {
        kernel: crypto.randomBytes(8 * 2 ** 20),
        rootfs: crypto.randomBytes(sizeBytes),
      });
      const pushes = [
        async () => {
          await using registry = await startDockerRegistry();
          const name = `${registry.host}/bench/ours`;
          ours.push(await timed(() => pushImage(layout, digest, name)));
          unchanged.push(await timed(() => pushImage(layout, digest, name)));
        },
        async () => {
          await using registry = await startDockerRegistry();
          const source = `oci:${layout.folder}:acme/shop:latest`;
          theirs.push(await timed(() => copyWithSkopeo(source, `${registry.host}/bench/theirs`)));
        },
      ];
      for (const push of round % 2 === 0 ? pushes : pushes.reverse()) await push();
      await layout.remove("acme/shop");
    }
  } finally {
    await fs.rm(folder, { recursive: true });
  }
  const rate = (ms: number): string => `${(sizeBytes / 2 ** 20 / (ms / 1000)).toFixed(0)} MiB/s`;
  const [a, b] = [least(ours), least(theirs)];
  console.log(`Push of ${values.size} MiB, best of ${values.rounds} rounds:`);
  console.log(`  skopeo copy   ${b.toFixed(0)} ms, ${rate(b)}`);
  console.log(`  library       ${a.toFixed(0)} ms, ${rate(a)}; unchanged ${least(unchanged).toFixed(0)} ms`);
  return [{ name: "push: library/skopeo copy", value: a / b, target: 1 }];
}
