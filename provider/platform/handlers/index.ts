/** Every route's handler. */
import type { Platform } from "../platform";
import { attachmentHandlers } from "./attachments";
import { healthzHandlers } from "./healthz";
import { imageHandlers } from "./images";
import { instanceHandlers } from "./instances";
import { pendingHandlers } from "./pending";
import { quotaHandlers } from "./quotas";
import type { Handlers } from "./request";
import { serviceHandlers } from "./services";
import { volumeHandlers } from "./volumes";
import { volumeTemplateHandlers } from "./volumeTemplates";

/** Handlers of a platform; a route that none of the parts serves does not compile. */
export const handlersOf = (platform: Platform): Handlers => ({
  ...pendingHandlers(platform),
  ...instanceHandlers(platform),
  ...serviceHandlers(platform),
  ...volumeHandlers(platform),
  ...volumeTemplateHandlers(platform),
  ...attachmentHandlers(platform),
  ...imageHandlers(platform),
  ...quotaHandlers(platform),
  ...healthzHandlers(platform),
});
