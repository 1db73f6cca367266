/**
 * Time from create to first byte: an instance created through the local platform's API and requested through its proxy, against bare
 * QEMU with the same kernel, initrd, machine and memory, alternating in one run. Prints both times and their ratio.
 *
 * npm run bench -- boot [--rounds 7]
 */
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { onlyItem } from "../../provider/client/client";
import { freePort } from "../support/freePorts";
import { type LocalPlatform } from "../support/localPlatform";
import { httpGet } from "../support/loadGenerator";
import { bootBareVm } from "./bareVm";
import { besideBareVm, compareWithBare } from "./besideBareVm";
import type { Ratio } from "./ratios";

const MEMORY_MB = 128;
const GUEST_PORT = 8080;

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
  return besideBareVm(MEMORY_MB, async ({ platform, image, vm }) => {
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
    console.log(`Create to first byte, ${values.rounds} rounds, ${vm.accelerator}:`);
    return compareWithBare("boot", { bare, through }, 1.15);
  });
}
