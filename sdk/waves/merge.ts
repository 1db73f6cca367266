/** The arguments of a wave's service. */
import * as pulumi from "@pulumi/pulumi";
import type { Fail } from "../registration/argumentError";
import type { ServiceArgs } from "../service";

type Members = { readonly [key: string]: unknown };

/** Inputs whose members a wave replaces one by one. */
const MERGED = ["template", "rollout"] as const;

const isPlain = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !pulumi.Output.isInstance(value) && !(value instanceof Promise);

/** Without what is `undefined`, which a program passes for a setting that it does not have. */
const given = <T extends object>(members: T): Partial<T> =>
  Object.keys(members).reduce<Partial<T>>((all, name) => {
    const value = members[name as keyof T];
    return value === undefined ? all : { ...all, [name]: value };
  }, {});

/**
 * The common arguments with what is different in a wave.
 *
 * @param fail called if both have an input of {@link MERGED} and one of them is an output, whose members are not known in time
 */
export function mergeArgs(common: ServiceArgs, own: Partial<ServiceArgs>, fail: Fail): ServiceArgs {
  const merged: { [key: string]: unknown } = { ...common, ...given(own) };
  for (const name of MERGED) {
    const [before, after] = [common[name], own[name]];
    if (before === undefined || after === undefined) continue;
    if (!isPlain(before) || !isPlain(after))
      fail(
        `service.${name}: must be an object and not an output, because its members are merged; each of them may be an output.`,
      );
    merged[name] = { ...before, ...given(after) };
  }
  return merged as unknown as ServiceArgs;
}
