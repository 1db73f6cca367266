/** An instance as the API reports it. */

import { toRfc3339 } from "../../../base/clock";
import { canonicalImageUrl } from "../../../contract/imageUrl";
import type { InstanceState } from "../../../contract/models";
import type { ProbeProgress } from "../../../contract/readiness/progress";
import type { ItemOf } from "../../../contract/routes";
import { omitUndefined } from "../../../base/objects";
import type { Instance } from "../../instances/instance";
import { DEFAULT_COOLDOWN_MS } from "../../instances/update/rules";
import type { Registry } from "../../registry";
import type { Service } from "../../services/service";
import type { InstanceDefinition, InstanceStatus } from "../../store/instances";
import { dependencyItems, romItem, scheduleItem, updateItem } from "./itemParts";
import { domainItems, hostPortMember } from "../services/item";

/** The item of an instance. Omits what is not set and what has not happened yet. */
export function instanceItem(registry: Registry, instance: Instance): ItemOf<"getInstances"> {
  const { uuid, name, createdAt, definition, serviceUuid, volumes, status } = instance.record;
  const group = serviceUuid === undefined ? undefined : registry.services.get(serviceUuid);
  const service = group?.record;
  return omitUndefined({
    status: "success" as const,
    uuid,
    name,
    created_at: toRfc3339(createdAt),
    type: "micro",
    uptime_ms: instance.uptimeMs,
    ...definitionMembers(registry, definition, status.state),
    ...statusMembers(status),
    // 0 means not ready yet; an instance without a service is never probed.
    net_time_us: service === undefined ? undefined : (status.netTimeUs ?? 0),
    service_group: group && serviceGroupItem(registry, group),
    readiness: instance.readiness && readinessItem(instance.readiness),
    rotation: service && (definition.rotation ?? "in"),
    services: service?.ports.map(({ port }) => `tcp:${port}`),
    volumes: volumes.map(({ volumeUuid, at, readonly }) => ({
      uuid: volumeUuid,
      name: registry.volumes.get(volumeUuid)?.name ?? "",
      at,
      readonly,
    })),
    network_interfaces: instance.networkInterfaces.map(({ privateIp, ...one }, index) =>
      omitUndefined({
        ...{ uuid: one.uuid, private_ip: privateIp, mac: one.mac, name: one.name, gateway: one.gateway },
        tap_name: definition.networkInterfaces?.[index]?.network,
        routes: one.routes.length === 0 ? undefined : [...one.routes],
      }),
    ),
    drain: drainOf(registry, instance),
    private_ip: instance.record.privateIp,
    private_fqdn: `${name}.internal`,
  });
}

/** Its service group, with those of the ports that clients reach under another number. */
function serviceGroupItem(registry: Registry, group: Service) {
  const { uuid, name, ports } = group.record;
  const elsewhere = ports
    .map(({ port }) => ({ port, ...hostPortMember(group, port) }))
    .filter(({ host_port: hostPort }) => hostPort !== undefined);
  return omitUndefined({
    ...{ uuid, name, domains: domainItems(registry, group.record) },
    services: elsewhere.length === 0 ? undefined : elsewhere,
  });
}

/** Its last drain. */
function drainOf(registry: Registry, { record: { uuid, serviceUuid } }: Instance) {
  const service = serviceUuid === undefined ? undefined : registry.services.get(serviceUuid);
  const counts = service?.proxy.rotation.drainCounts(uuid);
  if (counts === undefined) return undefined;
  const { open, finished, moved, halfClosed, cut, elapsedMs } = counts;
  return { open, finished, moved, half_closed: halfClosed, cut, elapsed_ms: elapsedMs };
}

/** The members that come from the definition. */
function definitionMembers(registry: Registry, definition: InstanceDefinition, state: InstanceState) {
  const { scaleToZero, autokill, annotations, roms, schedules, dependencies } = definition;
  return {
    image: canonicalImageUrl(definition.repository, definition.digest),
    memory_mb: definition.memoryMb,
    vcpus: definition.vcpus,
    args: [...definition.args],
    env: { ...definition.env },
    restart_policy: definition.restartPolicy,
    scale_to_zero: {
      enabled: scaleToZero !== undefined && scaleToZero.policy !== "off",
      policy: scaleToZero?.policy ?? "off",
      stateful: scaleToZero?.stateful ?? false,
      cooldown_time_ms: scaleToZero?.cooldown_time_ms ?? DEFAULT_COOLDOWN_MS,
      notify_time_ms: scaleToZero?.notify_time_ms ?? 0,
    },
    readiness_probe: definition.readinessProbe,
    hostname: definition.hostname,
    features: definition.deleteOnStop ? ["delete-on-stop"] : undefined,
    tags: [...definition.tags],
    annotations: Object.keys(annotations).length === 0 ? undefined : { ...annotations },
    roms: roms.length === 0 ? undefined : roms.map(romItem),
    dependencies: dependencies.length === 0 ? undefined : dependencyItems(registry, dependencies),
    schedules: schedules.length === 0 ? undefined : schedules.map(scheduleItem),
    autokill:
      autokill.timeMs + autokill.numRequests === 0
        ? undefined
        : { time_ms: autokill.timeMs, num_requests: autokill.numRequests },
    delete_lock: definition.deleteLock,
    ...templateKindMembers(definition, state),
  };
}

/** The members that only templates and checkpoints have. */
function templateKindMembers({ templateAutokillMs: timeMs }: InstanceDefinition, state: InstanceState) {
  if (state === "template") return { template_autokill: { time_ms: timeMs } };
  return state === "checkpoint" ? { checkpoint_autokill: { time_ms: timeMs } } : {};
}

/** The result of the readiness probe. */
const readinessItem = ({ state, reason, attempts, passedAt }: ProbeProgress) =>
  omitUndefined({ state, reason, attempts, passed_at: passedAt === undefined ? undefined : toRfc3339(passedAt) });

const addressesOf = ({ addressesLost, takeOverAfterMs }: InstanceStatus): "awaited" | "lost" | undefined =>
  addressesLost === true ? "lost" : takeOverAfterMs === undefined ? undefined : "awaited";

/** The members that come from the status. */
function statusMembers(status: InstanceStatus) {
  const { restart, startedAt, stoppedAt, snapshotUuid, updates } = status;
  return {
    state: status.state,
    restart:
      restart &&
      omitUndefined({
        attempt: restart.attempt,
        next_at: restart.nextAt === undefined ? undefined : toRfc3339(restart.nextAt),
      }),
    start_count: status.startCount,
    restart_count: status.restartCount,
    started_at: startedAt === undefined ? undefined : toRfc3339(startedAt),
    stopped_at: stoppedAt === undefined ? undefined : toRfc3339(stoppedAt),
    boot_time_us: status.bootTimeUs ?? 0,
    stop_reason: status.stopReason,
    stop_code: status.stopCode,
    exit_code: status.exitCode,
    stop_notice: status.stopNotice,
    memory_notice: status.memoryNotice,
    addresses: addressesOf(status),
    snapshot: snapshotUuid === undefined ? undefined : { uuid: snapshotUuid },
    updates: updates.length === 0 ? undefined : updates.map(updateItem),
  };
}
