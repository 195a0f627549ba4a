/** The versions of a clip, decoded: celpvq's streams by this page itself, others by the browser. */

import {
  DELAY, Decoder, FRAME_LEN, SAMPLE_RATE, loadTables, parseHeader, readPackets,
} from "./celpvq.js";
import { bytesOf } from "../embedded.js";
import { spectrum } from "./pictures.js";

const FRAMES_AT_ONCE = 200; // decoded before the page may react again

const breathe = () => new Promise((resolve) => { setTimeout(resolve); });

/** Decodes the clips of a page, each once; `data` are those of the page. */
export class ClipDecoder {
  #data;
  #tables = null; // a promise
  #clips = new Map(); // by number: a promise of its versions

  constructor(data) {
    this.#data = data;
  }

  /**
   * Return a promise of the versions of a clip: {codec, kbps, samples, floats, peak, spectrum}, and
   * of a stream also its {frames, starts}. `tell` is called with the number of each version, and
   * with that of all.
   */
  decode(number, tell = () => {}) {
    if (!this.#clips.has(number)) this.#clips.set(number, this.#decodeClip(number, tell));
    return this.#clips.get(number);
  }

  async #decodeClip(number, tell) {
    const { versions, samples } = this.#data.clips[number];
    const made = [];
    for (const [i, version] of versions.entries()) {
      tell(i + 1, versions.length);
      await breathe();
      const bytes = bytesOf(this.#data.sounds[version.sound]);
      const sound = version.form === "cvq"
        ? await decodeStream(bytes, version, samples, await this.#loadTables())
        : await decodeFlac(bytes, samples);
      made.push({ ...version, ...sound });
    }
    return made;
  }

  #loadTables() {
    this.#tables ??= loadTables(bytesOf(this.#data.tables));
    return this.#tables;
  }
}

/** Decode a .cvq file without its lost packets, which are concealed with the packets after them. */
async function decodeStream(bytes, { lost, enhancement }, length, tables) {
  if (!tables.hash.startsWith(parseHeader(bytes).tables)) {
    throw new Error("the stream was made with other tables");
  }
  const packets = readPackets(bytes);
  for (const number of lost) packets[number] = null;
  const decoder = new Decoder({ tables, enhancement });
  const whole = new Int16Array(packets.length * FRAME_LEN);
  const frames = [];
  for (const [i, packet] of packets.entries()) {
    const { samples } = decoder.decodeFrame(packet, { nextPacket: packets[i + 1] ?? null });
    whole.set(samples, i * FRAME_LEN);
    const { type, lag, gain } = decoder.lastFrame;
    const bits = packet ? 8 * packet.length : 0;
    frames.push({ type, bits, lag, gain: gain.map(([adaptive]) => adaptive) });
    if (i % FRAMES_AT_ONCE === FRAMES_AT_ONCE - 1) await breathe();
  }
  const starts = frames.map((_, i) => i * FRAME_LEN - DELAY);
  return { ...pictured(whole.slice(DELAY, DELAY + length)), frames, starts };
}

/** Decode a FLAC file; at the rate of the file, nothing resamples it. */
async function decodeFlac(bytes, length) {
  const context = new OfflineAudioContext(1, length, SAMPLE_RATE);
  const buffer = await context.decodeAudioData(bytes.buffer);
  const floats = buffer.getChannelData(0);
  if (floats.length !== length) throw new Error(`expected ${length} samples, got ${floats.length}`);
  return pictured(integersOf(floats));
}

/** Return the integers of 16 bits behind floats; some browsers divide positive ones by 32767. */
function integersOf(floats) {
  const isInteger = (x) => Math.abs(x - Math.round(x)) < 0.01;
  const scale = floats.every((x) => x <= 0 || isInteger(x * 32768)) ? 32768 : 32767;
  return Int16Array.from(floats, (x) => Math.round(x * (x > 0 ? scale : 32768)));
}

/** Return integers of 16 bits as sound, with its spectrum. */
function pictured(samples) {
  const floats = Float32Array.from(samples, (x) => x / 32768);
  const peak = floats.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  return { samples, floats, peak, spectrum: spectrum(floats) };
}
