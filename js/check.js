/**
 * Check the decoder with a file of vectors: node check.js FILE
 *
 * The file is data/vectors/frames.json, or comes from tools/conformance.py. Exit status 1 if the
 * samples of a stream differ. The functions run in a page as well.
 */

import { decode, Decoder, FormatError, tablesByHash } from "./celpvq.js";
import { sha256 } from "./sha256.js";

const bytesOf = (digits) => Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));

/** Return the arguments of `decodeFrame` for a frame in the notation of the vectors. */
function argumentsOf(frame) {
  if (!frame.startsWith("lost")) return [bytesOf(frame), {}];
  const help = {};
  for (const [, kind, digits] of frame.matchAll(/ (next|redundancy) (\w+)/g)) {
    help[kind === "next" ? "nextPacket" : kind] = bytesOf(digits);
  }
  return [null, help];
}

/** Return the SHA-256 of 16-bit samples. */
export const samplesHash = (samples) => sha256(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength));

/** Return the samples of a frame. A malformed packet is lost, and a malformed redundant frame no help. */
function decodeText(decoder, frame) {
  const [packet, { nextPacket, redundancy }] = argumentsOf(frame);
  try {
    return decoder.decodeFrame(packet, { nextPacket, redundancy }).samples;
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return decoder.decodeFrame(null, { nextPacket }).samples;
  }
}

/** Return the samples of the frames of a stream. */
function samplesOf({ frames, switches = [] }, tables, enhancement) {
  const decoder = new Decoder({ tables, enhancement });
  const samples = new Int16Array(160 * frames.length);
  frames.forEach((frame, i) => {
    if (switches.includes(i)) decoder.enhancement = !decoder.enhancement;
    samples.set(decodeText(decoder, frame), 160 * i);
  });
  return samples;
}

/** Return milliseconds: of processor time in Node.js. */
const clock = () => (globalThis.process ? process.cpuUsage().user / 1000 : performance.now());

/** Decode streams. Return the names of those that differ, the number of frames, and the milliseconds
    of decoding. */
export function check(streams, tables, enhancement) {
  const key = enhancement ? "sha256" : "sha256_without_enhancement";
  let [nFrames, milliseconds] = [0, 0];
  const differ = [];
  for (const stream of streams) {
    const start = clock();
    const samples = samplesOf(stream, tables, enhancement);
    milliseconds += clock() - start;
    nFrames += stream.frames.length;
    if (samplesHash(samples) !== stream[key]) differ.push(stream.name);
  }
  return { differ, nFrames, milliseconds };
}

/** Return the parameters and signals of the last of some frames, in the form of the vectors. */
export function lastValues(name, frames, tables) {
  const decoder = new Decoder({ tables });
  let output;
  for (const frame of frames) output = decodeText(decoder, frame);
  const { lsf, lag, gain } = decoder.lastFrame;
  const { synthesis, enhancement } = decoder.state;
  const lists = (rows) => rows.map((row) => [...row]);
  return {
    name, frames, lsf, lag, gain,
    excitation: [...synthesis.exc.slice(-160)],
    synthesis: [...enhancement.features.speech.slice(-160)],
    features: lists(enhancement.features.values),
    comb: lists(enhancement.comb),
    ahead: lists(enhancement.ahead),
    fir: lists(enhancement.fir),
    combed: [...enhancement.combed.slice(-160)],
    output: [...output],
  };
}

/** Return the name of the error that a damaged file raises, or null if it has none. */
export function outcome(digits, { cut, append, at, xor, put }, tables) {
  let bytes = bytesOf(digits);
  if (cut !== undefined) bytes = bytes.subarray(0, cut);
  else if (append) bytes = Uint8Array.from([...bytes, ...new Uint8Array(append)]);
  else if (put) bytes.set(bytesOf(put), at);
  else if (at !== undefined) bytes[at] ^= xor;
  return decode(bytes, { tables }).then(() => null, (error) => error.name);
}

if (globalThis.process?.argv[1]?.endsWith("check.js")) {
  await import("./tables.js"); // a checkout has no folder `tables` until this makes it
  const { readFile } = await import("node:fs/promises");
  const streams = JSON.parse(await readFile(process.argv[2], "utf8"));
  const tables = await tablesByHash();
  for (const enhancement of [true, false]) {
    const { differ, nFrames, milliseconds } = check(streams, tables, enhancement);
    console.log(`${enhancement ? "with" : "without"} enhancement: ${streams.length - differ.length} of `
      + `${streams.length} streams (${nFrames} frames) equal, `
      + `${(20 * nFrames / milliseconds).toFixed(0)} times real time`);
    for (const name of differ) console.log(`  differs: ${name}`);
    if (differ.length) process.exitCode = 1;
  }
}
