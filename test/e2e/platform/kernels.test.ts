/** Kernels that stand in for Unikraft's, as the daemon's clients see them; test/e2e/vmm/unikraft.test.ts has all their ends. */
import assert from "node:assert/strict";
import { describeStop } from "../../../provider/client/errors/stopReason";
import { localPaths } from "../../../provider/base/localPaths";
import { openLayout } from "../../../provider/image/oci/layout";
import { LocalPlatform } from "../../support/localPlatform";
import { assembleKernel } from "../../support/multibootKernel";

describe("Unikraft kernels on the local platform", function () {
  this.timeout(60_000);
  let platform: LocalPlatform;
  before(async () => (platform = await LocalPlatform.open()));
  after(() => platform.close());

  /** Creates an instance of a kernel with this `main` and no arguments. */
  async function create(name: string, main: readonly string[]): Promise<string> {
    await openLayout(localPaths().imagesDir).putImage({
      repository: name,
      platform: { os: "linux", architecture: "x86_64" },
      config: { cmd: [], env: {}, labels: {} },
      kernel: { file: await assembleKernel(platform.folder, name, main) },
    });
    const { items } = await platform.client.createInstance({
      body: { name, image: name, memory_mb: 16, autostart: true, restart_policy: "on-failure" },
    });
    assert.equal(items[0]?.status, "success", items[0]?.message);
    return items[0]?.uuid ?? "";
  }

  async function stopped(uuid: string) {
    await platform.client.waitInstances(
      { query: { uuid: [uuid], state: ["stopped"], timeout_s: [30] } },
      { serverWaitMs: 30_000 },
    );
    return (await platform.client.getInstances({ query: { uuid: [uuid] } })).items[0];
  }

  it("end without an exit code, which is no failure", async () => {
    const item = await stopped(await create("ends", ['say "done"', "power_off"]));
    assert.ok(item !== undefined && !("exit_code" in item));
    assert.deepEqual([item.stop_reason, item.restart_count, item.restart], [3, 0, undefined]);
    assert.equal(describeStop(item), "the program exited, without reporting a code");
  });

  it("are known to have crashed while no daemon ran, and restarted", async () => {
    const uuid = await create("crashes", [
      "wait 3",
      'say "CRIT: Unhandled Trap 0 (divide error), error code=0x0"',
      "crash",
    ]);
    const daemon = await platform.daemonPid();
    assert.ok(daemon !== undefined);
    process.kill(daemon, "SIGKILL");
    while ((await platform.virtualMachines()).length > 0) await new Promise((resolve) => setTimeout(resolve, 50));
    const [item] = (await platform.client.getInstances({ query: { uuid: [uuid] } })).items;
    assert.notEqual(await platform.daemonPid(), daemon);
    // The first restart is immediate, so that the facts of the crash are those of the next one.
    assert.ok((item?.restart_count ?? 0) + (item?.restart?.attempt ?? 0) > 0, JSON.stringify(item));
    const next = await stopped(uuid);
    assert.ok(next !== undefined);
    assert.equal(next.stop_reason, 1);
    assert.equal(describeStop(next), "the kernel crashed with trap 0 (divide error)");
    await platform.client.deleteInstances({ body: [{ uuid }] });
  });
});
