/**
 * Names at preview: picks the first free name for a resource without one, and fails if a given name is taken by another resource of
 * the program or by an object in the metro.
 *
 * A preview and the update after it must choose the same names, or a saved plan fails. So an object that the update has already
 * deleted counts as existing, as it did during the preview.
 */
import { UnikernelError, formatError } from "../base/errors";
import { MAX_NAME_ORDINAL, deriveName } from "../definition/naming";
import type { ExclusiveValue, NameHolder } from "../definition/resource";
import { isUnknown } from "../definition/unknowns";
import type { Say } from "./describeChanges";
import { givenLeftoverNotice, leftoverNotice, unfinishedNotice, unrecordedNotice } from "./nameNotices";
import { type NamedKind, isNamedKind } from "../resources/all";

/** Number of names in one look-up. */
const LOOKUP_BATCH = 9;

/** Looks up the objects that have a name in the metro. */
export interface NameLookup {
  /** The ids of objects with these names. Throws as the client does. */
  find(kind: NamedKind, names: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Whose an object is; `undefined` if it is gone. */
  inspect(id: string): Promise<NameHolder | undefined>;
}

/** What a derived name consists of. */
export interface NameSource {
  readonly resourceName: string;
  readonly resourceHash: string;
}

/** A resource to check. */
export interface NamedResource {
  readonly kind: string;
  /** Such as `Volume 'data'`. */
  readonly label: string;
  /** `undefined` where it is not known; then other resources of the program are not compared. */
  readonly urn: string | undefined;
  /** True for a new resource and for a replacement; the engine does not tell them apart. */
  readonly isNew: boolean;
  /** What the name derives from; `undefined` if the program gave the name. */
  readonly derivedFrom: NameSource | undefined;
  readonly name: unknown;
  readonly adopt: boolean;
  /** As the user wrote it. */
  readonly metro: string;
}

/** The name to use, and its failures as sentences. */
export interface NameCheck {
  readonly name: unknown;
  readonly failures: readonly string[];
  /** True if an object has the name that the resource may adopt: not the one that this plan replaces. */
  readonly isAdoptable?: boolean;
}

/** Where the checker reports what does not fail the check. Each reports a sentence once. */
export interface NameMessages {
  readonly inform: Say;
  readonly warn: Say;
}

interface Claim {
  readonly urn: string;
  readonly label: string;
}

/** Stands in for a metro that does not respond. */
const EMPTY_METRO: NameLookup = {
  find: () => Promise.resolve(new Map()),
  inspect: () => Promise.resolve(undefined),
};

const keyOf = (kind: string, name: string): string => `${kind} ${name}`;

/** Checks the names of one plan, one after the other. */
export class NameChecker {
  /** By kind and name: the resource of the program that has it. */
  readonly #claims = new Map<string, Claim>();
  /** By URN: what it claims. */
  readonly #claimed = new Map<string, string>();
  /** By kind and name: the URN of a resource whose object has it and is replaced, or was deleted by this plan. */
  readonly #predecessors = new Map<string, string>();
  /** By URN, then kind and name: objects that state records, which are no leftovers. */
  readonly #recorded = new Set<string>();
  readonly #messages: NameMessages;
  /** The metro did not respond, so no further name is looked up. */
  #isUnreachable = false;

  /** @param messages where sentences go that do not fail the check */
  constructor(messages: NameMessages) {
    this.#messages = messages;
  }

  /** Records an object that this plan deletes or replaces: its name stays taken, except for the resource itself. */
  expectReplacement(kind: string, name: unknown, urn: string | undefined): void {
    if (typeof name === "string") this.#predecessors.set(keyOf(kind, name), urn ?? "");
  }

  /** Records that state has an object of this name for the resource: it is no leftover if the engine then replaces it by itself. */
  expectRecorded(kind: string, name: unknown, urn: string | undefined): void {
    if (typeof name === "string" && urn !== undefined) this.#recorded.add(`${urn} ${keyOf(kind, name)}`);
  }

  /** Chooses or checks the name. Warns once if the metro does not respond. */
  async check(resource: NamedResource, lookup: NameLookup): Promise<NameCheck> {
    const { kind, name, isNew, derivedFrom } = resource;
    if (!isNamedKind(kind) || typeof name !== "string" || isUnknown(name)) return { name, failures: [] };
    if (!isNew) return this.#claim(resource, name);
    const choose = (among: NameLookup): Promise<NameCheck> =>
      derivedFrom === undefined
        ? this.#checkGiven(resource, kind, name, among)
        : this.#firstFree(resource, kind, derivedFrom, among);
    try {
      return await choose(this.#isUnreachable ? EMPTY_METRO : lookup);
    } catch (error) {
      if (!UnikernelError.is(error)) throw error;
      this.#isUnreachable = true;
      this.#messages.warn([`The names of new resources cannot be checked. ${formatError(error)}`], resource.urn);
      return choose(EMPTY_METRO);
    }
  }

  /**
   * The ids of a deleted resource's unfinished objects that no resource of the plan continues with. Only for kinds with marks; none if
   * the metro does not respond.
   */
  async findLeftovers(kind: string, source: NameSource | undefined, lookup: NameLookup): Promise<readonly string[]> {
    if (kind !== "Instance" && kind !== "Volume") return [];
    const others = await this.#findOthers(kind, source, lookup);
    return others.flatMap(({ id, holder }) => (holder === "unfinished" ? [id] : []));
  }

  /**
   * The ids of unfinished objects that block a create which repeats a killed replacement: the old object is gone, the engine uses its
   * name again, and the killed replacement may have another name. Reports finished objects with the command that deletes them.
   */
  async findUnrecorded(resource: NamedResource, lookup: NameLookup): Promise<readonly string[]> {
    const { kind, derivedFrom, urn } = resource;
    // Equal content does not prove whose a certificate is, and a certificate blocks no create.
    if (!isNamedKind(kind) || kind === "Certificate") return [];
    const others = await this.#findOthers(kind, derivedFrom, lookup);
    for (const { name, holder } of others) {
      if (holder === "finished") this.#messages.inform([unrecordedNotice(resource, name)], urn);
    }
    return others.flatMap(({ id, holder }) => (holder === "unfinished" ? [id] : []));
  }

  /** Objects with names derived for a resource that no resource of the plan has; none if the metro does not respond. */
  async #findOthers(
    kind: NamedKind,
    source: NameSource | undefined,
    lookup: NameLookup,
  ): Promise<readonly { readonly id: string; readonly name: string; readonly holder: NameHolder | undefined }[]> {
    if (source === undefined) return [];
    const names = this.#candidates(kind, source, 1, undefined);
    try {
      const ids = await lookup.find(kind, names);
      return await Promise.all([...ids].map(async ([name, id]) => ({ id, name, holder: await lookup.inspect(id) })));
    } catch (error) {
      if (!UnikernelError.is(error)) throw error;
      return [];
    }
  }

  /** Reserves what a resource has to itself beside a name, such as its repository; fails if another resource of the program has it. */
  claimExclusively(
    resource: NamedResource,
    { property, value }: Pick<ExclusiveValue, "property" | "value">,
  ): NameCheck {
    return this.#claim(resource, value, property);
  }

  /** Reserves the name for the resource; fails if another resource of the program has it. */
  #claim({ kind, urn, label }: NamedResource, name: string, property = "name"): NameCheck {
    if (urn === undefined) return { name, failures: [] };
    const key = keyOf(kind, name);
    const other = this.#claims.get(key);
    if (other !== undefined && other.urn !== urn) {
      const whose = other.label === label ? `${other.label} (${other.urn})` : other.label;
      const sentence = `'${name}' is also the ${property} of ${whose} in this program.`;
      const hint = `Choose another ${property} for one of them, or leave it out.`;
      return { name, failures: [alreadyExists(sentence, hint)] };
    }
    const before = this.#claimed.get(urn);
    if (before !== undefined) this.#claims.delete(before);
    this.#claims.set(key, { urn, label });
    this.#claimed.set(urn, key);
    return { name, failures: [] };
  }

  #isRecorded({ kind, urn }: NamedResource, name: string): boolean {
    return this.#recorded.has(`${urn ?? ""} ${keyOf(kind, name)}`);
  }

  #isClaimedByOther(kind: string, name: string, urn: string | undefined): boolean {
    const claim = this.#claims.get(keyOf(kind, name));
    return claim !== undefined && claim.urn !== urn;
  }

  /**
   * A batch of derived names, without those that the plan replaces and those that resources of the program have.
   *
   * @param first ordinal of the first name
   * @param urn the resource whose own name counts as free; `undefined` for none
   */
  #candidates(
    kind: NamedKind,
    { resourceName, resourceHash }: NameSource,
    first: number,
    urn: string | undefined,
  ): readonly string[] {
    return Array.from({ length: LOOKUP_BATCH }, (_, index) =>
      deriveName(resourceName, resourceHash, first + index),
    ).filter((name) => !this.#predecessors.has(keyOf(kind, name)) && !this.#isClaimedByOther(kind, name, urn));
  }

  async #firstFree(
    resource: NamedResource,
    kind: NamedKind,
    source: NameSource,
    lookup: NameLookup,
  ): Promise<NameCheck> {
    for (let first = 1; first <= MAX_NAME_ORDINAL; first += LOOKUP_BATCH) {
      const names = this.#candidates(kind, source, first, resource.urn);
      const holders = await inspectAll(kind, names, lookup);
      const chosen = chooseName(names, holders);
      // Also after the chosen name: an unrecorded replacement may hold the port or volume that the new object needs.
      for (const name of names) {
        if (holders.get(name) !== "finished" || this.#isRecorded(resource, name)) continue;
        const isPassed = chosen === undefined || names.indexOf(name) < names.indexOf(chosen);
        this.#messages.inform([leftoverNotice(resource, name, isPassed)], resource.urn);
      }
      if (chosen === undefined) continue;
      if (holders.has(chosen)) this.#messages.inform([unfinishedNotice(resource, chosen)], resource.urn);
      return this.#claim(resource, chosen);
    }
    return {
      name: resource.name,
      failures: [alreadyExists("All names that could be derived are taken.", "Give it one.")],
    };
  }

  async #checkGiven(resource: NamedResource, kind: NamedKind, name: string, lookup: NameLookup): Promise<NameCheck> {
    const claimed = this.#claim(resource, name);
    const isOwnAgain = this.#predecessors.get(keyOf(kind, name)) === (resource.urn ?? "");
    if (claimed.failures.length > 0 || isOwnAgain) return claimed;
    const id = (await lookup.find(kind, [name])).get(name);
    if (resource.adopt) return { ...claimed, isAdoptable: id !== undefined };
    const holder = id === undefined ? undefined : await lookup.inspect(id);
    if (holder === "finished" && !this.#isRecorded(resource, name)) {
      this.#messages.inform([givenLeftoverNotice(resource, name)], resource.urn);
    }
    const sentence = `${kind.toLowerCase()} '${name}' exists in this metro already.`;
    if (holder === "unfinished") this.#messages.inform([unfinishedNotice(resource, name)], resource.urn);
    if (holder === "managed") {
      const hint = "Another resource created it: choose another name, or set adopt: true if that one is gone.";
      return { name, failures: [alreadyExists(`name: ${sentence}`, hint)] };
    }
    if (holder === "foreign") {
      const hint = "Set adopt: true to manage it, or choose another name.";
      return { name, failures: [alreadyExists(`name: ${sentence}`, hint)] };
    }
    if (holder === "unmarked") {
      const unless = "Unless this update replaces it, set adopt: true to manage it, or choose another name.";
      this.#messages.warn([`${resource.label}: ${sentence} ${unless}`], resource.urn);
    }
    return claimed;
  }
}

/** The holder of each taken name. */
async function inspectAll(
  kind: NamedKind,
  names: readonly string[],
  { find, inspect }: NameLookup,
): Promise<ReadonlyMap<string, NameHolder>> {
  const ids = await find(kind, names);
  const holders = new Map<string, NameHolder>();
  for (const name of names) {
    const id = ids.get(name);
    const holder = id === undefined ? undefined : await inspect(id);
    if (holder !== undefined) holders.set(name, holder);
  }
  return holders;
}

/**
 * The name of an unfinished object; otherwise the first free name. An earlier name may be free because the killed replacement had
 * already deleted its predecessor.
 */
const chooseName = (names: readonly string[], holders: ReadonlyMap<string, NameHolder>): string | undefined =>
  names.find((name) => holders.get(name) === "unfinished") ?? names.find((name) => !holders.has(name));

const alreadyExists = (sentence: string, hint: string): string =>
  formatError(new UnikernelError("ALREADY_EXISTS", sentence, { hint }));
