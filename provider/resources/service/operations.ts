/** Steps that a Service's lifecycle functions share: reading it, and changing its group and autoscale configuration. */
import { isLoopbackUrl } from "../../base/hostNames";
import { hasTimedOut } from "../../base/timeout";
import { onlyItem } from "../../client/client";
import { ITEM_CODES } from "../../contract/codes";
import type { AutoscaleItem, ServiceItem, ServiceProp } from "../../contract/models";
import { type ErrorContext, type ErrorCode, UnikernelError, withErrorContext } from "../../base/errors";
import { listInstances } from "../../rollout/members/instances";
import { hasPassed } from "../../rollout/members/readiness";
import { type AutoscaleChange, toWireAutoscale, toWirePolicy } from "./autoscalePlan";
import { sendPatches } from "../common/clearing";
import type { PlannedPatch } from "../common/patchOperation";
import type { ProviderContext } from "../context";
import { portErrorContext } from "./ports";
import type { ServiceInputs } from "./inputs";
import { readinessPolicy } from "./rollout/policy";
import { type ObservedService, isManaged, isRetired } from "./wire";

const itemCodeOf = (error: unknown): unknown => (UnikernelError.is(error) ? error.details["itemCode"] : undefined);

/** The autoscale configuration of a service; undefined if there is none, or if autoscale is disabled for this account. */
async function readAutoscale(
  { client }: ProviderContext,
  { uuid, name }: ServiceItem,
): Promise<AutoscaleItem | undefined> {
  try {
    const reply = await client.getAutoscale({ query: { uuid: [uuid] } });
    return onlyItem(reply, `Reading the autoscale configuration of service '${name}'`);
  } catch (error) {
    const code = itemCodeOf(error);
    if (code === ITEM_CODES.AutoscaleNotConfigured || code === ITEM_CODES.AutoscaleDisabled) return undefined;
    throw error;
  }
}

/**
 * Reads the service again. Throws `NOT_FOUND` if it no longer exists.
 *
 * @param attempted subject of error messages, such as `Updating service 'web'`
 */
export async function refetchService({ client }: ProviderContext, id: string, attempted: string): Promise<ServiceItem> {
  return onlyItem(await client.getServices({ query: { uuid: [id] } }), attempted);
}

/** The service with its autoscale configuration and replicas. Autoscale is read only if it was requested or the item reports it. */
export async function observeService(
  context: ProviderContext,
  item: ServiceItem,
  requested: Pick<Partial<ServiceInputs>, "autoscale">,
): Promise<ObservedService> {
  const mayScale = item.autoscale === true || requested.autoscale !== undefined;
  const [autoscale, ...instances] = await Promise.all([
    mayScale ? readAutoscale(context, item) : undefined,
    ...(item.instances ?? []).map(({ uuid }) => context.reader.instance(uuid)),
  ]);
  return { item, autoscale, instances: instances.filter((one) => one !== undefined).filter(isManaged) };
}

type ErrorContexts = Readonly<Partial<Record<ErrorCode, ErrorContext>>>;

/** Errors about domains, with the input that caused them. */
function domainErrorContext({ domains = [] }: ServiceInputs): ErrorContexts {
  const only = domains.length === 1 ? "domains[0]" : "domains";
  const certificate = { property: domains.length === 1 ? `${only}.certificate` : only };
  const hint = "Choose another name, or remove it from the service that has it.";
  return {
    CERTIFICATE_MISMATCH: certificate,
    ...(domains.some((domain) => domain.certificate !== undefined) ? { NOT_FOUND: certificate } : {}),
    IN_USE: { property: domains.length === 1 ? `${only}.name` : only, hint },
  };
}

/** True if other services can publish these ports too, told apart by host name. On the local platform another program may use them. */
const areSharedPorts = (ports: ServiceInputs["ports"], metro: string): boolean =>
  metro !== "local" &&
  !isLoopbackUrl(metro) &&
  ports.every(({ port, protocol }) => protocol === "tcp" && (port === 80 || port === 443));

/**
 * Errors of a create, with the input that caused them. `IN_USE` is about a port or a domain; unless the ports can be shared, only
 * the metro's message says which.
 */
export function createErrorContext(inputs: ServiceInputs, metro: string): ErrorContexts {
  const ports = portErrorContext(inputs.ports);
  if (inputs.domains === undefined) return ports;
  const contexts = { ...ports, ...domainErrorContext(inputs) };
  if (areSharedPorts(inputs.ports, metro)) return contexts;
  return { ...contexts, IN_USE: { hint: "Choose another domain or port, whichever the message names." } };
}

/** Sends one PATCH of the service group. */
export async function patchServiceGroup(
  context: ProviderContext,
  { uuid, name }: ServiceItem,
  change: PlannedPatch<ServiceProp>,
  inputs: ServiceInputs,
): Promise<void> {
  const { client } = context;
  try {
    const errors = await sendPatches(context.clearing, [change], {
      describe: (verb, { description }) => `${verb} service '${name}' (${description})`,
      send: (operations) => client.patchServices({ body: operations.map((operation) => ({ uuid, ...operation })) }),
      // Only the time of autokill is cleared; ports and limits are set, and of domains those that the program named are deleted.
      findUncleared: async (cleared) => {
        const item = await refetchService(context, uuid, `Reading service '${name}'`);
        return (item.autokill?.time_ms ?? 0) === 0 ? [] : cleared;
      },
    });
    const error = errors.get(change);
    if (error !== undefined) throw error;
  } catch (error) {
    throw withErrorContext(
      error,
      change.prop === "domains" ? domainErrorContext(inputs) : portErrorContext(inputs.ports),
    );
  }
}

const AUTOSCALE_ERROR_CONTEXT: ErrorContexts = {
  NOT_FOUND: { property: "autoscale.template", hint: "Check the id or name of the template in this metro." },
  IN_USE: { property: "autoscale.template" },
  NOT_SUPPORTED: { property: "autoscale" },
  API_REJECTED: { property: "autoscale" },
  INPUT_INVALID: { property: "autoscale" },
  STATE_CONFLICT: { property: "autoscale" },
};

async function sendAutoscaleChange(
  { client }: ProviderContext,
  { uuid, name }: ServiceItem,
  step: AutoscaleChange,
): Promise<void> {
  const attempted = `Changing service '${name}' (${step.description})`;
  switch (step.do) {
    case "configure":
      onlyItem(await client.createAutoscale({ body: [toWireAutoscale(uuid, step.autoscale)] }), attempted);
      return;
    case "unconfigure": {
      const reply = await client.deleteAutoscale({ body: [{ uuid }] });
      if (reply.items[0]?.error !== ITEM_CODES.AutoscaleNotConfigured) onlyItem(reply, attempted);
      return;
    }
    case "add-policy":
      onlyItem(await client.createPolicy({ path: { uuid }, body: toWirePolicy(step.policy) }), attempted);
      return;
    case "remove-policy": {
      const reply = await client.deletePolicy({ path: { uuid, name: step.name } });
      if (reply.items[0]?.error !== ITEM_CODES.NotFound) onlyItem(reply, attempted);
      return;
    }
    default:
      step satisfies never;
  }
}

/**
 * Sends one change of autoscale. The client does not retry requests that create something, so this retries once and treats "already
 * exists" as success.
 */
export async function applyAutoscaleChange(
  context: ProviderContext,
  item: ServiceItem,
  step: AutoscaleChange,
): Promise<void> {
  const alreadyExists = (error: unknown) =>
    (step.do === "configure" && itemCodeOf(error) === ITEM_CODES.AutoscaleConfigured) ||
    (step.do === "add-policy" && UnikernelError.has(error, "ALREADY_EXISTS"));
  try {
    await sendAutoscaleChange(context, item, step).catch(async (firstError: unknown) => {
      if (!UnikernelError.has(firstError, "API_UNREACHABLE", "API_SHAPE")) throw firstError;
      await sendAutoscaleChange(context, item, step).catch((error: unknown) => {
        if (!alreadyExists(error)) throw error;
      });
    });
  } catch (error) {
    throw withErrorContext(error, AUTOSCALE_ERROR_CONTEXT);
  }
}

const POLL_MS = 200;

/**
 * Waits until `size` instances that autoscale created are serving. Deleting the replicas earlier would cause downtime.
 *
 * Throws `WAIT_TIMEOUT` if the context times out.
 */
export async function waitForAutoscaledInstances(
  context: ProviderContext,
  item: ServiceItem,
  rollout: ServiceInputs["rollout"],
  size: number,
): Promise<void> {
  const { clock, signal } = context;
  const startMs = clock.now();
  let serving = 0;
  try {
    for (;;) {
      const others = await listInstances(context, item, (instance) => !isManaged(instance) && !isRetired(instance));
      serving = others.filter((instance) => hasPassed(readinessPolicy(rollout), instance)).length;
      if (serving >= size) return;
      await clock.sleep(POLL_MS, signal);
    }
  } catch (error) {
    if (error !== signal.reason || !hasTimedOut(signal)) throw error;
    const seconds = Math.round((clock.now() - startMs) / 1000);
    throw new UnikernelError(
      "WAIT_TIMEOUT",
      `Autoscale of service '${item.name}' has ${serving} of ${size} instances serving after ${seconds} s; its replicas keep serving.`,
      { property: "autoscale", hint: "Check the console log of an instance that was created from the template." },
    );
  }
}
