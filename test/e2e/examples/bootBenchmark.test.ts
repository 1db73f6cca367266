/** examples/boot-benchmark with a few instances, its measuring command included. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { promisify } from "node:util";
import { type Row, fromCsv } from "../../../examples/boot-benchmark/report/rows";
import { requireTool } from "../../support/builders";
import { operationEnvironment } from "../../support/engine";
import { ExampleProject } from "../../support/exampleProject";
import { freePort } from "../../support/freePorts";

const TSX = path.resolve(__dirname, "../../../node_modules/tsx/dist/cli.mjs");
const ROUNDS = 2;

describe("examples: boot-benchmark", function () {
  this.timeout(300_000);
  let example: ExampleProject;
  let firstPort: number;

  /** What the README's `npm run measure` runs. */
  async function measure(): Promise<string> {
    const { folder } = example.project;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [TSX, "measure.ts", "--rounds", String(ROUNDS), "--pause-ms", "0"],
      { cwd: folder, env: operationEnvironment(example.stack.engine, folder, { UKC_TOKEN: undefined }) },
    );
    return stdout;
  }

  before(async () => {
    requireTool("buildah");
    process.env["UNIKERNEL_BUILDER"] = "buildah";
    firstPort = await freePort();
    example = await ExampleProject.open("boot-benchmark", {
      // The busybox of this machine, since no registry is at hand.
      edits: [["web/Dockerfile", "--from=busybox:1.37-musl /bin/busybox", "--chmod=0755 busybox"]],
      config: { "boot-benchmark:count": "2", "boot-benchmark:firstPort": String(firstPort) },
      ports: [0, 1, 2].map((index) => firstPort + index),
    });
    await fs.copyFile(requireTool("busybox"), path.join(example.project.folder, "web/busybox"));
  });
  after(async () => {
    delete process.env["UNIKERNEL_BUILDER"];
    await example.close();
  });

  it("starts as many instances as are asked for", async () => {
    const { outputs } = await example.up();
    const [group] = outputs["benchmark"] as readonly { readonly kind: string; readonly instances: readonly object[] }[];
    assert.deepEqual([group?.kind, group?.instances.length], ["linux", 2]);
    await example.secondUpIsEmpty();
  });

  it("measures starts, and writes them as CSV and as a picture", async () => {
    const printed = await measure();
    const read = (file: string): Promise<string> => fs.readFile(path.join(example.project.folder, file), "utf8");
    const rows = fromCsv(await read("results.csv"));
    const starts = rows.filter(({ kind }) => kind === "linux");
    assert.deepEqual(
      starts.map(({ start, count, round, outcome }) => [start, count, round, outcome]),
      [1, 2].map((round) => ["boot", 2, round, "ok"]),
    );
    for (const start of starts) assertPlausible(start);
    assert.deepEqual(rows.filter(({ kind }) => kind === "unikraft").map(({ outcome }) => outcome), ["none supplied"]); // prettier-ignore
    assert.match(printed, /^linux, boot, 2: round 2, linux-[12]: \d+ ms$/m);
    const svg = await read("results.svg");
    assert.equal(svg.match(/<circle /g)?.length, 2 * ROUNDS);
    assert.match(svg, />unikraft: none supplied, so there is nothing to compare with\.</);
  });

  it("adds instances, finds what it declared, and leaves nothing behind", async () => {
    await example.change({ config: { "boot-benchmark:count": "3" } }, ["create Instance linux-3"]);
    await example.refreshFindsNothing();
    await example.destroyLeavesNothing();
  });

  it("rejects more instances than this machine has memory for, at preview", async () => {
    await example.apply({ config: { "boot-benchmark:count": "140", "boot-benchmark:memoryMb": "8192" } });
    await example.previewFails(/INPUT_INVALID: boot-benchmark:count: 140 instances need about \d+ MiB of memory and this machine has \d+: set count to at most \d+ or set start to 'clone'\.\n/); // prettier-ignore
    assert.equal(await example.platform.daemonPid(), undefined);
  });
});

/** Holds on any machine: the order of the times, and magnitudes. */
function assertPlausible({ bootMs = 0, reachableMs = 0, firstByteMs = 0, ...row }: Row): void {
  const { rssMib = 0, pssMib = 0, imageBytes, containerBytes = 0, accelerator } = row;
  assert.ok(bootMs > 1 && bootMs <= reachableMs && reachableMs < firstByteMs && firstByteMs < 60_000, JSON.stringify({ bootMs, reachableMs, firstByteMs })); // prettier-ignore
  assert.ok(pssMib > 20 && pssMib <= rssMib && rssMib < 1_000, JSON.stringify({ rssMib, pssMib }));
  assert.ok(containerBytes > 0.3e6 && containerBytes < imageBytes, JSON.stringify({ imageBytes, containerBytes }));
  assert.match(accelerator, /^(kvm|tcg|hvf)$/);
}
