/** The rules of a firewall: what they fit, and how the program of the firewall gets them. Pure. */
// Two statements: TypeScript 3.8, which Pulumi bundles, reads these declarations.
import type { Range } from "./addresses";
import { contains, EVERYWHERE, formatSubnet, meet, subnetOf, without } from "./addresses";
import type { FirewallRuleArgs } from "./args";

/** Every port. */
export const EVERY_PORT: Range = { first: 0, last: 65_535 };

/** The packets that a rule fits. */
export interface Packets {
  /** `undefined`: every protocol. */
  readonly protocol: FirewallRuleArgs["protocol"];
  readonly from: Range;
  readonly to: Range;
  readonly port: Range;
}

/** The packets that a valid rule fits. */
export function packetsOf({ protocol, from, to, port }: FirewallRuleArgs): Packets {
  const [first, last] = typeof port === "number" ? [port, port] : port || [EVERY_PORT.first, EVERY_PORT.last];
  const range = (text: string | undefined): Range => (text === undefined ? EVERYWHERE : subnetOf(text)) || EVERYWHERE;
  return { protocol, from: range(from), to: range(to), port: { first, last } };
}

/** True if `outer` fits every packet that `inner` fits. */
export const coversAll = (outer: Packets, inner: Packets): boolean =>
  (outer.protocol === undefined || outer.protocol === inner.protocol) &&
  contains(outer.from, inner.from) &&
  contains(outer.to, inner.to) &&
  contains(outer.port, inner.port);

/** True if some packet fits both. */
export const fitBoth = (a: Packets, b: Packets): boolean =>
  (a.protocol === undefined || b.protocol === undefined || a.protocol === b.protocol) &&
  meet(a.from, b.from) &&
  meet(a.to, b.to) &&
  meet(a.port, b.port);

/**
 * The index of the first rule that denies some of these packets, each of which the first rule that fits it decides; the number of rules for the
 * default policy; `undefined` if all are allowed. Their senders may be many, their destination and port are one.
 */
export function firstDeny(
  rules: readonly FirewallRuleArgs[],
  defaultPolicy: "allow" | "deny",
  packets: Packets,
): number | undefined {
  let undecided: readonly Range[] = [packets.from];
  for (const [index, rule] of rules.entries()) {
    const own = packetsOf(rule);
    const fits = undecided.some((from) => fitBoth(own, { ...packets, from }));
    if (!fits) continue;
    if (rule.action === "deny") return index;
    undecided = undecided.flatMap((from) => without(from, own.from));
  }
  return undecided.length > 0 && defaultPolicy === "deny" ? rules.length : undefined;
}

/**
 * The rules as one line, which the program gets as `FIREWALL_RULES`. Each is `<action> <protocol> <from> <to> <first port>-<last port>`,
 * with `any` for every protocol; the last one is the default policy.
 *
 * ```text
 * allow tcp 0.0.0.0/0 10.0.0.5/32 80-80;deny any 0.0.0.0/0 0.0.0.0/0 0-65535
 * ```
 */
export const renderRules = (rules: readonly FirewallRuleArgs[], defaultPolicy: "allow" | "deny"): string =>
  [...rules, { action: defaultPolicy }]
    .map((rule: FirewallRuleArgs) => {
      const { protocol = "any", from, to, port } = { ...packetsOf(rule) };
      return `${rule.action} ${protocol} ${formatSubnet(from)} ${formatSubnet(to)} ${port.first}-${port.last}`;
    })
    .join(";");
