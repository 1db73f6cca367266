/** The inputs `reloadOn` and `reload` of a service. Pure. */
import * as z from "zod";
import { field, objectType } from "../../../definition/resource";
import { gateInput } from "../rollout/gateInput";

const { path, port, headers, statuses, match, contains, pattern } = gateInput.shape;

const reloadExpect = objectType(
  "ReloadExpect",
  "What the response to a reload must be. Every condition must hold.",
  z.strictObject({ statuses, match, contains, pattern }),
);

/** The `reload` input. */
export const reloadInput = objectType(
  "Reload",
  "The request that makes the replicas load their configuration again.",
  z.strictObject({
    path: field(path.unwrap(), {
      description: "Path and query to request, such as `/tyk/reload?block=true`.",
    }),
    port,
    method: field(z.enum(["GET", "POST", "PUT"]).optional(), {
      description: "Method of the request. Default `GET`.",
      sameAsAbsent: "GET",
    }),
    headers,
    expect: field(reloadExpect.optional(), {
      description:
        "What the response must be. A connection that fails and a status from 500 on are tried again for `rollout.healthyWithinMs`; any other response that is not as expected fails the update. Default: a status from 200 to 399.",
    }),
    scope: field(z.enum(["member", "group"]).optional(), {
      description:
        "`member`: each replica gets its own request, past the service; only in metro `local`. `group`: one request through the service, for gateways that tell each other; replicas in standby are woken first, and `port` must be published. Default `member`.",
      sameAsAbsent: "member",
    }),
  }),
);
/** The checked `reload` input. */
export type ReloadInput = z.output<typeof reloadInput>;

/** The `reloadOn` input. */
export const reloadOnField = () =>
  field(z.array(z.unknown()).min(1).optional(), {
    description:
      "Values that stand for the configuration that the replicas load, such as the `ref` of a volume's content: when they change, every replica loads it again, by `reload` or by a restart in the batches and with the gate of `rollout`. Encrypted in state; the metro gets a hash. Replicas whose configuration is not known, as when `reloadOn` is added, load it once. Default: none.",
    secret: true,
  });

/** The default of `scope`. */
export const scopeOf = ({ scope = "member" }: Pick<ReloadInput, "scope">): "member" | "group" => scope;
