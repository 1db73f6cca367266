/** Operations and error codes that the suite covers per target, and the reasons for the gaps. */
import { type CallOptions, type Client } from "../../../provider/client/client";
import { ITEM_CODES, type ItemCodeName } from "../../../provider/contract/codes";
import { type RouteName, routes } from "../../../provider/contract/routes";
import { UNSUPPORTED_OPERATIONS, DOCUMENTATION_ONLY_OPERATIONS } from "../../support/openapi";
import type { Target } from "./targets";

const ROUTES = Object.keys(routes) as RouteName[]; // the keys of a constant table
const CODES = Object.keys(ITEM_CODES) as ItemCodeName[]; // the keys of a constant table

/** Coverage of one target. */
export interface Coverage {
  /** Operations that returned at least one succeeded item. */
  readonly routes: Set<RouteName>;
  /** Codes of any returned item. */
  readonly codes: Set<ItemCodeName>;
}

/** Empty coverage. */
export const emptyCoverage = (): Coverage => ({ routes: new Set(), codes: new Set() });

/** The same client, which records the coverage of its responses. */
export function recordCoverage(client: Client, coverage: Coverage): Client {
  const calls = ROUTES.map((name) => {
    // A request of any route: the caller's types have checked it.
    const call = async (request: never, options?: CallOptions) => {
      const response = await client[name](request, options);
      const items: readonly { readonly status?: string; readonly error?: number }[] =
        response.items as readonly object[];
      if (items.some(({ status }) => status !== "error")) coverage.routes.add(name);
      for (const { error } of items) {
        const code = CODES.find((one) => ITEM_CODES[one] === error);
        if (code !== undefined) coverage.codes.add(code);
      }
      return response;
    };
    return [name, call];
  });
  return Object.assign(Object.fromEntries(calls), { metro: client.metro, changeCount: client.changeCount }) as Client;
}

type Reasons = Readonly<Partial<Record<ItemCodeName, string>>>;

const REPORTED_AS_HTTP_STATUS: Reasons = {
  WrongMethod: "never in an item: the request as a whole fails with HTTP 405, which a scenario of the failures covers",
  NoApiEndpoint:
    "never in an item: the request as a whole fails with HTTP 404, which a scenario of the failures covers",
};

/** Codes that a target never returns for an item. Both targets cover every operation. */
export const UNCOVERED_CODES: Readonly<Record<Target["name"], Reasons>> = {
  "recorded responses (nock)": REPORTED_AS_HTTP_STATUS,
  "the local platform": {
    ...REPORTED_AS_HTTP_STATUS,
    FailNotAll: "recorded only: here every item of a bulk call has its own code",
    Unknown: "recorded only: here an unknown member fails the whole request with HTTP 400",
    TimedOut: "recorded only: here a wait that times out has no code, as in the reference",
    MalformedRequest: "recorded only: here a wrong type fails the whole request with HTTP 400",
    AddService: "recorded only: here a port that cannot be published has the code of its cause",
  },
};

/** Comparison of a target's coverage with its reasons. */
export interface CoverageVerdict {
  readonly operations: string;
  readonly codes: string;
  /** Missing operations and codes, one line each, with the reason. */
  readonly missing: readonly string[];
  /** Gaps without a reason, and reasons without a gap. */
  readonly wrong: readonly string[];
}

/** Compares the coverage of one target with its reasons. Pure. */
export function assessCoverage(coverage: Coverage, reasons: Reasons): CoverageVerdict {
  const uncoveredRoutes = ROUTES.filter((name) => !coverage.routes.has(name));
  const uncoveredCodes = CODES.filter((name) => !coverage.codes.has(name));
  const describeCode = (name: ItemCodeName) => `code ${ITEM_CODES[name]} ${name}`;
  return {
    operations: `${coverage.routes.size} of ${ROUTES.length}`,
    codes: `${coverage.codes.size} of ${CODES.length}`,
    missing: [
      ...uncoveredRoutes.map((name) => `operation ${routes[name].method} ${routes[name].path} (${name})`),
      ...uncoveredCodes.map((name) => `${describeCode(name)}: ${reasons[name] ?? "NO REASON"}`),
    ],
    wrong: [
      ...uncoveredRoutes.map((name) => `operation ${name} is not covered`),
      ...uncoveredCodes
        .filter((name) => reasons[name] === undefined)
        .map((name) => `${describeCode(name)} is not covered`),
      ...CODES.filter((name) => coverage.codes.has(name) && reasons[name] !== undefined).map(
        (name) => `${describeCode(name)} is covered but listed as a gap`,
      ),
    ],
  };
}

/** Operations of the API that the library does not support, one line each, with the reason. */
export const unsupportedOperations: readonly string[] = Object.entries({
  ...UNSUPPORTED_OPERATIONS,
  ...DOCUMENTATION_ONLY_OPERATIONS,
}).map(([operation, reason]) => `${operation}: ${reason}`);
