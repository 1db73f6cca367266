/**
 * One HTTP request to one instance, past its service, such as the one that makes a gateway load its configuration again. An extension
 * of the local platform: metros list it as the feature `member-requests` in `GET /v1/healthz`.
 */
import * as z from "zod";
import { itemStatus, withSelector } from "./common";
import { MAX_PROBE_MS, httpReadiness } from "./readinessProbe";

const { port, path, headers } = httpReadiness.shape;

/** Item of the body of `PUT /v1/instances/request`. The instance is woken, and stays awake until it has responded. */
export const memberRequest = withSelector({
  port,
  path,
  /** Default `GET`. */
  method: z.enum(["GET", "HEAD", "POST", "PUT"]).optional(),
  /** Values are secret. */
  headers,
  /** Time limit, with the time that it takes to wake. */
  timeout_ms: z.int().min(1).max(MAX_PROBE_MS),
});

/** Item of its response. */
export const memberRequestItem = z.looseObject({
  ...itemStatus,
  uuid: z.string(),
  name: z.string(),
  /** Status of the instance's response; absent if there was none. */
  http_status: z.int().optional(),
  /** Its decoded body; absent if it has more than 1 MiB. */
  body: z.string().optional(),
  /** Why there was no response, as a clause. */
  problem: z.string().optional(),
});
/** One {@link memberRequestItem}. */
export type MemberRequestItem = z.infer<typeof memberRequestItem>;
