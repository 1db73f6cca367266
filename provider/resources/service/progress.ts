/** Reports the rollout of a Service: in the engine's log, and in the file of the settings. */
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
  const common = { service, print: printProgress, isCompact: isCi() };
  if (rolloutEventsFile === undefined) return createProgressReporter(common);
  const append = createEventsFile(rolloutEventsFile, printWarning);
  return createProgressReporter({
    ...common,
    record: (event) => append(toRecord({ service, metro, urn }, event, clock.now())),
  });
}
