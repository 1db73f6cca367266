/**
 * Who a resource is, across runs and machines: hashes of its owner, stack and URN. Names and ownership marks derive from them, so that
 * a preview, a saved plan, an update and a retry agree, and two stacks never meet. Pure.
 */
import * as crypto from "node:crypto";
import { OWNER_KEY, urnIn } from "./internalKeys";
import type { Properties } from "./resource";

/** The identity of one resource. */
export interface Identity {
  /** 12 hexadecimal digits; the same for all resources of one owner's stack. */
  readonly stackHash: string;
  /** 16 hexadecimal digits; the resource's own. */
  readonly resourceHash: string;
}

const STACK_HASH_LENGTH = 12;
const RESOURCE_HASH_LENGTH = 16;
const URN_PREFIX = "urn:pulumi:";

/** `<project>-<stack>` of a URN; empty for any other text. */
export function stackNameIn(urn: string): string {
  const [stack, project] = urn.startsWith(URN_PREFIX) ? urn.slice(URN_PREFIX.length).split("::") : [];
  return stack === undefined || project === undefined ? "" : `${project}-${stack}`;
}

/** JSON keeps apart what a separator might join. */
const hashOf = (parts: readonly string[], length: number): string =>
  crypto.createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, length);

/**
 * The identity of a resource.
 *
 * @param owner who owns the stack; `undefined` where nobody is configured, on backends without organizations
 * @param urn `urn:pulumi:<stack>::<project>::<types>::<name>`; the types include those of the parents
 */
export function identityOf(owner: string | undefined, urn: string): Identity {
  const [stack = "", project = ""] = urn.slice(URN_PREFIX.length).split("::");
  return {
    stackHash: hashOf([owner ?? "", project, stack], STACK_HASH_LENGTH),
    resourceHash: hashOf([owner ?? "", urn], RESOURCE_HASH_LENGTH),
  };
}

/** The identity in inputs or state; `undefined` in those of an earlier release, which had no URN there. */
export function identityIn(properties: Properties): Identity | undefined {
  const [owner, urn] = [properties[OWNER_KEY], urnIn(properties)];
  return urn === undefined ? undefined : identityOf(typeof owner === "string" ? owner : undefined, urn);
}

/** What a name derives from where no URN is known: the resource's name alone, which other stacks may have too. */
export const hashOfName = (resourceName: string): string => hashOf([resourceName], RESOURCE_HASH_LENGTH);
