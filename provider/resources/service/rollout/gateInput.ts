/** The `rollout.gate` input of a service: what a member must pass before it gets connections. Pure. */
import { isDeepStrictEqual } from "node:util";
import * as z from "zod";
import { checkedText } from "../../../contract/readiness/checkedText";
import { headerProblem, jsonPathProblem, patternProblem } from "../../../contract/readiness/syntax";
import { field, objectType } from "../../../definition/resource";

/** Source: the readiness probe of an instance. */
const durationMs = (min: number) => z.int().min(min).max(3_600_000).optional();

/** Path and query of a URL. Clients and proxies read `//host` as a host, and never send what follows `#`. Source: RFC 3986, 3.3, 3.5, 4.2. */
const GATE_PATH = /^\/([\x21\x22\x24-\x2e\x30-\x7e][\x21\x22\x24-\x7e]*)?$/;

/** The schema of a gate's path, each time a new one. */
export const gatePath = () =>
  z
    .string()
    .regex(GATE_PATH, "must begin with one '/', and contain only printable ASCII characters without '#'")
    .optional();

/** Default of `gate.intervalMs`. Source: the readiness probe of an instance. */
export const DEFAULT_INTERVAL_MS = 1_000;

const MATCHED_VALUE =
  'must be text, a number, true, false or null; for a value inside an object, write its own query, such as "$.a.b"';

/** The `gate` of a rollout. */
export const gateInput = objectType(
  "RolloutGate",
  "What a new member must pass before it gets connections. Every condition must hold.",
  z.strictObject({
    type: field(z.enum(["http", "tcp", "running"]).optional(), {
      description:
        "`http`: a request to the member; `tcp`: its ports accept a connection, or only `port`; `running`: it runs. Default `http` with a `path`, else `tcp`.",
    }),
    path: field(gatePath(), {
      description: "Path and query to request, such as `/hello` or `/ready?verbose`. Required for `http`.",
    }),
    port: field(z.int().min(1).max(65_535).optional(), {
      description:
        "Port inside the instance, 1 to 65,535. Default for `http`: where the first port with the handler `http` leads, or the only TCP port; for `tcp`: where every TCP port leads.",
    }),
    method: field(z.enum(["GET", "HEAD", "POST"]).optional(), {
      description: "Method of the request. Default `GET`.",
    }),
    headers: field(
      z
        .record(
          checkedText((name) => headerProblem(name, "")),
          z.string().refine((value) => headerProblem("x", value) === undefined, "must be the value of a header"),
        )
        .optional(),
      { description: "Headers of the request. Encrypted in state. Default: none.", secret: true },
    ),
    statuses: field(z.array(z.int().min(100).max(599)).min(1).optional(), {
      description: "Accepted status codes. Default: 200 to 399.",
      unordered: true,
    }),
    match: field(
      z
        .record(checkedText(jsonPathProblem), z.union([z.string(), z.number(), z.boolean(), z.null()], MATCHED_VALUE))
        .optional(),
      {
        description:
          'JSONPath queries and the values that they must find in the body, such as `{ "$.status": "pass" }`. Default: any body.',
      },
    ),
    contains: field(z.string().min(1).optional(), {
      description: "Text that the body must contain. Default: any body.",
    }),
    pattern: field(checkedText(patternProblem).optional(), {
      description: "Regular expression of JavaScript that the body must match. Default: any body.",
    }),
    intervalMs: field(durationMs(10), {
      description: "Pause between two attempts, in milliseconds, 10 to 3,600,000. Default 1,000.",
    }),
    timeoutMs: field(durationMs(10), {
      description: "Time limit of one attempt, in milliseconds, 10 to 3,600,000. Default 5,000.",
    }),
    successThreshold: field(z.int().min(1).max(100).optional(), {
      description: "Number of successes in a row that a member needs to pass, 1 to 100. Default 1.",
    }),
    failureThreshold: field(z.int().min(0).max(1000).optional(), {
      description:
        "Number of failures in a row after which a member has failed, 0 to 1,000; 0: only `healthyWithinMs` counts. Default 0.",
    }),
    startPeriodMs: field(durationMs(0), {
      description: "Time after a start in which failures do not count, in milliseconds, 0 to 3,600,000. Default 0.",
    }),
    isolation: field(z.enum(["candidate", "clone"]).optional(), {
      description:
        "Where the metro sends connections to each replica that runs. `candidate`: an instance with the same template passes the gate first, and is deleted. `clone`: it becomes a template, and the replicas are its clones; needs an account with templates. Default `candidate`. No effect in metro `local`, where each replica passes the gate itself.",
    }),
    holdTimeoutMs: field(durationMs(0), {
      description:
        "How long the metro `local` lets a connection wait for a replica that has not passed, such as one that just woke, or for the successor of one that stops, in milliseconds, 0 to 3,600,000; then it answers 503. Default: as long as for a start.",
    }),
  }),
);
/** The checked `gate` input. */
export type GateInput = z.output<typeof gateInput>;

/** What a gate asks for. */
export type GateType = "http" | "tcp" | "running";
/** The type of a gate. */
export const gateTypeOf = ({ type, path }: Pick<GateInput, "type" | "path">): GateType =>
  type ?? (path === undefined ? "tcp" : "http");

const gateIn = (rollout: unknown): unknown =>
  rollout !== null && typeof rollout === "object" ? (rollout as { readonly gate?: unknown }).gate : undefined;

/** True if both rollouts have the same gate. */
export const isSameGate = (before: unknown, after: unknown): boolean =>
  isDeepStrictEqual(gateIn(before), gateIn(after));
