/** Where the handler `redirect` sends a request. */
import assert from "node:assert/strict";
import { redirectResponseFor } from "../../../../provider/platform/proxy/redirect";

describe("a redirect", () => {
  const to = (host: string | undefined, publicPort = 443, method = "GET", target = "/a?b=c") =>
    redirectResponseFor({ method, target, host }, publicPort);

  it("keeps host and target, and names a port other than 443", () => {
    assert.equal(to("shop.example.com").location, "https://shop.example.com/a?b=c");
    assert.equal(to("shop.example.com:80").location, "https://shop.example.com/a?b=c");
    assert.equal(to("shop.example.com:80", 8443).location, "https://shop.example.com:8443/a?b=c");
    assert.equal(to("[::1]:80").location, "https://[::1]/a?b=c");
  });

  it("responds 301 to GET and HEAD and 308 to other methods, which keep method and body", () => {
    assert.deepEqual(
      ["GET", "HEAD", "POST", "DELETE"].map((method) => to("x", 443, method).status),
      [301, 301, 308, 308],
    );
  });

  it("responds 400 to a host or target that cannot appear in a Location", () => {
    for (const host of [undefined, "", "a b", "a/b", "a@b", "a:b:c"]) assert.deepEqual(to(host), { status: 400 });
    assert.deepEqual(to("x", 443, "GET", "http://other/"), { status: 400 });
  });
});
