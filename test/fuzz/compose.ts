/** Fuzzes the reader of Compose files with mutated files, and with keys and values in any order. */
import assert from "node:assert/strict";
import * as yaml from "yaml";
import { UnikernelError } from "../../provider/base/errors";
import type { ComposePlan } from "../../provider/compose/model";
import { planCompose } from "../../provider/compose/planCompose";
import type { RandomSource } from "../support/seededRandom";
import { type FuzzTarget, below, mutateText, pick } from "./target";

/** The value of a variable, which no message may show. */
const SECRET = "hunter2";
const VARIABLES = `KEY=${SECRET}\nPORT=443\nEMPTY=\nQUOTED="${SECRET}"\n`;

const FILE = `name: tyk
x-common: &common {mem_limit: 64m, environment: {A: "\${KEY}"}}
include: [more.yaml]
services:
  gateway:
    <<: *common
    build: {context: ./gateway, args: [A=\${KEY:-x}]}
    ports: ["\${PORT}:8080", "9000-9001:90-91/tcp", {target: 1, published: 2}]
    environment: [KEY=\${KEY}, URL=http://:$KEY@redis:6379, NULL, E=]
    depends_on: {redis: {condition: service_started}}
    deploy: {replicas: 2, resources: {limits: {memory: 1g}}}
  redis:
    extends: base
    image: redis:7
    command: redis-server --requirepass "\${KEY}"
    volumes: ["data:/data:ro", /cache]
    env_file: [.env]
    labels: {cloud.unikraft.v1.instances/scale_to_zero.policy: idle}
  base: {image: i, restart: always, profiles: [x]}
volumes: {data: {driver_opts: {size: 128m}}}
`;
const MORE = 'services: {other: {image: "${IMAGE:-i}", scale: 2}}\n';

const TOKENS =
  "services: |image: |build: |ports: |environment: |env_file: |extends: |include: |volumes: |deploy: |${KEY}|$KEY|${|}|$$|${KEY:-|${KEY:?x}|${KEY:+|:|-|[|]|{|}|*common|<<: |'|\"|\n  |\n    |\n|null|true|443|64m|1g|/|.|..|~|,|#| |0|x-a: |!reset|---".split(
    "|",
  );
const KEYS =
  "image build command entrypoint environment env_file ports volumes depends_on links deploy scale mem_limit restart labels networks network_mode container_name hostname domainname extends profiles annotations secrets x-a cpus context args replicas resources limits memory target published source type at path condition driver_opts size name".split(
    " ",
  );
const VALUES =
  "i redis base data /data ./x data:/x:ro 443:80 80:80/udp 64m -1 A=b KEY ${KEY} $KEY ${PORT}:1 on-failure:3 more.yaml service_started".split(
    " ",
  );

function anyValue(random: RandomSource, depth: number): unknown {
  if (depth === 0 || random() < 0.5)
    return random() < 0.8 ? pick(random, VALUES) : pick(random, [null, true, 7, "", [], {}]);
  const length = below(random, 4);
  if (random() < 0.5) return Array.from({ length }, () => anyValue(random, depth - 1));
  return Object.fromEntries(Array.from({ length }, () => [pick(random, KEYS), anyValue(random, depth - 1)]));
}

function anyText(random: RandomSource): string {
  if (random() < 0.5) return mutateText(random, FILE, 4, TOKENS);
  const service = (): unknown => ({
    image: "i",
    ...Object.fromEntries(
      Array.from({ length: 1 + below(random, 4) }, () => [pick(random, KEYS), anyValue(random, 3)]),
    ),
  });
  const names = ["web", "redis", "base", "a_b"].slice(0, 1 + below(random, 4));
  return yaml.stringify({ name: "p", services: Object.fromEntries(names.map((name) => [name, service()])) });
}

function assertValid({ services, volumes, warnings }: ComposePlan): void {
  const keys = services.map(({ key }) => key);
  for (const { name, dependsOn, workload, service, instances } of services) {
    for (const one of [name, ...instances]) assert.match(one, /^[a-z0-9-]{1,63}$/);
    assert.ok(dependsOn.every((key) => keys.indexOf(key) < keys.length && keys.includes(key)));
    for (const { text, isSecret } of [...Object.values(workload.env), ...(workload.args ?? [])])
      assert.ok(isSecret || !text.includes(SECRET), "a value of the file is secret");
    assert.ok(workload.memoryMb === undefined || workload.memoryMb >= 16);
    const ports = service?.ports ?? [];
    assert.equal(new Set(ports.map(({ port }) => port)).size, ports.length);
    for (const { port, destinationPort, handlers } of ports) {
      assert.ok(port >= 1 && port <= 65_535 && destinationPort >= 1 && destinationPort <= 65_535);
      assert.equal(handlers.includes("redirect"), port === 80 && ports.some((other) => other.port === 443));
      assert.equal(handlers.includes("tls"), port !== 80);
    }
  }
  for (const { sizeMb } of volumes) assert.ok(sizeMb >= 1);
  assertMessages(warnings);
}

function assertMessages(lines: readonly string[]): void {
  for (const line of lines) {
    assert.match(line, /^[\w./~$-]+:\d+:\d+: .*[.?]$/su, line);
    assert.ok(!line.includes(SECRET), line);
  }
}

/** Whatever the files, the reader returns a plan or throws `COMPOSE_INVALID` with positions, and shows no value of a variable. */
export const composeTarget: FuzzTarget = {
  name: "compose",
  run(random) {
    const text = anyText(random);
    const variables = random() < 0.8 ? VARIABLES : mutateText(random, VARIABLES, 2, TOKENS);
    const files: Readonly<Record<string, string>> = { "a/c.yaml": text, "a/.env": variables, "a/more.yaml": MORE };
    try {
      assertValid(planCompose({ file: "a/c.yaml", read: (file) => files[file], environment: () => undefined }));
    } catch (error) {
      assert.ok(UnikernelError.has(error, "COMPOSE_INVALID"), `${String(error)} for ${JSON.stringify(text)}`);
      assert.ok(!error.message.includes(SECRET), `${error.message} for ${JSON.stringify(text)}`);
    }
  },
};
