/** What can be wrong with the arguments of Firewall and Router, found where the program creates them. */
import { type Fail, failFor } from "../registration/argumentError";
import { addressOf, contains, EVERYWHERE, formatSubnet, meet, type Range, subnetOf } from "./addresses";
import type { FirewallArgs, FirewallRuleArgs, RouterArgs, RouterInterfaceArgs } from "./args";
import { coversAll, firstDeny, fitBoth, packetsOf, type Packets } from "./rules";
import { checkFirewallShape, checkRouterShape } from "./shapes";

/** Of a firewall. The program gets them in one variable of its environment. */
const MAX_RULES = 256;
const MAX_PORT = 65_535;

const isPort = (port: number): boolean => Number.isInteger(port) && port >= 1 && port <= MAX_PORT;

/** Throws a `RunError` with `INPUT_INVALID` for a router that has nothing to forward between. */
export function checkRouter(name: string, args: RouterArgs): void {
  const fail: Fail = failFor(`Router '${name}'`);
  checkRouterShape(args, fail);
  checkInterfaces(args.interfaces, fail);
  checkInstance(args, ["ROUTER_FORWARD"], fail);
}

/** Throws a `RunError` with `INPUT_INVALID` for a firewall whose rules contradict one another, its networks or its administrator. */
export function checkFirewall(name: string, args: FirewallArgs): void {
  const fail: Fail = failFor(`Firewall '${name}'`);
  checkFirewallShape(args, fail);
  const { interfaces, rules, adminFrom, adminPort } = args;
  checkInterfaces(interfaces, fail);
  checkInstance(args, ["FIREWALL_RULES", "FIREWALL_ADMIN_PORT"], fail);
  if (!interfaces.some(({ external }) => external === true))
    fail("interfaces: none is external; set external: true on the one that leads outside.");
  if (rules.length > MAX_RULES) fail(`rules: must be at most ${MAX_RULES}, got ${rules.length}.`);
  rules.forEach((rule, index) => checkRule(rule, `rules[${index}]`, interfaces, fail));
  rules.forEach((_, index) => checkOrder(rules, index, fail));
  if (adminPort !== undefined && !isPort(adminPort))
    fail(`adminPort: must be from 1 to ${MAX_PORT}, got ${adminPort}.`);
  if (adminFrom !== undefined) checkAdministrator(args, adminFrom, fail);
}

/** What is checked here must be what the instance gets. */
function checkInstance({ instance = {} }: RouterArgs, own: readonly string[], fail: Fail): void {
  if (instance.networkInterfaces !== undefined)
    fail("instance.networkInterfaces: has no effect; set interfaces instead.");
  const env: object = instance.env ?? {};
  const [variable] = own.filter((one) => one in env);
  if (variable !== undefined) fail(`instance.env: the component sets ${variable}; remove it.`);
}

function checkInterfaces(interfaces: readonly RouterInterfaceArgs[], fail: Fail): void {
  if (interfaces.length < 2) fail(`interfaces: must be at least 2, to forward between, got ${interfaces.length}.`);
  interfaces.forEach(({ ip, routes = [] }, index) => {
    if (!/\//.test(ip) || subnetOf(ip) === undefined)
      fail(
        `interfaces[${index}].ip: must be an IPv4 address with a prefix length, such as 10.0.0.254/24, got '${ip}'.`,
      );
    const wrong = routes.filter((route) => !/\//.test(route) || subnetOf(route) === undefined)[0];
    if (wrong !== undefined) fail(`interfaces[${index}].routes: '${wrong}' is not a subnet such as 10.0.0.0/24.`);
  });
}

function checkRule(rule: FirewallRuleArgs, at: string, interfaces: readonly RouterInterfaceArgs[], fail: Fail): void {
  const { protocol, port } = rule;
  for (const end of ["from", "to"] as const) {
    const text = rule[end];
    if (text === undefined) continue;
    const range = subnetOf(text);
    if (range === undefined)
      fail(`${at}.${end}: must be an IPv4 address or a subnet, such as 10.0.0.0/24, got '${text}'.`);
    else if (!reachable(interfaces).some((network) => meet(network, range)))
      fail(`${at}.${end}: ${text} is in no network of the firewall, and in none of its routes; correct one of them.`);
    else checkHostBits(text, range, `${at}.${end}`, fail);
  }
  if (port === undefined) return;
  if (protocol !== "tcp" && protocol !== "udp") fail(`${at}.port: needs the protocol "tcp" or "udp".`);
  const [first, last] = typeof port === "number" ? [port, port] : port;
  if (!isPort(first) || !isPort(last) || first > last)
    fail(
      `${at}.port: must be a port from 1 to ${MAX_PORT}, or the first and the last of a range, got ${String(port)}.`,
    );
}

/** `10.0.0.5/24` would be a rule for 256 addresses, where probably one is meant. */
function checkHostBits(text: string, range: Range, at: string, fail: Fail): void {
  const address = addressOf(text);
  if (subnetOf(address)?.first !== range.first)
    fail(`${at}: ${text} is an address in ${formatSubnet(range)}; write ${address} for it alone, or that subnet.`);
}

/** The addresses that a machine reaches. */
const reachable = (interfaces: readonly RouterInterfaceArgs[]): readonly Range[] =>
  interfaces.reduce<readonly Range[]>((all, { ip, gateway, routes }) => {
    const beyond = gateway === undefined ? [] : routes === undefined ? [EVERYWHERE] : routes.map(knownSubnet);
    return [...all, knownSubnet(ip), ...beyond];
  }, []);

/** The subnet in a text that was checked. */
const knownSubnet = (text: string): Range => subnetOf(text) || EVERYWHERE;

/** Compares a rule with those before it. */
function checkOrder(rules: readonly FirewallRuleArgs[], index: number, fail: Fail): void {
  const rule = rules[index];
  if (rule === undefined) return;
  const packets = packetsOf(rule);
  rules.slice(0, index).forEach((earlier, at) => {
    const before = packetsOf(earlier);
    const isAlike = earlier.action === rule.action;
    if (coversAll(before, packets))
      fail(
        isAlike
          ? `rules[${index}]: has no effect, because rules[${at}] fits all its packets; remove it.`
          : `rules[${index}]: contradicts rules[${at}], which fits all its packets first; move it before that one, or remove it.`,
      );
    // An exception before the rule that it is one of is what the order is for.
    if (!isAlike && fitBoth(before, packets) && !coversAll(packets, before))
      fail(
        `rules[${index}]: overlaps rules[${at}], which has the other action, and neither contains the other; split one of them.`,
      );
  });
}

const sizeOf = ({ first, last }: Range): number => last - first;

/** The card behind which some addresses are, by the most specific route to all of them; `undefined` if none is. */
const cardTowards = (interfaces: readonly RouterInterfaceArgs[], addresses: Range): RouterInterfaceArgs | undefined =>
  interfaces
    .flatMap((card) => reachable([card]).map((network) => ({ card, network })))
    .filter(({ network }) => contains(network, addresses))
    .sort((a, b) => sizeOf(a.network) - sizeOf(b.network))[0]?.card;

/** The administrator must reach the firewall itself. */
function checkAdministrator(
  { interfaces, rules, defaultPolicy = "deny", adminPort = DEFAULT_ADMIN_PORT }: FirewallArgs,
  adminFrom: string,
  fail: Fail,
): void {
  // prettier-ignore
  const from = subnetOf(adminFrom);
  if (from === undefined)
    return fail(`adminFrom: must be an IPv4 address or a subnet, such as 192.168.100.0/28, got '${adminFrom}'.`);
  checkHostBits(adminFrom, from, "adminFrom", fail);
  const near = cardTowards(interfaces, from);
  if (near === undefined)
    return fail(
      `adminFrom: ${adminFrom} is in no network of the firewall, and in none of its routes; correct one of them.`,
    );
  const address = addressOf(near.ip);
  const access: Packets = {
    ...{ protocol: "tcp", from, to: knownSubnet(address) },
    port: { first: adminPort, last: adminPort },
  };
  const locksOut = firstDeny(rules, defaultPolicy, access);
  if (locksOut === undefined) return;
  const who = locksOut < rules.length ? `rules[${locksOut}]` : "the default policy";
  fail(
    `adminFrom: ${who} locks ${formatSubnet(from)} out of port ${adminPort} of the firewall; before it, allow tcp from there to ${address}.`,
  );
}

/** Default of `adminPort`. */
export const DEFAULT_ADMIN_PORT = 8080;
