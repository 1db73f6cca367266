/** A service proxy on its own, without a daemon, for tests of single ports. */
import * as assert from "node:assert/strict";
import { ConnectionBudget, connectionCountsFor } from "../../provider/platform/proxy/ports/connectionBudget";
import { PublicPorts } from "../../provider/platform/proxy/ports/publicPorts";
import { type ServiceNames, ServiceProxy } from "../../provider/platform/proxy/serviceProxy";
import { DEFAULT_TIMINGS } from "../../provider/platform/timings";

/** Names of a service without domains, whose ports have no TLS. */
export const ANY_NAME: ServiceNames = {
  domains: [],
  certificateFor: () => assert.fail("no certificate is to be asked for"),
};

/** Ports of services that share them. */
export const newPublicPorts = (): PublicPorts => new PublicPorts(new ConnectionBudget(connectionCountsFor(1024)));

/** A proxy without instances, so that it responds to HTTP with 503. */
export function newServiceProxy(ports = newPublicPorts()): ServiceProxy {
  const events = { onWakeNeeded: () => undefined, onRequest: () => undefined, onConnectionCount: () => undefined };
  return new ServiceProxy({ softLimit: 1, hardLimit: 1 }, events, DEFAULT_TIMINGS, ports);
}
