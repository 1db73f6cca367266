/** Which configuration a replica has loaded: a tag with a hash of `reloadOn`, which outlives a killed update. Pure. */
import { keyedHash } from "../hashKey";

const PREFIX = "configuration:";

/** The part of an instance that says what it has loaded. */
interface Tagged {
  readonly tags?: readonly string[] | null | undefined;
}

/** The tag of a replica that has loaded a configuration. */
export const CONFIGURATION_TAG = /^configuration:[0-9a-f]{12}$/;

/** JSON with sorted keys. */
const canonicalJson = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === "object" && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );

/** A hash of the values of `reloadOn`, 12 hexadecimal digits. Only it leaves this process: the values may be secret. */
export const configurationOf = (reloadOn: readonly unknown[] | undefined, hashKey: string): string | undefined =>
  reloadOn === undefined ? undefined : keyedHash(hashKey, canonicalJson(reloadOn));

/** The tags that say so; none without a configuration. */
export const configurationTags = (configuration: string | undefined): readonly string[] =>
  configuration === undefined ? [] : [`${PREFIX}${configuration}`];

/** The configuration that the tags of a replica name; `undefined` if they name none. */
export const configurationIn = ({ tags }: Tagged): string | undefined =>
  (tags ?? []).find((tag) => CONFIGURATION_TAG.test(tag))?.slice(PREFIX.length);

/** True if the replica has this configuration, or none is asked for. */
export const hasConfiguration = (instance: Tagged, configuration: string | undefined): boolean =>
  configuration === undefined || configurationIn(instance) === configuration;

/** The tags of a replica once it has loaded this configuration. */
export const withConfiguration = ({ tags }: Tagged, configuration: string | undefined): readonly string[] => [
  ...(tags ?? []).filter((tag) => !CONFIGURATION_TAG.test(tag)),
  ...configurationTags(configuration),
];
