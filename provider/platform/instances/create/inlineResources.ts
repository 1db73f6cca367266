/**
 * Inline resources: the service group and volumes that a create request describes and that are deleted with its
 * instances.
 */
import type { CreateInstanceRequest, InstanceVolumeRequest } from "../../../contract/models";
import type { Registry } from "../../registry";
import { createServiceGroup } from "../../services/create";
import { onInstanceLeft } from "../../services/membership";
import type { VolumeRecord } from "../../store/volumes";
import { createVolume } from "../../volumes/create";
import { removeOrphanedVolumes } from "../../volumes/save";

/** The created resources. */
export interface InlineResources {
  /** Uuid of the service group; `undefined` when the request does not describe one. */
  readonly serviceUuid: string | undefined;
  /** The new volumes of each instance, in the order of the request. */
  readonly volumes: readonly (readonly VolumeRecord[])[];
}

/**
 * Creates the inline resources of `count` instances and passes them to `work`. Deletes them if `work` fails.
 * Throws what `work` throws, and what creating a service group or volume throws.
 */
export async function withInlineResources<T>(
  registry: Registry,
  body: CreateInstanceRequest,
  count: number,
  work: (inlineResources: InlineResources) => Promise<T>,
): Promise<T> {
  const created: VolumeRecord[] = [];
  let serviceUuid: string | undefined;
  try {
    serviceUuid = await createInlineGroup(registry, body.service_group);
    const volumes: VolumeRecord[][] = [];
    for (let instance = 0; instance < count; instance++) {
      const own: VolumeRecord[] = [];
      volumes.push(own);
      for (const described of (body.volumes ?? []).filter(isInlineVolume)) {
        const volume = await createInlineVolume(registry, described);
        created.push(volume);
        own.push(volume);
      }
    }
    return await work({ serviceUuid, volumes });
  } catch (error) {
    if (!registry.isShutDown) {
      await removeOrphanedVolumes(registry, created);
      if (serviceUuid !== undefined) await onInstanceLeft(registry, serviceUuid);
    }
    throw error;
  }
}

/** True if the request describes a new volume, not an existing one. */
export const isInlineVolume = ({ uuid, name }: InstanceVolumeRequest): boolean =>
  uuid === undefined && name === undefined;

async function createInlineGroup(
  registry: Registry,
  group: CreateInstanceRequest["service_group"],
): Promise<string | undefined> {
  if (group?.services === undefined) return undefined;
  const { uuid: _uuid, services, ...rest } = group;
  return (await createServiceGroup(registry, { ...rest, services }, { persistent: false })).record.uuid;
}

function createInlineVolume(registry: Registry, described: InstanceVolumeRequest): Promise<VolumeRecord> {
  const { at: _at, readonly: _readonly, uuid: _uuid, ...volume } = described;
  return createVolume(registry, volume, { persistent: false });
}
