/**
 * Publishes ports 443 and 80 on a platform of its own and prints, as JSON, what its API and curl say about them. Runs in a network namespace
 * of its own as a user that may not listen on either.
 */
import * as childProcess from "node:child_process";
import * as net from "node:net";
import { promisify } from "node:util";
import { toOutputs } from "../../provider/resources/instance/outputs";
import type { InstanceItem, ServiceItem } from "../../provider/contract/models";
import { serviceUrl } from "../../provider/resources/service/ports";
import { TestPlatform } from "./testPlatform";

const execFile = promisify(childProcess.execFile);
const curl = async (...args: readonly string[]): Promise<string> => (await execFile("curl", ["-sS", ...args])).stdout;

const SERVICES = [
  { port: 443, destination_port: 80, handlers: ["tls", "http"] },
  { port: 80, destination_port: 443, handlers: ["http", "redirect"] },
];

async function main(): Promise<object> {
  const platform = await TestPlatform.open();
  try {
    await platform.start();
    const create = (name: string, services: readonly object[]) =>
      platform.requestItem("POST", "/v1/services", { name, services, domains: [{ name }] });
    const shop = await create("shop", SERVICES);
    await platform.createRunning({ name: "shop-1", service_group: { uuid: shop.uuid } });
    const [service] = (await platform.api("GET", `/v1/services?uuid=${shop.uuid}`)).items as unknown as ServiceItem[];
    const [instance] = (await platform.api("GET", "/v1/instances?name=shop-1")).items as unknown as InstanceItem[];
    const url = serviceUrl(
      ["shop.localhost"],
      [{ port: 443, handlers: ["tls", "http"], protocol: "tcp" }],
      service?.services ?? [],
    );
    const served = await curl("--cacert", platform.paths.caFile, url);
    const redirected = await curl("--cacert", platform.paths.caFile, "--location", "--write-out", " %{url_effective}", "http://shop.localhost:8080/x?y"); // prettier-ignore
    const other = await create("other", [{ port: 8443, handlers: ["tls"] }]);
    await platform.api("DELETE", "/v1/instances", [{ name: "shop-1" }]);
    await platform.api("DELETE", "/v1/services", [{ name: "shop" }]);
    const holder = net.createServer().listen(8443, "127.0.0.1");
    await new Promise((resolve) => holder.once("listening", resolve));
    const busy = await create("late", SERVICES);
    holder.close();
    const instanceUrl = instance === undefined ? "" : toOutputs(instance, {}).url;
    const uid = process.getuid?.();
    return {
      uid,
      services: service?.services,
      url,
      instanceUrl,
      served,
      redirected,
      other: other.message,
      busy: busy.message,
    };
  } finally {
    await platform.close();
  }
}

main().then(
  (found) => console.log(JSON.stringify(found)),
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
