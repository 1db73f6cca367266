import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import * as fc from "fast-check";
import { UnikernelError } from "../../../../provider/base/errors";
import { parseChallenges, tokenServerUrl } from "../../../../provider/image/registry/auth/challenge";
import { credentialFromHelper } from "../../../../provider/image/registry/auth/credentialHelper";
import { createCredentialSource } from "../../../../provider/image/registry/auth/credentialSource";
import {
  credentialKeys,
  decodeUserAndPassword,
  metroCredentials,
  userOfMetroToken,
} from "../../../../provider/image/registry/auth/credentials";
import { findCredentials, parseDockerConfig } from "../../../../provider/image/registry/auth/dockerConfig";

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const password = (username: string, secret: string) => ({ type: "password", username, password: secret });

describe("the challenges of a registry", () => {
  const plain = (header: string) =>
    parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);

  const cases: Record<string, unknown> = {
    'Bearer realm="https://a.example/token",service="s",scope="repository:a/b:pull,push"': [
      ["bearer", { realm: "https://a.example/token", service: "s", scope: "repository:a/b:pull,push" }],
    ],
    'Basic realm="x", Bearer realm="y"': [
      ["basic", { realm: "x" }],
      ["bearer", { realm: "y" }],
    ],
    'BEARER  Realm = "a \\"b\\"" , error=invalid_token': [["bearer", { realm: 'a "b"', error: "invalid_token" }]],
    "Negotiate abc==, Basic realm=x": [
      ["negotiate", {}],
      ["basic", { realm: "x" }],
    ],
    Basic: [["basic", {}]],
    "": [],
    ',,"=': [],
  };
  for (const [header, expected] of Object.entries(cases)) {
    it(`are parsed: ${header}`, () => assert.deepEqual(plain(header), expected));
  }

  it("are parsed from any text, in time that grows with its length", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'ab=",\\ \t', "Bearer ", 'realm="'), maxLength: 200 }),
        (text) => void plain(text),
      ),
    );
    const startedAt = Date.now();
    for (const part of ["a", "a=", 'a="', "\\", "a ", ","]) plain(part.repeat(16_384));
    assert.ok(Date.now() - startedAt < 2_000);
  });
});

describe("a token server", () => {
  const domains: Record<string, string> = {
    "auth.docker.io": "docker.io",
    "registry-1.docker.io": "docker.io",
    "index.unikraft.io": "unikraft.io",
    "auth.unikraft.cloud": "unikraft.cloud",
    "evil.example": "evil.example",
  };
  const choose = (registry: string, realm: string, allowedTokenHosts: readonly string[] = []) => {
    const [challenge] = parseChallenges(`Bearer realm="${realm}"`);
    assert.ok(challenge);
    const policy = { allowedTokenHosts, registrableDomain: (host: string) => domains[host] };
    return tokenServerUrl({ registry, subject: "x" }, new URL(registry), challenge, policy).host;
  };
  const accepted: [string, string, string[]?][] = [
    ["https://registry.example", "https://registry.example/token"],
    ["https://registry.example", "https://registry.example:8443/token"],
    ["https://registry-1.docker.io", "https://auth.docker.io/token"],
    ["https://index.unikraft.io", "https://auth.unikraft.cloud/token"],
    ["https://registry.example", "https://evil.example/token", ["evil.example"]],
    ["https://registry.example", "https://evil.example:444/token", ["evil.example:444"]],
    ["http://127.0.0.1:5000", "http://127.0.0.1:5001/token"],
    ["http://127.0.0.1:5000", "http://localhost:5001/token"],
  ];
  for (const [registry, realm, allowed] of accepted) {
    it(`of ${registry} may be ${realm}${allowed === undefined ? "" : " if allowed"}`, () => {
      assert.equal(choose(registry, realm, allowed), new URL(realm).host);
    });
  }
  const rejected: [string, string, RegExp][] = [
    ["https://registry.example", "https://evil.example/token", /another host, 'evil.example'/],
    ["https://registry.example", "http://registry.example/token", /not HTTPS/],
    ["https://registry.example", "http://127.0.0.1/token", /not HTTPS/],
    ["http://127.0.0.1:5000", "http://evil.example/token", /not HTTPS/],
    ["https://10.0.0.1", "https://10.0.0.2/token", /another host/],
    ["https://registry.example", "token", /without the URL/],
    ["https://registry.example", "file:///etc/passwd", /not HTTPS/],
  ];
  for (const [registry, realm, message] of rejected) {
    it(`of ${registry} may not be ${realm}`, () => {
      assert.throws(
        () => choose(registry, realm),
        (error) => UnikernelError.has(error, "API_SHAPE") && message.test(error.message),
      );
    });
  }
});

describe("Docker's config.json", () => {
  const endpoint = { registry: "registry.example:5000", repository: "acme/shop" };
  const find = (config: object, of = endpoint) => findCredentials(parseDockerConfig(JSON.stringify(config), "f"), of);

  it("holds credentials by host, in each of its forms", () => {
    const auths = (entry: object, key = endpoint.registry) => find({ auths: { [key]: entry } });
    assert.deepEqual(auths({ auth: base64("alice:a:b") }), password("alice", "a:b"));
    assert.deepEqual(auths({ auth: base64("alice:pw") }, "https://registry.example:5000/v1/"), password("alice", "pw"));
    assert.deepEqual(auths({ auth: base64("alice:pw") }, "http://registry.example:5000/"), password("alice", "pw"));
    assert.deepEqual(auths({ username: "bob", password: "pw" }), password("bob", "pw"));
    assert.deepEqual(auths({ auth: base64("x:"), identitytoken: "t" }), { type: "identityToken", token: "t" });
    assert.deepEqual(auths({ registrytoken: "t" }), { type: "registryToken", token: "t" });
    for (const entry of [{}, { auth: "%%%" }, { auth: base64("no colon") }, { username: "bob" }]) {
      assert.equal(auths(entry), undefined);
    }
    assert.equal(auths({ auth: base64("alice:pw") }, "registry.example"), undefined);
  });

  it("holds credentials by repository, the most specific first", () => {
    const entry = (name: string) => ({ auth: base64(`${name}:pw`) });
    const auths = {
      "registry.example:5000": entry("host"),
      "registry.example:5000/acme": entry("organisation"),
      "registry.example:5000/acme/shop": entry("repository"),
      "registry.example:5000/acme/sho": entry("prefix of a name"),
    };
    const of = (repository: string) => find({ auths }, { ...endpoint, repository });
    assert.deepEqual(of("acme/shop"), password("repository", "pw"));
    assert.deepEqual(of("acme/other"), password("organisation", "pw"));
    assert.deepEqual(of("acmes"), password("host", "pw"));
  });

  it("names helpers, of which those of a registry come first", () => {
    const helpers = { credsStore: "desktop", credHelpers: { "registry.example:5000": "ecr" } };
    assert.deepEqual(find(helpers), { helper: "ecr", serverUrl: "registry.example:5000" });
    assert.deepEqual(find({ ...helpers, credHelpers: {}, auths: { "registry.example:5000": {} } }), {
      helper: "desktop",
      serverUrl: "registry.example:5000",
    });
    const hub = { registry: "docker.io", repository: "library/nginx" };
    assert.deepEqual(find({ credsStore: "desktop" }, hub), {
      helper: "desktop",
      serverUrl: "https://index.docker.io/v1/",
    });
    assert.deepEqual(
      find({ auths: { "https://index.docker.io/v1/": { auth: base64("a:b") } } }, hub),
      password("a", "b"),
    );
  });

  it("is rejected with its name and without its content when malformed", () => {
    for (const text of ["{", '{"auths": {"h": {"auth": 7}}, "x": "hunter2"}', '{"credHelpers": []}', '"hunter2']) {
      assert.throws(
        () => parseDockerConfig(text, "/home/x/config.json"),
        (error) =>
          UnikernelError.has(error, "CONFIG_INVALID") &&
          error.message.startsWith("'/home/x/config.json' ") &&
          !/hunter2/.test(`${error.message} ${String(error.cause)}`),
      );
    }
    assert.deepEqual(parseDockerConfig("\uFEFF \n", "f"), {});
  });
});

describe("the token of a metro", () => {
  const token = base64("robot$acme:secret");
  it("is a user and a password of the vendor's registry", () => {
    for (const registry of ["index.unikraft.io", "unikraft.io"])
      assert.deepEqual(metroCredentials(registry, token), password("robot$acme", "secret"));
    assert.equal(userOfMetroToken(token), "acme");
    assert.equal(userOfMetroToken(base64("robot$acme.example.users.kraftcloud:s")), "acme.example");
  });
  it("is the organisation's password at the index of a node", () => {
    assert.deepEqual(metroCredentials("index.fra0.unikraft.cloud", token, "acme"), password("acme", token));
    assert.deepEqual(metroCredentials("index.fra0.unikraft.cloud", token), password("acme", token));
    assert.deepEqual(metroCredentials("index.unikraft.io", "opaque token", "acme"), password("acme", "opaque token"));
  });
  it("goes to no other registry", () => {
    for (const registry of ["docker.io", "unikraft.io.example", "index.unikraft.cloud.example", "127.0.0.1:5000"])
      assert.equal(metroCredentials(registry, token, "acme"), undefined);
    assert.equal(userOfMetroToken("opaque"), undefined);
  });
  it("is decoded only from base64 of text with a colon", () => {
    for (const text of ["", "a:b", base64("nocolon"), base64(":empty user"), base64("a\nb:c"), "////"])
      assert.equal(decodeUserAndPassword(text), undefined, text);
  });
});

describe("credentials", () => {
  let folder: string;
  const saved = {
    PATH: process.env["PATH"],
    DOCKER_CONFIG: process.env["DOCKER_CONFIG"],
    XDG_RUNTIME_DIR: process.env["XDG_RUNTIME_DIR"],
  };
  const endpoint = { registry: "registry.example", repository: "acme/shop" };

  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "credentials-"));
    process.env["PATH"] = `${folder}:${saved.PATH}`;
    process.env["DOCKER_CONFIG"] = folder;
    process.env["XDG_RUNTIME_DIR"] = path.join(folder, "run");
  });
  afterEach(async () => {
    for (const [name, value] of Object.entries(saved)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    await fs.rm(folder, { recursive: true });
  });
  const helper = (name: string, script: string) =>
    fs.writeFile(path.join(folder, `docker-credential-${name}`), `#!/bin/sh\n${script}\n`, { mode: 0o755 });

  it("are looked up in order: explicit, metro, Docker's file, Podman's file", async () => {
    await fs.mkdir(path.join(folder, "run", "containers"), { recursive: true });
    const auths = (name: string) => JSON.stringify({ auths: { "registry.example": { auth: base64(`${name}:pw`) } } });
    await fs.writeFile(path.join(folder, "run", "containers", "auth.json"), auths("podman"));
    assert.deepEqual(await createCredentialSource()(endpoint), password("podman", "pw"));
    await fs.writeFile(path.join(folder, "config.json"), auths("docker"));
    assert.deepEqual(await createCredentialSource({ metroToken: base64("m:pw") })(endpoint), password("docker", "pw"));
    const explicit = { "registry.example/acme": { type: "registryToken", token: "t" } } as const;
    const source = createCredentialSource({ explicit, metroToken: base64("m:pw") });
    assert.deepEqual(await source(endpoint), { type: "registryToken", token: "t" });
    assert.deepEqual(await source({ registry: "index.unikraft.io", repository: "m/x" }), password("m", "pw"));
    assert.equal(await source({ registry: "other.example", repository: "x" }), undefined);
  });

  it("come from a helper that is asked on its input", async () => {
    await helper(
      "good",
      `read url; [ "$1" = get ] && echo "{\\"ServerURL\\":\\"$url\\",\\"Username\\":\\"$url\\",\\"Secret\\":\\"pw\\"}"`,
    );
    await fs.writeFile(
      path.join(folder, "config.json"),
      JSON.stringify({ credHelpers: { "registry.example": "good" } }),
    );
    assert.deepEqual(await createCredentialSource()(endpoint), password("registry.example", "pw"));
    await helper("token", `echo '{"Username":"<token>","Secret":"t"}'`);
    assert.deepEqual(await credentialFromHelper("token", "h"), { type: "identityToken", token: "t" });
    await helper("none", "echo credentials not found in native keychain; exit 1");
    assert.equal(await credentialFromHelper("none", "h"), undefined);
  });

  const failures: [string, string | undefined, RegExp][] = [
    ["absent", undefined, /was not found on PATH/],
    ["broken", "echo hunter2; exit 3", /failed with exit code 3/],
    ["wrong", "echo hunter2", /returned no credentials/],
    ["slow", "exec sleep 20", /did not respond within 0.2 s/],
    ["../evil", undefined, /valid name/],
  ];
  for (const [name, script, message] of failures) {
    it(`are not silently missing: the helper '${name}'`, async () => {
      if (script !== undefined) await helper(name, script);
      await assert.rejects(credentialFromHelper(name, "registry.example", undefined, 200), (error) => {
        assert.ok(UnikernelError.has(error, "CONFIG_INVALID"), String(error));
        assert.match(error.message, message);
        assert.ok(!/hunter2/.test(`${error.message} ${error.hint} ${String(error.cause)}`));
        return true;
      });
    });
  }

  it("are listed by repository", () => {
    assert.deepEqual(credentialKeys({ registry: "h", repository: "a/b" }), ["h/a/b", "h/a", "h"]);
  });
});
