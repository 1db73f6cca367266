/** Generates all pages of docs/reference/. */
import { type FunctionName, functions } from "../../../provider/functions/all";
import { type ResourceKind, resources } from "../../../provider/resources/all";
import { functionContent, resourceContent } from "./content";
import { functionPage, resourcePage } from "./definitionPage";
import { errorsPage } from "./errorsPage";
import { eventsPage } from "./eventsPage";
import { page, table } from "./markdown";
import { providerPage, settingsPage } from "./settingsPage";

const kinds = Object.keys(resources) as readonly ResourceKind[]; // the keys of a constant table
const names = Object.keys(functions) as readonly FunctionName[]; // the keys of a constant table

const link = (name: string): string => `[\`${name}\`](${name}.md)`;

const CHANGES = table(
  ["Word", "Meaning"],
  [
    ["in place", "The object is updated without a restart."],
    [
      "restart",
      "The instance is stopped, changed and started again. A stopped one stays stopped. Replicas of a service are replaced by a rolling update.",
    ],
    ["replacement", "A new object is created. With a fixed `name` the old one is deleted first."],
    ["ignored", "Used at creation; a later change has no effect."],
    ["conditional", "Depends on the change; see the notes of the page."],
  ],
);

function indexPage(): string {
  return page(
    "# Reference",
    "These pages are generated from the definitions that the provider uses.",
    `## Resources\n\n${table(
      ["Resource", "What it is"],
      [
        ...kinds.map((kind) => [link(kind), resources[kind].description]),
        [link("Provider"), "Settings for some resources of a program, such as another metro."],
      ],
    )}`,
    `## Functions\n\nFunctions read existing objects, whoever created them.\n\n${table(
      ["Function", "What it returns"],
      names.map((name) => [link(name), functions[name].description]),
    )}`,
    "## Settings and errors\n\n- [Settings](settings.md)\n- [Error codes](errors.md)\n- [Events of a rolling update](rollout-events.md)",
    `## What a change does\n\n${CHANGES}`,
  );
}

/** Path in the repository → text. */
export function referencePages(): ReadonlyMap<string, string> {
  const pages: readonly (readonly [string, string])[] = [
    ["README", indexPage()],
    ...kinds.map((kind) => [kind, resourcePage(resources[kind], resourceContent(kind))] as const),
    ["Provider", providerPage(resourceContent("Provider"))],
    ...names.map((name) => [name, functionPage(functions[name], functionContent(name))] as const),
    ["settings", settingsPage()],
    ["errors", errorsPage()],
    ["rollout-events", eventsPage()],
  ];
  return new Map(pages.map(([name, text]) => [`docs/reference/${name}.md`, text]));
}
