/** What is read of one service. Expected values come from the Compose specification, and for ports from the vendor's tool. */
import assert from "node:assert/strict";
import { planOf, planService, serviceProblems } from "../../../support/composeFiles";

const https = { port: 443, handlers: ["http", "tls"] };
const redirect = { port: 80, destinationPort: 443, handlers: ["http", "redirect"] };
const tls = (port: number, destinationPort = port) => ({ port, destinationPort, handlers: ["tls"] });

describe("compose: ports", () => {
  const ports: readonly (readonly [string, readonly object[]])[] = [
    ['["443:8080"]', [{ ...https, destinationPort: 8080 }, redirect]],
    ['["443:8080/tls"]', [{ ...https, destinationPort: 8080 }, redirect]],
    ['["80:8080"]', [{ port: 80, destinationPort: 8080, handlers: ["http"] }]],
    ['["6379:6379/tcp"]', [tls(6379)]],
    ['["0.0.0.0:9000:90"]', [tls(9000, 90)]],
    ['["[::]:9000:90"]', [tls(9000, 90)]],
    ['["9090-9091:8080-8081"]', [tls(9090, 8080), tls(9091, 8081)]],
    ['["9000:90", "9000:90"]', [tls(9000, 90)]],
    ["[{target: 90, published: 9000}]", [tls(9000, 90)]],
    ['[{target: 90, published: "9000", protocol: tcp}]', [tls(9000, 90)]],
    ["[]", []],
  ];
  for (const [text, expected] of ports)
    it(`${text} are ${JSON.stringify(expected)}`, () =>
      assert.deepEqual(planService(`image: i\nports: ${text}`).service?.ports ?? [], expected));

  it("80 redirects if 443 is published too, and says so", () => {
    const { service, warnings } = planService('image: i\nports: ["80:8080", "443:8080"]');
    assert.deepEqual(service?.ports, [redirect, { ...https, destinationPort: 8080 }]);
    assert.deepEqual(warnings, [
      "app/compose.yaml:5:13: service 'web': 'ports': port 80 redirects to 443, since that is published too.",
    ]);
  });

  const wrong: readonly (readonly [string, string])[] = [
    ['["53:53/udp"]', "'53:53/udp': a metro publishes TCP only, not udp; remove the port."],
    [
      '["127.0.0.1:80:80"]',
      "'127.0.0.1:80:80': a metro publishes a port to everybody, not to one address; remove the address.",
    ],
    ["[8080]", `'8080': no public port is chosen; write it, such as "443:8080".`],
    ['["0:80"]', "'0:80': a port is a number, 1 to 65535, and a range goes upwards."],
    ['["70000:80"]', "'70000:80': a port is a number, 1 to 65535, and a range goes upwards."],
    ['["9-8:1-2"]', "'9-8:1-2': a port is a number, 1 to 65535, and a range goes upwards."],
    [
      '["9000-9001:80"]',
      "'9000-9001:80': the ranges have different lengths; give each port of the program one public port.",
    ],
    ['["http"]', `'http' is not a port, such as "443:8080".`],
    ['["${P:-http}"]', `'\${P:-http}' is not a port, such as "443:8080".`],
    ['["9000:90", "9000:91"]', "port 9000 is published twice; remove one."],
    ["[{published: 1}]", "'target' is missing."],
    ['["1-41:1-41"]', "more than 40 ports are published."],
    ['["443-482:443-482"]', "more than 40 ports are published, with 80, which redirects to 443."],
    ["[{target: 1, published: 1, extra: 1}]", "Compose has no key 'extra' here; remove it, or start it with 'x-'."],
  ];
  for (const [text, sentence] of wrong)
    it(`reports ${text}`, () =>
      assert.deepEqual(serviceProblems(`image: i\nports: ${text}`), [`service 'web': 'ports': ${sentence}`]));
});

describe("compose: environment", () => {
  const envOf = (keys: string, files = {}) => planService(`image: i\n${keys}`, files);

  it("is a map or a list; a name alone has the value where the program runs", () => {
    const environment = { HOST: "host", EMPTY: "filled" };
    const expected = {
      A: { text: "1", isSecret: false },
      B: { text: "", isSecret: false },
      HOST: { text: "host", isSecret: true },
      EMPTY: { text: "filled", isSecret: true },
      T: { text: "true", isSecret: false },
      E: { text: "a=b", isSecret: false },
    };
    const map = envOf("environment: {A: 1, B: '', HOST: , EMPTY: '', T: true, E: a=b, GONE: }", { environment });
    const list = envOf("environment: [A=1, B=, HOST, EMPTY=, T=true, E=a=b, GONE]", { environment });
    for (const { workload, warnings } of [map, list]) {
      assert.deepEqual(workload.env, expected);
      assert.deepEqual(
        warnings.map((line) => line.split(" ").slice(1).join(" ")),
        [
          "service 'web': 'EMPTY' is empty here, so it gets the value that it has where the program runs.",
          "service 'web': 'GONE' has no value here nor where the program runs; the instance does not get it.",
        ],
      );
    }
  });

  it("comes after the variables of files, which are secrets", () => {
    const files = { "app/a.env": "A=1\nB=${X:-2}\n", "app/sub/b.env": "B=3\nC=$HOST\n", "app/raw.env": "D=$HOST\n" };
    const { workload } = envOf(
      `env_file:\n  - a.env\n  - {path: sub/b.env, required: true}\n  - {path: raw.env, format: raw}\n  - {path: none.env, required: false}\nenvironment: {A: own}`,
      { files, environment: { HOST: "host" } },
    );
    assert.deepEqual(workload.env, {
      A: { text: "own", isSecret: false },
      B: { text: "3", isSecret: true },
      C: { text: "host", isSecret: true },
      D: { text: "$HOST", isSecret: true },
    });
  });

  it("reports numbers without quotes that Compose would write in another way", () => {
    const sentence = (name: string, value: string): string =>
      `service 'web': 'environment': '${name}': '${value}' needs quotes: without them it is a number, a date or a truth value, which Compose writes in another way.`;
    assert.deepEqual(serviceProblems("image: i\nenvironment:\n  MODE: 0755\n  VERSION: 1.10\n  PORT: 8080\n  R: 0.5"), [
      sentence("MODE", "0755"),
      sentence("VERSION", "1.10"),
    ]);
    const quoted = "image: i\nenvironment: {MODE: '0755', VERSION: \"1.10\"}\nlabels: ['v=1.10']";
    assert.deepEqual(serviceProblems(quoted), []);
    assert.deepEqual(
      serviceProblems("image: i\nenvironment:\n  V: ${V}\n  W: 1.${V}0", { environment: { V: "1.10" } }),
      [],
    );
  });

  it("reports files and names that cannot be used, without a value", () => {
    assert.deepEqual(serviceProblems("image: i\nenv_file: none.env"), [
      "'app/none.env' does not exist; correct the path.",
    ]);
    assert.deepEqual(serviceProblems("image: i\nenv_file: {path: a, format: json}", { files: { "app/a": "" } }), [
      "service 'web': 'env_file': 'format' must be raw.",
    ]);
    assert.deepEqual(serviceProblems("image: i\nenvironment: {'A=B': hunter2, L: [hunter2]}"), [
      "service 'web': 'environment': a variable cannot have this name.",
      "service 'web': 'environment': 'L' must be a text.",
    ]);
    assert.deepEqual(serviceProblems("image: i\nenvironment: hunter2"), [
      "service 'web': 'environment': this must be a map, or a list of NAME=value.",
    ]);
    assert.deepEqual(serviceProblems("image: i\nenvironment: {K: '${KEY:?run make keys}'}"), [
      "the variable KEY is required: run make keys.",
    ]);
  });
});

describe("compose: how a service runs", () => {
  const workload = (keys: string, files = {}) => planService(`image: i\n${keys}`, files).workload;

  it("joins entrypoint and command to the whole argument list", () => {
    const args = (keys: string) => workload(keys).args?.map(({ text }) => text);
    assert.deepEqual(args("command: [/app, -v]"), ["/app", "-v"]);
    assert.deepEqual(args(`command: /app "a b" 'c'`), ["/app", "a b", "c"]);
    assert.deepEqual(args("entrypoint: /app\ncommand: [-v, 3]"), ["/app", "-v", "3"]);
    assert.deepEqual(args("entrypoint: [/app]"), ["/app"]);
    assert.equal(args("command: "), undefined);
    assert.deepEqual(workload("command: [/app, '--key=${KEY}']", { environment: { KEY: "hunter2" } }).args, [
      { text: "/app", isSecret: false },
      { text: "--key=hunter2", isSecret: true },
    ]);
    assert.deepEqual(serviceProblems("image: i\ncommand: [-v]"), [
      "service 'web': 'command' is the whole argument list; begin it with the program, such as /usr/bin/app.",
    ]);
    assert.deepEqual(args("entrypoint: []\ncommand: [/app, -v]"), ["/app", "-v"]);
    assert.deepEqual(args("entrypoint: /app\ncommand: []"), ["/app"]);
    for (const keys of ["command: --flag", "entrypoint: []\ncommand: --flag"])
      assert.deepEqual(serviceProblems(`image: i\n${keys}`), [
        "service 'web': 'command' is the whole argument list; begin it with the program, such as /usr/bin/app.",
      ]);
    for (const [keys, key] of [
      ["command: []", "command"],
      ["entrypoint: []", "entrypoint"],
      ["entrypoint: ''\ncommand: ''", "entrypoint"],
    ] as const)
      assert.deepEqual(serviceProblems(`image: i\n${keys}`), [
        `service 'web': '${key}': an empty list leaves no program to start; remove it, or name one.`,
      ]);
    assert.match(serviceProblems("image: i\ncommand: /app '").join(), /'command': a quote is not closed/);
  });

  it("takes the limit of the memory, else the reservation", () => {
    const memory = (keys: string) => workload(keys).memoryMb;
    assert.equal(memory("mem_limit: 512m\nmem_reservation: 256m"), 512);
    assert.equal(memory("mem_reservation: 1024M"), 1024);
    assert.equal(memory("mem_limit: 0"), undefined);
    assert.equal(memory("mem_limit: 0m\nmem_reservation: 64m"), 64);
    assert.equal(memory("deploy: {resources: {limits: {memory: '0'}}}"), undefined);
    assert.equal(memory("mem_limit: 134217728"), 128);
    assert.equal(memory("deploy: {resources: {limits: {memory: 1g}, reservations: {memory: 64m}}}"), 1024);
    assert.equal(memory("deploy: {resources: {reservations: {memory: 64m}}}"), 64);
    assert.equal(memory(""), undefined);
    assert.match(serviceProblems("image: i\nmem_limit: 8m").join(), /'mem_limit': '8m' must be 16 MiB to 1048576 MiB/);
    assert.match(
      serviceProblems("image: i\nmem_limit: lots").join(),
      /'mem_limit': 'lots' is not a size, such as 512m/,
    );
    assert.match(
      serviceProblems("image: i\nmem_limit: 64m\ndeploy: {resources: {limits: {memory: 1g}}}").join(),
      /'mem_limit' and 'deploy.resources.limits.memory' differ/,
    );
  });

  it("restarts as restart or deploy.restart_policy says", () => {
    const policies = [
      ["restart: 'no'", "never"],
      ["restart: no", "never"],
      ["restart: always", "always"],
      ["restart: unless-stopped", "always"],
      ["restart: on-failure", "on-failure"],
      ["restart: on-failure:3", "on-failure"],
      ["restart: always\ndeploy: {restart_policy: {condition: none}}", "never"],
      ["deploy: {restart_policy: {delay: 5s}}", "always"],
      ["", undefined],
    ] as const;
    for (const [keys, expected] of policies) assert.equal(workload(keys).restartPolicy, expected, keys);
    assert.match(
      planService("image: i\nrestart: on-failure:3").warnings.join(),
      /the number in 'restart' has no effect/,
    );
    assert.match(serviceProblems("image: i\nrestart: sometimes").join(), /'restart' must be no, always/);
  });

  it("goes to standby as the labels of the platform say", () => {
    const prefix = "cloud.unikraft.v1.instances/scale_to_zero";
    const labels = `labels: {${prefix}.policy: idle, ${prefix}.stateful: "true", ${prefix}.cooldown_time_ms: 5000}`;
    const published = (keys: string) => workload(`ports: ["443:80"]\n${keys}`);
    assert.deepEqual(published(labels).scaleToZero, { policy: "idle", stateful: true, cooldownTimeMs: 5000 });
    assert.deepEqual(published(`labels: ["${prefix}.policy=on"]`).scaleToZero, { policy: "on" });
    const { warnings, workload: awake } = planService(`image: i\n${labels}`);
    assert.equal(awake.scaleToZero, undefined);
    assert.match(warnings.join(), /5:5: service 'web': 'labels' do not let it go to standby\. It publishes no port/);
    assert.match(planService("image: i\nlabels: {a.b: c}").warnings.join(), /the label 'a.b' has no effect/);
    assert.match(
      serviceProblems(`image: i\nlabels: {${prefix}.policy: maybe}`).join(),
      /must be 'on', 'idle' or 'off', not 'maybe'/,
    );
    assert.match(
      serviceProblems(`image: i\nlabels: {${prefix}.stateful: true}`).join(),
      /scale_to_zero.policy' is missing/,
    );
  });

  it("has names, annotations, a domain and replicas", () => {
    const service = planService(
      "image: i\nhostname: h\ncontainer_name: c\ndomainname: example.com\nports: ['443:80']\nannotations: {a/b: c, d: }",
    );
    assert.deepEqual(service.instances, ["c"]);
    assert.equal(service.service?.domain, "example.com");
    assert.deepEqual([service.workload.hostname, service.workload.annotations], ["h", { "a/b": "c", d: "" }]);
    assert.match(
      planService("image: i\ndomainname: e.com").warnings.join(),
      /'domainname' has no effect. The service publishes no port/,
    );
    assert.match(
      serviceProblems("image: i\ncontainer_name: No_name").join(),
      /'container_name': 'No_name' must have 1 to 63 lower-case/,
    );
    assert.match(serviceProblems("image: i\nscale: 2\ncontainer_name: a").join(), /'container_name' is one name/);
    assert.match(serviceProblems("image: i\nscale: -1").join(), /'scale': '-1' must be a whole number, 0 to 253/);
    assert.match(
      serviceProblems("image: i\nscale: 2\ndeploy: {replicas: 3}").join(),
      /'scale' and 'deploy.replicas' differ/,
    );
    assert.match(serviceProblems("image: i\ndeploy: {mode: global}").join(), /the mode 'global' is not supported/);
  });
});

describe("compose: images", () => {
  const imageOf = (keys: string, files = {}) => JSON.parse(JSON.stringify(planService(keys, files).image)) as unknown;

  it("are built from a folder with a Kraftfile, or have a reference", () => {
    assert.deepEqual(imageOf("build: ./gateway"), { build: { context: "app/gateway" } });
    assert.deepEqual(imageOf("build: {context: ../x, x-kraftfile: '${K:-Kraftfile.local}'}"), {
      build: { context: "x", kraftfile: "Kraftfile.local" },
    });
    assert.deepEqual(
      imageOf(
        "build: {context: ., target: t, no_cache: true, cache_from: [c], ssh: default, args: {A: 1, B: '${B}', C: , D: }}",
        { environment: { B: "b", C: "c" } },
      ),
      {
        build: {
          context: "app",
          build: {
            target: "t",
            args: {
              A: { text: "1", isSecret: false },
              B: { text: "b", isSecret: true },
              C: { text: "c", isSecret: true },
            },
            cacheFrom: ["c"],
            noCache: true,
            ssh: ["default"],
          },
        },
      },
    );
    assert.deepEqual(imageOf("image: redis:${TAG:-7.2}"), { reference: "redis:7.2" });
    for (const image of ["ghcr.io/acme/web:1", "localhost:5000/web", "acme/web@sha256:0"])
      assert.deepEqual(imageOf(`build: .\nimage: ${image}`), {
        build: { context: "app", repository: image.replace(/:1$|@.*/, "") },
      });
    assert.deepEqual(imageOf("build: .\nimage: '${NONE:-}'"), { build: { context: "app" } });
  });

  it("report what the Kraftfile decides", () => {
    assert.match(planService("build: .\nimage: i").warnings.join(), /'image' has no effect beside 'build'/);
    assert.match(serviceProblems("build: {}").join(), /'build': 'context' is missing/);
    assert.match(
      serviceProblems("build: https://example.com/a.git").join(),
      /'context' must be a folder of this machine/,
    );
    assert.match(
      serviceProblems("build: {context: ., dockerfile: D}").join(),
      /The Kraftfile in 'context' names the Dockerfile/,
    );
    assert.match(
      serviceProblems("build: {context: ., no_cache: maybe}").join(),
      /'no_cache': 'maybe' must be true or false/,
    );
  });
});

describe("compose: mounts", () => {
  const problems = (mount: string): readonly string[] => serviceProblems(`image: i\nvolumes: [${mount}]`);

  it("are short or long, and a later one replaces an earlier one at its path", () => {
    const mounts = "['data:/a', {type: volume, source: data, target: /a, read_only: true}, /cache]";
    const { services } = planOf(`services: {web: {image: i, volumes: ${mounts}}}\nvolumes: {data: }`);
    const workload = services[0]?.workload;
    assert.deepEqual(workload?.volumes, [{ volume: { key: "data" }, at: "/a", readonly: true }]);
    assert.deepEqual(workload?.ephemeralVolumes, [{ at: "/cache", sizeMb: 64 }]);
  });

  const wrong: readonly (readonly [string, RegExp])[] = [
    ["./conf:/etc/conf", /'.\/conf' is a folder or file of this machine, which a metro does not have/],
    ["~/x:/x", /'~\/x' is a folder or file of this machine/],
    ["/run/docker.sock:/run/docker.sock", /is a folder or file of this machine/],
    ["{type: bind, source: ., target: /x}", /'.' is a folder or file of this machine/],
    ["{type: npipe, target: /x}", /a mount of the type 'npipe' is not supported; use a volume/],
    ["{target: /x}", /'type' is missing/],
    ["{type: volume, target: x}", /'target' must be an absolute path/],
    ["{type: volume, target: /x, volume: {subpath: a}}", /'volume': 'subpath' is not supported/],
    ["data:relative", /'data:relative' is not a mount/],
    ["data:/a:ro:x", /is not a mount/],
    ["nothing:/a", /the file has no volume 'nothing'; add it to its top-level volumes/],
  ];
  it("warn of a tmpfs, as the key of that name does", () => {
    const { workload, warnings } = planService("image: i\nvolumes: [{type: tmpfs, target: /x, tmpfs: {size: 1}}]");
    assert.deepEqual([workload.volumes, workload.ephemeralVolumes], [[], []]);
    assert.match(warnings.join("\n"), /the tmpfs at \/x has no effect\. The root file system is in memory/);
  });

  it("warn of modes for Docker, without the values of variables", () => {
    const [warning] = planOf("services: {web: {image: i, volumes: ['data:/a:${M}']}}\nvolumes: {data: }", {
      environment: { M: "abc,def" },
    }).warnings;
    assert.match(warning ?? "", /'volumes': a mode in 'data:\/a:\$\{M\}' has no effect/);
  });

  for (const [mount, message] of wrong) it(`report ${mount}`, () => assert.match(problems(mount).join(), message));
});

describe("compose: keys that have no counterpart", () => {
  const harmless = [
    "logging: {driver: json-file}",
    "stop_grace_period: 10s",
    "tty: true",
    "cap_drop: [ALL]",
    "ulimits: {nofile: 1024}",
    "cpus: 0.5",
    "networks: [back]",
    "platform: linux/amd64",
    "deploy: {update_config: {parallelism: 2}}",
    "deploy: {resources: {limits: {cpus: '0.5'}}}",
  ];
  for (const keys of harmless)
    it(`warn of ${keys}`, () => {
      const [warning = ""] = planService(`image: i\n${keys}`).warnings;
      assert.match(warning, /^app\/compose.yaml:5:\d+: service 'web'.* has no effect\. [A-Z].*\.$/);
    });

  const harmful = [
    "secrets: [key]",
    "configs: [conf]",
    "extra_hosts: ['a:1.2.3.4']",
    "network_mode: host",
    "working_dir: /app",
    "dns: 8.8.8.8",
    "devices: ['/dev/x:/dev/x']",
    "gpus: all",
    "volumes_from: [other]",
    "links: ['db:database']",
    "networks: {back: {ipv4_address: 10.0.0.2}}",
    "deploy: {resources: {reservations: {devices: [{capabilities: [gpu]}]}}}",
  ];
  for (const keys of harmful)
    it(`fail for ${keys}`, () => assert.match(serviceProblems(`image: i\n${keys}`)[0] ?? "", /^service 'web': .*\.$/));

  it("are silent about what asks for nothing, extensions, and expose", () => {
    const keys =
      "privileged: false\nsecrets: []\ndns: \nx-team: {a: $b}\nexpose: [80]\nnetworks: [default]\nnetwork_mode: bridge";
    assert.deepEqual(planService(`image: i\n${keys}`).warnings, []);
  });

  it("are reported if Compose does not know them", () => {
    assert.deepEqual(serviceProblems("image: i\nenviroment: {A: 1}"), [
      "service 'web': Compose has no key 'enviroment' here; did you mean 'environment'?",
    ]);
  });

  it("accept the private name as an alias, and warn of any other", () => {
    const { warnings } = planService("image: i\nnetworks: {default: {aliases: [p-web.internal, other]}}");
    assert.deepEqual(warnings, [
      "app/compose.yaml:5:52: service 'web': 'networks.default': the alias 'other' does not resolve. The private name is p-web.internal.",
    ]);
  });
});
