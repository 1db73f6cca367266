/** From a create request to an instance: everything that can be refused is refused here, before anything exists. */
import * as crypto from "node:crypto";
import type { CreateInstanceRequest } from "../../api/models";
import { parseReference } from "../../image/oci/reference";
import type { StoredImage } from "../../image/oci/storedImage";
import { find } from "../handlers/select";
import type { Selector } from "../handlers/request";
import { withoutPlatform } from "../handlers/images";
import { uniqueName } from "../names";
import type { Platform } from "../platform";
import type { InstanceActor } from "./actor";
import { enforceLimit, enforceQuota } from "../quota";
import { Refusal } from "../refusal";
import { afterMemberJoined } from "../service/membership";
import { type Attachment, type InstanceRecord, insertInstance } from "../state/instances";
import { checkedAttachment } from "../volume/attachable";

const DEFAULT_MEMORY_MB = 128;
/** Longest label of a host name. Source: RFC 1035, section 2.3.4. */
const MAX_LABEL = 63;

/** Takes the name and hands it to `create`, which two requests at once cannot both do. Throws refusals `AlreadyExists`, `TooLong`, `Invalid`. */
export async function withName<T>(
  platform: Platform,
  body: CreateInstanceRequest,
  create: (name: string) => Promise<T>,
): Promise<T> {
  const key = (name: string): string => `instance:${name}`;
  const taken = (name: string): boolean =>
    platform.reserved.has(key(name)) || [...platform.instances.values()].some((actor) => actor.record.name === name);
  const { repository } = parseReference(withoutPlatform(imageUrl(body)));
  const stem = repository
    .split("/")
    .at(-1)
    ?.replace(/[^a-z0-9-]+/g, "-");
  const name = body.name ?? uniqueName(stem ?? "instance", taken);
  if (name.length > MAX_LABEL)
    throw new Refusal("TooLong", `'name' has ${name.length} characters; a host name has at most ${MAX_LABEL}`);
  if (!/^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$/.test(name)) {
    throw new Refusal("Invalid", `'${name}' is no host name: only letters, digits and '-' inside`);
  }
  if (taken(name)) throw new Refusal("AlreadyExists", `An instance with the name '${name}' already exists`);
  return platform.reserving([key(name)], () => create(name));
}

/**
 * Makes an instance that can be started: the image is resolved to its digest and unpacked, volumes and service exist.
 *
 * Throws refusals `NotFound`, `Attached`, `Quota`, `CannotBeUsed`, `Invalid`; what unpacking a layer throws.
 */
export async function createInstance(
  platform: Platform,
  name: string,
  body: CreateInstanceRequest,
): Promise<InstanceActor> {
  const memoryMb = body.memory_mb ?? DEFAULT_MEMORY_MB;
  const vcpus = body.vcpus ?? 1;
  enforceLimit(platform, "memory_mb", memoryMb);
  enforceLimit(platform, "vcpus", vcpus);
  if (body.timeout_s !== undefined && body.timeout_s !== 0 && body.autostart !== true) {
    throw new Refusal("Invalid", "'timeout_s' needs 'autostart': nothing would start");
  }
  if (body.scale_to_zero !== undefined && body.scale_to_zero.policy !== "off" && body.service_group === undefined) {
    throw new Refusal("Invalid", "'scale_to_zero' needs a 'service_group': only its connections can wake the instance");
  }
  const image = await findImage(platform, imageUrl(body));
  const { kernel, initrd } = image;
  if (kernel === undefined) {
    throw new Refusal("CannotBeUsed", `Image '${imageUrl(body)}' has no kernel layer, so there is nothing to boot`);
  }
  try {
    return await platform.boot.holding(initrd === undefined ? [kernel] : [kernel, initrd], () =>
      keepInstance(platform, { name, body, image, kernelDigest: kernel.digest, memoryMb, vcpus }),
    );
  } catch (error) {
    if (!isMissing(error, [kernel.blob, initrd?.blob])) throw error;
    throw new Refusal("NotFound", `Image '${imageUrl(body)}' was removed while the instance was being created`);
  }
}

/** The reference of the image, in whichever form it was given. */
function imageUrl({ image }: CreateInstanceRequest): string {
  if (image === undefined) throw new Refusal("Invalid", "'image' is missing in instance creation arguments");
  return typeof image === "string" ? image : image.url;
}

/** Exactly one of uuid and name. */
function selectorOf({
  uuid,
  name,
}: {
  readonly uuid?: string | undefined;
  readonly name?: string | undefined;
}): Selector {
  if (uuid !== undefined && name !== undefined)
    throw new Refusal("NotBoth", "Either 'uuid' or 'name' must be given, not both");
  if (uuid !== undefined) return { uuid };
  if (name !== undefined) return { name };
  throw new Refusal("MissingId", "Either 'uuid' or 'name' must be given");
}

/** What a create has found out when its image is unpacked. */
interface Prepared {
  readonly name: string;
  readonly body: CreateInstanceRequest;
  readonly image: StoredImage;
  readonly kernelDigest: string;
  readonly memoryMb: number;
  readonly vcpus: number;
}

/** Without a pause from here to the record: no other request can take a volume or the last of a quota between. */
function keepInstance(
  platform: Platform,
  { name, body, image, kernelDigest, memoryMb, vcpus }: Prepared,
): InstanceActor {
  const live = body.autostart === true ? { live_instances: 1, live_vcpus: vcpus, live_memory_mb: memoryMb } : {};
  enforceQuota(platform, { instances: 1, ...live });
  const service =
    body.service_group === undefined
      ? undefined
      : find(platform.services.values(), ({ record }) => record, "service group", selectorOf(body.service_group))
          .record;
  const record: InstanceRecord = {
    uuid: crypto.randomUUID(),
    name,
    createdAt: Date.now(),
    serviceUuid: service?.uuid,
    volumes: attachments(platform, body.volumes ?? []),
    definition: {
      repository: image.repository,
      digest: image.digest,
      kernelDigest,
      ...(image.initrd === undefined ? {} : { initrdDigest: image.initrd.digest }),
      args: [...(body.args ?? image.cmd)],
      imageEnv: { ...image.env },
      env: body.env ?? {},
      memoryMb,
      vcpus,
      restartPolicy: body.restart_policy ?? "never",
      ...(body.scale_to_zero === undefined ? {} : { scaleToZero: body.scale_to_zero }),
      tags: body.tags ?? [],
      annotations: {},
      deleteLock: false,
      deleteOnStop: false,
      dependencies: [],
      roms: [],
      schedules: [],
      autokill: { timeMs: 0, numRequests: 0 },
      frozenAutokillMs: 0,
      history: [],
    },
    status: {
      state: "stopped",
      deleting: false,
      stopForced: false,
      startCount: 0,
      restartCount: 0,
      uptimeMs: 0,
      updates: [],
      detaching: [],
    },
  };
  insertInstance(platform.parts.database, record);
  const actor = platform.addInstance(record);
  if (service !== undefined) afterMemberJoined(platform, service.uuid, "attached");
  return actor;
}

const isMissing = (error: unknown, files: readonly (string | undefined)[]): boolean =>
  error instanceof Error &&
  "code" in error &&
  error.code === "ENOENT" &&
  "path" in error &&
  files.some((file) => file === error.path);

async function findImage(platform: Platform, reference: string): Promise<StoredImage> {
  const { images } = platform.parts;
  const image = await images.resolve(withoutPlatform(reference));
  if (image !== undefined) return image;
  const present = [...new Set((await images.list()).map(({ repository }) => repository))];
  const hint = present.length === 0 ? "there are no images here yet" : `here are: ${present.join(", ")}`;
  throw new Refusal("NotFound", `No image with name '${reference}'; ${hint}`);
}

/** The volumes of a new instance, each judged with those before it. Throws as `checkedAttachment` does, and `NotFound`. */
function attachments(platform: Platform, wanted: NonNullable<CreateInstanceRequest["volumes"]>): Attachment[] {
  return wanted.reduce<Attachment[]>((present, entry) => {
    const volume = find(platform.volumes.values(), (one) => one, "volume", selectorOf(entry));
    return [...present, checkedAttachment(platform, volume, entry, present)];
  }, []);
}
