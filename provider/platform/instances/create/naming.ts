/** Names of new instances. They are host names, since guests reach each other by them. */
import type { CreateInstanceRequest } from "../../../contract/models";
import { uniqueName } from "../../objectNames";
import type { Platform } from "../../registry";
import { Refusal } from "../../errors";

/** Longest label of a host name. Source: RFC 1035, section 2.3.4. */
const MAX_LABEL = 63;
/** What is put behind the name of a replica: `-` and five characters. */
const REPLICA_SUFFIX = 6;

/**
 * Takes a name for each instance of the request and hands them to `create`, so that two requests at once cannot both have
 * one. Replicas are called `<name>-<5 characters>`; without a name, the last part of `repository` stands for it.
 *
 * Throws refusals `AlreadyExists`, `TooLong`, `Invalid`.
 */
export async function withNames<T>(
  platform: Platform,
  { name, replicas = 0 }: Pick<CreateInstanceRequest, "name" | "replicas">,
  repository: string,
  create: (names: readonly string[]) => Promise<T>,
): Promise<T> {
  const key = (one: string): string => `instance:${one}`;
  const taken = (one: string): boolean =>
    platform.reserved.has(key(one)) || [...platform.instances.values()].some(({ record }) => record.name === one);
  if (name !== undefined) checkName(name, replicas > 0 ? MAX_LABEL - REPLICA_SUFFIX : MAX_LABEL);
  if (name !== undefined && replicas === 0) {
    if (taken(name)) throw new Refusal("AlreadyExists", `An instance with the name '${name}' already exists`);
    return platform.reserving([key(name)], () => create([name]));
  }
  const names = new Set<string>();
  while (names.size <= replicas) {
    names.add(uniqueName(name ?? stemOf(repository), (one) => taken(one) || names.has(one)));
  }
  return platform.reserving([...names].map(key), () => create([...names]));
}

function checkName(name: string, most: number): void {
  if (name.length > most) {
    const why = most < MAX_LABEL ? "the name of a replica, which gets a suffix," : "a host name";
    throw new Refusal("TooLong", `'name' has ${name.length} characters; ${why} has at most ${most}`);
  }
  if (!/^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$/.test(name))
    throw new Refusal("Invalid", `'${name}' is no host name: only letters, digits and '-' inside`);
}

/** The part of a repository that names the application, as the begin of a host name. */
function stemOf(repository: string): string {
  const label = (repository.split("/").at(-1) ?? "")
    .replace(/[^a-z0-9-]+/g, "-")
    .slice(0, MAX_LABEL - REPLICA_SUFFIX)
    .replace(/^-+|-+$/g, "");
  return label === "" ? "instance" : label;
}
