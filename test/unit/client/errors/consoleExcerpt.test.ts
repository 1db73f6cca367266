import assert from "node:assert/strict";
import type { Client } from "../../../../provider/client/client";
import { type SecretInputs, readConsoleExcerpt } from "../../../../provider/client/errors/consoleExcerpt";

/** The excerpt of a console with this text. */
async function excerpt(text: string, ...given: SecretInputs[]): Promise<string> {
  const reply = { items: [{ output: Buffer.from(text).toString("base64") }] };
  const client = { getInstanceLogs: () => Promise.resolve(reply) } as unknown as Client;
  return (await readConsoleExcerpt(client, "u", given)).join("\n");
}

describe("the excerpt of a console", () => {
  it("masks environment, arguments, ROM files and plugins at any depth", async () => {
    const given = {
      env: { TOKEN: "t0ken-of-env" },
      args: ["/serve", "--key=k3y-of-args"],
      roms: [{ name: "conf", files: [{ path: "a", data: "c0ntent-of-file" }] }],
      plugins: [{ name: "agent", rom: "r", config: { auth: { keys: [{ value: "k3y-of-plugin" }] }, level: 3 } }],
    };
    const printed = "env t0ken-of-env, args k3y-of-args, file c0ntent-of-file, plugin k3y-of-plugin at level 3";
    assert.equal(
      await excerpt(printed, given),
      "env [secret], args [secret], file [secret], plugin [secret] at level 3",
    );
    assert.equal(
      await excerpt(printed, {}, { env: given.env }),
      printed.replace("t0ken-of-env", "[secret]"),
      "all that is given counts",
    );
  });

  it("masks values of several lines, parts of values, and other forms of them", async () => {
    const key = ["-----BEGIN PRIVATE KEY-----", "MIIEvQIBADANBg", "-----END PRIVATE KEY-----"].join("\n");
    const given = {
      env: { KEY: key, URL: "postgres://app:hunter22@db/app", QUOTED: 'say "aye aye"', PORT: "8080" },
      roms: [
        {
          name: "conf",
          files: [
            { path: "a.ini", data: "# of the program\n  password = hunter2-hunter2\n" },
            { path: "b.ini", data: Buffer.from("user: s3cret-user").toString("base64"), encoding: "base64" },
          ],
        },
      ],
    };
    const printed = [
      `KEY=${key}`,
      "login with hunter22 failed",
      `basic ${Buffer.from("hunter22").toString("base64")}`,
      '{"text":"say \\"aye aye\\""}',
      "password is hunter2-hunter2",
      "user: s3cret-user",
      "listening on 18080",
    ].join("\n");
    const shown = await excerpt(printed, given);
    assert.doesNotMatch(shown, /MIIEv|hunter2|aHVudGVyMjI|aye|s3cret/);
    assert.match(shown, /^login with \[secret\] failed$/m);
    assert.match(shown, /^listening on 18080$/m);
  });

  it("masks short values where they stand alone", async () => {
    assert.equal(await excerpt("pin 4711, port 47110", { env: { PIN: "4711" } }), "pin [secret], port 47110");
  });

  it("leaves values of one or two characters, which protect nothing and are in every line", async () => {
    const given = { env: { DEBUG: "1", ROOT: "/", OK: "on" }, args: ["3"] };
    assert.equal(await excerpt("exit 3: / is on disk 1", given), "exit 3: / is on disk 1");
  });

  it("leaves arguments that are plain words, unless they are the value of an option", async () => {
    const given = { args: ["router", "serve", "--password", "hunter", "correcthorsebattery"] };
    assert.equal(
      await excerpt("router: forwarding for hunter and correcthorsebattery", given),
      "router: forwarding for [secret] and [secret]",
    );
  });

  it("masks a value that its own mask holds", async () => {
    const given = { env: { A: "secret", B: "s3cret-secret" } };
    assert.equal(await excerpt("[secret] is secret, s3cret-secret too", given), "[[secret]] is [secret], [secret] too");
  });

  describe("masks secrets wherever an argument has them", () => {
    for (const argument of [
      "exec app -u admin:correcthorse",
      "--dsn=root:correcthorse@tcp(db)/x",
      '{"auth":"correcthorse"}',
      "Server=db;Pwd=correcthorse;",
      "exec app --pin correcthorse",
      "exec app --passphrase 'correcthorse'",
      "admin:correcthorse@host",
      "-pcorrecthorse",
      "exec app -pcorrecthorse",
      "curl -H 'Authorization: Bearer correcthorse'",
    ]) {
      it(argument, async () => {
        assert.equal(
          await excerpt("no login with correcthorse", { args: ["sh", "-c", argument] }),
          "no login with [secret]",
        );
      });
    }
    it("and digits", async () => {
      assert.equal(await excerpt("pin 482913", { args: ["sh", "-c", "app --pin 482913"] }), "pin [secret]");
    });
  });

  it("masks the credentials of a URL, decoded and as basic authentication, even if they are short", async () => {
    const env = { DB: "postgres://app:p%40ss%2Fword@db/app", CACHE: "redis://:abc@cache", BROKEN: "a://b:50%off@c" };
    const basic = (text: string) => Buffer.from(text).toString("base64");
    assert.equal(
      await excerpt(`p@ss/word ${basic("app:p@ss/word")} ${basic("app:p%40ss%2Fword")} abc 50%off, not abcd`, { env }),
      "[secret] [secret] [secret] [secret] [secret], not abcd",
    );
  });

  it("leaves out the first line of a log that was cut, which may begin within a secret", async () => {
    const end = "lastword\nready\n";
    const cut = `${"x".repeat(16_000 - end.length - 1)}\n${end}`;
    assert.equal(cut.length, 16_000);
    assert.equal(await excerpt(cut, {}), "lastword\nready");
    assert.equal(await excerpt(cut.slice(-100), {}), cut.slice(-100).trim());
  });
});
