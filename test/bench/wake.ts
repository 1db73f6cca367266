/**
 * Time from a connection to its first byte, for an instance that sleeps on the disk, against a saved VM of QEMU alone with the same kernel,
 * initrd, machine and memory, alternating in one run. Prints both times and their ratio.
 *
 * npm run bench -- wake [--rounds 7]
 */
import { parseArgs } from "node:util";
import { onlyItem } from "../../provider/client/client";
import { freePort } from "../support/freePorts";
import { eventually } from "../support/localPlatform";
import { httpGet } from "../support/loadGenerator";
import { BareSavedVm } from "./bareSavedVm";
import { besideBareVm, compareWithBare } from "./besideBareVm";
import type { Ratio } from "./ratios";

const MEMORY_MB = 128;
const GUEST_PORT = 8080;

export async function benchWake(args: string[]): Promise<readonly Ratio[]> {
  const { values } = parseArgs({ args, options: { rounds: { type: "string", default: "7" } } });
  return besideBareVm(MEMORY_MB, async ({ platform, image, vm, folder }) => {
    const saved = new BareSavedVm(vm, folder, { port: await freePort(), guestPort: GUEST_PORT });
    await saved.run("boot");
    const port = await freePort();
    const body = {
      ...{ image, memory_mb: MEMORY_MB, autostart: true, timeout_s: 60 },
      scale_to_zero: { policy: "on", stateful: true, cooldown_time_ms: 100 } as const,
      service_group: { services: [{ port, destination_port: GUEST_PORT }] },
    };
    const created = await platform.client.createInstance({ body }, { serverWaitMs: 60_000 });
    const { uuid } = onlyItem(created, "Creating the instance");
    const bare: number[] = [];
    const through: number[] = [];
    for (let round = 0; round < Number(values.rounds); round++) {
      await eventually("the instance is saved", async () => (await platform.virtualMachines()).length === 0);
      bare.push(await saved.run("disk"));
      const start = performance.now();
      await httpGet(`http://127.0.0.1:${port}/`);
      through.push(performance.now() - start);
    }
    onlyItem(await platform.client.deleteInstances({ body: [{ uuid }] }), "Deleting the instance");
    console.log(`Wake from the disk to the first byte, ${values.rounds} rounds, ${vm.accelerator}:`);
    return compareWithBare("wake", { bare, through }, 1.2);
  });
}
