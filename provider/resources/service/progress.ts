/** Reports the rollout of a Service: in the engine's log, and in the file of the settings. */
import * as crypto from "node:crypto";
import { isCi } from "../../base/config/environment";
import type { RolloutEvent } from "../../rollout/events";
import { createEventsFile, toRecord } from "../../rollout/progress/eventsFile";
import { createProgressReporter } from "../../rollout/progress/reporter";
import type { ProviderContext } from "../context";

/** The receiver of the events of one rollout of this service. */
export function reportProgress(
  { clock, metro, printProgress, printWarning, rolloutEventsFile, urn }: ProviderContext,
  service: string,
): (event: RolloutEvent) => void {
  // As previews name it: by its name in the program.
  const common = { service: urn?.split("::").at(-1) ?? service, print: printProgress, isCompact: isCi() };
  if (rolloutEventsFile === undefined) return createProgressReporter(common);
  const append = createEventsFile(rolloutEventsFile, printWarning);
  const origin = { rollout: crypto.randomUUID(), service, metro, urn };
  return createProgressReporter({
    ...common,
    record: (event) => append(toRecord(origin, event, clock.now())),
  });
}
