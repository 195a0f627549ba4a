/**
 * Check the decoder with a file of vectors: node check.js FILE
 *
 * The file is data/vectors/frames.json, or comes from tools/conformance.py. Exit status 1 if the
 * samples of a stream differ.
 */

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { Decoder, tablesByHash } from "./celpvq.js";

/** Return the arguments of `decodeFrame` for a frame in the notation of the vectors. */
export function argumentsOf(frame) {
  if (!frame.startsWith("lost")) return [Buffer.from(frame, "hex"), {}];
  const help = {};
  for (const [, kind, digits] of frame.matchAll(/ (next|redundancy) (\w+)/g)) {
    help[kind === "next" ? "nextPacket" : kind] = Buffer.from(digits, "hex");
  }
  return [null, help];
}

/** Return the SHA-256 of 16-bit samples. */
export function sha256(parts) {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(Buffer.from(part.buffer, part.byteOffset, part.byteLength));
  return hash.digest("hex");
}

/** Return the SHA-256 of the samples of frames. */
export function digest(frames, tables, enhancement) {
  const decoder = new Decoder({ tables, enhancement });
  return sha256(frames.map((frame) => decoder.decodeFrame(...argumentsOf(frame)).samples));
}

if (process.argv[1]?.endsWith("check.js")) {
  const streams = JSON.parse(await readFile(process.argv[2], "utf8"));
  const tables = await tablesByHash();
  const nFrames = streams.reduce((sum, { frames }) => sum + frames.length, 0);
  for (const [enhancement, key] of [[true, "sha256"], [false, "sha256_without_enhancement"]]) {
    const start = process.cpuUsage();
    const wrong = streams.filter((one) => digest(one.frames, tables, enhancement) !== one[key]);
    const { user, system } = process.cpuUsage(start);
    const speed = (nFrames * 0.02) / ((user + system) / 1e6);
    console.log(`${enhancement ? "with" : "without"} enhancement: ${streams.length - wrong.length} of `
      + `${streams.length} streams (${nFrames} frames) equal, ${speed.toFixed(0)} times real time`);
    for (const { name } of wrong) console.log(`  differs: ${name}`);
    if (wrong.length) process.exitCode = 1;
  }
}
