/** What a preview says about a wave. Pure. */
import { formatNumber } from "../../base/formatNumber";
import type { ComputedInputs, Properties } from "../../definition/resource";
import { containsUnknown, isUnknown } from "../../definition/unknowns";
import { gateTypeOf } from "../service/rollout/gateInput";
import { type WaveInputs, runSame } from "./inputs";

/** `60 s`, or `250 ms`. */
export const duration = (ms: number): string => (ms % 1000 === 0 ? `${formatNumber(ms / 1000)} s` : `${ms} ms`);

/** `after wave 'canary' has baked for 60 s`; undefined for the first wave. */
function predecessor({ name, sequence = [] }: WaveInputs): string | undefined {
  const before = sequence[sequence.findIndex((wave) => wave.name === name) - 1];
  if (before === undefined) return undefined;
  return before.bakeTimeMs === 0
    ? `after wave '${before.name}' has passed`
    : `after wave '${before.name}' has baked for ${duration(before.bakeTimeMs)}`;
}

/** `wave 2 of 3 'eu'`. */
export function waveTitle({ name, sequence = [] }: Pick<WaveInputs, "name" | "sequence">): string {
  const index = sequence.findIndex((wave) => wave.name === name);
  return index < 0 ? `wave '${name}'` : `wave ${index + 1} of ${sequence.length} '${name}'`;
}

/** `the gate asks /status of 'web-eu'`; undefined for a gate that asks nothing. */
function gateClause({ gate }: WaveInputs): string | undefined {
  if (gate === undefined || gateTypeOf(gate) === "running") return undefined;
  return gateTypeOf(gate) === "http" ? `${gate.path ?? ""} must pass the gate` : "their ports must accept connections";
}

/** `bake for 60 s, while /status must pass the gate`. */
export function bakeStep(inputs: WaveInputs): string {
  const gate = gateClause(inputs);
  const bake = inputs.bakeTimeMs === 0 ? "look at its services once" : `bake for ${duration(inputs.bakeTimeMs)}`;
  return gate === undefined ? bake : `${bake}, while ${gate}`;
}

/** True if the wave will bake, or may: its services run something else, or may do so. */
const mayBake = ({ services: before }: Properties, { services }: Properties): boolean =>
  containsUnknown(services) || !runSame(before, services);

/** Adds nothing; says where the wave is in its sequence if it will bake, or may. */
export function announceWave(inputs: Properties, olds: Properties): ComputedInputs {
  const { name, bakeTimeMs, gate, sequence } = inputs;
  if (!mayBake(olds, inputs) || [name, bakeTimeMs].some(isUnknown) || containsUnknown(sequence))
    return { inputs, failures: [] };
  // An unknown part of the gate, such as a header, is not quoted.
  const known = { ...inputs, gate: isUnknown(gate) ? undefined : gate } as unknown as WaveInputs;
  const note = [waveTitle(known), predecessor(known)].filter((part) => part !== undefined).join(" ");
  return { inputs, failures: [], notes: [`${note}; it will ${bakeStep(known)}`] };
}
