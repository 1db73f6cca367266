import assert from "node:assert/strict";
import { codeSpan, escapeMarkdown } from "../../../../provider/cli/ci/markdown";

describe("Markdown of a comment", () => {
  for (const [text, expected] of [
    [
      "see #123, acme/shop#5 and GH-12, gh-7",
      "see \\#<!-- -->123, acme/shop\\#<!-- -->5 and GH<!-- -->-12, gh<!-- -->-7",
    ],
    ["@octocat, a@example.com and @@acme/team", "@<!-- -->octocat, a@<!-- -->example.com and @@<!-- -->acme/team"],
    ["www.example.com or http://example.com", "www<!-- -->.example.com or http:<!-- -->//example.com"],
    ["!7, %7, ~7, &7 and $7", "\\!7, \\%7, \\~7, \\&7 and \\$7"],
    ["#fff, GHOST-1 and 3 @ 4", "\\#fff, GHOST-1 and 3 @ 4"],
    ["a|b\nc\r\n\u202ed\u0000<!-- -->", "a\\|b c d \\<\\!-- --\\>"],
  ] as const)
    it(`shows ${JSON.stringify(text)} as it is`, () => assert.equal(escapeMarkdown(text), expected));

  it("keeps a name in its code span and in its cell", () => {
    assert.equal(codeSpan("#1 @octocat | `"), "`` #1 @octocat \\| ` ``");
  });
});
