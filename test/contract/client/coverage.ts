/** Which operations and error codes the suite has met, per target, and which it has not, with the reason. */
import { type CallOptions, type Client } from "../../../provider/client/client";
import { ITEM_CODES, type ItemCodeName } from "../../../provider/contract/codes";
import { type RouteName, routes } from "../../../provider/contract/routes";
import { UNSUPPORTED_OPERATIONS, DOCUMENTATION_ONLY_OPERATIONS } from "../../support/openapi";
import type { Target } from "./targets";

const ROUTES = Object.keys(routes) as RouteName[]; // the keys of a constant table
const CODES = Object.keys(ITEM_CODES) as ItemCodeName[]; // the keys of a constant table

/** What was met at one target. */
export interface Coverage {
  /** Operations that were answered with at least one item that is well. */
  readonly routes: Set<RouteName>;
  /** Codes that items of any answer had. */
  readonly codes: Set<ItemCodeName>;
}

/** Nothing met yet. */
export const emptyCoverage = (): Coverage => ({ routes: new Set(), codes: new Set() });

/** The same client; what it is answered is noted. */
export function recordCoverage(client: Client, notes: Coverage): Client {
  const calls = ROUTES.map((name) => {
    // A request of any route: the caller's types have judged it.
    const call = async (request: never, options?: CallOptions) => {
      const reply = await client[name](request, options);
      const items: readonly { readonly status?: string; readonly error?: number }[] = reply.items as readonly object[];
      if (items.some(({ status }) => status !== "error")) notes.routes.add(name);
      for (const { error } of items) {
        const code = CODES.find((one) => ITEM_CODES[one] === error);
        if (code !== undefined) notes.codes.add(code);
      }
      return reply;
    };
    return [name, call];
  });
  return Object.assign(Object.fromEntries(calls), { metro: client.metro, changeCount: client.changeCount }) as Client;
}

type Reasons = Readonly<Partial<Record<ItemCodeName, string>>>;

const REPORTED_AS_HTTP_STATUS: Reasons = {
  WrongMethod:
    "no item can have it: the request as a whole is refused with HTTP 405, which a scenario of the failures has",
  NoApiEndpoint:
    "no item can have it: the request as a whole is refused with HTTP 404, which a scenario of the failures has",
};

/** Codes that a target never gives to an item. Every operation is met at both. */
export const UNMET_CODES: Readonly<Record<Target["name"], Reasons>> = {
  "recorded responses (nock)": REPORTED_AS_HTTP_STATUS,
  "the local platform": {
    ...REPORTED_AS_HTTP_STATUS,
    FailNotAll: "recorded only: every item of a bulk call has a code of its own here",
    Unknown: "recorded only: an unknown member refuses the request as a whole here, with HTTP 400",
    TimedOut: "recorded only: a wait that runs out has no code here, as the reference has it",
    MalformedRequest: "recorded only: a wrong type refuses the request as a whole here, with HTTP 400",
    AddService: "recorded only: a port that cannot be published has the code of its cause here",
  },
};

/** How the notes of a target and its reasons agree. */
export interface CoverageVerdict {
  readonly operations: string;
  readonly codes: string;
  /** What is not met, one line each, with its reason. */
  readonly missing: readonly string[];
  /** What is missing without a reason, or was met although it has one. */
  readonly wrong: readonly string[];
}

/** Judges the notes of one target. Pure. */
export function assessCoverage(notes: Coverage, reasons: Reasons): CoverageVerdict {
  const unasked = ROUTES.filter((name) => !notes.routes.has(name));
  const unmet = CODES.filter((name) => !notes.codes.has(name));
  const numbered = (name: ItemCodeName) => `code ${ITEM_CODES[name]} ${name}`;
  return {
    operations: `${notes.routes.size} of ${ROUTES.length}`,
    codes: `${notes.codes.size} of ${CODES.length}`,
    missing: [
      ...unasked.map((name) => `operation ${routes[name].method} ${routes[name].path} (${name})`),
      ...unmet.map((name) => `${numbered(name)}: ${reasons[name] ?? "NO REASON"}`),
    ],
    wrong: [
      ...unasked.map((name) => `operation ${name} was not met`),
      ...unmet.filter((name) => reasons[name] === undefined).map((name) => `${numbered(name)} was not met`),
      ...CODES.filter((name) => notes.codes.has(name) && reasons[name] !== undefined).map(
        (name) => `${numbered(name)} was met, though it is listed as never met`,
      ),
    ],
  };
}

/** What of the API the library does not offer, one line each, with its reason. */
export const unsupportedOperations: readonly string[] = Object.entries({
  ...UNSUPPORTED_OPERATIONS,
  ...DOCUMENTATION_ONLY_OPERATIONS,
}).map(([operation, reason]) => `${operation}: ${reason}`);
