/** `unikernel delete <kind> <name>`: deletes an object that no stack manages, such as one that a killed update left. */
import { parseArguments } from "../base/commandLineOptions";
import { resolveMetro } from "../base/config/metroConfig";
import { UnikernelError } from "../base/errors";
import { localPaths } from "../base/localPaths";
import { closestMatch } from "../base/spelling";
import { type Client, allItems, onlyItem } from "../client/client";
import { openLayout } from "../image/oci/layout";
import { findOwner } from "../image/oci/repositoryOwner";
import { removeEmptyLayout } from "../image/oci/transaction";
import { findMark } from "../resources/common/ownershipMark";
import { createContext } from "../resources/context";
import { readNamed } from "./findName";

/** A kind's requests. */
const ROUTES = {
  instance: ["getInstances", "deleteInstances"],
  service: ["getServices", "deleteServices"],
  volume: ["getVolumes", "deleteVolumes"],
  certificate: ["getCertificates", "deleteCertificates"],
} as const;
type Kind = keyof typeof ROUTES;
/** With the images of this machine, which no request deletes. */
const KINDS = [...Object.keys(ROUTES), "image"];

/** How long the server may take: deleting an instance ends its VM. */
const SERVER_WAIT_MS = 60_000;

/**
 * Deletes one object by its name. Throws `INPUT_INVALID` for invalid arguments, `NOT_FOUND`, and `IN_USE` for a service with instances
 * without `--with-instances`, and for an object that a finished create of a stack made, or an image that a stack claimed, without
 * `--managed`.
 */
export async function deleteObject(args: readonly string[]): Promise<string> {
  const { operands, options } = parseArguments(args, { metro: "list", "with-instances": "switch", managed: "switch" });
  const [kind, name, ...others] = operands;
  if (kind === undefined || name === undefined || others.length > 0 || !KINDS.includes(kind)) throw usageError(kind);
  const { "with-instances": withInstances, managed } = options;
  if (withInstances && kind !== "service") {
    throw new UnikernelError("INPUT_INVALID", `--with-instances has no effect on ${kind} '${name}'.`, {
      hint: "Leave it out; only services have instances.",
    });
  }
  const config = resolveMetro({ argument: { metro: options.metro.at(-1) } });
  if (!isKind(kind)) return deleteImage(name, { metro: config.metro, managed });
  const { client } = createContext(config);
  const [get, remove] = ROUTES[kind];
  const what = `${kind} '${name}'`;
  const read = async (found: string) =>
    onlyItem(await client[get]({ query: { name: [found] } }), `Reading ${what} in metro '${config.metro}'`);
  const list = async () => (await client[get]({})).items;
  const item = await readNamed(name, read, list, { suggestOnly: true });
  const { uuid } = item;
  if (!managed && kind !== "certificate") await assertUnmanaged(client, what, item);
  if (kind === "service") await deleteInstancesOf(client, { uuid, what, withInstances });
  onlyItem(await client[remove]({ body: [{ uuid }] }, { serverWaitMs: SERVER_WAIT_MS }), `Deleting ${what}`);
  return `Deleted ${what} in metro '${config.metro}'.`;
}

/** Throws `IN_USE` if a finished create made the object: a stack may record it. A service has no mark, but its instances have. */
async function assertUnmanaged(client: Client, what: string, item: MarkedItem): Promise<void> {
  const members = (item.instances ?? []).map(({ uuid }) => uuid);
  const marked = members.length === 0 ? [item] : (await client.getInstances({ query: { uuid: members } })).items;
  const isManaged = marked.some(({ tags }) => findMark(tags)?.unfinished === false);
  if (isManaged) throw managedError(what);
}

function managedError(what: string): UnikernelError {
  const message = `The ${what} was made by a stack, which may still manage it; nothing was deleted.`;
  return new UnikernelError("IN_USE", message, {
    hint: "If 'pulumi stack export' of that stack names it, change the program and run 'pulumi up' instead. If no stack has it, add --managed.",
  });
}

/** What tells whether a stack made an object. */
interface MarkedItem {
  readonly uuid: string;
  readonly tags?: readonly string[] | null | undefined;
  readonly instances?: readonly { readonly uuid: string }[] | null | undefined;
}

const isKind = (kind: string): kind is Kind => Object.hasOwn(ROUTES, kind);

function usageError(kind: string | undefined): UnikernelError {
  const kinds = KINDS.join(", ");
  if (kind === undefined || KINDS.includes(kind)) {
    return new UnikernelError("INPUT_INVALID", "'unikernel delete' takes a kind and one name.", {
      hint: `Write 'unikernel delete <kind> <name>'; the kinds are ${kinds}.`,
    });
  }
  const suggestion = closestMatch(kind, KINDS);
  return new UnikernelError("INPUT_INVALID", `'${kind}' is not a kind of object.`, {
    hint: `The kinds are ${kinds}.${suggestion === undefined ? "" : ` Did you mean ${suggestion}?`}`,
  });
}

/** Deletes the images of one name from the image layout of this machine. What runs keeps its own copy of the boot files. */
async function deleteImage(
  name: string,
  { metro, managed }: { readonly metro: string; readonly managed: boolean },
): Promise<string> {
  if (metro !== "local") {
    throw new UnikernelError("NOT_SUPPORTED", `The images of metro '${metro}' are in a registry.`, {
      hint: "Delete them there, or write '--metro local' for an image of this machine.",
    });
  }
  const { imagesDir } = localPaths();
  const isClaimed = (await findOwner(imagesDir, name)) !== undefined;
  if (isClaimed && !managed) throw managedError(`image '${name}'`);
  const removed = await openLayout(imagesDir).remove(name);
  await removeEmptyLayout(imagesDir);
  if (removed.length > 0 || isClaimed) return `Deleted image '${name}' of this machine.`;
  throw new UnikernelError("NOT_FOUND", `There is no image '${name}' on this machine.`, {
    hint: "Check the name, which is the part of 'ref' before the '@', and UNIKERNEL_STATE_DIR.",
  });
}

/** Deletes the instances of a service if `--with-instances` is given. */
async function deleteInstancesOf(
  client: Client,
  { uuid, what, withInstances }: { readonly uuid: string; readonly what: string; readonly withInstances: boolean },
): Promise<void> {
  const { instances } = onlyItem(await client.getServices({ query: { uuid: [uuid] } }), `Reading ${what}`);
  const members = instances ?? [];
  if (members.length === 0) return;
  if (!withInstances) {
    const names = members.map((member) => `'${member.name}'`).join(", ");
    throw new UnikernelError("IN_USE", `The ${what} has instances: ${names}.`, {
      hint: "Add --with-instances to delete them too.",
    });
  }
  const body = members.map((member) => ({ uuid: member.uuid }));
  allItems(
    await client.deleteInstances({ body }, { serverWaitMs: SERVER_WAIT_MS }),
    `Deleting the instances of ${what}`,
  );
}
