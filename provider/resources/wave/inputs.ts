/** Inputs of a RolloutWave. Pure. */
import { formatNumber } from "../../base/formatNumber";
import * as z from "zod";
import { isDeepStrictEqual } from "node:util";
import { type FieldChange, field, objectType } from "../../definition/resource";
import { publishedPort } from "../service/ports";
import { gateInput } from "../service/rollout/gateInput";

/** A day. */
const MAX_BAKE_MS = 86_400_000;
/** Default of `bakeTimeMs`. */
export const DEFAULT_BAKE_MS = 60_000;

const bakeMs = () => z.int().min(0).max(MAX_BAKE_MS);

const waveService = objectType(
  "WaveService",
  "A service of a wave, and what it runs.",
  z.strictObject({
    name: field(z.string().min(1), { description: "Name of the service in messages." }),
    uuid: field(z.string().min(1), { description: "UUID of the service: the `id` of a Service." }),
    revision: field(z.string().min(1), {
      description: "Text that changes with the template of the service, such as a hash of it.",
    }),
  }),
);
/** A service of a wave. */
export type WaveService = z.output<typeof waveService>;

/** The services without what messages alone need, and without order. */
const identified = (services: unknown): unknown =>
  Array.isArray(services)
    ? (services as readonly WaveService[])
        .map(({ uuid, revision }) => [uuid, revision])
        .sort(([a = ""], [b = ""]) => (a < b ? -1 : 1))
    : services;

/** True if a wave runs the same services with the same revisions, whatever they are called. */
export const runSame = (before: unknown, after: unknown): boolean =>
  isDeepStrictEqual(identified(before), identified(after));

const effectOfServices = ({ before, after }: FieldChange) => (runSame(before, after) ? "ignore" : "update");

const waveReference = objectType(
  "WaveReference",
  "A wave of a sequence.",
  z.strictObject({
    name: field(z.string().min(1), { description: "Name of the wave." }),
    bakeTimeMs: field(bakeMs(), { description: "How long it bakes, in milliseconds." }),
  }),
);

/** Inputs of a RolloutWave. */
export const waveInputs = z.strictObject({
  name: field(z.string().min(1).max(100), {
    description: "Name of the wave, 1 to 100 characters.",
    onChange: "ignore",
  }),
  services: field(z.array(waveService).min(1), {
    description: "The services of the wave. When one of them is another one, or has another revision, the wave bakes.",
    onChange: effectOfServices,
  }),
  tags: field(z.record(z.string(), z.string()).optional(), {
    description:
      "By name of the service: the tag that its replicas have. The wave fails if others run. Default: any replicas.",
    onChange: "ignore",
  }),
  ports: field(z.record(z.string(), z.array(publishedPort)).optional(), {
    description: "By name of the service: its published ports, to check the gate at preview. Default: not checked.",
    onChange: "ignore",
  }),
  bakeTimeMs: field(bakeMs().default(DEFAULT_BAKE_MS), {
    description: `How long the replicas must keep running, and pass the gate, before the next wave begins, in milliseconds, 0 to 86,400,000. Default ${formatNumber(DEFAULT_BAKE_MS)}.`,
    onChange: "ignore",
  }),
  gate: field(gateInput.optional(), {
    description:
      "What is asked during the bake, through the published ports of each service, as a client would. `failureThreshold` failures in a row, 3 by default, fail the wave; with 0, only the last attempts count. Default: nothing is asked.",
    onChange: "ignore",
  }),
  sequence: field(z.array(waveReference).optional(), {
    description: "All waves in order, for messages. Default: this one alone.",
    onChange: "ignore",
  }),
});

/** Checked inputs of a RolloutWave. */
export type WaveInputs = z.output<typeof waveInputs>;
