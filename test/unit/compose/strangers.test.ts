/** Files as people have them for Docker: what has to change, and then what is different. The rest is as in Docker. */
import assert from "node:assert/strict";
import { DEFAULT_MEMORY_MB } from "../../../provider/resources/workload/inputs";
import { completePlanOf, problemsOf } from "../../support/composeFiles";

const lines = (reports: readonly string[]): readonly string[] =>
  reports.map((line) => line.replace("app/compose.yaml:", ""));

const WORDPRESS = `version: '3.8'
services:
  db:
    image: mariadb:10.6.4-focal
    command: '--default-authentication-plugin=mysql_native_password'
    volumes:
      - db_data:/var/lib/mysql
    restart: always
    environment:
      - MYSQL_DATABASE=wordpress
    expose:
      - 3306
  wordpress:
    image: wordpress:latest
    volumes:
      - wp_data:/var/www/html
    ports:
      - 80:80
    restart: always
    environment:
      - WORDPRESS_DB_HOST=db
volumes:
  db_data:
  wp_data:
`;

const MONITORING = `services:
  prometheus:
    image: prom/prometheus
    command: ['--config.file=/etc/prometheus/prometheus.yml']
    volumes:
      - ./prometheus/:/etc/prometheus/
      - prometheus_data:/prometheus
    ports: [9090:9090]
    extra_hosts: ["host.docker.internal:host-gateway"]
  node-exporter:
    image: prom/node-exporter
    pid: host
    network_mode: host
    deploy: {mode: global}
  grafana:
    image: grafana/grafana
    ports: ["3000"]
    environment: {GF_VERSION: 1.10, GF_DATASOURCE: http://prometheus:9090}
    secrets: [admin_password]
volumes: {prometheus_data: {}}
secrets: {admin_password: {file: ./password}}
`;

describe("compose: files as people have them for Docker", () => {
  it("WordPress: one line has to change", () => {
    const command = "'--default-authentication-plugin=mysql_native_password'";
    assert.deepEqual(lines(problemsOf(WORDPRESS)), [
      "5:5: service 'db': 'command' is the whole argument list; begin it with the program, such as /usr/bin/app.",
    ]);
    assert.deepEqual(lines(completePlanOf(WORDPRESS.replace(command, "/usr/sbin/mariadbd")).warnings), [
      "1:1: the file: 'version' has no effect. Compose no longer uses it; remove it.",
      "4:5: services 'db', 'wordpress' have 128 MiB of memory, since the file names no size. Set mem_limit to what it needs.",
      "20:5: service 'wordpress': WORDPRESS_DB_HOST names 'db', which does not resolve in a metro. Use its private name, app-db.internal.",
      "23:3: volume 'db_data' has 64 MiB, since the file names no size. Set driver_opts.size to what it needs.",
      "24:3: volume 'wp_data' has 64 MiB, since the file names no size. Set driver_opts.size to what it needs.",
    ]);
  });

  it("the default memory is that of an Instance", () => assert.equal(DEFAULT_MEMORY_MB, 128));

  it("Grafana and Prometheus: files of the machine, its network and secrets have to go", () => {
    assert.deepEqual(lines(problemsOf(MONITORING)), [
      "4:5: service 'prometheus': 'command' is the whole argument list; begin it with the program, such as /usr/bin/app.",
      "6:9: service 'prometheus': 'volumes': './prometheus/' is a folder or file of this machine, which a metro does not have. Add it to the image, or use a volume.",
      "9:5: service 'prometheus': 'extra_hosts' is not supported. The names would not resolve; use an address, or a name of the Internet.",
      "13:19: service 'node-exporter': 'network_mode' is not supported. An instance is in the metro's network; remove it.",
      "14:20: service 'node-exporter': 'deploy': the mode 'global' is not supported; use replicated.",
      `17:13: service 'grafana': 'ports': '3000': no public port is chosen; write it, such as "443:8080".`,
      "18:31: service 'grafana': 'environment': 'GF_VERSION': '1.10' needs quotes: without them it is a number, a date or a truth value, which Compose writes in another way.",
      "19:5: service 'grafana': 'secrets' is not supported. The files would be missing: add them to the image, or give the values as environment.",
    ]);
    const corrected = [
      ["'--config", "/prometheus, '--config"],
      ["      - ./prometheus/:/etc/prometheus/\n", ""],
      ['    extra_hosts: ["host.docker.internal:host-gateway"]\n', ""],
      ["    network_mode: host\n    deploy: {mode: global}\n", ""],
      ['["3000"]', '["443:3000"]'],
      ["GF_VERSION: 1.10, ", ""],
      ["    secrets: [admin_password]\n", ""],
    ].reduce((text, [from = "", to = ""]) => text.replace(from, to), MONITORING);
    const withMemory = corrected.replaceAll(/^    image: (?!grafana).*$/gm, "$&\n    mem_limit: 256m");
    assert.deepEqual(lines(completePlanOf(withMemory).warnings), [
      "8:13: service 'prometheus': 'ports': clients need TLS on port 9090. A metro publishes 80 as HTTP, 443 as HTTPS, and any other port with TLS.",
      "12:5: service 'node-exporter': 'pid' has no effect. The program is alone in its virtual machine.",
      "14:5: service 'grafana' has 128 MiB of memory, since the file names no size. Set mem_limit to what it needs.",
      "16:5: service 'grafana': GF_DATASOURCE names 'prometheus', which does not resolve in a metro. Use its private name, app-prometheus.internal.",
      "17:11: volume 'prometheus_data' has 64 MiB, since the file names no size. Set driver_opts.size to what it needs.",
      "18:1: the file: 'secrets' has no effect. Only services use it, for which it is reported.",
    ]);
  });
});
