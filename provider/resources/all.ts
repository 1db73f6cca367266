/** The definitions of all resource kinds. */
import type * as z from "zod";
import type { ResourceDefinition } from "../definition/resource";
import type { ProviderContext } from "./context";

/** Kind → definition. Each kind is loaded on first access, so a process that manages only volumes never loads instances. */
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
  get RolloutWave() {
    return (require("./wave/resource") as typeof import("./wave/resource")).rolloutWave;
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

/** A definition of any kind, for code that treats all kinds alike. */
export type AnyResource = ResourceDefinition<z.ZodObject, z.ZodObject, ProviderContext>;

/** The definition of a kind, without its specific input and output types. */
export const resourceOf = (kind: ResourceKind): AnyResource => resources[kind] as unknown as AnyResource;
