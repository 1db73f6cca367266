/** Quotas of the one account there is. */
import type { Platform } from "../registry";
import { usage } from "../quota";
import { ACCOUNT } from "./account";
import type { Handlers } from "./request";
import { eachItem, find } from "./items";

/** Handler of `/v1/users/quotas`; items fail with `NotFound` for any user but the own. */
export function quotaHandlers(platform: Platform): Pick<Handlers, "getQuotas"> {
  return {
    getQuotas: async ({ selectors }) => ({
      items: await eachItem(selectors.length === 0 ? [ACCOUNT] : selectors, platform.parts.log, (selector) => {
        const { uuid } = find([ACCOUNT], (account) => account, "user", selector);
        return { status: "success" as const, uuid, used: usage(platform), ...platform.parts.quotas };
      }),
    }),
  };
}
