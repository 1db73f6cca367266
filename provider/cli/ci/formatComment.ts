/**
 * The comment on a pull request: what a preview will do. Pure.
 *
 * It has fewer than 60 lines and less than 65,536 characters, which is what GitHub takes, whatever the size of the stack: alike changes
 * share a line, and what does not fit is counted.
 */
import { type ImageVersion, imageChanges, imageSizeIn } from "./imageChanges";
import { codeSpan, escapeMarkdown, markdownTable, shorten } from "./markdown";
import { ACTIONS, type Action, type PlannedChange, plannedChanges } from "./plannedChanges";
import { type PreviewDigest, splitUrn } from "./previewDigest";
import { quotaChanges } from "./quotaChanges";

/** Lines of the tables, their last one included, which counts the rest. */
const MAX_CHANGE_LINES = 26;
const MAX_IMAGE_LINES = 8;
/** Tried in this order until the comment fits: texts of special characters grow when they are escaped. */
const CHANGE_LINES = [MAX_CHANGE_LINES, 8, 2];
/** Characters of a comment. Source: the limit of GitHub, 65,536, with a reserve. GitLab takes 1,000,000. */
const MAX_LENGTH = 65_000;
/** Resources that one line names. */
const MAX_NAMES = 8;
const MAX_NAME_LENGTH = 60;
/** The longest types of Pulumi's own packages have some 100 characters. */
const MAX_KIND_LENGTH = 200;
/** Characters of what happens to one resource. */
const MAX_TEXT_LENGTH = 600;

/** The comment; empty if nothing changes. It quotes names, digests, sizes and the provider's sentences, and no value of a property. */
export function formatComment(preview: PreviewDigest): string {
  const changes = plannedChanges(preview);
  if (changes.length === 0) return "";
  const comments = CHANGE_LINES.map((lines) => formatChanges(preview, changes, lines));
  return comments.find((text) => text.length <= MAX_LENGTH) ?? comments.at(-1) ?? "";
}

function formatChanges(preview: PreviewDigest, changes: readonly PlannedChange[], maxLines: number): string {
  const hasFailed = changes.some(({ action }) => action === "error");
  const { project, stack } = splitUrn(preview.steps[0]?.urn ?? changes[0]?.urn ?? "");
  const outcome = hasFailed ? "failed, so nothing can be applied" : countActions(changes);
  const subject = project === "" ? "" : ` of ${codeSpan(project)}, stack ${codeSpan(stack)}`;
  return [
    commentMark(project, stack),
    `### Preview${subject}: ${outcome}`,
    "",
    ...markdownTable(["", "Resource", "What will happen"], changeRows(changes, maxLines)),
    // A preview that failed lacks what it did not get to.
    ...(hasFailed ? [] : [...imageTable(changes), ...quotaTable(preview, changes)]),
  ].join("\n");
}

/** An invisible line by which a pipeline finds its comment to update it. */
export const commentMark = (project: string, stack: string): string =>
  `<!-- unikernel ci comment: ${`${project}/${stack}`.replace(/[^\w./-]/g, "_")} -->`;

/** Such as `1 to replace, 3 to update`. */
const countActions = (changes: readonly { readonly action: Action }[]): string =>
  ACTIONS.map((action) => [changes.filter((change) => change.action === action).length, action] as const)
    .filter(([count]) => count > 0)
    .map(([count, action]) => `${count} ${action === "error" ? "failed" : `to ${action}`}`)
    .join(", ");

/** What needs a second look. */
const STRESSED: readonly Action[] = ["error", "replace", "delete"];

function changeRows(changes: readonly PlannedChange[], maxLines: number): readonly (readonly string[])[] {
  const groups = [
    ...Map.groupBy(changes, (change) => [change.action, change.kind, textOf(change)].join("\0")).values(),
  ];
  const isTooLong = groups.length > maxLines;
  const shown = isTooLong ? groups.slice(0, maxLines - 1) : groups;
  const rest = groups.slice(shown.length).flat();
  return [
    ...shown.map((group) => toRow(group)),
    ...(isTooLong ? [["", `and ${rest.length} more`, `${countActions(rest)}.`]] : []),
  ];
}

function toRow(group: readonly PlannedChange[]): readonly string[] {
  const [first] = group;
  if (first === undefined) return [];
  const { action, kind } = first;
  const names = group.slice(0, MAX_NAMES).map(nameOf).filter(Boolean);
  const rest = group.length - MAX_NAMES;
  const resources = [
    escapeMarkdown(shorten(kind, MAX_KIND_LENGTH)),
    names.join(", "),
    rest > 0 ? `and ${rest} more` : "",
  ].filter(Boolean);
  return [STRESSED.includes(action) ? `**${action}**` : action, resources.join(" "), textOf(first)];
}

function nameOf({ name, component }: PlannedChange): string {
  if (name === "") return "";
  const owner = component === "" ? "" : ` in ${codeSpan(shorten(component, MAX_NAME_LENGTH))}`;
  return `${codeSpan(shorten(name, MAX_NAME_LENGTH))}${owner}`;
}

/** An image's size has a table of its own. */
const textOf = ({ kind, sentences }: PlannedChange): string => {
  const shown = sentences.filter((sentence) => kind !== "GatewayImage" || imageSizeIn(sentence) === undefined);
  return escapeMarkdown(shorten(shown.length === 0 ? "Will be built." : shown.join(" "), MAX_TEXT_LENGTH));
};

function imageTable(changes: readonly PlannedChange[]): readonly string[] {
  const images = imageChanges(changes);
  if (images.length === 0) return [];
  const shown = images.length > MAX_IMAGE_LINES ? images.slice(0, MAX_IMAGE_LINES - 1) : images;
  const rest = images.length - shown.length;
  return [
    "",
    ...markdownTable(
      ["Image", "Before", "After"],
      [
        ...shown.map(({ name, before, after }) => [
          codeSpan(shorten(name, MAX_NAME_LENGTH)),
          versionText(before),
          versionText(after),
        ]),
        ...(rest > 0 ? [[`and ${rest} more`, "", ""]] : []),
      ],
    ),
  ];
}

function versionText(version: ImageVersion | undefined): string {
  if (version === undefined) return "–";
  const { size, digest } = version;
  if (size === undefined && digest === undefined) return "known once it is built";
  return [size ?? "size not known", digest === undefined ? "digest known once it is built" : codeSpan(digest)].join(
    ", ",
  );
}

function quotaTable(preview: PreviewDigest, planned: readonly PlannedChange[]): readonly string[] {
  const { changes, isWholeStack } = quotaChanges(preview, planned);
  if (changes.length === 0) return [];
  const title = isWholeStack ? "Quota that this stack uses" : "Quota that the changed resources use";
  const amount = (quota: string, value: number): string => `${value}${quota.endsWith("_mb") ? " MiB" : ""}`;
  const rows = changes.map(({ quota, before, after }) => [
    codeSpan(quota),
    amount(quota, before),
    amount(quota, after),
  ]);
  return ["", ...markdownTable([title, "Before", "After"], rows)];
}
