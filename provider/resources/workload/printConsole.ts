/** The console of a guest that stopped: its last lines go to the engine's log and nowhere else. */
import { type SecretInputs, readConsoleExcerpt } from "../../client/errors/consoleExcerpt";
import type { InstanceItem } from "../../contract/models";
import { isBuiltWithoutFiles } from "../../image/oci/indexJson";
import { type ProviderContext, forCleanup } from "../context";
import { parseDigest } from "./imageReference";

/**
 * Prints the last console lines of a guest, with what it was given in its environment, arguments, ROMs and plugins masked, but not the
 * command of its image, which is no input and often what the lines are about.
 *
 * Returns `withheld` if an image of the guest may hold files that a program gave, and `empty` if the console is empty or cannot be read.
 *
 * @param secretInputs what was asked for: a response need not hold all of it
 */
export async function printConsole(
  context: ProviderContext,
  instance: InstanceItem,
  secretInputs: readonly SecretInputs[],
): Promise<"printed" | "withheld" | "empty"> {
  if (!(await mayShowConsole(context, instance))) return "withheld";
  // A program that names an image gave all arguments itself; otherwise they come from the template that was cloned.
  const isFromImage = secretInputs.some(({ image }) => typeof image === "string");
  const reported = isFromImage ? { ...instance, args: undefined } : instance;
  const lines = await readConsoleExcerpt(forCleanup(context).client, instance.uuid, [reported, ...secretInputs]);
  if (lines.length === 0) return "empty";
  const excerpt = lines.map((line) => `  | ${line}`).join("\n");
  context.printProgress(`Last console lines of instance '${instance.name}':\n${excerpt}`);
  return "printed";
}

/** Images are built with files in metro `local` only; elsewhere every image comes from the metro's registry. A URL may lead to a metro of either kind. */
const isCloud = (metro: string): boolean => metro !== "local" && !metro.includes("://");

async function mayShowConsole({ metro, imageLayout }: ProviderContext, item: InstanceItem): Promise<boolean> {
  if (isCloud(metro)) return true;
  const roms = (item.roms ?? []).filter(({ files }) => files === undefined).map(({ image }) => image);
  const images = [item.image, ...roms, ...(item.plugins ?? []).map(({ rom }) => rom)];
  const known = await Promise.all(
    images.map((image) => isBuiltWithoutFiles(imageLayout, parseDigest(image ?? "") ?? "")),
  ).catch(() => [false]);
  return known.every((isSafe) => isSafe);
}
