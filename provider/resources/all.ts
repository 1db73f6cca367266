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

/** A definition of whichever kind, for code that treats all alike. */
export type AnyResource = ResourceDefinition<z.ZodObject, z.ZodObject, ProviderContext>;

/** The definition of a kind, its own input and output types given up. */
export const resourceOf = (kind: ResourceKind): AnyResource => resources[kind] as unknown as AnyResource;
