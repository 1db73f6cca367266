/** Checks of one plan against the metro and the rest of the plan: settings, names, ports, networks and quotas. */
import type { MetroConfig } from "../base/config/metroConfig";
import { formatError } from "../base/errors";
import { hashOfName, identityIn } from "../definition/identity";
import { resourceNameIn, urnIn } from "../definition/internalKeys";
import { AUTO_NAME_KEY } from "../definition/naming";
import type { CheckFailure, Properties } from "../definition/resource";
import type { AnyResource } from "../resources/all";
import type { ProviderContext } from "../resources/context";
import type { QuotasItem } from "../resources/fetchQuotas";
import type { NameDirectory } from "../resources/nameDirectory";
import type { Say } from "./describeChanges";
import { resourceLabel, toCheckFailure, toEngineFailure } from "./dynamic/errorReport";
import { type NameCheck, NameChecker, type NameLookup, type NameSource, type NamedResource } from "./nameChecker";
import { NetworkChecker } from "./networkChecker";
import { PortChecker, type PortLookup } from "./portChecker";
import { QuotaChecker } from "./quotaChecker";

// Loaded when first needed: a preview without changes sends no request.
const loadTakenError = () =>
  (require("../resources/image/owner") as typeof import("../resources/image/owner")).takenError;

/** The metro that a plan is checked against, and where messages go. */
export interface PlanSession {
  /** Throws `CONFIG_INVALID` for wrong settings. */
  readonly getMetro: () => MetroConfig;
  /** The context in which a check of these inputs looks at the metro. */
  readonly inspectionContext: (properties: Properties) => ProviderContext;
  /** The names in the metro. */
  readonly getNameDirectory: () => NameDirectory;
  /** The local platform's ports. */
  readonly ports: PortLookup;
  /** `undefined` if they cannot be read. */
  readonly fetchQuotas: () => Promise<QuotasItem | undefined>;
  /** The extensions of the API that the metro has; `undefined` if it does not respond. */
  readonly findFeatures: () => Promise<ReadonlySet<string> | undefined>;
  /** Shows a sentence once. */
  readonly inform: Say;
  /** Shows a warning once. */
  readonly warn: Say;
}

/** The checks of one plan. */
export class PlanChecks {
  readonly session: PlanSession;
  /** The names of this plan. */
  readonly names: NameChecker;
  /** The quota usage of this plan. */
  readonly quotas: QuotaChecker;
  readonly #ports: PortChecker;
  readonly #networks = new NetworkChecker();

  constructor(session: PlanSession) {
    const { inform, warn, ports, fetchQuotas, findFeatures } = session;
    this.session = session;
    this.names = new NameChecker({ inform, warn });
    this.quotas = new QuotaChecker(fetchQuotas, warn, findFeatures);
    this.#ports = new PortChecker(ports, inform);
  }

  /** Errors in the settings, reported by `check` so that a preview shows them. The engine skips `check` while a setting is unknown. */
  settingsFailures(): readonly CheckFailure[] {
    try {
      this.session.getMetro();
      return [];
    } catch (error) {
      return [toCheckFailure(error)];
    }
  }

  /** The exceeded quotas, or the wrong setting that prevented reading them. */
  async quotaFailures(
    resource: AnyResource,
    olds: Properties,
    inputs: Properties,
    news: Properties,
  ): Promise<readonly string[]> {
    try {
      return await this.quotas.check(resource, resourceLabel(resource, news), olds, inputs, urnIn(news));
    } catch (error) {
      return [toEngineFailure(toCheckFailure(error)).reason];
    }
  }

  /** The ports that are taken, as sentences. Only the local platform gives each port to one service. */
  portFailures(
    resource: AnyResource,
    named: Properties,
    { olds, inputs }: { readonly olds: Properties; readonly inputs: Properties },
  ): Promise<readonly string[]> {
    if (this.session.getMetro().metro !== "local") return Promise.resolve([]);
    const label = resourceLabel(resource, named);
    const origin = { name: inputs["name"], derivedFrom: derivedFrom(resource, named) };
    return this.#ports.check({ label, urn: urnIn(named), ...origin, olds, news: inputs });
  }

  /** What is wrong with network interfaces, as sentences. */
  networkFailures(resource: AnyResource, named: Properties, inputs: Properties): readonly string[] {
    return this.#networks.check(
      {
        ...{ label: resourceLabel(resource, named), urn: urnIn(named), inputs },
        hasDerivedName: named[AUTO_NAME_KEY] === true,
      },
      this.session.getMetro().metro === "local",
    );
  }

  /** Chooses or checks the name of a resource, or what it has to itself beside a name. */
  async checkName(
    resource: AnyResource,
    { isNew, named, inputs }: { readonly isNew: boolean; readonly named: Properties; readonly inputs: Properties },
  ): Promise<NameCheck> {
    const checked = this.toNamedResource(resource, named, { isNew, inputs });
    const lookup = this.nameLookup(resource, named, inputs);
    const exclusive = resource.exclusive?.(inputs, this.session.getMetro());
    if (exclusive === undefined) return this.names.check(checked, lookup);
    const { failures } = this.names.claimExclusively(checked, exclusive);
    const isTaken =
      failures.length === 0 &&
      isNew &&
      exclusive.isOnThisMachine &&
      ["managed", "unmarked"].includes((await lookup.inspect(exclusive.value)) ?? "");
    return { name: checked.name, failures: isTaken ? [formatError(loadTakenError()(exclusive.value))] : failures };
  }

  /** The resource as the name checker sees it. */
  toNamedResource(
    resource: AnyResource,
    named: Properties,
    { isNew, inputs }: { readonly isNew: boolean; readonly inputs: Properties },
  ): NamedResource {
    return {
      kind: resource.kind,
      label: resourceLabel(resource, named),
      urn: urnIn(named),
      isNew,
      derivedFrom: derivedFrom(resource, named),
      name: inputs["name"],
      adopt: inputs["adopt"] === true,
      metro: this.session.getMetro().metro,
    };
  }

  /** Looks names up for one resource. */
  nameLookup(resource: AnyResource, named: Properties, inputs: Properties): NameLookup {
    const { getNameDirectory, inspectionContext } = this.session;
    return {
      find: (kind, names) => getNameDirectory().find(kind, names),
      inspect: (id) => resource.findNameHolder?.(inspectionContext(named), id, inputs) ?? Promise.resolve(undefined),
    };
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

/** What a derived name of the resource consists of. */
export function nameSource({ kind }: AnyResource, named: Properties): NameSource {
  const resourceName = resourceNameIn(named) ?? kind;
  return { resourceName, resourceHash: identityIn(named)?.resourceHash ?? hashOfName(resourceName) };
}
