/** How Tyk gateways load their APIs and policies again. Source: TykTechnologies/tyk, `gateway/api.go` (`groupResetHandler`). */
import type * as pulumi from "@pulumi/pulumi";
import type { ReloadArgs } from "../types";

/**
 * One request for all gateways of one Redis, because the cloud reaches no single replica. The gateway that gets it tells the others, which
 * load within about a second.
 *
 * @param secret password of the gateways' own API
 * @param port the gateways' port
 */
export const reloadOf = (secret: pulumi.Input<string>, port: number): ReloadArgs => ({
  path: "/tyk/reload/group",
  port,
  scope: "group",
  headers: { "x-tyk-authorization": secret },
  expect: { match: { "$.status": "ok" } },
});
