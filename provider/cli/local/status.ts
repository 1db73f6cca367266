/** `unikernel local status` */
import { createClient } from "../../client/client";
import { findLocalDaemon } from "../../client/localDaemon";
import { parseOptions } from "../../base/commandLineOptions";
import { stripPlatformPrefix } from "../../contract/imageUrl";
import type { ServiceItem } from "../../contract/models";
import { isRolloutLock, lockHolder, serviceOfRolloutLock } from "../../contract/rolloutLock";
import { localPaths } from "../../base/localPaths";
import { toCommandLineOptions } from "../../platform/daemonSettings";

/** Objects that do not run, but keep an idle daemon from exiting. */
const OTHER_KINDS = [
  ["template", "getTemplates"],
  ["checkpoint", "getCheckpoints"],
  ["volume template", "getVolumeTemplates"],
  ["certificate", "getCertificates"],
] as const;

/** The line of a lock: the service that is rolled out, the stack that does it, and since when. */
function describeLock(lock: ServiceItem, services: readonly ServiceItem[]): string {
  const uuid = serviceOfRolloutLock(lock.name);
  const service = services.find((one) => one.uuid === uuid)?.name ?? uuid ?? "";
  const stack = lockHolder(lock.domains?.[0]?.fqdn ?? "")?.stackName ?? "";
  return `  rollout   ${service}  ${stack}  since ${lock.created_at ?? "?"}`;
}

/** Describes the daemon and its objects; never starts a daemon. */
export async function status(args: readonly string[]): Promise<string> {
  parseOptions(args, {});
  const { stateDir } = localPaths();
  const daemon = await findLocalDaemon();
  if (daemon === undefined) return `The local platform is not running; its files are in ${stateDir}.`;
  const client = createClient({ metro: "local", endpoint: () => Promise.resolve(daemon) });
  const health = (await client.getHealthz({})).items[0];
  const services = (await client.getServices({})).items;
  const instances = (await client.getInstances({})).items;
  const volumes = (await client.getVolumes({})).items;
  const others = await Promise.all(
    OTHER_KINDS.map(async ([kind, list]) => (await client[list]({})).items.map(({ name }) => `  ${kind}  ${name}`)),
  );
  const options = toCommandLineOptions(daemon.settings);
  const versions = Object.entries(health?.versions ?? {}).map(([name, version]) => `${name} ${version}`);
  return [
    `The local platform is running at ${daemon.url} (process ${daemon.pid}); its files are in ${stateDir}.`,
    `  ${versions.join(", ")}`,
    ...(options.length === 0 ? [] : [`  started with ${options.join(" ")}`]),
    ...services.filter(isRolloutLock).map((lock) => describeLock(lock, services)),
    ...services
      .filter((service) => !isRolloutLock(service))
      .map(({ name, services }) => {
        const published = (services ?? []).map(
          ({ port, destination_port }) => `127.0.0.1:${port} → ${destination_port ?? port}`,
        );
        return `  service   ${name}  ${published.join(", ")}`;
      }),
    ...instances.map(
      ({ name, state, image }) => `  instance  ${name}  ${state ?? ""}  ${stripPlatformPrefix(image ?? "")}`,
    ),
    ...volumes.map(({ name, state, size_mb }) => `  volume    ${name}  ${state ?? ""}  ${size_mb ?? "?"} MiB`),
    ...others.flat(),
  ].join("\n");
}
