/** Outputs of a RolloutWave. Pure. */
import * as z from "zod";
import { field } from "../../definition/resource";
import type { WaveInputs } from "./inputs";

/** Outputs of a RolloutWave. */
export const waveOutputs = z.object({
  passedAt: field(z.string(), { description: "When the wave last passed, RFC 3339." }),
  revisions: field(z.record(z.string(), z.string()), {
    description: "By tag of the replicas: the revision that it stands for, of this pass and of the one before.",
    secret: true,
  }),
});
/** The output values of a RolloutWave. */
export type WaveOutputs = z.output<typeof waveOutputs>;

/** The revision by tag. */
export const revisionsByTag = ({ services, tags = {} }: Pick<WaveInputs, "services" | "tags">) =>
  Object.fromEntries(
    services.flatMap(({ name, revision }) => (tags[name] === undefined ? [] : [[tags[name], revision] as const])),
  );
