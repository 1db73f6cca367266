/** Do the ports of an instance's service answer? */
import { onlyItem } from "../../client/client";
import { type PortAddress, probePort } from "../../client/portProbe";
import type { InstanceItem, ServiceItem } from "../../contract/models";
import type { ProviderContext } from "../context";
import { reachableHost } from "../../base/hostNames";

/**
 * The ports of a service as a client reaches them. Left out is what cannot be asked: UDP ports, and ports that only redirect. None
 * for a service without a domain name that is not a wildcard.
 */
export function toPortAddresses({ services, domains }: ServiceItem): readonly PortAddress[] {
  const serverName = (domains ?? []).map(({ fqdn }) => fqdn.replace(/\.$/, "")).find((fqdn) => !fqdn.startsWith("*."));
  if (serverName === undefined) return [];
  return (services ?? [])
    .map(({ port, host_port, protocol, handlers }) => ({ port: host_port ?? port, protocol, handlers: handlers ?? [] }))
    .filter(({ protocol, handlers }) => protocol !== "udp" && !handlers.includes("redirect"))
    .map(({ port, handlers }) => ({
      host: reachableHost(serverName),
      serverName,
      port,
      isTls: handlers.includes("tls"),
      isHttp: handlers.includes("http"),
    }));
}

/** Asks each port of the instance's service once. Returns the first problem as a clause, or `undefined` if all answer. */
export async function findUnansweredPort(
  { client, signal }: ProviderContext,
  { service_group: group }: InstanceItem,
): Promise<string | undefined> {
  if (group == null) return "it has no service";
  const reply = await client.getServices({ query: { uuid: [group.uuid] } });
  const addresses = toPortAddresses(onlyItem(reply, `Reading service '${group.name}'`));
  const problems = await Promise.all(
    addresses.map(async (address) => {
      const problem = await probePort(address, signal);
      return problem === undefined ? undefined : `port ${address.port} of its service '${group.name}' ${problem}`;
    }),
  );
  return problems.find((problem) => problem !== undefined);
}
