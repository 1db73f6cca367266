/** Our reading of Compose files beside that of compose-go, the library of Compose itself. */
import assert from "node:assert/strict";
import { UnikernelError } from "../../../provider/base/errors";
import { planCompose } from "../../../provider/compose/planCompose";
import { type ComposeCase, type ComposeViews, readWithComposeGo, viewsOfPlan } from "../../support/composeGo";
import { type RandomSource, seededRandom } from "../../support/seededRandom";

/** The views of our plan; undefined if it is rejected. */
function ownViews({ files, environment = {}, profiles }: ComposeCase): ComposeViews | undefined {
  try {
    const plan = planCompose({
      file: "app/compose.yaml",
      profiles,
      read: (file) => files[file.replace(/^app\//, "")],
      environment: (name) => environment[name],
    });
    return viewsOfPlan(plan);
  } catch (error) {
    if (!UnikernelError.has(error, "COMPOSE_INVALID")) throw error;
    return undefined;
  }
}

const service = (keys: string): string => `name: p\nservices:\n  web:\n${keys.replace(/^(?=.)/gm, "    ")}`;

const VARIABLES = { SET: "value", EMPTY: "", QUOTE: `a "b" 'c'`, DOLLAR: "$SET" };

const CASES: Readonly<Record<string, ComposeCase>> = {
  "names of projects and services": {
    files: { "compose.yaml": "services: {Web_1: {image: i}, db.main: {image: j, container_name: own}}" },
  },
  interpolation: {
    environment: VARIABLES,
    files: {
      "compose.yaml": service(
        `image: "img:\${TAG:-1.0}"
environment:
  A: $SET-\${SET}-\${UNSET-a}-\${UNSET:-b}-\${EMPTY-c}-\${EMPTY:-d}-\${SET:+e}-\${UNSET+f}-\${UNSET:+g}
  B: \${UNSET:-\${EMPTY:-\${SET}}}
  C: $$SET $\${SET} \${QUOTE} \${DOLLAR}
  D: yes
  E: 0.5
  F: null
  H: "\${SET:?needed}"
`,
      ),
    },
  },
  "the project's .env, after the environment": {
    environment: { SET: "from outside" },
    files: {
      ".env": "SET=inside\nOTHER=\"a\\nb\"\nTHIRD='${SET}'\nFOURTH=${SET}-${OTHER} # comment\nexport FIFTH=x#y\n",
      "compose.yaml": service(
        "image: i\nenvironment: [SET, OTHER, 'T=$THIRD', 'FO=$FOURTH', 'FI=$FIFTH', NONE, 'X=a=b', 'Y=']",
      ),
    },
  },
  "env_file: quotes, comments, several files": {
    environment: VARIABLES,
    files: {
      "one.env": `A=plain value # comment
B="double \\"quoted\\" \\$SET $SET \\t."
C='single $SET \\n'
D=
E=a#b
F = spaced
export G=exported
H: colon
I="two
lines"
SET
UNKNOWN_NAME
J=$SET-\${UNSET:-default}
`,
      "conf/two.env": "A=second\nK='#'\n",
      "compose.yaml": service(
        "image: i\nenv_file: [one.env, {path: conf/two.env}, {path: none.env, required: false}]\nenvironment: {D: own}",
      ),
    },
  },
  "commands and entrypoints": {
    environment: VARIABLES,
    files: {
      "compose.yaml": `name: p
services:
  a: {image: i, command: /app --name 'a b' "c d" e\\ f $$HOME}
  b: {image: i, entrypoint: /run, command: [x, "y z", "\${QUOTE}"]}
  c: {image: i, entrypoint: ["/run", "-v"], command: []}
  d: {image: i, entrypoint: [], command: /app x}
  e:
    image: i
    command: /app "\${SET}" '\${QUOTE}'
`,
    },
  },
  memory: {
    files: {
      "compose.yaml": `name: p
services:
  a: {image: i, mem_limit: 512m}
  b: {image: i, mem_limit: 1g, mem_reservation: 64m}
  c: {image: i, mem_reservation: 128M}
  d: {image: i, deploy: {resources: {limits: {memory: 256mb}, reservations: {memory: 32m}}}}
  e: {image: i, mem_limit: 67108864}
  f: {image: i, mem_limit: 1.5g}
  g: {image: i, mem_limit: 0}
  h: {image: i, mem_limit: 100000000b}
`,
    },
  },
  "ports, short and long": {
    environment: { PORT: "9443" },
    files: {
      "compose.yaml": `name: p
services:
  a: {image: i, ports: ["443:8080", "\${PORT}:90", "9000-9002:80-82", "0.0.0.0:7000:70/tcp"]}
  b: {image: i, ports: [{target: 80, published: 8000, protocol: tcp, mode: host}, {target: 81, published: "8001"}]}
`,
    },
  },
  "volumes, short and long": {
    files: {
      "compose.yaml": `name: p
services:
  a: {image: i, volumes: ["data:/data", "more:/more:ro", /cache]}
  b: {image: i, volumes: [{type: volume, source: other, target: /other, read_only: true}, {type: volume, target: /tmp/x}]}
volumes: {data: , more: {}, other: {}}
`,
    },
  },
  "depends_on, links and profiles": {
    profiles: ["debug"],
    files: {
      "compose.yaml": `name: p
services:
  a: {image: i, depends_on: [b, c]}
  b: {image: i, depends_on: {c: {condition: service_started}}}
  c: {image: i}
  d: {image: i, profiles: [debug]}
  e: {image: i, profiles: [other]}
`,
    },
  },
  extends: {
    files: {
      "base/common.yaml": `services:
  base: {image: base, environment: {A: 1, B: 2}, env_file: own.env, ports: ["1000:1"], command: /base, mem_limit: 64m}
  middle: {extends: base, environment: [B=3, C=4], volumes: ["data:/a"]}
`,
      "base/own.env": "FROM=base\n",
      "compose.yaml": `name: p
services:
  web:
    extends: {file: base/common.yaml, service: middle}
    environment: {C: 5}
    ports: ["2000:2"]
    command: [/own, x]
    volumes: ["other:/b", "third:/a"]
  same: {extends: {service: other}, mem_limit: 32m}
  other: {image: o, mem_limit: 128m}
volumes: {data: , other: , third: }
`,
    },
  },
  "include with its own .env": {
    environment: { OUTER: "outer" },
    files: {
      ".env": "SHARED=project\n",
      "part/.env": "SHARED=part\nOWN=of the part\n",
      "part/compose.yaml":
        "services: {db: {image: 'db:${OWN:-none}', build: {context: ./img, args: {X: '${OWN}'}}, environment: [OWN, SHARED, OUTER, 'Z=$OWN']}}",
      "compose.yaml": "name: p\ninclude: [part/compose.yaml]\nservices: {web: {image: i, environment: [OWN, SHARED]}}",
    },
  },
  "include of several files, which are merged": {
    files: {
      "part/a.yaml": `services:
  db: {image: a, environment: {A: 1, B: 2}, ports: ["1:1"], command: /a, mem_limit: 64m, depends_on: [cache]}
  cache: {image: c}
`,
      "part/b.yaml": `services:
  db: {image: b, environment: [B=3], ports: ["2:2"], command: /b, depends_on: {other: {condition: service_started}}, mem_limit: }
  other: {image: o}
`,
      "part/x.env": "UNUSED=1\n",
      "compose.yaml":
        "name: p\ninclude: [{path: [part/a.yaml, part/b.yaml], env_file: part/x.env}]\nservices: {web: {image: i}}",
    },
  },
  "the project's name and build arguments from .env": {
    files: {
      ".env": "COMPOSE_PROJECT_NAME=from_env\nVERSION=1.10\n",
      "compose.yaml": `name: own
services:
  a: {build: {context: ./a, args: [VERSION, "X=$VERSION"]}}
  b: {build: ./b, image: acme/b}
`,
    },
  },
  "anchors, merge keys and extensions": {
    files: {
      "compose.yaml": `name: p
x-common: &common {image: i, environment: &env {A: 1, B: "$$x"}}
services:
  a: {<<: *common, mem_limit: 64m}
  b: {<<: *common, environment: {<<: *env, A: 2}}
`,
    },
  },
};

const pick = <T>(random: RandomSource, items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
const joined = (random: RandomSource, items: readonly string[]): string =>
  Array.from({ length: 1 + Math.floor(random() * 8) }, () => pick(random, items)).join("");

const TEMPLATE_PARTS = ["$", "${", "}", "SET", "EMPTY", "UNSET", ":-", "-", ":+", "+", " ", "x", "$$", "${SET}", "1"];
const ENV_PARTS = ["A=", "B=", "\n", '"', "'", "\\n", '\\"', "$SET", "${UNSET:-d}", " #c", "#", "x", " ", "\\$", "$$"];

const SCALAR_PARTS = [
  "0",
  "1",
  "7",
  "9",
  ".",
  "_",
  "e",
  "+",
  "-",
  "0x",
  "0b",
  "true",
  "2024-01-01",
  "12345",
  "000",
  "f",
];
const scalarCase = (text: string): ComposeCase => ({
  files: { "compose.yaml": service(`image: i\nenvironment:\n  A: ${text}`) },
});

/** A project whose value, and one whose file of variables, is put together at random. */
function randomCases(seed: number): readonly ComposeCase[] {
  const random = seededRandom(seed);
  const value = joined(random, TEMPLATE_PARTS);
  return [
    {
      environment: VARIABLES,
      files: { "compose.yaml": service(`image: i\nenvironment: {A: ${JSON.stringify(value)}}`) },
    },
    {
      environment: VARIABLES,
      files: { "compose.yaml": service("image: i\nenv_file: e"), e: `A=${joined(random, ENV_PARTS)}\n` },
    },
  ];
}

describe("compose-go reads the same of Compose files", function () {
  this.timeout(120_000);
  const named = Object.entries(CASES);
  const seeds = Array.from({ length: 200 }, (_, index) => index + 1);
  const random = seeds.flatMap((seed) => randomCases(seed).map((one) => ({ seed, one })));
  const scalars = seeds.map((seed) => joined(seededRandom(seed), SCALAR_PARTS));
  let answers: Awaited<ReturnType<typeof readWithComposeGo>>;
  before(async () => {
    const all = [...named.map(([, one]) => one), ...random.map(({ one }) => one), ...scalars.map(scalarCase)];
    answers = await readWithComposeGo(all);
  });

  for (const [index, [name, one]] of named.entries())
    it(name, () => {
      const answer = answers[index];
      assert.ok(answer !== undefined && "views" in answer, JSON.stringify(answer));
      assert.deepEqual(ownViews(one), answer.views);
    });

  it("values and files of variables, put together at random", () => {
    for (const [index, { seed, one }] of random.entries()) {
      const answer = answers[named.length + index];
      const theirs = answer !== undefined && "views" in answer ? answer.views : undefined;
      assert.deepEqual(ownViews(one), theirs, `seed ${seed}: ${JSON.stringify([one.files, answer])}`);
    }
  });

  it("values without quotes, which are rejected if Compose would rewrite them", () => {
    for (const [index, text] of scalars.entries()) {
      const answer = answers[named.length + random.length + index];
      const theirs = answer !== undefined && "views" in answer ? answer.views["p-web"]?.env["A"] : undefined;
      const own = ownViews(scalarCase(text))?.["p-web"]?.env["A"];
      assert.ok(own === theirs || own === undefined, `'${text}' is '${theirs}' for compose-go, and '${own}' here`);
      if (own === undefined) assert.notEqual(theirs, text, `'${text}' is rejected here`);
    }
  });
});
