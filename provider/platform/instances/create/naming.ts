/** Names of new instances. Names are host names, because guests use them to reach each other. */
import type { CreateInstanceRequest } from "../../../contract/models";
import { uniqueName } from "../../objectNames";
import type { Registry } from "../../registry";
import { ApiItemError } from "../../errors";

/** Longest label of a host name. Source: RFC 1035, section 2.3.4. */
const MAX_LABEL_CHARS = 63;
/** Length of a replica's suffix: `-` and five characters. */
const REPLICA_SUFFIX_CHARS = 6;

/**
 * Reserves a name for each instance of the request and passes the names to `create`, so that concurrent requests cannot
 * take the same one. Replicas are called `<name>-<5 characters>`. The default name is the last part of `repository`.
 *
 * Throws `AlreadyExists`, `TooLong`, `Invalid`.
 */
export async function withReservedNames<T>(
  registry: Registry,
  { name, replicas = 0 }: Pick<CreateInstanceRequest, "name" | "replicas">,
  repository: string,
  create: (names: readonly string[]) => Promise<T>,
): Promise<T> {
  const key = (one: string): string => `instance:${one}`;
  const taken = (one: string): boolean =>
    registry.reservedKeys.has(key(one)) || [...registry.instances.values()].some(({ record }) => record.name === one);
  if (name !== undefined) checkName(name, replicas > 0 ? MAX_LABEL_CHARS - REPLICA_SUFFIX_CHARS : MAX_LABEL_CHARS);
  if (name !== undefined && replicas === 0) {
    if (taken(name)) throw new ApiItemError("AlreadyExists", `An instance with the name '${name}' already exists`);
    return registry.withReserved([key(name)], () => create([name]));
  }
  const names = new Set<string>();
  while (names.size <= replicas) {
    names.add(uniqueName(name ?? nameStemOf(repository), (one) => taken(one) || names.has(one)));
  }
  return registry.withReserved([...names].map(key), () => create([...names]));
}

function checkName(name: string, maxChars: number): void {
  if (name.length > maxChars) {
    const why = maxChars < MAX_LABEL_CHARS ? "the name of a replica, which gets a suffix," : "a host name";
    throw new ApiItemError("TooLong", `'name' has ${name.length} characters; ${why} has at most ${maxChars}`);
  }
  if (!/^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$/.test(name))
    throw new ApiItemError(
      "Invalid",
      `'${name}' is not a host name: use letters, digits and '-', and no '-' at either end`,
    );
}

/** The application name of a repository, as the first part of a host name. */
function nameStemOf(repository: string): string {
  const label = (repository.split("/").at(-1) ?? "")
    .replace(/[^a-z0-9-]+/g, "-")
    .slice(0, MAX_LABEL_CHARS - REPLICA_SUFFIX_CHARS)
    .replace(/^-+|-+$/g, "");
  return label === "" ? "instance" : label;
}
