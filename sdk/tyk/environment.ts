/**
 * The environment of a Tyk gateway: secrets, and what differs between data planes. It overrides the configuration file.
 *
 * The names follow Tyk's Go fields, not the keys of the file: `TYK_GW_SLAVEOPTIONS_APIKEY` is `slave_options.api_key`. Source:
 * TykTechnologies/tyk, `config/config_env_vars.md`. There are at most eight, the limit of a Unikraft kernel with its default
 * `CONFIG_LIBPOSIX_ENVIRON_ENVP`.
 */
import * as pulumi from "@pulumi/pulumi";
import type { TykArgs, TykRedisArgs } from "./args";
import { addressCheck, checked, hostCheck, secretCheck, textCheck } from "./checks";

type Variables = Readonly<Record<string, pulumi.Output<string>>>;

function redisVariables({ host, addresses, password }: TykRedisArgs): Variables {
  const list = addresses?.map((address, index) => checked(`redis.addresses[${index}]`, address, addressCheck));
  return {
    ...(host === undefined ? {} : { TYK_GW_STORAGE_HOST: checked("redis.host", host, hostCheck) }),
    ...(list === undefined ? {} : { TYK_GW_STORAGE_ADDRS: pulumi.all(list).apply((all) => all.join(",")) }),
    ...(password === undefined ? {} : { TYK_GW_STORAGE_PASSWORD: checked("redis.password", password, textCheck) }),
  };
}

function controlPlaneVariables({ controlPlane }: TykArgs): Variables {
  if (controlPlane === undefined) return {};
  const { connectionString, apiKey, organisationId, groupId } = controlPlane;
  return {
    TYK_GW_SLAVEOPTIONS_CONNECTIONSTRING: checked("controlPlane.connectionString", connectionString, addressCheck),
    TYK_GW_SLAVEOPTIONS_APIKEY: checked("controlPlane.apiKey", apiKey, textCheck),
    TYK_GW_SLAVEOPTIONS_RPCKEY: checked("controlPlane.organisationId", organisationId, textCheck),
    TYK_GW_SLAVEOPTIONS_GROUPID: checked("controlPlane.groupId", groupId, textCheck),
  };
}

/** The variables, each a secret, and the checked `secret` among them. */
export function environment(args: TykArgs): { readonly variables: Variables; readonly secret: pulumi.Output<string> } {
  const { nodeSecret } = args;
  const secret = pulumi.secret(checked("secret", args.secret, secretCheck));
  const variables: Variables = {
    TYK_GW_SECRET: secret,
    TYK_GW_NODESECRET: nodeSecret === undefined ? secret : checked("nodeSecret", nodeSecret, secretCheck),
    ...redisVariables(args.redis),
    ...controlPlaneVariables(args),
  };
  const hidden = Object.entries(variables).map(([name, value]) => [name, pulumi.secret(value)] as const);
  return { variables: Object.fromEntries(hidden), secret };
}
