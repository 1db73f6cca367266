/** Downloads the content of a RemoteAsset. */
import * as fs from "node:fs";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import axios from "axios";
import { fromSystemError } from "../../../base/errors";

/** Limit on the time until the response begins, and on silence within it. */
const SILENCE_TIMEOUT_MS = 30_000;
/** A larger file is a mistake, and would fill the disk. */
const MAX_BYTES = 2 ** 30;

/** Downloads to a new file, readable by its owner only. Throws `NO_SPACE`, errors of HTTP, and the signal's reason. */
export async function downloadFile(url: URL, target: string, signal?: AbortSignal): Promise<void> {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), SILENCE_TIMEOUT_MS);
  const expire = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(), SILENCE_TIMEOUT_MS);
  };
  const signals = AbortSignal.any([silence.signal, ...(signal === undefined ? [] : [signal])]);
  try {
    const { data } = await axios.get<Readable>(url.href, { responseType: "stream", signal: signals });
    let received = 0;
    const measure = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      for await (const chunk of chunks) {
        expire();
        received += chunk.length;
        if (received > MAX_BYTES) throw new Error("it is larger than 1 GiB");
        yield chunk;
      }
    };
    await pipeline(data, measure, fs.createWriteStream(target, { mode: 0o600, flags: "wx" }), { signal: signals });
  } catch (error) {
    if (silence.signal.aborted) throw new Error(`no data for ${SILENCE_TIMEOUT_MS / 1000} s`, { cause: error });
    throw fromSystemError(error, "downloading a file of an image");
  } finally {
    clearTimeout(timer);
  }
}
