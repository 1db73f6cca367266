/** Routes that are not served yet. */
import type { RouteName } from "../../api/routes";
import { Refusal } from "../refusal";
import type { Handlers } from "./request";
import { eachItem } from "./select";
import type { Platform } from "../platform";

const pending = [
  "suspendInstances",
  "getInstanceMetrics",
  "getInstanceHistory",
  "createTemplates",
  "getTemplates",
  "patchTemplates",
  "deleteTemplates",
  "createCheckpoints",
  "getCheckpoints",
  "getCheckpointHistory",
  "patchCheckpoints",
  "deleteCheckpoints",
] as const satisfies readonly RouteName[];

/** Refuses each. */
export const pendingHandlers = (platform: Platform): Pick<Handlers, (typeof pending)[number]> =>
  Object.fromEntries(
    pending.map((name) => [
      name,
      async () => ({
        items: await eachItem([{}], platform.parts.log, () => {
          throw new Refusal("NotSupported", `${name} is not served yet`);
        }),
      }),
    ]),
  ) as unknown as Pick<Handlers, (typeof pending)[number]>;
