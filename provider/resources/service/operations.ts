/** What a Service's lifecycle is made of: looking at it, changing its group, and its autoscale configuration. */
import { isLoopback, onlyItem } from "../../client/client";
import { ITEM_CODES } from "../../contract/codes";
import type { AutoscaleItem, ServiceItem, ServiceProp } from "../../contract/models";
import { answers } from "../../client/waitForInstance";
import { type Blame, type ErrorCode, UnikernelError, blame } from "../../base/errors";
import { observe } from "../../rollout/instances";
import { type AutoscaleStep, toWireAutoscale, toWirePolicy } from "./autoscalePlan";
import { type Change, toTriple } from "../common/patchOperation";
import type { ProviderContext } from "../context";
import { portBlames } from "./ports";
import type { ServiceInputs } from "./inputs";
import { type ServiceFacts, isManaged } from "./wire";

const codeOf = (error: unknown): unknown => (UnikernelError.is(error) ? error.details["itemCode"] : undefined);

/** The autoscale configuration of a service; `undefined` where there is none, or no such thing in this account. */
async function readAutoscale(
  { client }: ProviderContext,
  { uuid, name }: ServiceItem,
): Promise<AutoscaleItem | undefined> {
  try {
    const reply = await client.getAutoscale({ query: { uuid: [uuid] } });
    return onlyItem(reply, `Reading the autoscale configuration of service '${name}'`);
  } catch (error) {
    const code = codeOf(error);
    if (code === ITEM_CODES.AutoscaleNotConfigured || code === ITEM_CODES.AutoscaleDisabled) return undefined;
    throw error;
  }
}

/** The service as it is now. Throws `NOT_FOUND` when it is gone. */
export async function fresh({ client }: ProviderContext, id: string, attempted: string): Promise<ServiceItem> {
  return onlyItem(await client.getServices({ query: { uuid: [id] } }), attempted);
}

/** All that can be told of a service. Autoscale is asked for where it was configured by us, or is said to be. */
export async function factsOf(
  context: ProviderContext,
  item: ServiceItem,
  asked: Pick<Partial<ServiceInputs>, "autoscale">,
): Promise<ServiceFacts> {
  const mayScale = item.autoscale === true || asked.autoscale !== undefined;
  const [autoscale, ...members] = await Promise.all([
    mayScale ? readAutoscale(context, item) : undefined,
    ...(item.instances ?? []).map(({ uuid }) => context.reader.instance(uuid)),
  ]);
  return { item, autoscale, instances: members.filter((one) => one !== undefined).filter(isManaged) };
}

type Blames = Readonly<Partial<Record<ErrorCode, Blame>>>;

/** Which input a refused domain is about. */
function domainBlames({ domains = [] }: ServiceInputs): Blames {
  const only = domains.length === 1 ? "domains[0]" : "domains";
  const certificate = { property: domains.length === 1 ? `${only}.certificate` : only };
  const hint = "Choose another name, or take it out of the service that has it.";
  return {
    CERTIFICATE_MISMATCH: certificate,
    ...(domains.some((domain) => domain.certificate !== undefined) ? { NOT_FOUND: certificate } : {}),
    IN_USE: { property: domains.length === 1 ? `${only}.name` : only, hint },
  };
}

/** True for ports that many services have, told apart by the names that clients ask for. The local platform gives each to one. */
const areShared = (ports: ServiceInputs["ports"], metro: string): boolean =>
  metro !== "local" &&
  !isLoopback(metro) &&
  ports.every(({ port, protocol }) => protocol === "tcp" && (port === 80 || port === 443));

/** Which input a refused service is about. That ports or domains are taken is one code; often only the metro's sentence tells which. */
export function createBlames(inputs: ServiceInputs, metro: string): Blames {
  const ports = portBlames(inputs.ports);
  if (inputs.domains === undefined) return ports;
  const blames = { ...ports, ...domainBlames(inputs) };
  if (areShared(inputs.ports, metro)) return blames;
  return { ...blames, IN_USE: { hint: "Choose another domain, or publish another port, whichever it names." } };
}

/** Changes the group by one PATCH. */
export async function patchGroup(
  { client }: ProviderContext,
  { uuid, name }: ServiceItem,
  change: Change<ServiceProp>,
  inputs: ServiceInputs,
): Promise<void> {
  try {
    const reply = await client.patchServices({ body: [{ uuid, ...toTriple(change) }] });
    onlyItem(reply, `Changing service '${name}' (${change.what})`);
  } catch (error) {
    throw blame(error, change.prop === "domains" ? domainBlames(inputs) : portBlames(inputs.ports));
  }
}

const AUTOSCALE_BLAMES: Blames = {
  NOT_FOUND: { property: "autoscale.template", hint: "Look for the template's id or name in this metro." },
  IN_USE: { property: "autoscale.template" },
  NOT_SUPPORTED: { property: "autoscale" },
  API_REJECTED: { property: "autoscale" },
  INPUT_INVALID: { property: "autoscale" },
  STATE_CONFLICT: { property: "autoscale" },
};

async function send({ client }: ProviderContext, { uuid, name }: ServiceItem, step: AutoscaleStep): Promise<void> {
  const attempted = `Changing service '${name}' (${step.what})`;
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

/** Makes one change of autoscale. Those that make something are not repeated by the client: a second attempt finds it there. */
export async function scale(context: ProviderContext, item: ServiceItem, step: AutoscaleStep): Promise<void> {
  const isThere = (error: unknown) =>
    (step.do === "configure" && codeOf(error) === ITEM_CODES.AutoscaleConfigured) ||
    (step.do === "add-policy" && UnikernelError.has(error, "ALREADY_EXISTS"));
  try {
    await send(context, item, step).catch(async (lost: unknown) => {
      if (!UnikernelError.has(lost, "API_UNREACHABLE", "API_SHAPE")) throw lost;
      await send(context, item, step).catch((error: unknown) => {
        if (!isThere(error)) throw error;
      });
    });
  } catch (error) {
    throw blame(error, AUTOSCALE_BLAMES);
  }
}

const POLL_MS = 200;

/**
 * Waits until so many instances serve that no Service resource made: replicas that go before would leave a gap.
 *
 * Throws `WAIT_TIMEOUT`.
 */
export async function waitForScaled(
  context: ProviderContext,
  item: ServiceItem,
  size: number,
  timeoutMs: number,
): Promise<void> {
  const { clock, signal } = context;
  const deadline = clock.now() + timeoutMs;
  for (;;) {
    const others = await observe(context, item, (instance) => !isManaged(instance));
    const serving = others.filter((instance) => answers(instance).is === "met").length;
    if (serving >= size) return;
    if (clock.now() >= deadline) {
      throw new UnikernelError(
        "WAIT_TIMEOUT",
        `Autoscale of service '${item.name}' has ${serving} instances that serve, not ${size}, after ${timeoutMs / 1000} s; its replicas go on.`,
        { property: "autoscale", hint: "Look at the console log of an instance that was made from the template." },
      );
    }
    await clock.sleep(POLL_MS, signal);
  }
}
