/** The part of the provider that the hooks of RolloutWaves run in the program's own process. Loaded with the first of them. */
import type { ProviderSettings } from "../provider";

/** A wave that has passed, as its RolloutWave has it. */
export interface PassedWave {
  readonly name: string;
  readonly services: readonly { readonly name: string; readonly uuid: string; readonly revision: string }[];
  readonly tags?: { readonly [service: string]: string } | undefined;
}

/** A Service that this run has updated. */
export interface UpdatedService {
  readonly id: string;
  readonly before: object;
  readonly after: object;
  readonly print: (line: string) => void;
}

interface Waves {
  readonly revisionOf: (template: object | undefined, reloadOn: readonly unknown[] | undefined) => string;
  readonly tagOf: (template: object | undefined, imageDefaults: unknown) => string;
  readonly assertPassed: (wave: PassedWave, settings: ProviderSettings, isPreview: boolean) => Promise<void>;
  readonly revertService: (service: UpdatedService, settings: ProviderSettings) => Promise<string | undefined>;
}

/** Loads it. */
// Not a dynamic import(), which needs a newer compiler than programs may have.
export const loadWaves = (): Waves => require("../../provider/pulumi/waves") as Waves;
