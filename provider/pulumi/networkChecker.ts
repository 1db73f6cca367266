/**
 * Network interfaces at preview. On the local platform the program chooses the addresses of its networks, which exist with their first member, so
 * the interfaces of each resource are checked for themselves and against those of the program's other resources. Other metros have neither
 * routers nor routes of a network.
 */
import { parseCidr } from "../base/ipv4";
import { formatError, UnikernelError } from "../base/errors";
import {
  findConflict,
  type InterfaceRequest,
  interfaceViolations,
  type OccupiedInterface,
} from "../contract/networkInterfaces";
import type { Properties } from "../definition/resource";
import { containsUnknown } from "../definition/unknowns";

/** A resource whose interfaces are checked. */
export interface NetworkResource {
  /** Such as `Instance 'router'`. */
  readonly label: string;
  /** `undefined` where it is not known; then the label tells resources apart. */
  readonly urn: string | undefined;
  readonly inputs: Properties;
  /** The program gave no name, so that the name of a replacement is another one. */
  readonly hasDerivedName: boolean;
}

/** The interfaces in inputs, and where they are; `undefined` if there are none, or if a value is not known yet. */
export function requestedInterfaces(
  inputs: Properties,
):
  | { readonly property: string; readonly isTemplate: boolean; readonly interfaces: readonly InterfaceRequest[] }
  | undefined {
  const { template } = inputs;
  const isTemplate = template !== null && typeof template === "object" && "networkInterfaces" in template;
  const found = isTemplate ? (template as Properties)["networkInterfaces"] : inputs["networkInterfaces"];
  const property = isTemplate ? "template.networkInterfaces" : "networkInterfaces";
  if (!Array.isArray(found) || found.length === 0 || containsUnknown(found)) return undefined;
  return { property, isTemplate, interfaces: found as readonly InterfaceRequest[] }; // the inputs have passed their model
}

/** Checks the interfaces of one plan, one resource after the other. */
export class NetworkChecker {
  /** By resource. */
  readonly #claims = new Map<string, { readonly label: string; readonly occupied: readonly OccupiedInterface[] }>();

  /** What is wrong, as sentences. */
  check({ label, urn, inputs, hasDerivedName }: NetworkResource, isLocal: boolean): readonly string[] {
    return [
      ...takeOverFailures(inputs, hasDerivedName, isLocal),
      ...this.#interfaceFailures({ label, urn, inputs }, isLocal),
    ];
  }

  #interfaceFailures(
    { label, urn, inputs }: Pick<NetworkResource, "label" | "urn" | "inputs">,
    isLocal: boolean,
  ): readonly string[] {
    const key = urn ?? label;
    this.#claims.delete(key);
    const requested = requestedInterfaces(inputs);
    if (requested === undefined) return [];
    const { property, interfaces, isTemplate } = requested;
    if (!isLocal) return unsupportedOutside(property, interfaces);
    const violations = interfaceViolations(interfaces);
    if (violations.length > 0)
      return violations.map(({ index, member, reason }) => invalid(`${property}[${index}].${member}`, `${reason}.`));
    const fixed = interfaces.findIndex(({ ip }) => ip !== undefined);
    if (isTemplate && fixed >= 0)
      return [
        invalid(
          `${property}[${fixed}].ip`,
          "a replica has no address of its own, since old and new replicas exist at the same time.",
          "Leave ip out, or use an Instance.",
        ),
      ];
    const occupied = interfaces.flatMap(({ network = "", ip }) =>
      ip === undefined ? [] : [{ network, ip: parseCidr(ip).address, subnet: parseCidr(ip) }],
    );
    const conflicts = occupied.flatMap((mine, index) => {
      const conflict = this.#conflictOf(mine);
      return conflict === undefined ? [] : [invalid(`${property}[${index}].ip`, `${conflict}.`)];
    });
    this.#claims.set(key, { label, occupied });
    return conflicts;
  }

  #conflictOf(mine: OccupiedInterface): string | undefined {
    for (const { label, occupied } of this.#claims.values()) {
      for (const other of occupied) {
        const conflict = findConflict(mine, other, `${label} of this program`);
        if (conflict !== undefined) return conflict;
      }
    }
    return undefined;
  }
}

function takeOverFailures({ takeOver }: Properties, hasDerivedName: boolean, isLocal: boolean): readonly string[] {
  if (takeOver !== true) return [];
  const property = "takeOver";
  if (!isLocal) {
    const hint = "Leave takeOver out: the instance is then stopped for each change.";
    const message = "only metro local moves the addresses of an instance to its successor.";
    return [formatError(new UnikernelError("NOT_SUPPORTED", message, { property, hint }))];
  }
  const message = "the old and the new instance exist at the same time and cannot have one name.";
  return hasDerivedName ? [] : [invalid(property, message, "Leave name out.")];
}

const invalid = (property: string, message: string, hint?: string): string =>
  formatError(new UnikernelError("INPUT_INVALID", message, { property, ...(hint === undefined ? {} : { hint }) }));

function unsupportedOutside(property: string, interfaces: readonly InterfaceRequest[]): readonly string[] {
  return interfaces.flatMap(({ gateway, routes }, index) => {
    const member = gateway === undefined ? (routes === undefined ? undefined : "routes") : "gateway";
    if (member === undefined) return [];
    const hint = "Remove it, or set the instance's own gateway.";
    return [
      formatError(
        new UnikernelError(
          "NOT_SUPPORTED",
          `only metro local has ${member === "gateway" ? "a gateway" : "routes"} of a single interface.`,
          {
            property: `${property}[${index}].${member}`,
            hint,
          },
        ),
      ),
    ];
  });
}
