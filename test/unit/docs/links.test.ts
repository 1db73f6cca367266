import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { anchors, linkTargets, markdownPage, markdownPages } from "../../support/markdown";

const root = path.resolve(__dirname, "../../..");
const isExternal = (target: string): boolean => /^[a-z]+:/.test(target);

/** Why a link of a page leads nowhere; `undefined` when it does lead somewhere. */
function linkProblem(file: string, target: string): string | undefined {
  const [place = "", anchor] = target.split("#");
  const linked = place === "" ? file : path.posix.join(path.posix.dirname(file), place);
  if (linked.startsWith("..")) return `${file}: ${target} leads out of the repository`;
  if (!fs.existsSync(path.join(root, linked))) return `${file}: there is no ${linked}`;
  if (anchor === undefined) return undefined;
  return anchors(markdownPage(linked)).includes(anchor) ? undefined : `${file}: ${linked} has no heading #${anchor}`;
}

describe("the links of the documentation", () => {
  const pages = markdownPages();
  const links = pages.flatMap((page) =>
    linkTargets(page)
      .filter((target) => !isExternal(target))
      .map((target) => ({ file: page.file, target })),
  );

  it("lead to files and headings that exist", () => {
    assert.ok(links.length > 100, `${links.length} links were found`);
    assert.deepEqual(
      links.flatMap(({ file, target }) => linkProblem(file, target) ?? []),
      [],
    );
  });

  it("would be caught if one led nowhere", () => {
    assert.match(linkProblem("README.md", "docs/nothing.md") ?? "", /there is no docs\/nothing\.md/);
    assert.match(linkProblem("docs/README.md", "reference/Volume.md#nothing") ?? "", /no heading #nothing/);
    assert.equal(linkProblem("docs/README.md", "reference/Volume.md#inputs"), undefined);
  });

  it("reach every page of docs/ from the README", () => {
    const reached = new Set<string>();
    const visit = (file: string): void => {
      if (reached.has(file) || !file.endsWith(".md")) return;
      reached.add(file);
      for (const link of links.filter((one) => one.file === file)) {
        const [place = ""] = link.target.split("#");
        if (place !== "") visit(path.posix.join(path.posix.dirname(file), place));
      }
    };
    visit("README.md");
    const unreached = pages.map(({ file }) => file).filter((file) => file.startsWith("docs/") && !reached.has(file));
    assert.deepEqual(unreached, []);
  });
});
