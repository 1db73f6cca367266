/** The page about the events of rollouts. */
import { END_PHASES, ROLLOUT_PHASES } from "../../../provider/rollout/events";
import { RECORD_FIELDS } from "../../../provider/rollout/progress/eventsFile";
import { code, page, table } from "./markdown";

const rows = (texts: Readonly<Record<string, string>>): readonly (readonly string[])[] =>
  Object.entries(texts).map(([name, text]) => [code(name), text]);

/** The page `rollout-events.md`. */
export const eventsPage = (): string =>
  page(
    "# Events of a rolling update",
    "Each event of a Service's rolling update is a line in the output of `pulumi up`, and a line of JSON in the file that the setting [`rolloutEventsFile`](settings.md#rollouteventsfile) names. Events have no secrets.",
    `An update that replaces, adds or removes replicas begins with ${code("started")} and ends with one event without ${code("replica")} whose phase is one of ${END_PHASES.map(code).join(", ")}; a killed process writes no end. A rollback is a part of the rollout that failed, between ${code("rollingBack")} and its end. An update that has nothing to do with replicas writes nothing.`,
    `## Fields\n\nA line has the fields that apply.\n\n${table(["Field", "Meaning"], rows(RECORD_FIELDS))}`,
    `## Phases\n\n${table(["Phase", "Meaning"], rows(ROLLOUT_PHASES))}`,
  );
