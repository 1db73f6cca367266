/** Whether two inputs of a GatewayImage give the same image. Pure. */
import { isDeepStrictEqual } from "node:util";
import type { Properties } from "../../definition/resource";
import { imageInputs } from "./inputs";

/** Inputs that tell how an image is pushed and kept, and those that follow from the others. */
const NOT_BUILT_FROM: readonly string[] = ["registryCredentials", "keepVersions", "deleteOnDestroy", "digest", "ref"];

/** The inputs that an image is built from, `contextHash` included, with their defaults: state of an earlier release lacks newer inputs. */
const BUILT_FROM = Object.entries(imageInputs.shape)
  .filter(([name]) => !NOT_BUILT_FROM.includes(name))
  .map(([name, schema]) => ({ name, otherwise: schema.safeParse(undefined).data }));

/** True if both build the same image: they differ at most in how it is pushed and kept. */
export const isSameBuild = (olds: Properties, news: Properties): boolean =>
  BUILT_FROM.every(({ name, otherwise }) => isDeepStrictEqual(olds[name] ?? otherwise, news[name] ?? otherwise));

/** The steps of an update, in words that follow "will". */
export const describeUpdate = (olds: Properties, news: Properties): readonly string[] =>
  isSameBuild(olds, news) ? [] : ["build the image again"];
