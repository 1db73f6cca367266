/**
 * Whether the arguments of Firewall and Router have the form of their types. Rules often come from a file or the stack's settings, which no
 * compiler checks, and a rule with a misspelt member would fit more packets than meant. Pure.
 */
import type { Fail } from "../registration/argumentError";
import { type Members, checkNames, listAt } from "../registration/argumentShapes";

const ROUTER_MEMBERS = ["image", "memoryMb", "interfaces", "instance"];
const FIREWALL_MEMBERS = [...ROUTER_MEMBERS, "rules", "defaultPolicy", "adminFrom", "adminPort"];
const ROUTER_CARD = ["network", "ip", "gateway", "routes"];
const FIREWALL_CARD = [...ROUTER_CARD, "external"];
const RULE = ["action", "protocol", "from", "to", "port"];

const ACTIONS = ["allow", "deny"];
const PROTOCOLS = ["tcp", "udp", "icmp"];

/** Fails unless these can be the arguments of a Router. */
export function checkRouterShape(args: object, fail: Fail): void {
  checkNames(args, "", ROUTER_MEMBERS, fail);
  checkCards(args, ROUTER_CARD, fail);
}

/** Fails unless these can be the arguments of a Firewall. */
export function checkFirewallShape(args: object, fail: Fail): void {
  checkNames(args, "", FIREWALL_MEMBERS, fail);
  checkCards(args, FIREWALL_CARD, fail);
  const { rules, defaultPolicy, adminFrom } = args as Members;
  listAt(rules, "rules", fail).forEach((rule, index) => checkRuleShape(rule, `rules[${index}]`, fail));
  if (defaultPolicy !== undefined) checkOneOf(defaultPolicy, "defaultPolicy", ACTIONS, fail);
  if (adminFrom !== undefined) checkText(adminFrom, "adminFrom", fail);
}

function checkCards(args: object, known: readonly string[], fail: Fail): void {
  listAt((args as Members)["interfaces"], "interfaces", fail).forEach((card, index) => {
    const at = `interfaces[${index}]`;
    const { ip, routes, external } = checkNames(card, at, known, fail);
    checkText(ip, `${at}.ip`, fail);
    if (routes !== undefined)
      listAt(routes, `${at}.routes`, fail).forEach((route, which) => checkText(route, `${at}.routes[${which}]`, fail));
    if (external !== undefined && typeof external !== "boolean") fail(`${at}.external: must be true or false.`);
  });
}

function checkRuleShape(rule: unknown, at: string, fail: Fail): void {
  const { action, protocol, from, to, port } = checkNames(rule, at, RULE, fail);
  checkOneOf(action, `${at}.action`, ACTIONS, fail);
  if (protocol !== undefined) checkOneOf(protocol, `${at}.protocol`, PROTOCOLS, fail);
  if (from !== undefined) checkText(from, `${at}.from`, fail);
  if (to !== undefined) checkText(to, `${at}.to`, fail);
  if (port !== undefined && typeof port !== "number" && !(Array.isArray(port) && port.length === 2))
    fail(`${at}.port: must be a number, or a list of the first and the last port of a range.`);
}

function checkText(value: unknown, at: string, fail: Fail): void {
  if (typeof value !== "string") fail(`${at}: must be a text that is known at preview, not an output.`);
}

function checkOneOf(value: unknown, at: string, known: readonly string[], fail: Fail): void {
  if (typeof value !== "string" || !known.includes(value))
    fail(`${at}: must be ${known.map((one) => JSON.stringify(one)).join(" or ")}.`);
}
