/** The rules of a firewall: what they fit, and how the program of the firewall gets them. Pure. */
// Two statements: TypeScript 3.8, which Pulumi bundles, reads these declarations.
import type { Range } from "./addresses";
import { contains, EVERYWHERE, formatSubnet, meet, subnetOf } from "./addresses";
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
