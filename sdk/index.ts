/** What a Pulumi program imports: `import * as unikernel from "pulumi-unikernel"`. */
export { GatewayImage, type GatewayImageArgs } from "./gatewayImage";
export { Instance, type InstanceArgs } from "./instance";
export { Provider, type ProviderArgs } from "./provider";
export { Service, type ServiceArgs } from "./service";
export type * from "./types";
export { Volume, type VolumeArgs } from "./volume";
