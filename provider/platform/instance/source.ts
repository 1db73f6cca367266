/** What a new instance is made from. */
import type { CreateInstanceRequest } from "../../api/models";
import type { Platform } from "../platform";
import { Refusal } from "../refusal";
import type { ImageFacts, InstanceDefinition } from "../state/instances";
import { type Resolved, resolveImage } from "./resolve";

/** MiB. Source: the cloud's documentation. */
const DEFAULT_MEMORY_MB = 128;

/**
 * What an instance is where the request says nothing, and the layers it boots from. Throws what resolving an image throws,
 * and a refusal `NotSupported`.
 */
export async function findSource(
  platform: Platform,
  body: CreateInstanceRequest,
): Promise<Resolved<InstanceDefinition>> {
  if (body.image !== undefined) {
    const { value, layers } = await resolveImage(platform, body.image);
    return { value: plainDefinition(value), layers };
  }
  throw new Refusal("NotSupported", "An instance can only be made from an image yet");
}

/** An instance of an image of which nothing else is known. */
const plainDefinition = (image: ImageFacts): InstanceDefinition => ({
  ...image,
  args: image.imageArgs,
  argsFromImage: true,
  env: {},
  memoryMb: DEFAULT_MEMORY_MB,
  vcpus: 1,
  restartPolicy: "never",
  tags: [],
  annotations: {},
  deleteLock: false,
  deleteOnStop: false,
  dependencies: [],
  roms: [],
  schedules: [],
  autokill: { timeMs: 0, numRequests: 0 },
  frozenAutokillMs: 0,
  history: [],
});
