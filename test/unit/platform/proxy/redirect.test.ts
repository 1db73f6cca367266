/** Where the handler `redirect` sends a request. */
import assert from "node:assert/strict";
import { redirectResponseFor } from "../../../../provider/platform/proxy/redirect";

describe("a redirect", () => {
  const to = (host: string | undefined, publicPort = 443, method = "GET", target = "/a?b=c") =>
    redirectResponseFor({ method, target, host }, publicPort);

  it("keeps host and target, and adds a non-default port", () => {
    assert.equal(to("shop.example.com").location, "https://shop.example.com/a?b=c");
    assert.equal(to("shop.example.com:80").location, "https://shop.example.com/a?b=c");
    assert.equal(to("shop.example.com:80", 8443).location, "https://shop.example.com:8443/a?b=c");
    assert.equal(to("[::1]:80").location, "https://[::1]/a?b=c");
  });

  it("allows the repetition of a GET, and keeps the method and body of others", () => {
    assert.deepEqual(
      ["GET", "HEAD", "POST", "DELETE"].map((method) => to("x", 443, method).status),
      [301, 301, 308, 308],
    );
  });

  it("rejects what a Location header cannot contain", () => {
    for (const host of [undefined, "", "a b", "a/b", "a@b", "a:b:c"]) assert.deepEqual(to(host), { status: 400 });
    assert.deepEqual(to("x", 443, "GET", "http://other/"), { status: 400 });
  });
});
