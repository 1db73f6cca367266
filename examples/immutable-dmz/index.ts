import * as unikernel from "pulumi-unikernel";

const FIREWALL = { outside: "192.168.100.254", transit: "192.168.101.3" };
const ROUTER = { transit: "192.168.101.2", dmz: "10.0.0.254" };
const [WEB, DNS] = ["10.0.0.5", "10.0.0.100"];
const ADMIN = "192.168.100.50";
const DMZ = "10.0.0.0/24";
const memoryMb = 96;

// One source and one image for all hosts; the first argument says which one it is.
const image = new unikernel.GatewayImage("host", { context: "./host" });

const firewall = new unikernel.Firewall("firewall", {
  image,
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
  instance: { args: ["/host", "firewall"] },
});

const router = new unikernel.Router("router", {
  image,
  memoryMb,
  interfaces: [
    { network: "dmz", ip: `${ROUTER.dmz}/24` },
    { network: "transit", ip: `${ROUTER.transit}/29`, gateway: FIREWALL.transit },
  ],
  instance: { args: ["/host", "router"] },
});

new unikernel.Instance(
  "web",
  {
    ...{ image, memoryMb, args: ["/host", "web"], restartPolicy: "always" },
    networkInterfaces: [{ network: "dmz", ip: `${WEB}/24`, gateway: ROUTER.dmz }],
  },
  { dependsOn: router },
);

new unikernel.Instance(
  "dns",
  {
    ...{ image, memoryMb, args: ["/host", "dns"], restartPolicy: "always" },
    env: { DNS_RECORDS: `www.dmz.example=${WEB}` },
    networkInterfaces: [{ network: "dmz", ip: `${DNS}/24`, gateway: ROUTER.dmz }],
  },
  { dependsOn: router },
);

// A workstation outside, whose program tells over its published port what it reaches.
const client = new unikernel.Instance(
  "client",
  {
    ...{ image, memoryMb, args: ["/host", "client"], restartPolicy: "always" },
    networkInterfaces: [{ network: "outside", ip: `${ADMIN}/24`, gateway: FIREWALL.outside }],
    serviceGroup: { ports: [{ port: 8080, destinationPort: 8080 }] },
    waitFor: "answering",
  },
  { dependsOn: firewall },
);

export const url = client.url;
