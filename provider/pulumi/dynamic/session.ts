/**
 * State that all kinds in a provider process share: the settings of its Provider, and what derives from them. One process serves one
 * Provider.
 */
import {
  type MetroConfig,
  type PartialSettings,
  SETTING_KEYS,
  metroAddress,
  resolveMetro,
  settingText,
} from "../../base/config/metroConfig";
import { localPaths } from "../../base/localPaths";
import { readPlatformId } from "../../base/platformId";
import { identityIn } from "../../definition/identity";
import { urnIn } from "../../definition/internalKeys";
import { AUTO_NAME_KEY } from "../../definition/naming";
import type { Properties } from "../../definition/resource";
import { type AnyResource, isNamedKind } from "../../resources/all";
import type { ProviderContext } from "../../resources/context";
import type { NameDirectory } from "../../resources/nameDirectory";
import { sayOnce } from "../describeChanges";
import { PlanChecks } from "../planChecks";
import type { Location } from "../resourceLocation";
import { Cancellation } from "./cancellation";
import { customTimeouts } from "./customTimeouts";
import { listenForCancel } from "./engineCancel";
import { engineAddress, engineGone } from "./engineConnection";
import { createEngineLog } from "./engineLog";
import { printReportedErrorsOnce } from "./reportedErrors";
import { fromStoredTimeouts } from "./storedTimeouts";

/** The used part of the engine's configure request. Keys include the namespace: `unikernel:metro`. */
export interface ConfigureRequest {
  readonly config: { get(key: string): string | undefined };
}

/**
 * The settings that `configure` received. One process serves one Provider, so all kinds share them. They are stored
 * synchronously, because the process may call other methods while `configure` still runs.
 */
let settings: PartialSettings = {};
/** Name of the explicit Provider that this process serves; empty for the stack's own settings. */
let providerName = "";
/** Derived from the settings once for all resources: one check reads it four times. */
let metro: MetroConfig | undefined;
let address: string | undefined;
let context: ProviderContext | undefined;
let nameDirectory: NameDirectory | undefined;

/** The metro in the settings. Throws `CONFIG_INVALID` for wrong settings. */
export const getMetro = (): MetroConfig => (metro ??= resolveMetro({ provider: settings }));

// Loaded when first needed, with the whole client: a preview without changes sends no request.
const loadContext = () => require("../../resources/context") as typeof import("../../resources/context");
const loadNameDirectory = () =>
  require("../../resources/nameDirectory") as typeof import("../../resources/nameDirectory");

/** Aborts the operations of this process on SIGINT and SIGTERM. */
export const cancellation = new Cancellation();
/** Aborts with the engine's Cancel: operations end after their current step. */
const stopRequest = new AbortController();
const engine = engineAddress(process.argv);
if (engine !== undefined) {
  cancellation.listen((code) => process.exit(code));
  listenForCancel(() => stopRequest.abort());
  printReportedErrorsOnce();
}
engineGone.addEventListener("abort", () => cancellation.abort());
/** Shows messages to users. */
export const log = createEngineLog(engine, (line) => void process.stdout.write(`${line}\n`));

/** The context of the metro. */
export const getContext = (): ProviderContext =>
  (context ??= loadContext().createContext(getMetro(), {
    cancellation: cancellation.signal,
    stopRequest: stopRequest.signal,
  }));

/** The context of one operation on a resource. */
export const contextFor = (properties: Properties): ProviderContext => ({
  ...getContext(),
  timeouts: { ...getContext().timeouts, ...customTimeouts(properties) },
  printProgress: (line) => log.write("info", line, urnIn(properties)),
  printWarning: (sentence) => warnOnce([sentence], urnIn(properties)),
  urn: urnIn(properties),
});

/** Stores the settings of the engine's configure request. Synchronous, because the process may call other methods meanwhile. */
export function configureSession(request: ConfigureRequest): void {
  providerName = request.config.get("unikernel:provider") ?? "";
  const received = Object.fromEntries(
    SETTING_KEYS.map((key) => [key, settingText(request.config.get(`unikernel:${key}`))]),
  );
  if (providerName !== "") received["timeouts"] = fromStoredTimeouts(received["timeouts"]);
  if (SETTING_KEYS.some((key) => received[key] !== settings[key])) {
    settings = received;
    [metro, address, context, nameDirectory] = [undefined, undefined, undefined, undefined];
  }
}

/** Shows a message once. */
export const informOnce = sayOnce((sentence, urn) => log.write("info", sentence, urn));
/** Shows a warning once. */
export const warnOnce = sayOnce((sentence, urn) => log.write("warning", sentence, urn));

/** The names in the metro, read once for all kinds. */
export const getNameDirectory = (): NameDirectory =>
  (nameDirectory ??= loadNameDirectory().createNameDirectory(getContext()));

/** Where objects of a kind are now. Images are the same on every machine, so they belong to no platform. */
export function currentLocation({ kind }: AnyResource): Location {
  const metro = (address ??= metroAddress({ provider: settings }));
  const platformId = metro === "local" && isNamedKind(kind) ? readPlatformId(localPaths().platformIdFile) : undefined;
  return { metro, provider: providerName, platformId };
}

/** Adds the identity of the resource, which marks the objects that its operations create and may adopt. */
export function withOwnership(context: ProviderContext, properties: Properties): ProviderContext {
  const identity = identityIn(properties);
  const hasDerivedName = properties[AUTO_NAME_KEY] === true;
  return identity === undefined ? context : { ...context, ownership: { ...identity, hasDerivedName } };
}

/** How long a preview waits for optional information. */
const INSPECTION_TIMEOUT_MS = 5_000;

/** The context in which a check looks at the metro. */
export const inspectionContext = (properties: Properties): ProviderContext =>
  loadContext().withTimeLimit(withOwnership(getContext(), properties), INSPECTION_TIMEOUT_MS, "Looking at the metro");

// Loaded when first needed: a preview without changes sends no request.
const loadPortHolders = () =>
  require("../../resources/service/portHolders") as typeof import("../../resources/service/portHolders");
const loadFeatures = () => require("../../resources/metroFeatures") as typeof import("../../resources/metroFeatures");
const loadQuotas = () => require("../../resources/fetchQuotas") as typeof import("../../resources/fetchQuotas");

/** The checks of this process's plan. */
export const planChecks = new PlanChecks({
  getMetro,
  inspectionContext,
  getNameDirectory,
  ports: {
    list: () => loadPortHolders().listPortHolders(inspectionContext({})),
    probe: (port) => loadPortHolders().probePort(port),
  },
  fetchQuotas: () => loadQuotas().fetchQuotas(getContext()),
  findFeatures: () => loadFeatures().findMetroFeatures(getContext()),
  inform: informOnce,
  warn: warnOnce,
});
