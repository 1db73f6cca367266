/** Images whose digest changes: size and digest before and after. Pure. */
import { formatImageSize, sizeInNote } from "../../resources/images/sizeNote";
import type { PlannedChange } from "./plannedChanges";
import type { StepState } from "./previewDigest";

/** An image before or after a change. */
export interface ImageVersion {
  /** Such as `53.3 MiB`; `undefined` if only the build can tell. */
  readonly size: string | undefined;
  /** `sha256:` and the first 12 digits; `undefined` if only the build can tell. */
  readonly digest: string | undefined;
}

/** The change of one image. */
export interface ImageChange {
  /** Name of the resource. */
  readonly name: string;
  /** `undefined` for a new image. */
  readonly before: ImageVersion | undefined;
  /** `undefined` for an image that is deleted. */
  readonly after: ImageVersion | undefined;
}

/** Digits of a digest that tell the images of a stack apart. */
const DIGEST = /^sha256:[0-9a-f]{12}/;

const digestIn = ({ inputs, outputs }: StepState): string | undefined =>
  DIGEST.exec(String(outputs["digest"] ?? inputs["digest"]))?.[0];

/** The images that the changes of a preview build or delete, in their order. */
export const imageChanges = (changes: readonly PlannedChange[]): readonly ImageChange[] =>
  changes.flatMap((change): readonly ImageChange[] => {
    const { kind, action, name, before: old, after: news, sentences } = change;
    if (kind !== "GatewayImage" || action === "error") return [];
    const sizeBytes = old?.outputs["sizeBytes"];
    const before = old && {
      digest: digestIn(old),
      size: typeof sizeBytes === "number" ? formatImageSize(sizeBytes) : undefined,
    };
    if (action === "delete" || news === undefined) return [{ name, before, after: undefined }];
    const digest = digestIn({ ...news, outputs: {} });
    if (digest !== undefined && digest === before?.digest) return [];
    return [{ name, before, after: { digest, size: sentences.map(imageSizeIn).find((size) => size !== undefined) } }];
  });

/** The size in the sentence of a preview that tells it, which begins with a capital in a comment. */
export const imageSizeIn = (sentence: string): string | undefined =>
  sizeInNote(sentence.charAt(0).toLowerCase() + sentence.slice(1));
