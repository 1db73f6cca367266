/**
 * Clearing a property. The vendor's clients disagree on how to write it: the JavaScript SDK (0.2.0) sends `del` without a value;
 * the Python SDK (0.3.0) sends `set` without a value, and its documentation says that a bare `del` removes nothing from a list
 * or map and is rejected for a scalar. So the result is read back, and the other form is tried.
 *
 * ```text
 *         ┌──────┐  accepted   ┌───────────┐  the old value is gone
 *    ────▶│ send ├────────────▶│ read back ├───────────────────────▶ cleared: this metro takes the form
 *         └▲──┬──┘             └─────┬─────┘
 *          │  │ form rejected        │ the old value is still there
 *          │  ▼                      ▼
 *          └─ is the other form untried? ── no ──▶ failed
 *         yes
 * ```
 *
 * Any other error (not found, wrong state, locked …) fails at once. A metro's form is remembered for as long as the process
 * lives, and tried first from then on.
 */
import { UnikernelError } from "../../base/errors";
import { type ItemStatus, type ResponseMetadata, failedItemError } from "../../client/errors/apiErrors";
import { ITEM_CODES } from "../../contract/codes";
import type { PatchOperation } from "../../contract/models";
import { type PlannedOperation, toPatchOperation } from "./patchOperation";

/** The operation that clears when it has no value. */
export type ClearingForm = "set" | "del";

/** The form that a metro takes, as far as it is known. */
export interface ClearingMemory {
  form: ClearingForm;
}

/** Where the clearing of one property has got to. */
export type ClearingState =
  | { readonly step: "send" | "read-back"; readonly form: ClearingForm; readonly rejections: readonly Rejection[] }
  | { readonly step: "cleared"; readonly form: ClearingForm }
  | { readonly step: "failed"; readonly error: UnikernelError };

/** Why a form did not clear: the metro's error, or `still-there` when it was accepted without effect. */
type Rejection = UnikernelError | "still-there";

/** What came of a step. */
export type ClearingEvent =
  | { readonly outcome: "accepted" | "gone" | "still-there" }
  | { readonly outcome: "rejected"; readonly error: UnikernelError };

/** The beginning, with the form that is tried first. */
export const startClearing = (form: ClearingForm): ClearingState => ({ step: "send", form, rejections: [] });

/** Codes with which a node says that it does not understand a form. */
const FORM_REJECTION_CODES: readonly unknown[] = [
  ITEM_CODES.UnknownError,
  ITEM_CODES.NotSupported,
  ITEM_CODES.Unknown,
  ITEM_CODES.Invalid,
  ITEM_CODES.MissingId,
  ITEM_CODES.MalformedRequest,
];

/** Does the error say that the metro does not understand the form, rather than that it may not be cleared now? */
const isFormRejection = ({ details }: UnikernelError): boolean =>
  details["status"] === 400 || FORM_REJECTION_CODES.includes(details["itemCode"]);

/**
 * The state after an event. Pure.
 *
 * @param attempted begins the sentence of the error, such as `Clearing env of instance 'web'`
 */
export function nextClearing(state: ClearingState, event: ClearingEvent, attempted: string): ClearingState {
  if (state.step !== "send" && state.step !== "read-back") return state;
  const { form, rejections } = state;
  if (event.outcome === "accepted") return { step: "read-back", form, rejections };
  if (event.outcome === "gone") return { step: "cleared", form };
  if (event.outcome === "rejected" && !isFormRejection(event.error)) return { step: "failed", error: event.error };
  const all = [...rejections, event.outcome === "rejected" ? event.error : ("still-there" as const)];
  if (all.length === 1) return { step: "send", form: form === "set" ? "del" : "set", rejections: all };
  const [first] = all;
  const isIgnored = first === undefined || first === "still-there" || all.includes("still-there");
  return { step: "failed", error: isIgnored ? unclearedError(attempted) : first };
}

const unclearedError = (attempted: string): UnikernelError =>
  new UnikernelError(
    "OPERATION_FAILED",
    `${attempted} failed: the old value is still there, whether it is cleared by 'set' or by 'del' without a value.`,
    { hint: "Give the property a value that means none for your program, or replace the resource." },
  );

/** How the operations on one object are sent and read back. */
export interface PatchTarget<P> {
  /** Sends the operations in one request. Resolves with one item for each, in their order. */
  readonly send: (
    operations: readonly PatchOperation<never>[],
  ) => Promise<ResponseMetadata & { readonly items: readonly ItemStatus[] }>;
  /** Reads the object back: those of the patches whose property still has its old value. */
  readonly findUncleared: (patches: readonly P[]) => Promise<readonly P[]>;
  /** Begins the sentence of an error, such as `Clearing env of instance 'web'`. */
  readonly describe: (verb: "Changing" | "Clearing", patch: P) => string;
}

/**
 * Sends the patches in one request, and clears in the forms that are left in further ones. Returns the errors of those that
 * failed. Throws when a request as a whole fails.
 */
export async function sendPatches<P extends PlannedOperation<string>>(
  memory: ClearingMemory,
  patches: readonly P[],
  target: PatchTarget<P>,
): Promise<ReadonlyMap<P, UnikernelError>> {
  const errors = new Map<P, UnikernelError>();
  const clearing = new Map(patches.filter(isClear).map((patch) => [patch, startClearing(memory.form)]));
  const advance = (patch: P, event: ClearingEvent): void => {
    const state = clearing.get(patch);
    if (state === undefined) return;
    const next = nextClearing(state, event, target.describe("Clearing", patch));
    clearing.set(patch, next);
    if (next.step === "failed") errors.set(patch, next.error);
    if (next.step === "cleared") memory.form = next.form;
  };
  const inStep = (step: ClearingState["step"]): readonly P[] =>
    patches.filter((patch) => clearing.get(patch)?.step === step);

  let unsent: readonly P[] = patches.filter((patch) => !isClear(patch));
  for (;;) {
    const sent = patches.filter((patch) => unsent.includes(patch) || inStep("send").includes(patch));
    if (sent.length === 0) return errors;
    const clears = inStep("send");
    try {
      const reply = await target.send(
        sent.map((patch) => toOperation(patch, clearing.get(patch)) as PatchOperation<never>),
      );
      unsent = [];
      for (const [index, patch] of sent.entries()) {
        const item = reply.items[index] ?? { status: "error" };
        const error =
          item.status === "error" ? failedItemError(target.describe("Changing", patch), item, reply) : undefined;
        if (clearing.has(patch))
          advance(patch, error === undefined ? { outcome: "accepted" } : { outcome: "rejected", error });
        else if (error !== undefined) errors.set(patch, error);
      }
    } catch (thrown) {
      // The request failed as a whole, so nothing changed. Any of the clears may be the cause.
      if (!UnikernelError.is(thrown) || clears.length === 0 || !isFormRejection(thrown)) throw thrown;
      for (const patch of clears) advance(patch, { outcome: "rejected", error: thrown });
      if (clears.some((patch) => errors.has(patch))) throw errors.get(clears[0] as P) ?? thrown;
    }
    const accepted = inStep("read-back");
    const uncleared = accepted.length === 0 ? [] : await target.findUncleared(accepted);
    for (const patch of accepted) advance(patch, { outcome: uncleared.includes(patch) ? "still-there" : "gone" });
  }
}

const isClear = ({ op }: PlannedOperation<string>): boolean => op === "clear";

const toOperation = (patch: PlannedOperation<string>, state: ClearingState | undefined): PatchOperation<string> =>
  state?.step === "send" ? { prop: patch.prop, op: state.form } : toPatchOperation(patch);
