/** What becomes of whole projects. The expected plans are written by hand from the Compose specification and the vendor's tool. */
import assert from "node:assert/strict";
import { planOf, problemsOf } from "../../support/composeFiles";

/** The file of the vendor's proof of concept. */
const POC = `name: tyk

services:
  gateway:
    build: .
    ports:
      - "443:8080"
    environment:
      TYK_GW_SLAVEOPTIONS_CONNECTIONSTRING: \${MDCB_URL}
      TYK_GW_SLAVEOPTIONS_APIKEY: \${MDCB_KEY}
    mem_reservation: 1024M

  redis:
    image: redis:latest
    mem_reservation: 512M
`;

const withoutUnset = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe("compose: the plan of a project", () => {
  it("has for the proof of concept an image, a service, and an instance that tyk-redis.internal finds", () => {
    const { project, volumes, services, warnings } = planOf(POC, {
      envFile: "app/.env",
      files: { "app/.env": "MDCB_URL=mdcb.example.com:9091\nMDCB_KEY=hunter2\n" },
    });
    assert.deepEqual([project, volumes, warnings], ["tyk", [], []]);
    const nothing = { volumes: [], ephemeralVolumes: [], annotations: {} };
    assert.deepEqual(withoutUnset(services), [
      {
        key: "gateway",
        name: "tyk-gateway",
        image: { build: { context: "app" } },
        workload: {
          env: {
            TYK_GW_SLAVEOPTIONS_CONNECTIONSTRING: { text: "mdcb.example.com:9091", isSecret: true },
            TYK_GW_SLAVEOPTIONS_APIKEY: { text: "hunter2", isSecret: true },
          },
          memoryMb: 1024,
          ...nothing,
        },
        instances: [],
        isJob: false,
        service: {
          ports: [
            { port: 443, destinationPort: 8080, handlers: ["http", "tls"] },
            { port: 80, destinationPort: 443, handlers: ["http", "redirect"] },
          ],
          replicas: 1,
        },
        dependsOn: [],
      },
      {
        key: "redis",
        name: "tyk-redis",
        image: { reference: "redis:latest" },
        workload: { env: {}, memoryMb: 512, ...nothing },
        instances: ["tyk-redis"],
        isJob: false,
        dependsOn: [],
      },
    ]);
  });

  it("warns of variables that are not set, and reads the .env beside the file unless another one is named", () => {
    const { services, warnings } = planOf(POC, { files: { "app/.env": "MDCB_URL=m:1\n" } });
    assert.equal(services[0]?.workload.env["TYK_GW_SLAVEOPTIONS_CONNECTIONSTRING"]?.text, "m:1");
    assert.deepEqual(warnings, [
      "app/compose.yaml:10:35: the variable MDCB_KEY is not set; it is replaced by nothing.",
    ]);
    assert.deepEqual(problemsOf(POC, { envFile: "app/other.env" }), [
      "app/compose.yaml:1:1: 'app/other.env' does not exist; correct the path.",
    ]);
    assert.deepEqual(problemsOf(POC, { envFile: "v", files: { v: "A=1\nhunter2 hunter3\n" } }), [
      "v:2:1: this is not NAME=value.",
    ]);
  });

  it("prefers the environment of the process to the file", () => {
    const { services } = planOf(POC, { files: { "app/.env": "MDCB_URL=file\n" }, environment: { MDCB_URL: "shell" } });
    assert.equal(services[0]?.workload.env["TYK_GW_SLAVEOPTIONS_CONNECTIONSTRING"]?.text, "shell");
  });

  it("takes the name of the project from its argument, the environment, the file, or the folder", () => {
    const named = (text: string, input = {}): string => planOf(text, input).project;
    const services = "services: {a: {image: i}}\n";
    assert.equal(
      named(`name: own\n${services}`, { project: "given", environment: { COMPOSE_PROJECT_NAME: "e" } }),
      "given",
    );
    assert.equal(named(`name: own\n${services}`, { environment: { COMPOSE_PROJECT_NAME: "e" } }), "e");
    assert.equal(named(`name: own\n${services}`), "own");
    assert.equal(named(services), "app");
    assert.equal(named(`name: \${STAGE:-dev}-x\n${services}`), "dev-x");
    assert.match(
      problemsOf(services, { project: "No" }).join(),
      /^app\/compose.yaml:1:1: the name of the project must have/,
    );
  });

  it("orders services by what they depend on, in either form", () => {
    const { services, warnings } = planOf(`
name: p
services:
  web: {image: i, depends_on: [api], ports: ["443:80"]}
  api: {image: i, depends_on: {db: {condition: service_started}, cache: {condition: service_started, required: false}}}
  db: {image: i}
  cache: {image: i, profiles: [more]}
`);
    assert.deepEqual(
      services.map(({ key, dependsOn, instances }) => [key, dependsOn, instances]),
      [
        ["db", [], ["p-db"]],
        ["api", ["db"], ["p-api"]],
        ["web", ["api"], []],
      ],
    );
    assert.deepEqual(warnings, [
      "app/compose.yaml:5:66: service 'api' does not wait for 'cache': no active profile has it; add its profile.",
    ]);
  });

  it("waits for the end of a job, and says what it waits for instead of a healthcheck", () => {
    const { services, warnings } = planOf(`
name: p
services:
  web:
    image: i
    depends_on:
      migrate: {condition: service_completed_successfully}
      db: {condition: service_healthy, restart: true}
  migrate: {image: i}
  db: {image: i, healthcheck: {test: [CMD, pg_isready]}}
`);
    assert.deepEqual(
      services.map(({ key, isJob }) => [key, isJob]),
      [
        ["migrate", true],
        ["db", false],
        ["web", false],
      ],
    );
    assert.deepEqual(
      warnings.map((line) => line.split(" ").slice(1).join(" ")),
      [
        "service 'web': 'depends_on.db': 'restart' has no effect. An instance keeps running when one that it depends on is replaced.",
        "service 'web': 'depends_on.db': nothing runs a healthcheck, so this waits until the program of 'db' has run for 3 s without failing.",
        "service 'db': 'healthcheck' has no effect. Nothing runs it: an update waits until the program listens on its port. For more, give the Service a gate with a transform.",
      ].sort((a, b) => warnings.findIndex((w) => w.endsWith(a)) - warnings.findIndex((w) => w.endsWith(b))),
    );
  });

  it("keeps a published service behind one instance where its private name or its volume needs it", () => {
    const shape = (text: string) =>
      planOf(`name: p\n${text}`).services.map(({ key, instances, service }) => [key, instances, service?.replicas]);
    assert.deepEqual(shape(`services: {a: {image: i, ports: ["443:1"]}}`), [["a", [], 1]]);
    assert.deepEqual(shape(`services: {a: {image: i, ports: ["443:1"], scale: 3}}`), [["a", [], 3]]);
    assert.deepEqual(shape(`services: {a: {image: i, ports: ["443:1"], container_name: a1}}`), [["a", ["a1"], 0]]);
    assert.deepEqual(shape(`services: {a: {image: i, ports: ["443:1"], volumes: ["v:/v"]}}\nvolumes: {v: }`), [
      ["a", ["p-a"], 0],
    ]);
    assert.deepEqual(
      shape(`services: {a: {image: i, ports: ["443:1"]}, b: {image: i, environment: {A: "http://p-a.internal:1"}}}`),
      [
        ["a", ["p-a"], 0],
        ["b", ["p-b"], undefined],
      ],
    );
    assert.deepEqual(shape(`services: {a: {image: i, deploy: {replicas: 2}}}`), [["a", ["p-a-1", "p-a-2"], undefined]]);
    assert.deepEqual(shape(`services: {My_App.x: {image: i}}`), [["My_App.x", ["p-my-app-x"], undefined]]);
  });

  it("warns where a value names a service by what only Compose resolves", () => {
    const { warnings } = planOf(`
name: p
services:
  web:
    image: i
    environment:
      A: redis://user:pw@db:6379/0
      B: http://edge
      DB_HOST: db
      ROLE: db
      ADDRS: x:1,db:6379
      DB_IMAGE: db:7
      OK: p-db.internal:6379
  db: {image: i}
  edge: {image: i, ports: ["443:80"]}
`);
    const advice = "does not resolve in a metro.";
    assert.deepEqual(warnings, [
      `app/compose.yaml:6:5: service 'web': A names 'db', which ${advice} Use its private name, p-db.internal.`,
      `app/compose.yaml:6:5: service 'web': B names 'edge', which ${advice} Give 'edge' a container_name, and use that with .internal.`,
      `app/compose.yaml:6:5: service 'web': DB_HOST names 'db', which ${advice} Use its private name, p-db.internal.`,
      `app/compose.yaml:6:5: service 'web': ADDRS names 'db', which ${advice} Use its private name, p-db.internal.`,
    ]);
  });

  it("warns where an argument names a service", () => {
    const { warnings } = planOf(`name: p
services:
  db: {image: db}
  web:
    image: web
    command: [/web, --db=db:5432, db, --version=db]
  job:
    image: job
    entrypoint: [/job, "redis://db/0"]
`);
    const sentence = "an argument names 'db', which does not resolve in a metro. Use its private name, p-db.internal.";
    assert.deepEqual(warnings, [
      `app/compose.yaml:6:5: service 'web': ${sentence}`,
      `app/compose.yaml:9:5: service 'job': ${sentence}`,
    ]);
  });

  it("creates the volumes that services mount", () => {
    const { volumes, services, warnings } = planOf(`
name: p
services:
  db:
    image: i
    volumes: [data:/var/lib/db, shared:/shared:ro, theirs:/theirs]
  web: {image: i, volumes: ["shared:/s:ro"]}
volumes:
  data: {driver_opts: {size: 1g}}
  shared: {name: the-shared}
  theirs: {external: true, name: their-volume}
  unused:
`);
    assert.deepEqual(volumes, [
      { key: "data", sizeMb: 1024 },
      { key: "shared", name: "the-shared", sizeMb: 64 },
    ]);
    assert.deepEqual(services.find(({ key }) => key === "db")?.workload.volumes, [
      { volume: { key: "data" }, at: "/var/lib/db", readonly: false },
      { volume: { key: "shared" }, at: "/shared", readonly: true },
      { volume: { name: "their-volume" }, at: "/theirs", readonly: false },
    ]);
    assert.deepEqual(warnings, [
      "app/compose.yaml:10:3: volume 'shared' has 64 MiB, since the file names no size. Set driver_opts.size to what it needs.",
      "app/compose.yaml:12:3: volume 'unused' has no effect. No service mounts it.",
    ]);
  });

  it("activates profiles by its argument, or by COMPOSE_PROFILES", () => {
    const text = "services: {a: {image: i}, b: {image: i, profiles: [x]}, c: {image: i, profiles: [y, z]}}";
    const keys = (input = {}): string =>
      planOf(text, input)
        .services.map(({ key }) => key)
        .join("");
    assert.equal(keys(), "a");
    assert.equal(keys({ profiles: ["x"] }), "ab");
    assert.equal(keys({ environment: { COMPOSE_PROFILES: "z, x" } }), "abc");
    assert.equal(keys({ profiles: ["*"] }), "abc");
  });

  it("says that several replicas have no private name", () => {
    const { warnings } = planOf(
      "services: {a: {image: i, ports: ['443:1'], scale: 2}, b: {image: i, depends_on: [a]}}",
    );
    assert.deepEqual(warnings, [
      "app/compose.yaml:1:15: service 'a': several replicas have no private name of the service; other services reach it through its ports.",
    ]);
  });

  const wrong: readonly (readonly [string, string])[] = [
    ["", "1:1: a Compose file: this must be a map."],
    ["services: [", "1:12: this is not valid YAML: "],
    ["name: p", "1:1: there is no service; add one to 'services', or choose a profile."],
    [
      "services: {a: {image: i, profiles: [x]}}",
      "1:1: there is no service; add one to 'services', or choose a profile.",
    ],
    ["services: {a: {}}", "1:15: service 'a': 'image' or 'build' is missing; a service needs one of them."],
    ["services: {a: x}", "1:15: service 'a': this must be a map."],
    ["services: {'a b': {image: i}}", "1:12: service 'a b': a name has letters, digits, dots, dashes and underscores."],
    [
      "services: {'a(b': {image: i, environment: {HOST: x}}, c: {image: i, environment: {HOST: x}}}",
      "1:12: service 'a(b': a name has letters, digits, dots, dashes and underscores.",
    ],
    [
      "name: p(\nservices: {a: {image: i, environment: {HOST: x}}, b: {image: i}}",
      "1:1: the name of the project must have lower-case letters",
    ],
    ["service: {}", "1:1: the file: Compose has no key 'service' here; did you mean 'services'?"],
    [
      "services: {a: {image: i, depends_on: [b]}}",
      "1:39: service 'a' depends on 'b': the file has no such service; correct the name.",
    ],
    [
      "services: {a: {image: i, depends_on: [b]}, b: {image: i, depends_on: [a]}}",
      "1:15: 'depends_on': 'a', 'b' wait for each other.",
    ],
    [
      "services: {a: {image: i, depends_on: {b: {condition: sometimes}}}, b: {image: i}}",
      "1:54: service 'a': 'depends_on.b': the condition must be service_started, service_healthy, service_completed_successfully, not 'sometimes'.",
    ],
    [
      "services: {a: {image: i, scale: 2, volumes: ['v:/v']}}\nvolumes: {v: }",
      "1:15: service 'a': only one instance can write to a volume, and there are several replicas; remove one of them.",
    ],
    ...["ports: ['443:1']", "scale: 2"].map((key): [string, string] => [
      `services: {a: {image: i, ${key}}, b: {image: i, depends_on: {a: {condition: service_completed_successfully}}}}`,
      "1:15: service 'a': another service waits for its end, so it can have no ports and no replicas; remove them.",
    ]),
    [
      "services: {a: {image: i, restart: always}, b: {image: i, depends_on: {a: {condition: service_completed_successfully}}}}",
      "1:15: service 'a': another service waits for its end, which 'restart' prevents; remove 'restart'.",
    ],
    [
      "services: {a: {image: i, volumes: ['v:/v']}, b: {image: i, volumes: ['v:/v:ro']}}\nvolumes: {v: }",
      "1:15: service 'a': it writes to a volume that 'b' has too, and a volume has one writer and no other user then.",
    ],
    [
      "services: {a_b: {image: i}, a-b: {image: i}}",
      "1:34: service 'a-b': its resources would be named 'app-a-b', as those of 'a_b'; rename one.",
    ],
    [
      "services: {web_: {image: i}, ok_: {image: i, container_name: ok}, ports_: {image: i, ports: ['443:1']}}",
      "1:18: service 'web_': its instance would be named 'app-web-', and a name ends with a letter or digit; rename the service, or give it a container_name.",
    ],
    [
      `services: {${"a".repeat(60)}: {image: i}}`,
      `1:74: service '${"a".repeat(60)}': the name 'app-${"a".repeat(60)}' is longer than 63 characters; shorten it.`,
    ],
    [
      "services: {a: {image: i, volumes: ['v:/v']}}\nvolumes: {v: {driver: nfs}}",
      "2:23: volume 'v': the driver must be local",
    ],
    [
      "services: {a: {image: i, volumes: ['v:/v']}}\nvolumes: {v: {driver_opts: {size: big}}}",
      "2:35: volume 'v': 'size': 'big' is not a size",
    ],
    [
      "services: {a: {image: i, volumes: ['v:/v']}}\nvolumes: {v: {driver_opts: {type: nfs}}}",
      "2:29: volume 'v': 'driver_opts': 'type' is not supported.",
    ],
    [
      "services: {a: {image: i, volumes: ['v:/v']}}\nvolumes: {v: {name: a/b}}",
      "2:11: volume 'v': 'name' has 1 to 255",
    ],
    [
      "services: {a: {image: i, volumes: ['v:/v']}}\nvolumes: {v: {driver_opts: [size=1g]}}",
      "2:28: volume 'v': 'driver_opts': this must be a map.",
    ],
  ];
  for (const [text, expected] of wrong)
    it(`reports ${JSON.stringify(text.slice(0, 60))}`, () => {
      const [first = ""] = problemsOf(text);
      assert.equal(first.slice(0, `app/compose.yaml:${expected}`.length), `app/compose.yaml:${expected}`);
    });
});
