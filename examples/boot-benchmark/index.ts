import * as os from "node:os";
import * as pulumi from "@pulumi/pulumi";
import * as unikernel from "pulumi-unikernel";
import { type Settings, type Start, readSettings } from "./settings";

/** The template goes when nobody has cloned it for this long. */
const TEMPLATE_UNUSED_MS = 600_000;

const config = new pulumi.Config();
const settings = readSettingsOfStack();

/** As many instances of one image, each with a port of its own. One image serves all: addresses are no part of it. */
function declareGroup(kind: "linux" | "unikraft", context: string, start: Start, firstPort: number) {
  const { count, guestPort, memoryMb } = settings;
  const image = new unikernel.GatewayImage(kind, { context });
  const template = pulumi.interpolate`boot-benchmark-${image.digest.apply((digest) => digest.slice(7, 19))}`;
  const source =
    start === "boot"
      ? { image, memoryMb }
      : { template, prepareTemplate: { image, memoryMb, autokillTimeMs: TEMPLATE_UNUSED_MS } };
  const instances = Array.from({ length: count }, (_, index) => {
    const port = firstPort + index;
    const name = `${kind}-${index + 1}`;
    const serviceGroup = { ports: [{ port, destinationPort: guestPort }] };
    const instance = new unikernel.Instance(name, { ...source, serviceGroup, waitFor: "answering", stableForMs: 0 });
    return { name, uuid: instance.id, port };
  });
  const cloned = start === "clone" ? { template } : {};
  return { kind, start, context, memoryMb, guestPort, imageBytes: image.sizeBytes, ...cloned, instances };
}

/** A message alone, where an error of any other kind would print a stack. */
function readSettingsOfStack(): Settings {
  try {
    return readSettings((name) => config.get(name), os.totalmem());
  } catch (error) {
    throw new pulumi.RunError(error instanceof Error ? error.message : String(error));
  }
}

const { count, firstPort, start, unikraft } = settings;
const groups = [declareGroup("linux", "./web", start, firstPort)];
// A Unikraft kernel has no agent that could clone it, so it boots.
if (unikraft !== undefined) groups.push(declareGroup("unikraft", unikraft, "boot", firstPort + count));

/** What `npm run measure` reads. */
export const benchmark = groups;
