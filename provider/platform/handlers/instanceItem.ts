/** An instance as the API shows it. */
import type { ItemOf } from "../../api/routes";
import type { InstanceActor } from "../instance/actor";
import type { Platform } from "../platform";
import { canonicalImage } from "./images";
import { timeText } from "./select";
import { domainItems } from "./serviceItem";

/** The address that every guest has behind QEMU's user networking. Source: QEMU, "Using the user mode network stack". */
const PRIVATE_IP = "10.0.2.15";

/** Omits what has not happened yet. */
export function instanceItem(platform: Platform, actor: InstanceActor): ItemOf<"getInstances"> {
  const { uuid, name, createdAt, definition, serviceUuid, volumes, status } = actor.record;
  const service = serviceUuid === undefined ? undefined : platform.services.get(serviceUuid)?.record;
  const scaleToZero = definition.scaleToZero;
  const { restart } = status;
  return {
    status: "success",
    uuid,
    name,
    created_at: timeText(createdAt),
    state: status.state,
    image: canonicalImage(definition.repository, definition.digest),
    memory_mb: definition.memoryMb,
    vcpus: definition.vcpus,
    args: [...definition.args],
    env: { ...definition.env },
    restart_policy: definition.restartPolicy,
    ...(restart === undefined
      ? {}
      : {
          restart: {
            attempt: restart.attempt,
            ...(restart.nextAt === undefined ? {} : { next_at: timeText(restart.nextAt) }),
          },
        }),
    start_count: status.startCount,
    restart_count: status.restartCount,
    ...(status.startedAt === undefined ? {} : { started_at: timeText(status.startedAt) }),
    ...(status.stoppedAt === undefined ? {} : { stopped_at: timeText(status.stoppedAt) }),
    uptime_ms: actor.uptimeMs,
    boot_time_us: status.bootTimeUs ?? 0,
    // 0 says "not yet"; an instance without a service is never asked.
    ...(service === undefined ? {} : { net_time_us: status.netTimeUs ?? 0 }),
    ...(status.stopReason === undefined ? {} : { stop_reason: status.stopReason }),
    ...(status.stopCode === undefined ? {} : { stop_code: status.stopCode }),
    ...(status.exitCode === undefined ? {} : { exit_code: status.exitCode }),
    scale_to_zero: {
      enabled: scaleToZero !== undefined && scaleToZero.policy !== "off",
      policy: scaleToZero?.policy ?? "off",
      stateful: scaleToZero?.stateful ?? false,
      cooldown_time_ms: scaleToZero?.cooldown_time_ms ?? 1000,
      notify_time_ms: scaleToZero?.notify_time_ms ?? 0,
    },
    ...(service === undefined
      ? {}
      : {
          service_group: {
            uuid: service.uuid,
            name: service.name,
            domains: domainItems(platform, service),
          },
        }),
    volumes: volumes.map(({ volumeUuid, at, readonly }) => ({
      uuid: volumeUuid,
      name: platform.volumes.get(volumeUuid)?.name ?? "",
      at,
      readonly,
    })),
    private_ip: PRIVATE_IP,
    private_fqdn: `${name}.internal`,
    tags: [...definition.tags],
    delete_lock: false,
  };
}
