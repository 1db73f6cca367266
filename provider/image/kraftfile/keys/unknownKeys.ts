/**
 * Reports keys that have no effect.
 *
 * The vendor's tools ignore unknown keys, and real files have some: `memory`, `services`, or what another tool reads. So they are
 * warnings. An obvious misspelling of a key that makes the image is a problem, because the image would silently lack what the
 * key says: `rootf: ./rootfs` gives an image without files.
 */
import { closestMatch, editDistance } from "../../../base/spelling";
import type { Member, YamlSource } from "../yaml/yamlSource";

/** Keys of other tools and wrong spellings, with what is meant. */
const SYNONYMS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    command: "cmd",
    entrypoint: "cmd",
    args: "cmd",
    environment: "env",
    root: "rootfs",
    version: "spec",
    image: "runtime",
    kernel: "runtime",
    platforms: "targets",
  }),
);

/** Keys that people write into a Kraftfile although they belong to an instance, with the input that is meant. */
const INSTANCE_INPUTS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    memory: "memoryMb",
    mem: "memoryMb",
    cpus: "vcpus",
    vcpus: "vcpus",
    ports: "ports",
    port: "ports",
    services: "ports",
    replicas: "replicas",
    scale_to_zero: "scaleToZero",
  }),
);

const MAX_KEY_LENGTH = 64;
/** Enough for any file that a person wrote. */
const MAX_REPORTED_PER_MAP = 50;

/** Where unknown keys are looked for. */
export interface KeyScope {
  /** What contains the keys, such as `a Kraftfile` or `'rootfs'`. */
  readonly where: string;
  readonly known: readonly string[];
  /** Keys that make the image; a misspelling of one is a problem. */
  readonly significant: readonly string[];
}

/** Reports the keys that are not known; extension keys (`x-…`) are allowed. */
export function reportUnknownKeys(source: YamlSource, members: readonly Member[], scope: KeyScope): void {
  const { where, known } = scope;
  const unknown = members.filter(({ key }) => !key.startsWith("x-") && !known.includes(key));
  for (const { key, keyNode } of unknown.slice(0, MAX_REPORTED_PER_MAP)) {
    const name = key.slice(0, MAX_KEY_LENGTH);
    const meant = scope.significant.find(
      (candidate) => isMisspelling(name, candidate) && !members.some((member) => member.key === candidate),
    );
    if (meant !== undefined) source.report(keyNode, `unknown key '${name}', did you mean '${meant}'?`);
    else source.warn(keyNode, `unknown key '${name}' has no effect on the image${advise(name, where, known)}`);
  }
}

function advise(key: string, where: string, known: readonly string[]): string {
  const input = INSTANCE_INPUTS.get(key.toLowerCase());
  if (input !== undefined) return `; set '${input}' of the Instance or Service.`;
  const synonym = SYNONYMS.get(key.toLowerCase());
  const suggestion = synonym !== undefined && known.includes(synonym) ? synonym : closestMatch(key, known);
  return suggestion === undefined
    ? `; ${where} may have ${known.join(", ")}.`
    : `; did you mean '${suggestion}'? If not, remove it or start it with 'x-'.`;
}

/** One wrong letter in a short key, two in a long one; upper case counts as none. */
function isMisspelling(key: string, known: string): boolean {
  return editDistance(key.toLowerCase(), known) <= (known.length > 5 ? 2 : 1);
}
