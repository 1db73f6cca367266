/** What a create request brings into being beside its instances, and what goes with them: a service group, volumes. */
import type { CreateInstanceRequest, InstanceVolumeRequest } from "../../../contract/models";
import type { Platform } from "../../registry";
import { createServiceGroup } from "../../services/create";
import { afterMemberLeft } from "../../services/membership";
import type { VolumeRecord } from "../../store/volumes";
import { createVolume } from "../../volumes/create";
import { removeUnowned } from "../../volumes/save";

/** What was made. */
export interface Belongings {
  /** Uuid of the service group; `undefined` when the request does not describe one. */
  readonly serviceUuid: string | undefined;
  /** For each instance, the new volumes in the order in which the request describes them. */
  readonly volumes: readonly (readonly VolumeRecord[])[];
}

/**
 * Makes what the request describes for `count` instances and hands it to `work`; when that fails nothing stays.
 * Throws what making a service group or a volume throws.
 */
export async function withBelongings<T>(
  platform: Platform,
  body: CreateInstanceRequest,
  count: number,
  work: (belongings: Belongings) => Promise<T>,
): Promise<T> {
  const made: VolumeRecord[] = [];
  let serviceUuid: string | undefined;
  try {
    serviceUuid = await describedGroup(platform, body.service_group);
    const volumes: VolumeRecord[][] = [];
    for (let instance = 0; instance < count; instance++) {
      const own: VolumeRecord[] = [];
      volumes.push(own);
      for (const described of (body.volumes ?? []).filter(isNew)) {
        const volume = await describedVolume(platform, described);
        made.push(volume);
        own.push(volume);
      }
    }
    return await work({ serviceUuid, volumes });
  } catch (error) {
    if (!platform.isReleased) {
      await removeUnowned(platform, made);
      if (serviceUuid !== undefined) await afterMemberLeft(platform, serviceUuid);
    }
    throw error;
  }
}

/** True for the description of a new volume. */
export const isNew = ({ uuid, name }: InstanceVolumeRequest): boolean => uuid === undefined && name === undefined;

async function describedGroup(
  platform: Platform,
  group: CreateInstanceRequest["service_group"],
): Promise<string | undefined> {
  if (group?.services === undefined) return undefined;
  const { uuid: _uuid, services, ...rest } = group;
  return (await createServiceGroup(platform, { ...rest, services }, { persistent: false })).record.uuid;
}

function describedVolume(platform: Platform, described: InstanceVolumeRequest): Promise<VolumeRecord> {
  const { at: _at, readonly: _readonly, uuid: _uuid, ...volume } = described;
  return createVolume(platform, volume, { persistent: false });
}
