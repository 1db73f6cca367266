/** The memory with which new instances begin: that of a template or checkpoint, or a copy of a running instance's. */
import * as crypto from "node:crypto";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { errorMessage } from "../../../base/errors";
import { ApiItemError } from "../../errors";
import type { Registry } from "../../registry";
import type { InstanceStatus } from "../../store/instances";
import { snapshotFolderOf } from "../createEnvironment";
import type { Instance } from "../instance";
import { isTemplateOrCheckpoint } from "../update/templates";

/** What new instances inherit. */
export interface InheritedMemory {
  /** UUID of the first of them, to which a copy belongs. */
  readonly firstUuid: string;
  /** Where the memory is, or why there is none. */
  readonly status: Pick<InstanceStatus, "memoryFrom" | "memoryNotice">;
}

/**
 * Passes the memory of `original` to `work`, which saves the new instances; copies it first from an instance that runs or sleeps. Removes
 * the copy if `work` fails. Throws what `work` throws, and `FailedWrongVmState`.
 */
export async function withInheritedMemory<T>(
  registry: Registry,
  original: Instance | undefined,
  work: (memory: InheritedMemory) => Promise<T>,
): Promise<T> {
  const firstUuid = crypto.randomUUID();
  if (original === undefined || original.state === "stopped") return work({ firstUuid, status: {} });
  if (isTemplateOrCheckpoint(original.state)) return work({ firstUuid, status: keptMemory(original) });
  return withCopiedMemory(registry, original, firstUuid, (reason) =>
    work({
      firstUuid,
      status: reason === undefined ? { memoryFrom: firstUuid } : { memoryNotice: bootsBecause(reason) },
    }),
  );
}

const bootsBecause = (reason: string): string => `It boots instead of being cloned: ${reason}`;

/** What is kept is used; a reason why nothing is kept is repeated. */
function keptMemory({ record: { uuid, name, status } }: Instance): InheritedMemory["status"] {
  if (status.capturedAt !== undefined) return { memoryFrom: uuid };
  return status.memoryNotice === undefined ? {} : { memoryNotice: bootsBecause(`'${name}' keeps no memory`) };
}

/**
 * Copies the memory of an instance that runs or sleeps into the folder of the object `uuid`, which `work` saves; removes the copy if that
 * fails. `reason`: why there is none, as the end of a sentence.
 *
 * Throws what `work` throws, and `FailedWrongVmState`.
 */
export async function withCopiedMemory<T>(
  { parts: { paths, log } }: Registry,
  source: Pick<Instance, "record" | "request">,
  uuid: string,
  work: (reason: string | undefined) => Promise<T>,
): Promise<T> {
  const folder = snapshotFolderOf(paths, uuid);
  let reason: string | undefined;
  try {
    await source.request("capture", { captureTo: folder });
  } catch (error) {
    if (error instanceof ApiItemError) throw error;
    reason = errorMessage(error);
    log.write("instance.not-copied", { uuid: source.record.uuid, name: source.record.name, reason });
  }
  try {
    return await work(reason);
  } catch (error) {
    await fs.rm(path.dirname(folder), { recursive: true, force: true });
    throw error;
  }
}
