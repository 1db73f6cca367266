/** Arguments for which a program may give a resource: their value, and defaults of arguments beside them, come from its outputs. */
import * as pulumi from "@pulumi/pulumi";

/** One such argument. */
export interface ResourceArgument {
  /** Path of the argument: `image`, `template.image`. */
  readonly path: string;
  /** Kind of the resource. */
  readonly kind: string;
  /** The output that is the value. */
  readonly output: string;
  /** Path of another argument of the same object → the property of the resource that is its default, if the resource was given it. */
  readonly defaults?: { readonly [path: string]: string };
}

type Members = { readonly [name: string]: unknown };

/** Names of the arguments that a resource was given. Of others, a preview does not know whether they will have a value. */
const GIVEN = "__given";

/** Notes which arguments a resource was given. */
export const noteGiven = (resource: pulumi.Resource, args: object): void => {
  const value = Object.keys(args).filter((name) => (args as Members)[name] !== undefined);
  Object.defineProperty(resource, GIVEN, { value });
};

const isLater = (value: unknown): boolean => pulumi.Output.isInstance(value) || value instanceof Promise;

/**
 * The arguments with the outputs of a resource in its place. What the program set itself stays.
 *
 * Throws a `RunError` for a resource of another kind.
 *
 * @param owner the resource with the arguments, such as `Instance 'web'`, for messages
 */
export const takeOutputs = (owner: string, args: object, argument: ResourceArgument): object =>
  takeAt(args, argument.path.split("."), owner, argument) as object;

function takeAt(value: unknown, path: readonly string[], owner: string, argument: ResourceArgument): unknown {
  if (value === undefined || value === null) return value;
  if (isLater(value)) return pulumi.output(value).apply((known) => takeAt(known, path, owner, argument));
  if (typeof value !== "object") return value;
  const [key = "", ...rest] = path;
  const members = value as Members;
  const member = members[key];
  if (rest.length > 0) {
    const taken = takeAt(member, rest, owner, argument);
    return taken === member ? value : { ...members, [key]: taken };
  }
  if (isLater(member))
    return { ...members, [key]: pulumi.output(member as object).apply(assertNoResource(owner, argument)) };
  return pulumi.Resource.isInstance(member) ? takeFrom(member, members, key, owner, argument) : value;
}

/** A resource inside an output comes too late to bring its defaults along. */
const assertNoResource =
  (owner: string, { path, kind, output }: ResourceArgument) =>
  <T>(known: T): T => {
    if (!pulumi.Resource.isInstance(known)) return known;
    throw new pulumi.RunError(
      `INPUT_INVALID: ${owner}: '${path}' takes a ${kind} itself or its '${output}', not an output of a resource.`,
    );
  };

function takeFrom(resource: pulumi.Resource, members: Members, key: string, owner: string, argument: ResourceArgument) {
  const { path, kind, output, defaults = {} } = argument;
  const type = String((resource as { __pulumiType?: unknown }).__pulumiType);
  if (!type.endsWith(`/unikernel:${kind}`))
    throw new pulumi.RunError(
      `INPUT_INVALID: ${owner}: '${path}' takes a ${kind} or a text, not a resource '${type}'.`,
    );
  const properties = resource as unknown as Members;
  const given = (properties[GIVEN] ?? []) as readonly string[];
  const taken: Members = { ...members, [key]: properties[output] };
  return Object.entries(defaults)
    .filter(([, property]) => given.includes(property))
    .reduce((all, [at, property]) => withDefault(all, at.split("."), properties[property]) as Members, taken);
}

/** The value with a default at `path`, unless there is one. */
function withDefault(value: unknown, path: readonly string[], otherwise: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value ?? otherwise;
  if (value === undefined || value === null) return withDefault({}, path, otherwise);
  if (isLater(value)) return pulumi.output(value).apply((known) => withDefault(known, path, otherwise));
  const members = value as Members;
  return { ...members, [key]: withDefault(members[key], rest, otherwise) };
}
