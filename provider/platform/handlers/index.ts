/** Every route's handler. */
import type { Platform } from "../platform";
import { checkpointHandlers } from "./checkpoints";
import { templateHandlers } from "./templates";
import { suspendHandlers } from "./suspend";
import { historyHandlers } from "./history";
import { metricsHandlers } from "./metrics";
import { attachmentHandlers } from "./attachments";
import { autoscaleHandlers } from "./autoscale";
import { certificateHandlers } from "./certificates";
import { controlPlaneHandlers } from "./controlPlane";
import { healthzHandlers } from "./healthz";
import { imageHandlers } from "./images";
import { instancePatchHandlers } from "./instancePatch";
import { instanceReadHandlers } from "./instanceReads";
import { instanceHandlers } from "./instances";
import { quotaHandlers } from "./quotas";
import type { Handlers } from "./request";
import { serviceHandlers } from "./services";
import { volumeHandlers } from "./volumes";
import { volumeTemplateHandlers } from "./volumeTemplates";

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
