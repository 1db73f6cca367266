/**
 * What the text in state requires: `pulumi-unikernel/dynamic`, of which it takes one property, the provider object of a kind. That
 * name and those properties are kept for as long as any state may hold them.
 *
 * Loads nothing by itself. Modules that some calls do without are loaded by the first call that needs them: the provider here, a
 * kind in `resources/all.ts`, its lifecycle in `resources/<kind>/resource.ts`, the client in `provider.ts`.
 *
 * Not bundled: a bundle that is loaded whole takes several times as long as this, one in parts would need a build tool, and either
 * needs source maps of its own. No compile cache (`module.enableCompileCache`): it saves a quarter of the time before the first diff,
 * but writes a file per module to the user's disk, has to be flushed by hand because the engine kills this process, and applies to
 * all modules of the process. `npm run bench -- load` prints what loading takes.
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

export const Instance = lazyProvider("Instance");
export const Service = lazyProvider("Service");
export const Volume = lazyProvider("Volume");
export const Certificate = lazyProvider("Certificate");
export const GatewayImage = lazyProvider("GatewayImage");

const engine = engineAddress(process.argv);
if (engine !== undefined) watchEngine(engine, exitWithoutEngine);
