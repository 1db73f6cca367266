/** Every route's handler. */
import type { Platform } from "../registry";
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
import { instancePatchHandlers } from "./instances/patch";
import { instanceReadHandlers } from "./instances/reads";
import { instanceHandlers } from "./instances/instances";
import { quotaHandlers } from "./quotas";
import type { Handlers } from "./request";
import { serviceHandlers } from "./services/services";
import { volumeHandlers } from "./volumes/volumes";
import { volumeTemplateHandlers } from "./volumes/templates";

/**
 * Handlers of a platform; a route that none of the parts serves does not compile.
 *
 * @param endpoint where the platform is served
 */
export const handlersOf = (platform: Platform, endpoint: () => string): Handlers => ({
  ...instanceHandlers(platform),
  ...checkpointHandlers(platform),
  ...templateHandlers(platform),
  ...suspendHandlers(platform),
  ...historyHandlers(platform),
  ...metricsHandlers(platform),
  ...instancePatchHandlers(platform),
  ...instanceReadHandlers(platform),
  ...serviceHandlers(platform),
  ...autoscaleHandlers(platform),
  ...certificateHandlers(platform),
  ...volumeHandlers(platform),
  ...volumeTemplateHandlers(platform),
  ...attachmentHandlers(platform),
  ...imageHandlers(platform),
  ...quotaHandlers(platform),
  ...healthzHandlers(platform),
  ...controlPlaneHandlers(platform, endpoint),
});
