/** Quotas of the one account there is. */
import { usage } from "../quota";
import type { Platform } from "../platform";
import type { Handlers } from "./request";

/** Stands for the user: the account identity that other servers give here. */
const ACCOUNT_UUID = "00000000-0000-4000-8000-000000000001";

/** Handler of `/v1/users/quotas`. */
export function quotaHandlers(platform: Platform): Pick<Handlers, "getQuotas"> {
  return {
    getQuotas: () => ({
      items: [{ status: "success", uuid: ACCOUNT_UUID, used: usage(platform), ...platform.parts.quotas }],
    }),
  };
}
