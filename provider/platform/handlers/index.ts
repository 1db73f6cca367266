/** The handlers of all routes. */
import type { Registry } from "../registry";
import { checkpointHandlers } from "./instances/checkpoints";
import { templateHandlers } from "./instances/templates";
import { suspendHandlers } from "./instances/suspend";
import { historyHandlers } from "./instances/history";
import { metricsHandlers } from "./instances/metrics";
import { attachmentHandlers } from "./volumes/attachments";
import { autoscaleHandlers } from "./services/autoscale";
import { certificateHandlers } from "./certificates";
import { controlPlaneHandlers } from "./controlPlane";
import { healthzHandlers } from "./healthz";
import { imageHandlers } from "./images";
import { memberRequestHandlers } from "./instances/memberRequest";
import { instancePatchHandlers } from "./instances/patch";
import { waitAndLogHandlers } from "./instances/waitAndLogs";
import { instanceHandlers } from "./instances/instances";
import { quotaHandlers } from "./quotas";
import type { Handlers } from "./handler";
import { serviceHandlers } from "./services/services";
import { volumeFilesHandlers } from "./volumes/files";
import { volumeHandlers } from "./volumes/volumes";
import { volumeTemplateHandlers } from "./volumes/templates";

/**
 * Creates the handlers of all routes. A route without a handler does not compile.
 *
 * @param endpoint returns the URL at which the platform is served
 */
export const createHandlers = (registry: Registry, endpoint: () => string): Handlers => ({
  ...instanceHandlers(registry),
  ...checkpointHandlers(registry),
  ...templateHandlers(registry),
  ...suspendHandlers(registry),
  ...historyHandlers(registry),
  ...metricsHandlers(registry),
  ...memberRequestHandlers(registry),
  ...instancePatchHandlers(registry),
  ...waitAndLogHandlers(registry),
  ...serviceHandlers(registry),
  ...autoscaleHandlers(registry),
  ...certificateHandlers(registry),
  ...volumeHandlers(registry),
  ...volumeFilesHandlers(registry),
  ...volumeTemplateHandlers(registry),
  ...attachmentHandlers(registry),
  ...imageHandlers(registry),
  ...quotaHandlers(registry),
  ...healthzHandlers(registry),
  ...controlPlaneHandlers(registry, endpoint),
});
