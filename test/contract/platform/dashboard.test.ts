/** Who gets what of the dashboard; what it looks like is tested in a browser (test/foreign). */
import assert from "node:assert/strict";
import * as http from "node:http";
import { sendHttp, TestPlatform } from "../../support/testPlatform";

describe("the dashboard", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await TestPlatform.open();
    await platform.start();
  });
  after(() => platform.close());

  const get = (path: string, headers: Record<string, string> = {}, method = "GET") =>
    sendHttp(`${platform.daemon.url}${path}`, method, headers);
  const bearer = () => ({ authorization: `Bearer ${platform.daemon.token}` });

  /** Opens a link; the answer's headers, and the cookie for the next requests. */
  async function enter(): Promise<{ readonly headers: http.IncomingHttpHeaders; readonly cookie: string }> {
    const { url } = JSON.parse((await get("/dashboard/link", bearer(), "POST")).text) as { url: string };
    const headers = await new Promise<http.IncomingHttpHeaders>((resolve, reject) => {
      http.get(url, (response) => resolve(response.resume().headers)).on("error", reject);
    });
    const [cookie = ""] = headers["set-cookie"]?.[0]?.split(";") ?? [];
    return { headers, cookie };
  }

  it("gives a link to who has the token, and a strict cookie to who opens it first", async () => {
    assert.equal((await get("/dashboard/link", {}, "POST")).status, 401);
    const { headers, cookie } = await enter();
    assert.match(
      headers["set-cookie"]?.[0] ?? "",
      /^unikernel_dashboard_\d+=[\w-]{43}; Path=\/dashboard; HttpOnly; SameSite=Strict$/,
    );
    assert.match(String(headers["content-security-policy"]), /^default-src 'none'; script-src 'self';/);
    assert.deepEqual([headers["cache-control"], headers["x-content-type-options"]], ["no-store", "nosniff"]);
    for (const path of ["/dashboard", "/dashboard/main.mjs", "/dashboard/style.css"]) {
      assert.equal((await get(path, { cookie })).status, 200, path);
      assert.equal((await get(path)).status, 403, path);
      assert.equal((await get(path, bearer())).status, 403, path);
      assert.equal((await get(path, { cookie: `${cookie}x` })).status, 403, path);
    }
  });

  it("gives nothing of the API for the cookie, and nothing to another host or method", async () => {
    const { cookie } = await enter();
    assert.equal((await get("/v1/instances", { cookie })).status, 401);
    assert.equal((await get("/metrics", { cookie })).status, 401);
    assert.equal((await get("/dashboard", { cookie, host: "evil.example" })).status, 421);
    assert.equal((await get("/dashboard", { cookie }, "POST")).status, 405);
    assert.equal((await get("/dashboard?code=wrong", { cookie })).status, 403);
    for (const path of ["tsconfig.json", "..%2fendpoint.ts", "nothing.css", "logs/1"])
      assert.equal((await get(`/dashboard/${path}`, { cookie })).status, 404, path);
  });

  it("streams the state without variables, and the log as it grows", async () => {
    platform.guests.set("talker", { console: "first line\n", onStop: { kind: "exited", exitCode: 0 } });
    const { uuid } = await platform.createRunning({ name: "talker", env: { PASSWORD: "secret" } });
    const { cookie } = await enter();
    const read = async (path: string, until: RegExp): Promise<string> => {
      const response = await fetch(`${platform.daemon.url}${path}`, { headers: { cookie } });
      assert.match(response.headers.get("content-type") ?? "", /^text\/event-stream/);
      let text = "";
      for await (const chunk of response.body ?? []) {
        text += Buffer.from(chunk as Uint8Array).toString();
        if (until.test(text)) return text;
      }
      return assert.fail(text);
    };
    const state = await read("/dashboard/state", /\n\n/);
    assert.match(state, /^event: state\ndata: \{.*"name":"talker".*"state":"running"/);
    assert.doesNotMatch(state, /secret|PASSWORD/);
    assert.match(await read(`/dashboard/logs/${uuid}`, /\n\n/), /^event: log\ndata: "first line\\n"\n\n/);
  });
});
