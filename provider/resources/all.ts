/** Every resource kind, by name. */
import type * as z from "zod";
import type { ResourceDefinition } from "../definition/resource";
import type { ProviderContext } from "./context";

/**
 * Kind → definition. A kind is loaded when it is first asked for: a provider process that manages volumes needs nothing of instances.
 */
export const resources = {
  get Instance() {
    return (require("./instance/resource") as typeof import("./instance/resource")).instance;
  },
  get Service() {
    return (require("./service/resource") as typeof import("./service/resource")).service;
  },
  get Volume() {
    return (require("./volume/resource") as typeof import("./volume/resource")).volume;
  },
  get Certificate() {
    return (require("./certificate/resource") as typeof import("./certificate/resource")).certificate;
  },
  get GatewayImage() {
    return (require("./image/resource") as typeof import("./image/resource")).gatewayImage;
  },
};

/** Name of a resource kind. */
export type ResourceKind = keyof typeof resources;

/** Kinds whose objects have names, each unique in a metro. */
const NAMED_KINDS = ["Instance", "Service", "Volume", "Certificate"] as const;
/** One of them. */
export type NamedKind = (typeof NAMED_KINDS)[number];

/** True for a kind whose objects have names. */
export const isNamedKind = (kind: string): kind is NamedKind => NAMED_KINDS.some((named) => named === kind);

/** A definition of whichever kind, for code that treats all alike. */
export type AnyResource = ResourceDefinition<z.ZodObject, z.ZodObject, ProviderContext>;

/** The definition of a kind, its own input and output types given up. */
export const resourceOf = (kind: ResourceKind): AnyResource => resources[kind] as unknown as AnyResource;
