/** Quotas of the only account. */
import { findBySelector } from "../lookup";
import type { Registry } from "../registry";
import { computeQuotaUsage } from "../quota/quota";
import type { Handlers } from "./handler";
import { mapItems } from "./items";

/** The only account of a local platform. */
export const ACCOUNT = {
  /** A constant: it must only differ from the uuids of objects. */
  uuid: "00000000-0000-4000-8000-000000000001",
  name: "local",
} as const;

/** Handler of `/v1/users/quotas`. Items of any other user fail with `NotFound`. */
export function quotaHandlers(registry: Registry): Pick<Handlers, "getQuotas"> {
  return {
    getQuotas: async ({ selectors }) => ({
      items: await mapItems(selectors.length === 0 ? [ACCOUNT] : selectors, registry.parts.log, (selector) => {
        const { uuid } = findBySelector([ACCOUNT], (account) => account, "user", selector);
        return { status: "success" as const, uuid, used: computeQuotaUsage(registry), ...registry.parts.quotas };
      }),
    }),
  };
}
