/** Reloads the replicas of a service by its `reload` request. */
import { createRedactor } from "../../../base/redact";
import { UnikernelError } from "../../../base/errors";
import { omitUndefined } from "../../../base/objects";
import { allItems } from "../../../client/client";
import { collectStrings, secretValues } from "../../../client/errors/consoleExcerpt";
import { metroFeatures } from "../../../client/transport/metroFeatures";
import type { InstanceItem, MetroFeature, ServiceItem } from "../../../contract/models";
import type { ReloadPolicy } from "../../../rollout/reload/request";
import { reloadMembers } from "../../../rollout/reload/run";
import type { Refusal } from "../../../rollout/reload/send";
import type { ProviderContext } from "../../context";
import { type ServiceInputs, desiredReplicas } from "../inputs";
import { reportProgress } from "../progress";
import type { StopCheck } from "../rollout/lock";
import { defaultGatePort, toRolloutPolicy } from "../rollout/policy";
import { configurationIn, configurationOf, hasConfiguration, withConfiguration } from "./configuration";
import { noMemberRequests } from "./describe";
import { scopeOf } from "./input";

/** The policy that the inputs stand for; `undefined` without `reload`. Pure. */
export function toReloadPolicy(inputs: ServiceInputs, timeoutMs: number): ReloadPolicy | undefined {
  const { reload, template = { volumes: [] }, rollout, ports } = inputs;
  const port = reload?.port ?? defaultGatePort(ports);
  if (reload === undefined || port === undefined) return undefined;
  const { maxUnavailable, healthyWithinMs, stableForMs, gate, readyOnceRunning } = toRolloutPolicy(
    desiredReplicas(inputs),
    template,
    rollout,
    ports,
  );
  const { path, method = "GET", headers, expect = {} } = reload;
  return {
    request: omitUndefined({ port, path, method, headers, ...expect }),
    scope: scopeOf(reload),
    batchSize: Math.max(1, maxUnavailable),
    healthyWithinMs: Math.min(healthyWithinMs, timeoutMs),
    stableForMs,
    gate,
    readyOnceRunning: readyOnceRunning === true,
  };
}

/** Longest text of an answer that is printed. */
const MAX_EXCERPT_LENGTH = 500;

/**
 * Makes those replicas load their configuration that have another one, and returns all with their current tags. Does
 * nothing without `reload`. Throws as {@link reloadMembers}, and `NOT_SUPPORTED`.
 *
 * @param options.timeoutMs limit for each replica, even if `rollout` allows longer
 * @param options.hashKey the key of the marks of the replicas
 */
export async function reloadReplicas(
  context: ProviderContext,
  service: ServiceItem,
  inputs: ServiceInputs,
  instances: readonly InstanceItem[],
  { timeoutMs, stop, hashKey }: { readonly timeoutMs: number; readonly stop: StopCheck; readonly hashKey: string },
): Promise<readonly InstanceItem[]> {
  const { client, clock, signal, metro } = context;
  const configuration = configurationOf(inputs.reloadOn, hashKey);
  const tagsOf = new Map<string, readonly string[]>();
  const setTags = async (members: readonly InstanceItem[], wanted: string | undefined, attempted: string) => {
    if (members.length === 0) return;
    const tagged = members.map((one) => ({ uuid: one.uuid, value: [...withConfiguration(one, wanted)] }));
    const body = tagged.map((one) => ({ ...one, prop: "tags" as const, op: "set" as const }));
    allItems(await client.patchInstances({ body }), `${attempted} of service '${service.name}'`);
    for (const { uuid, value } of tagged) tagsOf.set(uuid, value);
  };
  const withTags = (): readonly InstanceItem[] =>
    instances.map((instance) => {
      const tags = tagsOf.get(instance.uuid);
      return tags === undefined ? instance : { ...instance, tags: [...tags] };
    });
  const policy = toReloadPolicy(inputs, timeoutMs);
  const left = instances.filter((instance) => !hasConfiguration(instance, configuration));
  if (policy === undefined || left.length === 0) return instances;
  const canAskMembers = (await metroFeatures(client)).has("member-requests" satisfies MetroFeature);
  if (policy.scope === "member" && !canAskMembers)
    throw new UnikernelError(
      "NOT_SUPPORTED",
      `Service '${service.name}' cannot be reloaded: ${noMemberRequests(metro)}.`,
      { property: "reload.scope" },
    );
  await reloadMembers(
    {
      ...{ client, clock, signal, service, policy, canAskMembers, total: instances.length },
      unmark: (members) =>
        setTags(
          members.filter((one) => configurationIn(one) !== undefined),
          undefined,
          "Marking the replicas to reload",
        ),
      mark: (members) => setTags(members, configuration, "Marking the reloaded replicas"),
      checkStop: () => stop.check(),
      onEvent: reportProgress(context, service.name),
      onRefusal: (subject, refusal) => printRefusal(context, inputs, subject, refusal),
    },
    left,
  );
  return withTags();
}

/** Prints what was answered, with what the program gave masked. It never goes into an error, which reaches the state. */
function printRefusal(
  { printProgress }: ProviderContext,
  { reload, reloadOn, template }: ServiceInputs,
  subject: string,
  { body }: Refusal,
): void {
  const secrets = [...collectStrings([reload?.headers, reloadOn]), ...secretValues([template ?? {}])];
  // Masked first: a secret may have several spaces, or lines.
  const masked = createRedactor(secrets)(body ?? "")
    .replace(/[\p{Cc}\s]+/gu, " ")
    .trim();
  if (masked === "") return;
  const excerpt = masked.length > MAX_EXCERPT_LENGTH ? `${masked.slice(0, MAX_EXCERPT_LENGTH)}…` : masked;
  printProgress(`${subject} answered the reload with: ${excerpt}`);
}
