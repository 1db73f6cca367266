/**
 * The route table of the REST API. The client offers every route and the local platform must implement every route; a missing one
 * is a compile error. Apart from `base/`, the two share only
 * `contract/`.
 */
import type * as z from "zod";
import { accountRoutes } from "./account";
import { certificateRoutes } from "./certificates";
import { instanceRoutes } from "./instances";
import { serviceRoutes } from "./services";
import { volumeRoutes } from "./volumes";

export type { Method, PathTemplate, Route } from "./route";

/** Every operation, by name. */
export const routes = {
  ...instanceRoutes,
  ...serviceRoutes,
  ...volumeRoutes,
  ...certificateRoutes,
  ...accountRoutes,
} as const;

/** The route table's type. */
export type Routes = typeof routes;
/** Name of an operation. */
export type RouteName = keyof Routes;
/** One item of an operation's response. */
export type ItemOf<K extends RouteName> = z.infer<Routes[K]["item"]>;
/** Query parameters of an operation. */
export type QueryOf<K extends RouteName> = z.infer<Routes[K]["query"]>;
/** Names of the parameters in a path, such as `uuid`; `never` for a path without any. */
type ParameterIn<P extends string> = P extends `${string}{${infer Name}}${infer Rest}`
  ? Name | ParameterIn<Rest>
  : never;
/** Parameters of an operation's path. */
export type PathOf<K extends RouteName> = Readonly<Record<ParameterIn<Routes[K]["path"]>, string>>;
/** Body of an operation. */
export type BodyOf<K extends RouteName> = z.infer<Routes[K]["body"]>;
