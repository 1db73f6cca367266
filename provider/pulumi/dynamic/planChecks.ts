/** Checks against the metro and the rest of the plan: settings, names, ports and quotas. */
import { formatError } from "../../base/errors";
import { hashOfName, identityIn } from "../../definition/identity";
import { resourceNameIn, urnIn } from "../../definition/internalKeys";
import { AUTO_NAME_KEY } from "../../definition/naming";
import type { CheckFailure, Properties } from "../../definition/resource";
import type { AnyResource } from "../../resources/all";
import { type NameCheck, NameChecker, type NameLookup, type NameSource, type NamedResource } from "../nameChecker";
import { NetworkChecker } from "../networkChecker";
import { PortChecker } from "../portChecker";
import { QuotaChecker } from "../quotaChecker";
import { resourceLabel, toCheckFailure, toEngineFailure } from "./errorReport";
import { getContext, getMetro, getNameDirectory, informOnce, inspectionContext, warnOnce } from "./session";

// Loaded when first needed: a preview without changes sends no request.
const loadPortHolders = () =>
  require("../../resources/service/portHolders") as typeof import("../../resources/service/portHolders");
const loadTakenError = () =>
  (require("../../resources/image/owner") as typeof import("../../resources/image/owner")).takenError;
const loadFeatures = () => require("../../resources/metroFeatures") as typeof import("../../resources/metroFeatures");
const loadQuotas = () => require("../../resources/fetchQuotas") as typeof import("../../resources/fetchQuotas");

/** The names of this plan. */
export const nameChecker = new NameChecker({ inform: informOnce, warn: warnOnce });
/** The ports of this plan. */
const portChecker = new PortChecker(
  {
    list: () => loadPortHolders().listPortHolders(inspectionContext({})),
    probe: (port) => loadPortHolders().probePort(port),
  },
  informOnce,
);
/** The network interfaces of this plan. */
const networkChecker = new NetworkChecker();
/** The quota usage of this plan. */
export const quotaChecker = new QuotaChecker(
  () => loadQuotas().fetchQuotas(getContext()),
  warnOnce,
  () => loadFeatures().findMetroFeatures(getContext()),
);

/** Errors in the settings, reported by `check` so that a preview shows them. The engine skips `check` while a setting is unknown. */
export function settingsFailures(): readonly CheckFailure[] {
  try {
    getMetro();
    return [];
  } catch (error) {
    return [toCheckFailure(error)];
  }
}

/** The exceeded quotas, or the wrong setting that prevented reading them. */
export async function quotaFailures(
  resource: AnyResource,
  olds: Properties,
  inputs: Properties,
  news: Properties,
): Promise<readonly string[]> {
  try {
    return await quotaChecker.check(resource, resourceLabel(resource, news), olds, inputs, urnIn(news));
  } catch (error) {
    return [toEngineFailure(toCheckFailure(error)).reason];
  }
}

/** Fails for `adopt` without a `name`: a derived name is free, so there would be nothing to adopt. */
export const adoptionFailures = (named: Properties, given: Properties): readonly CheckFailure[] =>
  given["adopt"] === true && named[AUTO_NAME_KEY] === true
    ? [{ code: "INPUT_INVALID", property: "name", reason: "adopt: true needs the name of the object to adopt." }]
    : [];

/** What the name of a resource derives from; undefined if the program gave the name. */
export const derivedFrom = (resource: AnyResource, named: Properties): NameSource | undefined =>
  named[AUTO_NAME_KEY] === true ? nameSource(resource, named) : undefined;

/** The ports that are taken, as sentences. Only the local platform gives each port to one service. */
export function portFailures(
  resource: AnyResource,
  named: Properties,
  { olds, inputs }: { readonly olds: Properties; readonly inputs: Properties },
): Promise<readonly string[]> {
  if (getMetro().metro !== "local") return Promise.resolve([]);
  const label = resourceLabel(resource, named);
  const origin = { name: inputs["name"], derivedFrom: derivedFrom(resource, named) };
  return portChecker.check({ label, urn: urnIn(named), ...origin, olds, news: inputs });
}

/** What is wrong with network interfaces, as sentences. */
export const networkFailures = (resource: AnyResource, named: Properties, inputs: Properties): readonly string[] =>
  networkChecker.check(
    { label: resourceLabel(resource, named), urn: urnIn(named), inputs },
    getMetro().metro === "local",
  );

/** Chooses or checks the name of a resource, or what it has to itself beside a name. */
export async function checkName(
  resource: AnyResource,
  { isNew, named, inputs }: { readonly isNew: boolean; readonly named: Properties; readonly inputs: Properties },
): Promise<NameCheck> {
  const checked = toNamedResource(resource, named, { isNew, inputs });
  const lookup = nameLookup(resource, named, inputs);
  const exclusive = resource.exclusive?.(inputs, getMetro());
  if (exclusive === undefined) return nameChecker.check(checked, lookup);
  const { failures } = nameChecker.claimExclusively(checked, exclusive);
  const isTaken =
    failures.length === 0 &&
    isNew &&
    exclusive.isOnThisMachine &&
    ["managed", "unmarked"].includes((await lookup.inspect(exclusive.value)) ?? "");
  return { name: checked.name, failures: isTaken ? [formatError(loadTakenError()(exclusive.value))] : failures };
}

/** The resource as the name checker sees it. */
export const toNamedResource = (
  resource: AnyResource,
  named: Properties,
  { isNew, inputs }: { readonly isNew: boolean; readonly inputs: Properties },
): NamedResource => ({
  kind: resource.kind,
  label: resourceLabel(resource, named),
  urn: urnIn(named),
  isNew,
  derivedFrom: derivedFrom(resource, named),
  name: inputs["name"],
  adopt: inputs["adopt"] === true,
  metro: getMetro().metro,
});

/** What a derived name of the resource consists of. */
export function nameSource({ kind }: AnyResource, named: Properties): NameSource {
  const resourceName = resourceNameIn(named) ?? kind;
  return { resourceName, resourceHash: identityIn(named)?.resourceHash ?? hashOfName(resourceName) };
}

/** Looks names up for one resource. */
export function nameLookup(resource: AnyResource, named: Properties, inputs: Properties): NameLookup {
  return {
    find: (kind, names) => getNameDirectory().find(kind, names),
    inspect: (id) => resource.findNameHolder?.(inspectionContext(named), id, inputs) ?? Promise.resolve(undefined),
  };
}
