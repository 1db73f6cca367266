/** What a preview finds out about an update in place by asking the metro. */
import { UnikernelError, formatError } from "../base/errors";
import { diff } from "../definition/diff";
import type { Properties } from "../definition/resource";
import type { AnyResource } from "../resources/all";
import type { ProviderContext } from "../resources/context";
import { inputsFromState } from "./dynamic/state";

/** An update in a preview. */
export interface PreviewedUpdate {
  /** The resource, such as `Volume 'data'`. */
  readonly label: string;
  /** The inputs in state; empty for a new resource. */
  readonly olds: Properties;
  /** The checked inputs. */
  readonly news: Properties;
}

/**
 * The failures of a check that only the metro knows, as sentences. Nothing is asked if nothing changes, or if the resource is created
 * or replaced. A metro that does not respond fails no check: the update reports it.
 *
 * @param getContext called only to ask the metro
 * @param announce prints what else the preview found out
 */
export async function inspectUpdate(
  resource: AnyResource,
  { label, olds, news }: PreviewedUpdate,
  getContext: () => ProviderContext,
  announce: (sentences: readonly string[]) => void,
): Promise<readonly string[]> {
  if (Object.keys(olds).length === 0) return [];
  const before = inputsFromState(resource, olds);
  const changes = diff(resource, before, news);
  if (changes.length === 0 || changes.some(({ replace }) => replace)) return [];
  try {
    const sentences = (await resource.inspectUpdate?.(getContext(), before, news)) ?? [];
    announce(sentences.map((sentence) => `${label}: ${sentence}`));
    return [];
  } catch (error) {
    return UnikernelError.has(error, "IN_USE") ? [formatError(error)] : [];
  }
}
