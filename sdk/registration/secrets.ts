/** Which parts of a resource's arguments and outputs are secret. */
import * as pulumi from "@pulumi/pulumi";

/**
 * The value with the part at `path` marked as secret; `*` stands for every item of a list or map. The rest stays readable in previews.
 * If the path leads through an output or a promise, that whole value becomes secret.
 */
export function markSecret(value: unknown, path: readonly string[]): unknown {
  if (value === undefined || value === null) return value;
  const [key, ...rest] = path;
  const isPlain = typeof value === "object" && !pulumi.Output.isInstance(value) && !(value instanceof Promise);
  if (key === undefined || !isPlain) return pulumi.secret(value);
  const members: object = value as object;
  if (Array.isArray(members)) return members.map((item: unknown) => markSecret(item, rest));
  return Object.fromEntries(
    Object.entries(members).map(([name, member]: [string, unknown]) => [
      name,
      key === "*" || key === name ? markSecret(member, rest) : member,
    ]),
  );
}

/**
 * Names of the outputs to hide as a whole: those that are secret, and lists or maps that contain a secret, which the engine would
 * hide as a whole anyway. An object that contains a secret is hidden only for a `get`; otherwise the engine hides the parts that are
 * secret in the program's value.
 */
export const secretOutputs = (paths: readonly string[], isLookup: boolean): string[] => [
  ...new Set(
    paths
      .map((path) => path.split("."))
      .filter(([, next]) => isLookup || next === undefined || next === "*")
      .map(([name = ""]) => name),
  ),
];
