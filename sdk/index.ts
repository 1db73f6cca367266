/**
 * What a Pulumi program imports: `import * as unikernel from "pulumi-unikernel"`.
 *
 * In words of TypeScript 3.8, because that is the compiler a program gets that brings none: @pulumi/pulumi carries it.
 */
export { Certificate } from "./certificate";
export type { CertificateArgs } from "./certificate";
export * from "./functions";
export { GatewayImage } from "./gatewayImage";
export type { GatewayImageArgs } from "./gatewayImage";
export { Instance } from "./instance";
export type { InstanceArgs } from "./instance";
export { Provider } from "./provider";
export type { ProviderArgs } from "./provider";
export { Service } from "./service";
export type { ServiceArgs } from "./service";
export * from "./types";
export { Volume } from "./volume";
export type { VolumeArgs } from "./volume";
