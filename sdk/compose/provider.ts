/** The part of the provider that reads Compose files, in the program's own process. Loaded with the first of them. */
import type { ComposePlan } from "../../provider/compose/model";

/** What the resources of a project are created from. */
export type { ComposePlan, PlannedService, PlannedText, PlannedWorkload } from "../../provider/compose/model";

interface Planner {
  readonly planCompose: (input: {
    readonly file: string;
    readonly envFile?: string | undefined;
    readonly project?: string | undefined;
    readonly profiles?: readonly string[] | undefined;
    readonly read: (file: string) => string | undefined;
    readonly environment: (name: string) => string | undefined;
  }) => ComposePlan;
}

/** Loads it. */
// Not a dynamic import(), which needs a newer compiler than programs may have.
export const loadPlanner = (): Planner => require("../../provider/compose/planCompose") as Planner;
