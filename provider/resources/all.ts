/** Every resource kind, by name. */
import type * as z from "zod";
import type { ResourceDefinition } from "../definition/resource";
import type { ProviderContext } from "./context";
import { certificate } from "./certificate/resource";
import { gatewayImage } from "./image/resource";
import { instance } from "./instance/resource";
import { service } from "./service/resource";
import { volume } from "./volume/resource";

/** Kind → definition. */
export const resources = {
  Instance: instance,
  Service: service,
  Volume: volume,
  Certificate: certificate,
  GatewayImage: gatewayImage,
} as const;

/** Name of a resource kind. */
export type ResourceKind = keyof typeof resources;

/** A definition of whichever kind, for code that treats all alike. */
export type AnyResource = ResourceDefinition<z.ZodObject, z.ZodObject, ProviderContext>;

/** The definition of a kind, its own input and output types given up. */
export const resourceOf = (kind: ResourceKind): AnyResource => resources[kind] as unknown as AnyResource;
