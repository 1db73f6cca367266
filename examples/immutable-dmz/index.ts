import * as unikernel from "pulumi-unikernel";

const FIREWALL = { outside: "192.168.100.254", transit: "192.168.101.3" };
const ROUTER = { transit: "192.168.101.2", dmz: "10.0.0.254" };
const [WEB, DNS] = ["10.0.0.5", "10.0.0.100"];
const ADMIN = "192.168.100.50";
const DMZ = "10.0.0.0/24";
const memoryMb = 96;

// One source, and from it one image per host, which has the program of that host and nothing else.
const imageOf = (host: string) =>
  new unikernel.GatewayImage(host, { context: "./host", build: { args: { HOST: host } } });

const firewall = new unikernel.Firewall("firewall", {
  image: imageOf("firewall"),
  memoryMb,
  interfaces: [
    { network: "outside", ip: `${FIREWALL.outside}/24`, external: true },
    { network: "transit", ip: `${FIREWALL.transit}/29`, gateway: ROUTER.transit, routes: [DMZ] },
  ],
  // The first rule that fits decides; everything else is denied.
  rules: [
    { action: "allow", protocol: "tcp", to: WEB, port: 80 },
    { action: "allow", protocol: "udp", to: DNS, port: 53 },
    { action: "allow", protocol: "tcp", from: ADMIN, to: FIREWALL.outside, port: 8080 },
  ],
  adminFrom: ADMIN,
  // A replacement gets the addresses once it answers here.
  instance: { gate: { port: 8080, path: "/ready", failureThreshold: 30 } },
});

const router = new unikernel.Router("router", {
  image: imageOf("router"),
  memoryMb,
  interfaces: [
    { network: "dmz", ip: `${ROUTER.dmz}/24` },
    { network: "transit", ip: `${ROUTER.transit}/29`, gateway: FIREWALL.transit },
  ],
});

new unikernel.Instance(
  "web",
  {
    ...{ image: imageOf("web"), memoryMb, restartPolicy: "always" },
    networkInterfaces: [{ network: "dmz", ip: `${WEB}/24`, gateway: ROUTER.dmz }],
  },
  { dependsOn: router },
);

new unikernel.Instance(
  "dns",
  {
    ...{ image: imageOf("dns"), memoryMb, restartPolicy: "always" },
    env: { DNS_RECORDS: `www.dmz.example=${WEB}` },
    networkInterfaces: [{ network: "dmz", ip: `${DNS}/24`, gateway: ROUTER.dmz }],
  },
  { dependsOn: router },
);

// A workstation outside, whose program tells over its published port what it reaches.
const client = new unikernel.Instance(
  "client",
  {
    ...{ image: imageOf("client"), memoryMb, restartPolicy: "always" },
    networkInterfaces: [{ network: "outside", ip: `${ADMIN}/24`, gateway: FIREWALL.outside }],
    serviceGroup: { ports: [{ port: 8080, destinationPort: 8080 }] },
    waitFor: "answering",
  },
  { dependsOn: firewall },
);

export const url = client.url;
