/**
 * The entry point that the serialized provider in state requires: `pulumi-unikernel/dynamic`, one export per kind. Existing state
 * refers to this module and these exports by name, so they must not change.
 *
 * Loads nothing else at import time. Each module is loaded by the first call that needs it: the provider here, a kind in
 * `resources/all.ts`, its lifecycle in `resources/<kind>/resource.ts`, the client in `provider.ts`.
 *
 * Not bundled: loading one bundle takes several times as long as this, a split bundle would need a build tool, and both need
 * source maps. No compile cache (`module.enableCompileCache`): it saves a quarter of the time before the first diff, but writes a
 * file per module to the user's disk, must be flushed explicitly because the engine kills this process, and applies to all modules of
 * the process. `npm run bench -- load` measures the loading time.
 */
import type { ResourceKind } from "../../resources/all";
import { engineAddress, exitWithoutEngine, watchEngine } from "./engineConnection";
import type { DynamicProvider } from "./provider";

function lazyProvider(kind: ResourceKind): DynamicProvider {
  const load = (): DynamicProvider => (require("./provider") as typeof import("./provider")).providerOf(kind);
  return {
    configure: (request) => load().configure(request),
    check: (olds, news) => load().check(olds, news),
    diff: (id, olds, news) => load().diff(id, olds, news),
    create: (inputs) => load().create(inputs),
    read: (id, props) => load().read(id, props),
    update: (id, olds, news) => load().update(id, olds, news),
    delete: (id, props) => load().delete(id, props),
  };
}

/** The provider object of Instance. */
export const Instance = lazyProvider("Instance");
/** The provider object of Service. */
export const Service = lazyProvider("Service");
/** The provider object of Volume. */
export const Volume = lazyProvider("Volume");
/** The provider object of Certificate. */
export const Certificate = lazyProvider("Certificate");
/** The provider object of GatewayImage. */
export const GatewayImage = lazyProvider("GatewayImage");
/** The provider object of RolloutWave. */
export const RolloutWave = lazyProvider("RolloutWave");

const engine = engineAddress(process.argv);
if (engine !== undefined) watchEngine(engine, exitWithoutEngine);
