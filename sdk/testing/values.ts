/** Values as Pulumi's mocks pass them. */
import * as pulumi from "@pulumi/pulumi";

type Members = { readonly [name: string]: unknown };

/** Source: @pulumi/pulumi `runtime/rpc.ts`, `specialSigKey` and `specialSecretSig`: marks a secret with its `value`. */
const [SPECIAL, SECRET] = ["4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"];

/** Source: @pulumi/pulumi `runtime/rpc.ts`, `unknownValue`. */
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

const isSecret = (value: Members): boolean => value[SPECIAL] === SECRET;

/** The value without marks of secrets; what is unknown is the engine's placeholder. */
export function inClear(value: unknown): unknown {
  if (pulumi.isUnknown(value)) return UNKNOWN;
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(inClear);
  const members = value as Members;
  if (isSecret(members)) return inClear(members.value);
  // Assets and archives stay what they are.
  if (SPECIAL in members || pulumi.asset.Asset.isInstance(value) || pulumi.asset.Archive.isInstance(value))
    return value;
  return mapMembers(members, inClear);
}

/** True if a part of the value is secret. */
function containsSecret(value: unknown): boolean {
  if (value === null || typeof value !== "object") return false;
  if (Array.isArray(value)) return value.some(containsSecret);
  return isSecret(value as Members) || Object.keys(value).some((name) => containsSecret((value as Members)[name]));
}

/** The value without unknown values. */
export function withoutUnknown(value: unknown): unknown {
  if (value === UNKNOWN || pulumi.isUnknown(value)) return undefined;
  if (value === null || typeof value !== "object") return value;
  return Array.isArray(value) ? value.map(withoutUnknown) : mapMembers(value as Members, withoutUnknown);
}

/** The state with a mark at each property that was secret as an input. */
export const withSecrets = (state: Members, inputs: Members): Members =>
  mapMembers(state, (value, name) => (containsSecret(inputs[name]) ? pulumi.secret(value) : value));

/** The members that the program knows: without those that Pulumi and this package add. */
export const withoutInternal = (members: Members): Members =>
  fromEntries(
    Object.keys(members).flatMap((name) => (name.indexOf("__") === 0 ? [] : [[name, members[name]] as const])),
  );

/** The value with those of outputs in their place, secrets in clear. Of a module, its exports. */
export async function toPlainValue(value: unknown): Promise<unknown> {
  const isModule = Object.prototype.toString.call(value) === "[object Module]";
  const output = pulumi.output(isModule ? { ...(value as Members) } : value);
  // The method exists in every release, but is left out of the types.
  const plain = await (output as unknown as { promise(withUnknowns: boolean): Promise<unknown> }).promise(true);
  return pulumi.Resource.isInstance(plain) ? plain : withoutUnknownOutputs(plain);
}

/** As {@link withoutUnknown}, for values that may contain resources. */
function withoutUnknownOutputs(value: unknown): unknown {
  if (pulumi.isUnknown(value)) return undefined;
  const isPlain = Array.isArray(value) || Object.prototype.toString.call(value) === "[object Object]";
  if (!isPlain || pulumi.Resource.isInstance(value)) return value;
  return Array.isArray(value) ? value.map(withoutUnknownOutputs) : mapMembers(value as Members, withoutUnknownOutputs);
}

const mapMembers = (members: Members, change: (value: unknown, name: string) => unknown): Members =>
  fromEntries(Object.keys(members).map((name) => [name, change(members[name], name)] as const));

const fromEntries = (entries: readonly (readonly [string, unknown])[]): Members =>
  entries.reduce<{ [name: string]: unknown }>((all, [name, value]) => {
    all[name] = value;
    return all;
  }, {});
