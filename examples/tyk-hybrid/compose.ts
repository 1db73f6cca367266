import * as unikernel from "pulumi-unikernel";

// Everything that comes from .env is a secret in the stack's state.
const project = unikernel.fromCompose("./compose.yaml", { envFile: "./.env" });

export const url = project.service("gateway").url;
export const redisHost = project.service("redis").privateFqdn;
