/** Finds values that name a service of the project, which only some names reach. Pure. */
import type { PlannedText } from "./model";

/** The zone of the private names. */
export const privateName = (instance: string): string => `${instance}.internal`;

/** A variable whose whole value is a host. */
const HOST_VARIABLE = /(?:^|_)(?:HOST|HOSTS|HOSTNAME|SERVER|SERVERS|ADDR|ADDRS|ADDRESS|NODES|ENDPOINT)$/i;
/** A variable whose value has a colon, and is not an address. */
const IMAGE_VARIABLE = /IMAGE|TAG|VERSION/i;

/**
 * True if the value contains the service as a host: in a URL, as `host:port`, or as the whole value of a variable such as `DB_HOST`. Compose
 * resolves the bare name of a service; a metro resolves private names only.
 *
 * @param variable name of the variable; empty for an argument
 */
export function namesService(variable: string, value: string, service: string): boolean {
  const name = escapePattern(service);
  if (new RegExp(`//(?:[^/@\\s]*@)?${name}(?=[:/?#]|$)`).test(value)) return true;
  if (value === service) return HOST_VARIABLE.test(variable);
  return !IMAGE_VARIABLE.test(variable) && new RegExp(`(?:^|[\\s,;=@])${name}:\\d{1,5}(?=$|[\\s,;/])`).test(value);
}

/** True if one of the values contains the private name. */
export const mentions = (values: Iterable<PlannedText>, name: string): boolean => {
  const pattern = new RegExp(`(?<![\\w.-])${escapePattern(name)}(?![\\w-])`);
  return [...values].some(({ text }) => pattern.test(text));
};

/** Names that the file gets wrong come here too: they are reported, and the rest of the file is read. */
const escapePattern = (name: string): string => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
