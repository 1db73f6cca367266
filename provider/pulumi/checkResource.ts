/** The whole check of one resource at preview. The dynamic provider and the mocks for unit tests share it. */
import { urnIn } from "../definition/internalKeys";
import { migrate } from "../definition/migrate";
import { withAutoName } from "../definition/naming";
import type { Properties } from "../definition/resource";
import { check as checkInputs } from "../definition/check";
import type { AnyResource } from "../resources/all";
import { resourceLabel, toEngineFailure } from "./dynamic/errorReport";
import { internalProperties, isInternalKey, toSerializable } from "./dynamic/state";
import { inspectAdoption } from "./inspectAdoption";
import { inspectInputs } from "./inspectInputs";
import { inspectUpdate } from "./inspectUpdate";
import { type PlanChecks, adoptionFailures, nameSource } from "./planChecks";
import { describeDeadPaths } from "./resourceDiff";

/** What the engine receives: the inputs to create or update with, and what is wrong with them. */
export interface ResourceCheck {
  readonly inputs: Properties;
  readonly failures: { property: string; reason: string }[];
}

/**
 * Checks the inputs of a resource against its definition, the metro and the rest of the plan, and fills in defaults and a name.
 *
 * @param oldInputs the inputs in state; `{}` for a new resource and for a replacement
 */
export async function checkResource(
  resource: AnyResource,
  plan: PlanChecks,
  oldInputs: Properties,
  news: Properties,
): Promise<ResourceCheck> {
  const { getMetro, inspectionContext, inform, warn } = plan.session;
  const olds = migrate(resource, oldInputs);
  const { resourceName, resourceHash } = nameSource(resource, news);
  const named = withAutoName(resourceName, olds, news, resourceHash);
  const isNew = Object.keys(oldInputs).length === 0;
  const urn = urnIn(news);
  plan.names.expectRecorded(resource.kind, oldInputs["name"], urn);
  const given = Object.fromEntries(Object.entries(named).filter(([key]) => !isInternalKey(key)));
  const invalidSettings = plan.settingsFailures();
  const checked = await checkInputs(resource, olds, given, invalidSettings.length === 0 ? getMetro() : undefined);
  const unnamed = adoptionFailures(named, given);
  const invalid = [...invalidSettings, ...checked.failures, ...unnamed].map(toEngineFailure);
  if (invalid.length > 0) {
    return { inputs: toSerializable({ ...checked.inputs, ...internalProperties(named) }), failures: invalid };
  }
  const {
    name,
    failures: taken,
    isAdoptable,
  } = await plan.checkName(resource, { isNew, named, inputs: checked.inputs });
  const inputs = { ...checked.inputs, ...(name === undefined ? {} : { name }) };
  const label = resourceLabel(resource, news);
  inform(
    (checked.notes ?? []).map((note) => `${label}: ${note}.`),
    urn,
  );
  warn(
    [...(checked.warnings ?? []), ...describeDeadPaths(resource, news)].map((warning) => `${label}: ${warning}`),
    urn,
  );
  const takenPorts = await plan.portFailures(resource, named, { olds, inputs });
  const wrongNetworks = plan.networkFailures(resource, named, inputs);
  const inspect = () => inspectionContext(named);
  const messages = {
    inform: (sentences: readonly string[]): void => inform(sentences, urn),
    warn: (sentences: readonly string[]): void => warn(sentences, urn),
  };
  const impossible =
    isAdoptable === true
      ? await inspectAdoption(resource, { label, inputs, urn }, inspect(), { inform, warn })
      : await inspectUpdate(resource, { label, olds, news: inputs }, inspect, messages.inform);
  const unsupported = await inspectInputs(resource, { label, olds: oldInputs, news: inputs }, inspect, messages);
  const exceeded = await plan.quotaFailures(resource, olds, inputs, news);
  return {
    inputs: toSerializable({ ...inputs, ...internalProperties(named) }),
    failures: [
      ...[...taken, ...takenPorts, ...wrongNetworks, ...impossible, ...exceeded].map((reason) => ({
        property: "",
        reason,
      })),
      ...unsupported.map(toEngineFailure),
    ],
  };
}
