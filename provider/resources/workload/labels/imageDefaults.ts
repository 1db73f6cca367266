/** Defaults that the labels of an image set for the workloads that run it. They never enter the inputs in state. Pure. */
import { mergeScaleToZero } from "../../../image/kraftfile/instanceLabels";
import { isSameOnWire } from "../../common/wire";
import type { ImageDefaults } from "./imageDefaultsOutput";
import type { Workload } from "../inputs";
import { SERVER_DEFAULTS } from "../codecs";
import { WORKLOAD_WIRE } from "../wire";

/** A workload, as far as it is given and known. */
export type PartialWorkload = Partial<Workload>;

/** True if defaults for `scaleToZero` apply: instances of other kinds cannot sleep. */
const canScaleToZero = ({ image, type, features }: PartialWorkload): boolean =>
  image !== undefined && type !== "full" && features?.includes("delete-on-stop") !== true;

/** The workload with the defaults of its image where it sets nothing. */
export function withImageDefaults(workload: PartialWorkload, defaults: ImageDefaults | undefined): PartialWorkload {
  if (defaults === undefined || !canScaleToZero(workload)) return workload;
  const scaleToZero = mergeScaleToZero(defaults.scaleToZero, workload.scaleToZero);
  return scaleToZero === undefined ? workload : { ...workload, scaleToZero };
}

const isSameScaleToZero = (a: PartialWorkload, b: PartialWorkload): boolean =>
  isSameOnWire(WORKLOAD_WIRE.scaleToZero, a, b);

/**
 * The inverse: an observed workload without what the defaults explain, so that they never show as drift.
 *
 * @param requested the workloads that may have been asked for; the first whose values give the observed ones counts
 */
export function withoutImageDefaults(
  observed: PartialWorkload,
  requested: readonly PartialWorkload[],
  defaults: ImageDefaults | undefined,
): PartialWorkload {
  if (defaults === undefined) return observed;
  const asGivenBy = ({ scaleToZero }: PartialWorkload): PartialWorkload =>
    scaleToZero === observed.scaleToZero ? observed : { ...observed, scaleToZero };
  const explains = (given: PartialWorkload): boolean =>
    isSameScaleToZero(withImageDefaults(asGivenBy(given), defaults), observed);
  const found = requested.find(explains);
  if (found !== undefined) return asGivenBy(found);
  // What is off although the labels turn it on was turned off by hand.
  return observed.scaleToZero === undefined && !explains({})
    ? { ...observed, scaleToZero: { policy: "off" } }
    : observed;
}

/**
 * A clause for a notice that would not come before standby, where the program sets no cooldown time: that of the labels, else the default,
 * counts. None for a notice in time.
 *
 * @param prefix path of the workload inputs, such as `template.`
 */
export function describeLateNotice(
  scaleToZero: Workload["scaleToZero"],
  defaults: ImageDefaults | undefined,
  prefix: "" | "template.",
): string[] {
  const { notifyTimeMs = SERVER_DEFAULTS.notifyTimeMs, cooldownTimeMs } = scaleToZero ?? {};
  const fromLabel = defaults?.scaleToZero?.cooldownTimeMs;
  const cooldownMs = fromLabel ?? SERVER_DEFAULTS.cooldownTimeMs;
  if (cooldownTimeMs !== undefined || notifyTimeMs === 0 || notifyTimeMs < cooldownMs) return [];
  const origin = fromLabel === undefined ? "the default" : "from the image's label";
  return [
    `${prefix}scaleToZero.notifyTimeMs ${notifyTimeMs} must be less than cooldownTimeMs, which is ${cooldownMs} (${origin})`,
  ];
}
