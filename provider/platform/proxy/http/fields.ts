/** Header fields as Node reports them unchanged: names and values in turn. Pure. */

/** Names and values in turn. */
export type Fields = readonly string[];

/** Fields that concern one connection only. Source: RFC 9110, section 7.6.1. */
const CONNECTION_FIELDS = new Set([
  "connection",
  "proxy-connection",
  "keep-alive",
  "te",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
]);
const NONE: ReadonlySet<string> = new Set();

/** Calls `act` for each field, with its name in lower case. */
export function forEachField(fields: Fields, act: (name: string, value: string, spelling: string) => void): void {
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const spelling = fields[index] ?? "";
    act(spelling.toLowerCase(), fields[index + 1] ?? "", spelling);
  }
}

/** Every value of the field with this name, which is in lower case. */
export function everyOf(fields: Fields, name: string): string[] {
  const values: string[] = [];
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const spelling = fields[index] ?? "";
    if (spelling.length === name.length && spelling.toLowerCase() === name) values.push(fields[index + 1] ?? "");
  }
  return values;
}

/** The first value of a field. */
export const firstOf = (fields: Fields, name: string): string | undefined => everyOf(fields, name)[0];

/** False if the server says that it closes the connection within a second, so that another request could come too late. */
export const staysOpen = (fields: Fields): boolean => !/^timeout=[01]\b/.test(firstOf(fields, "keep-alive") ?? "");

/** The fields that concern the message, and not the connection: neither those that `Connection` names nor those in `others`. */
export function contentFields(fields: Fields, others: ReadonlySet<string> = NONE): string[] {
  const named = new Set(everyOf(fields, "connection").flatMap((value) => value.toLowerCase().split(/[ \t,]+/)));
  const kept: string[] = [];
  forEachField(fields, (name, value, spelling) => {
    if (!CONNECTION_FIELDS.has(name) && !others.has(name) && !named.has(name)) kept.push(spelling, value);
  });
  return kept;
}

/** The fields by name, for HTTP/2. A name that occurs more than once has an array of values. */
export function fieldsByName(fields: Fields): Record<string, string | string[]> {
  const byName: Record<string, string | string[]> = {};
  forEachField(fields, (name, value) => {
    const known = byName[name];
    byName[name] = known === undefined ? value : [...(Array.isArray(known) ? known : [known]), value];
  });
  return byName;
}

/** The fields in pairs. */
export function fieldPairs(fields: Fields): [string, string][] {
  const pairs: [string, string][] = [];
  forEachField(fields, (_, value, spelling) => pairs.push([spelling, value]));
  return pairs;
}
