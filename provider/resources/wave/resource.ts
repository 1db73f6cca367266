/** RolloutWave: waits until the services of one wave have run for a while, and fails if they do not keep running. */
import { defineResource, lazyLifecycle } from "../../definition/resource";
import { announceWave } from "./describe";
import { waveInputs } from "./inputs";
import { waveOutputs } from "./outputs";
import { waveRules } from "./rules";

/** The RolloutWave resource. */
export const rolloutWave = defineResource({
  kind: "RolloutWave",
  description:
    "The end of one wave of a rollout: it waits until the services of the wave have run for a while and passed a gate, and fails otherwise. What depends on it comes afterwards. `RolloutWaves` creates one for each wave.",
  inputs: waveInputs,
  outputs: waveOutputs,
  rules: waveRules,
  computeInputs: (inputs, _metro, olds) => Promise.resolve(announceWave(inputs, olds)),
  ...lazyLifecycle(() => (require("./lifecycle") as typeof import("./lifecycle")).lifecycle),
});
