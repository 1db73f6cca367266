/** A login at a registry, as GatewayImage and `imagePull` take it. Pure. */
import * as z from "zod";
import { field, objectType } from "../../definition/resource";

/** A login at a registry. */
export const registryCredentials = objectType(
  "RegistryCredentials",
  "Login at a registry.",
  z.strictObject({
    username: field(z.string().min(1), { description: "User name, or what the registry uses in its place." }),
    password: field(z.string().min(1), { description: "Password or access token.", secret: true }),
  }),
);

/** How a metro logs in to pull an image: a login, or the text that the API takes. */
export const pullCredentials = z.union([z.string().min(1), registryCredentials], {
  error: "must be a text, or an object with 'username' and 'password'",
});
/** A value of {@link pullCredentials}. */
export type PullCredentials = z.output<typeof pullCredentials>;

/** The text that the API takes. For a login it is base64 of `user:password`, the `auth` of Docker's configuration. */
export const encodePullCredentials = (credentials: PullCredentials): string =>
  typeof credentials === "string"
    ? credentials
    : Buffer.from(`${credentials.username}:${credentials.password}`).toString("base64");
