/** The arguments of a wave's service. */
import * as pulumi from "@pulumi/pulumi";
import type { ServiceArgs } from "../service";

type Members = { readonly [key: string]: unknown };

/** Inputs whose members a wave replaces one by one. */
const MERGED = ["template", "rollout"] as const;

const isPlain = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !pulumi.Output.isInstance(value) && !(value instanceof Promise);

/** The common arguments with what is different in a wave. */
export function mergeArgs(common: ServiceArgs, own: Partial<ServiceArgs>): ServiceArgs {
  const merged: { [key: string]: unknown } = { ...common, ...own };
  for (const name of MERGED) {
    const [before, after] = [common[name], own[name]];
    if (isPlain(before) && isPlain(after)) merged[name] = { ...before, ...after };
  }
  return merged as unknown as ServiceArgs;
}
