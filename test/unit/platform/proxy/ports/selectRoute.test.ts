import assert from "node:assert/strict";
import { selectRoute } from "../../../../../provider/platform/proxy/ports/selectRoute";

describe("the service of a connection", () => {
  const shop = { id: "shop", domains: ["shop.localhost", "*.example.com"] };
  const blog = { id: "blog", domains: ["blog.localhost", "a.example.com"] };
  const any = { id: "any", domains: [] };

  const cases: [routes: (typeof shop)[], name: string | undefined, expected: string | undefined][] = [
    [[shop, blog], "shop.localhost", "shop"],
    [[shop, blog], "blog.localhost", "blog"],
    [[shop, blog], "b.example.com", "shop"],
    [[shop, blog], "a.example.com", "blog"], // the name itself counts more than a wildcard
    [[shop, blog], "a.b.example.com", undefined],
    [[shop, blog], "other.localhost", undefined],
    [[shop, blog], "127.0.0.1", undefined],
    [[shop, blog], undefined, undefined],
    [[shop], "other.localhost", undefined],
    [[shop], "127.0.0.1", "shop"],
    [[shop], "::1", "shop"],
    [[shop], "localhost", "shop"],
    [[shop], undefined, "shop"],
    [[any], "other.localhost", "any"],
    [[], "shop.localhost", undefined],
    [[], undefined, undefined],
  ];
  for (const [routes, name, expected] of cases) {
    it(`is ${expected ?? "none"}: ${name ?? "no name"} with ${routes.map(({ id }) => id).join(" and ") || "nothing"}`, () =>
      assert.equal(selectRoute(routes, name)?.id, expected));
  }
});
