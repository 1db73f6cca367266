/**
 * The package's public API: `import * as unikernel from "pulumi-unikernel"`.
 *
 * Uses only syntax of TypeScript 3.8, the compiler bundled with @pulumi/pulumi, which compiles programs that install none.
 */
export { Certificate } from "./certificate";
export type { CertificateArgs } from "./certificate";
export type { ComposeArgs, ComposeService } from "./compose/args";
export { fromCompose } from "./compose/fromCompose";
export type { ComposeProject } from "./compose/fromCompose";
export { dotenv } from "./dotenv";
export * from "./functions";
export type { FleetMetroArgs, FleetRedisArgs, FleetVariables, GatewayFleetArgs } from "./fleet/args";
export { GatewayFleet } from "./fleet/gatewayFleet";
export { GatewayImage } from "./gatewayImage";
export type { GatewayImageArgs } from "./gatewayImage";
export { Instance } from "./instance";
export type { InstanceArgs } from "./instance";
export type {
  FirewallArgs,
  FirewallInterfaceArgs,
  FirewallRuleArgs,
  RouterArgs,
  RouterInterfaceArgs,
} from "./network/args";
export { Firewall } from "./network/firewall";
export { Router } from "./network/router";
export { Provider } from "./provider";
export type { ProviderArgs } from "./provider";
export { RolloutWave } from "./rolloutWave";
export type { RolloutWaveArgs } from "./rolloutWave";
export { Service } from "./service";
export type { ServiceArgs } from "./service";
export { tyk } from "./tyk/tyk";
export type { TykArgs, TykControlPlaneArgs, TykGateway, TykRedisArgs } from "./tyk/args";
export * from "./types";
export type { CreateWaveServices, RolloutWavesArgs, WaveArgs } from "./waves/args";
export { RolloutWaves } from "./waves/rolloutWaves";
export type { Wave } from "./waves/rolloutWaves";
export { Volume } from "./volume";
export type { VolumeArgs } from "./volume";
