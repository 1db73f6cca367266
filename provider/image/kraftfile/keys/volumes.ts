/** The key `volumes`, which has no effect on an image: it is read so that a message can name what the Instance needs. */
import * as yaml from "yaml";
import type { KraftfileVolume } from "../model";
import type { Member, YamlSource } from "../yaml/yamlSource";

/** Reads `volumes` in any form, with one warning; entries that name no destination are left out. */
export function readVolumes(source: YamlSource, { value, keyNode }: Member): KraftfileVolume[] {
  if (value === null) return [];
  const items = yaml.isSeq(value) ? value.items.map((item) => source.resolve(item)) : [value];
  const volumes = items.flatMap((item) => readVolume(source, item) ?? []);
  const list = volumes.map(({ destination }) => `'${destination}'`).join(", ");
  source.warn(
    keyNode,
    `'volumes' has no effect on an image; mount ${list === "" ? "them" : list} with 'volumes' of the Instance or Service.`,
  );
  return volumes;
}

function readVolume(source: YamlSource, item: yaml.Node | null): KraftfileVolume | undefined {
  if (yaml.isScalar(item) && typeof item.value === "string" && item.value !== "") return parseVolume(item.value);
  if (!yaml.isMap(item)) return undefined;
  const text = (...names: readonly string[]): string | undefined => {
    const pair = item.items.find(({ key }) => yaml.isScalar(key) && names.includes(String(key.value)));
    const value = source.resolve(pair?.value);
    return yaml.isScalar(value) && value.value !== null ? String(value.value) : undefined;
  };
  const destination = text("destination", "target", "at", "path");
  if (destination === undefined) return undefined;
  const from = text("source", "name");
  const readOnly = text("readOnly", "readonly") === "true" || text("mode") === "ro";
  return { ...(from === undefined ? {} : { source: from }), destination, readOnly };
}

/** `source:destination[:mode]`; without a colon, the source is mounted at `/`. Source: KraftKit `unikraft/app/volume`. */
function parseVolume(text: string): KraftfileVolume {
  const [from = "", destination = "/", mode] = text.split(":", 3);
  return { ...(from === "" ? {} : { source: from }), destination, readOnly: mode === "ro" };
}
