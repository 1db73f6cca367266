/** Files that include and extend each other, and what YAML itself joins. Source: Compose specification, "extends", "include", "fragments". */
import assert from "node:assert/strict";
import { planOf, problemsOf } from "../../../support/composeFiles";

const envOf = (text: string, input = {}, index = 0): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(planOf(text, input).services[index]?.workload.env ?? {}).map(([name, { text: value }]) => [
      name,
      value,
    ]),
  );

describe("compose: anchors and merge keys", () => {
  it("join maps, with what a service says itself first", () => {
    const text = `
x-env: &env {A: 1, B: 2}
x-common: &common
  image: i
  mem_limit: 64m
services:
  a:
    <<: *common
    mem_limit: 128m
    environment: {<<: *env, B: 3}
`;
    assert.deepEqual(envOf(text), { A: "1", B: "3" });
    assert.equal(planOf(text).services[0]?.workload.memoryMb, 128);
  });

  it("keep dollar signs of extensions that nothing uses", () => {
    assert.deepEqual(planOf("x-a: {b: '${'}\nservices: {a: {image: i, x-b: '${UNSET}'}}").warnings, []);
  });
});

describe("compose: extends", () => {
  it("merges a service: maps are joined, lists appended, the rest replaced", () => {
    const base = `
services:
  base:
    image: base
    command: [/base]
    environment: [A=1, B=2]
    ports: ["443:80"]
    volumes: ["v:/v", "v:/w"]
    deploy: {resources: {limits: {memory: 64m}}, replicas: 1}
    env_file: one.env
    depends_on: [other]
`;
    const text = `
services:
  web:
    extends: {file: base.yaml, service: base}
    image: web
    command: [/web]
    environment: {B: 3}
    ports: ["9000:90"]
    volumes: ["w:/w"]
    deploy: {resources: {limits: {memory: 128m}}}
    env_file: [two.env]
    depends_on: {third: {condition: service_started}}
  other: {image: i}
  third: {image: i}
volumes: {v: , w: }
`;
    const files = { "app/base.yaml": base, "app/one.env": "C=1\nD=1\n", "app/two.env": "D=2\n" };
    const { services } = planOf(text, { files });
    const web = services.find(({ key }) => key === "web");
    assert.ok(web !== undefined);
    assert.deepEqual(web.image, { reference: "web" });
    assert.deepEqual(
      web.workload.args?.map((one) => one.text),
      ["/web"],
    );
    const env = Object.fromEntries(Object.entries(web.workload.env).map(([name, one]) => [name, one.text]));
    assert.deepEqual(env, { A: "1", B: "3", C: "1", D: "2" });
    assert.deepEqual(
      web.service?.ports.map(({ port }) => port),
      [443, 80, 9000].toSorted((a, b) => Number(a === 80) - Number(b === 80)),
    );
    assert.deepEqual(
      web.workload.volumes.map(({ at, volume }) => [at, volume]),
      [
        ["/v", { key: "v" }],
        ["/w", { key: "w" }],
      ],
    );
    assert.equal(web.workload.memoryMb, 128);
    assert.deepEqual(web.dependsOn, ["other", "third"]);
  });

  it("takes a service of another file, whose paths are relative to that file", () => {
    const files = {
      "common/base.yaml":
        "services: {app: {build: ./image, env_file: app.env, extends: {service: root}}, root: {mem_limit: 64m}}",
      "common/app.env": "A=1\n",
    };
    const { services } = planOf("services: {web: {extends: {file: ../common/base.yaml, service: app}}}", { files });
    assert.deepEqual(JSON.parse(JSON.stringify(services[0]?.image)), { build: { context: "common/image" } });
    assert.deepEqual([services[0]?.workload.memoryMb, services[0]?.workload.env["A"]?.text], [64, "1"]);
  });

  it("merges the two forms of build", () => {
    const { services } = planOf(
      "services: {a: {build: {context: ./a, args: [A=1]}}, b: {extends: a, build: {args: {B: 2}}}}",
    );
    assert.deepEqual(JSON.parse(JSON.stringify(services[1]?.image)), {
      build: {
        context: "app/a",
        build: { args: { A: { text: "1", isSecret: false }, B: { text: "2", isSecret: false } } },
      },
    });
  });

  const wrong: readonly (readonly [string, RegExp])[] = [
    ["services: {a: {extends: b}}", /1:16: service 'a': 'extends': there is no service 'b' in app\/compose.yaml/],
    ["services: {a: {extends: b}, b: {extends: a}}", /services extend each other; remove one/],
    ["services: {a: {extends: {file: no.yaml, service: b}}}", /'app\/no.yaml' does not exist/],
    ["services: {a: {extends: {file: x.yaml}}}", /'extends': 'service' is missing/],
    ["services: {a: {extends: {service: b, from: c}}}", /'extends': Compose has no key 'from' here/],
  ];
  for (const [text, message] of wrong) it(`reports ${text}`, () => assert.match(problemsOf(text).join("\n"), message));
});

describe("compose: include", () => {
  it("adds the services and volumes of other files, each with the .env beside it", () => {
    const files = {
      "db/compose.yaml":
        "services: {db: {image: 'db:${TAG}', environment: {S: '${STAGE}'}, volumes: ['d:/d']}}\nvolumes: {d: }",
      "db/.env": "TAG=7\nSTAGE=db\n",
      "app/.env": "STAGE=app\n",
      "app/more.yaml": "services: {more: {image: '${TAG}'}}",
      "app/more.env": "TAG=1\n",
    };
    const text = `
include:
  - ../db/compose.yaml
  - {path: more.yaml, env_file: more.env}
services: {web: {image: i, depends_on: [db]}}
`;
    const { services, volumes } = planOf(text, { files });
    assert.deepEqual(
      services.map(({ key, image }) => [key, image]),
      [
        ["db", { reference: "db:7" }],
        ["more", { reference: "1" }],
        ["web", { reference: "i" }],
      ],
    );
    assert.equal(services[0]?.workload.env["S"]?.text, "app", "variables of the project count first");
    assert.deepEqual(volumes, [{ key: "d", sizeMb: 64 }]);
  });

  it("gives names without a value what the .env beside their file says", () => {
    const files = {
      "part/compose.yaml": "services: {db: {image: d, environment: [OWN, SHARED], build: {context: ., args: [OWN]}}}",
      "part/.env": "OWN=part\nSHARED=part\n",
      "app/.env": "SHARED=app\n",
    };
    const text = "include: [../part/compose.yaml]\nservices: {web: {image: i, environment: [OWN, SHARED]}}";
    const [web, db] = planOf(text, { files }).services;
    assert.deepEqual(web?.workload.env, { SHARED: { text: "app", isSecret: true } });
    assert.deepEqual(db?.workload.env, {
      OWN: { text: "part", isSecret: true },
      SHARED: { text: "app", isSecret: true },
    });
    assert.deepEqual(db?.image, {
      build: {
        context: "part",
        kraftfile: undefined,
        repository: undefined,
        build: {
          ...{ target: undefined, cacheFrom: undefined, cacheTo: undefined, noCache: undefined, ssh: undefined },
          args: { OWN: { text: "part", isSecret: true } },
        },
      },
    });
  });

  it("merges the files of one entry, each of which changes those before it", () => {
    const files = {
      "part/a.yaml":
        "services: {db: {image: a, environment: {A: 1, B: 1}, command: /a, mem_limit: 64m}, one: {image: i}}\nvolumes: {v: }",
      "part/b.yaml":
        "services: {db: {image: b, environment: [B=2], command: /b, mem_limit: }, two: {image: 'i:${TAG}'}}",
      "part/.env": "TAG=2\n",
    };
    const { services } = planOf("include: [{path: [../part/a.yaml, ../part/b.yaml]}]", { files });
    assert.deepEqual(
      services.map(({ key, image }) => [key, image]),
      [
        ["db", { reference: "b" }],
        ["one", { reference: "i" }],
        ["two", { reference: "i:2" }],
      ],
    );
    const { env, args, memoryMb } = services[0]?.workload ?? {};
    assert.deepEqual(
      [env, args, memoryMb],
      [{ A: { text: "1", isSecret: false }, B: { text: "2", isSecret: false } }, [{ text: "/b", isSecret: false }], 64],
    );
  });

  const wrong: readonly (readonly [string, RegExp])[] = [
    ["include: [no.yaml]\nservices: {a: {image: i}}", /1:11: 'app\/no.yaml' does not exist/],
    ["include: [{env_file: e}]\nservices: {a: {image: i}}", /'include': 'path' is missing/],
    ["include: [compose.yaml]\nservices: {a: {image: i}}", /files include each other/],
    ["include: [{path: b.yaml, project_directory: x}]", /'project_directory' is not supported/],
    ["include: [{path: [b.yaml, x/c.yaml]}]", /1:11: 'include': files that are merged must be in one folder; move/],
    ["include: [{path: []}]", /there is no service/],
    [
      "services: {a: {image: i, ports: !reset []}}",
      /1:33: '!reset' is not supported; correct the file that it changes/,
    ],
    ["include: [{path: [b.yaml, no.yaml]}]", /1:11: 'app\/no.yaml' does not exist/],
    ["include: [b.yaml]\nservices: {b: {image: i}}", /b.yaml:1:15: service 'b': an including file has it already/],
  ];
  for (const [text, message] of wrong)
    it(`reports ${text}`, () =>
      assert.match(problemsOf(text, { files: { "app/b.yaml": "services: {b: {image: i}}" } }).join("\n"), message));
});

describe("compose: absolute paths in a file", () => {
  it("stay as they are", () => {
    const text = `
include: [/opt/other.yaml]
services:
  web:
    extends: {file: /opt/base.yaml, service: base}
    env_file: /etc/web.env
    build: /src/web
`;
    const files = {
      "/opt/other.yaml": "services: {other: {image: 'other:${FROM_DOTENV}', env_file: other.env}}",
      "/opt/other.env": "O=4",
      "/opt/.env": "FROM_DOTENV=1",
      "/opt/base.yaml": "services: {base: {env_file: base.env}}",
      "/opt/base.env": "B=2",
      "/etc/web.env": "W=3",
    };
    const [web, other] = planOf(text, { files }).services;
    assert.deepEqual(web?.image, {
      build: { context: "/src/web", kraftfile: undefined, repository: undefined, build: undefined },
    });
    assert.deepEqual(other?.image, { reference: "other:1" });
    assert.deepEqual(envOf(text, { files }), { B: "2", W: "3" });
    assert.deepEqual(envOf(text, { files }, 1), { O: "4" });
  });
});
