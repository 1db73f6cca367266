/** Reads the defaults that the labels of an image set. */
import { errorMessage } from "../../../base/errors";
import { containsUnknown, isUnknown } from "../../../definition/unknowns";
import { readInstanceLabels } from "../../../image/kraftfile/instanceLabels";
import { encodePullCredentials } from "../../common/registryCredentials";
import type { ProviderContext } from "../../context";
import type { PartialWorkload } from "./imageDefaults";
import type { ImageDefaults } from "./imageDefaultsOutput";

/** What the labels of an image say. */
export interface FoundDefaults {
  /** `undefined` if no label sets any. */
  readonly defaults: ImageDefaults | undefined;
  /** A clause for each invalid label. */
  readonly problems: readonly string[];
}

/** Reads the defaults of images, and remembers them. */
export interface DefaultsReader {
  /**
   * The defaults of a workload's image for a preview; `undefined` if the image is not known or not stored yet. Throws what `readImageLabels`
   * does.
   */
  preview(context: ProviderContext, workload: PartialWorkload | undefined): Promise<FoundDefaults | undefined>;
  /**
   * The same for an operation. Labels that cannot be read are a warning, and it goes on without defaults; of invalid ones the check
   * before it has warned.
   *
   * @param label the resource, such as `Instance 'web'`
   */
  read(
    context: ProviderContext,
    label: string,
    workload: PartialWorkload | undefined,
  ): Promise<ImageDefaults | undefined>;
  /** What was last read of an image; `otherwise` if this process has not read it. For plans, which read nothing. */
  last(image: string, otherwise: ImageDefaults | undefined): ImageDefaults | undefined;
}

/**
 * A reader for one kind.
 *
 * @param prefix path of the workload inputs, for messages
 */
export function createDefaultsReader(prefix: "" | "template."): DefaultsReader {
  const known = new Map<string, ImageDefaults | undefined>();

  async function find(
    context: ProviderContext,
    { image, imagePull }: PartialWorkload = {},
    isPreview = false,
  ): Promise<FoundDefaults | undefined> {
    const login = imagePull?.credentials;
    if (image === undefined || isUnknown(image) || containsUnknown(login)) return undefined;
    const credentials = login === undefined ? undefined : encodePullCredentials(login);
    const labels = await context.readImageLabels(image, { credentials, isPreview });
    if (labels === undefined) return undefined;
    const { scaleToZero, problems } = readInstanceLabels(labels);
    const defaults = scaleToZero && { scaleToZero };
    known.set(image, defaults);
    return { defaults, problems };
  }

  return {
    preview: (context, workload) => find(context, workload, true),

    async read(context, label, workload) {
      try {
        return (await find(context, workload))?.defaults;
      } catch (error) {
        const consequence = `${prefix}scaleToZero gets no defaults from them until the image changes`;
        const sentence = `${label}: the labels of its image could not be read, so that ${consequence}.`;
        context.printWarning(`${sentence} ${errorMessage(error)}`);
        return undefined;
      }
    },

    last: (image, otherwise) => (known.has(image) ? known.get(image) : otherwise),
  };
}
