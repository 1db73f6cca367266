/** Which operations and error codes the suite covers per target, and which it does not, with the reason. */
import { type CallOptions, type Client } from "../../../provider/client/client";
import { ITEM_CODES, type ItemCodeName } from "../../../provider/contract/codes";
import { type RouteName, routes } from "../../../provider/contract/routes";
import { UNSUPPORTED_OPERATIONS, DOCUMENTATION_ONLY_OPERATIONS } from "../../support/openapi";
import type { Target } from "./targets";

const ROUTES = Object.keys(routes) as RouteName[]; // the keys of a constant table
const CODES = Object.keys(ITEM_CODES) as ItemCodeName[]; // the keys of a constant table

/** What one target covered. */
export interface Coverage {
  /** Operations that returned at least one succeeded item. */
  readonly routes: Set<RouteName>;
  /** Codes of any returned item. */
  readonly codes: Set<ItemCodeName>;
}

/** Empty coverage. */
export const emptyCoverage = (): Coverage => ({ routes: new Set(), codes: new Set() });

/** The same client, which records what it receives. */
export function recordCoverage(client: Client, notes: Coverage): Client {
  const calls = ROUTES.map((name) => {
    // A request of any route: the caller's types have checked it.
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

/** Codes that a target never returns for an item. Both targets cover every operation. */
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

/** Comparison of a target's coverage with its reasons. */
export interface CoverageVerdict {
  readonly operations: string;
  readonly codes: string;
  /** Missing operations and codes, one line each, with the reason. */
  readonly missing: readonly string[];
  /** What is missing without a reason, or is covered despite one. */
  readonly wrong: readonly string[];
}

/** Compares the coverage of one target with its reasons. Pure. */
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

/** Operations of the API that the library does not offer, one line each, with the reason. */
export const unsupportedOperations: readonly string[] = Object.entries({
  ...UNSUPPORTED_OPERATIONS,
  ...DOCUMENTATION_ONLY_OPERATIONS,
}).map(([operation, reason]) => `${operation}: ${reason}`);
