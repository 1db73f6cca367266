/**
 * Remembers what a listing has looked at, to find out later whether another one would find the same. Looking again takes the system calls
 * alone, as with the index of git, and misses what that misses: a write through a memory map that the kernel has not stamped with a time
 * yet, and a file system without times of inodes.
 */
import * as fs from "node:fs";
import { type Clock, systemClock } from "../../base/clock";
import { isError } from "../../base/errors";
import { TimeSlice } from "../pack/timeSlice";
import { isRacy } from "./tree";

/** Numbers that tell that an entry is as it was: device, inode, mode, links, size, and the times when content and inode changed. */
const COLUMNS = 7;
/** Entries between two looks at the clock. */
const ENTRIES_PER_LOOK = 64;
/** More are not remembered: they would take hundreds of megabytes. */
const MAX_ENTRIES = 1_000_000;
/** In no path and no name. */
const SEPARATOR = "\0";

/** Everything that was looked at. */
export interface Observations {
  /** Absolute paths of folders. */
  readonly folders: readonly string[];
  /** For each folder the names in it, in the order of the file system. */
  readonly names: readonly string[];
  /** Absolute paths of entries. */
  readonly entries: readonly string[];
  /** {@link COLUMNS} of each entry. */
  readonly numbers: Float64Array;
}

/** Collects what listings look at. */
export class FolderObserver {
  readonly #startedMs: number;
  readonly #folders: string[] = [];
  readonly #names: string[] = [];
  readonly #entries: string[] = [];
  readonly #numbers: number[] = [];
  /** The newest times of all entries. */
  #newest = { mtimeMs: 0, ctimeMs: 0 };

  constructor(clock: Pick<Clock, "now"> = systemClock) {
    this.#startedMs = clock.now();
  }

  /**
   * A folder was read.
   *
   * @param path absolute
   * @param names in the order of the file system
   */
  folder(path: string, names: readonly string[]): void {
    this.#folders.push(path);
    this.#names.push(names.join(SEPARATOR));
  }

  /**
   * An entry was looked at, without following links.
   *
   * @param path absolute
   */
  entry(path: string, stat: fs.Stats): void {
    this.#entries.push(path);
    this.#numbers.push(stat.dev, stat.ino, stat.mode, stat.nlink, stat.size, stat.mtimeMs, stat.ctimeMs);
    this.#newest.mtimeMs = Math.max(this.#newest.mtimeMs, stat.mtimeMs);
    this.#newest.ctimeMs = Math.max(this.#newest.ctimeMs, stat.ctimeMs);
  }

  /** What was looked at; `undefined` if something had changed so shortly before that a further change would not show. */
  get observations(): Observations | undefined {
    if (isRacy(this.#newest, this.#startedMs) || this.#entries.length > MAX_ENTRIES) return undefined;
    const [folders, names, entries] = [this.#folders, this.#names, this.#entries];
    return { folders, names, entries, numbers: Float64Array.from(this.#numbers) };
  }
}

/** True if all folders have the same names, and all entries the same inodes, sizes and times. An aborted `signal` rejects with its reason. */
export async function areUnchanged(
  { folders, names, entries, numbers }: Observations,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const slice = new TimeSlice(signal);
  try {
    for (const [index, folder] of folders.entries()) {
      if (fs.readdirSync(folder).join(SEPARATOR) !== names[index]) return false;
      if (slice.isOver) await slice.next();
    }
    for (let index = 0; index < entries.length; index++) {
      if (!isSame(fs.lstatSync(entries[index] ?? ""), numbers, COLUMNS * index)) return false;
      if (index % ENTRIES_PER_LOOK === 0 && slice.isOver) await slice.next();
    }
    return true;
  } catch (error) {
    signal?.throwIfAborted();
    if (isError(error) && "code" in error) return false; // gone, or not readable any more
    throw error;
  }
}

const isSame = (stat: fs.Stats, numbers: Float64Array, at: number): boolean =>
  stat.dev === numbers[at] &&
  stat.ino === numbers[at + 1] &&
  stat.mode === numbers[at + 2] &&
  stat.nlink === numbers[at + 3] &&
  stat.size === numbers[at + 4] &&
  stat.mtimeMs === numbers[at + 5] &&
  stat.ctimeMs === numbers[at + 6];

/** As bytes that {@link decodeObservations} reads on this machine. */
export function encodeObservations({ folders, names, entries, numbers }: Observations): Buffer {
  const text = Buffer.from(JSON.stringify([folders, names, entries.join(SEPARATOR)]));
  const head = Buffer.alloc(Float64Array.BYTES_PER_ELEMENT);
  head.writeUInt32LE(numbers.byteLength);
  return Buffer.concat([head, Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength), text]);
}

/** Reads what {@link encodeObservations} made. */
export function decodeObservations(bytes: Uint8Array): Observations {
  const start = Float64Array.BYTES_PER_ELEMENT;
  const end = start + Buffer.from(bytes.buffer, bytes.byteOffset, start).readUInt32LE();
  const numbers = new Float64Array(new Uint8Array(bytes.subarray(start, end)).buffer); // a copy, which is aligned
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + end, bytes.length - end).toString("utf8");
  const [folders, names, entries] = JSON.parse(text) as [string[], string[], string];
  return { folders, names, numbers, entries: entries === "" ? [] : entries.split(SEPARATOR) };
}
