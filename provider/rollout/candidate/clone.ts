/** A candidate that passed becomes a template, from which the members of the service are cloned. */
import { omitUndefined } from "../../base/objects";
import { UnikernelError, withErrorContext } from "../../base/errors";
import { type CallContext, callOptions } from "../../client/callContext";
import { allItems, onlyItem } from "../../client/client";
import { ITEM_CODES } from "../../contract/codes";
import type { CreateInstanceRequest } from "../../contract/models";
import { ABANDONED_AFTER_MS, ABANDONED_SCHEDULE } from "./group";

/** How long a metro may take to convert an instance. Seconds. */
const CONVERSION_TIMEOUT_S = 60;

const NO_TEMPLATES_HINT =
  "'rollout.gate.isolation' is \"clone\", which needs an account with templates. Remove it, so that each replica is created from the image.";

/**
 * Converts a candidate. Clones inherit its schedules and its autokill, so it gets those of a replica first. Throws as the client does.
 *
 * @param request the request of a replica
 */
export async function convertToTemplate(
  context: CallContext,
  { uuid, name }: { readonly uuid: string; readonly name: string },
  request: CreateInstanceRequest,
): Promise<void> {
  const { client } = context;
  const attempted = `Making the candidate '${name}' a template`;
  const { schedules = [], autokill = { time_ms: 0 } } = request;
  const own = [
    { uuid, prop: "schedules", op: "del", value: [ABANDONED_SCHEDULE] } as const,
    ...(schedules.length === 0 ? [] : [{ uuid, prop: "schedules", op: "add", value: schedules } as const]),
    { uuid, prop: "autokill", op: "set", value: autokill } as const,
  ];
  try {
    allItems(await client.patchInstances({ body: own }, callOptions(context)), attempted);
    const body = [{ uuid, timeout_s: CONVERSION_TIMEOUT_S, autokill: { time_ms: ABANDONED_AFTER_MS } }];
    onlyItem(await client.createTemplates({ body }, callOptions(context)), attempted);
  } catch (error) {
    const context = { property: "rollout.gate.isolation", hint: NO_TEMPLATES_HINT };
    throw withErrorContext(error, { NOT_SUPPORTED: context, API_REJECTED: context, API_UNAUTHORIZED: context });
  }
}

/** The request of a member that is cloned: what the template has is left out. */
export const toCloneRequest = (
  { name, tags, service_group, autostart }: CreateInstanceRequest,
  template: string,
): CreateInstanceRequest => omitUndefined({ name, template: { uuid: template }, tags, service_group, autostart });

/** Deletes the template of this name; there need not be one. Throws as the client does. */
export async function deleteTemplate({ client }: CallContext, name: string): Promise<void> {
  const response = await client.deleteTemplates({ body: [{ name }] });
  if (response.items[0]?.error !== ITEM_CODES.NotFound) onlyItem(response, `Deleting template '${name}'`);
}

/** False if the metro or the account has no templates; `undefined` if it does not say so. */
export async function hasTemplates(context: CallContext): Promise<boolean | undefined> {
  try {
    const { items } = await context.client.getTemplates({ query: { count: 1 } }, callOptions(context));
    return items[0]?.error !== ITEM_CODES.NotSupported;
  } catch (error) {
    const status = UnikernelError.is(error) ? Number(error.details["status"]) : 0;
    return [403, 404, 405, 501].includes(status) ? false : undefined;
  }
}
