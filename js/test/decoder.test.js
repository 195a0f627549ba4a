/** The interface: streams, states, errors. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import {
  ArgumentError, ArgumentTypeError, CelpvqError, decode, Decoder, FormatError, loadTables, MODES,
  parseHeader, readPackets, TablesError, tablesByHash, TruncatedStream,
} from "../celpvq.js";

const tables = await tablesByHash();
const golden = await readFile(new URL("../../data/vectors/6400.cvq", import.meta.url));
const tablesFile = await readFile(new URL(`../tables/${tables.hash.slice(0, 16)}.npz`, import.meta.url));

test("a decoder without tables loads the default set", async () => {
  const decoder = new Decoder();
  assert.throws(() => decoder.decodeFrame(null), ArgumentError);
  await decoder.ready;
  const [packet] = readPackets(golden);
  const expected = new Decoder({ tables }).decodeFrame(packet).samples;
  assert.deepEqual(decoder.decodeFrame(packet).samples, expected);
  decoder.free();
  assert.throws(() => decoder.decodeFrame(packet), ArgumentError);
});

test("a file is the same as its packets, without the delay", async () => {
  const packets = readPackets(golden);
  const all = new Decoder({ tables }).decodeFrames(packets);
  const { samples, samplesDecoded } = await decode(golden, { tables });
  assert.deepEqual(samples, all.samples.slice(40, 40 + samplesDecoded));
  assert.equal(all.samplesDecoded, packets.length * 160);
});

test("the header states the original", () => {
  assert.deepEqual(parseHeader(golden), {
    bitrate: 6400, tables: tables.hash.slice(0, 16), sampleRate: 8000, nSamples: 16007n, variable: false,
  });
});

test("reset starts a new stream, and two decoders do not disturb each other", () => {
  const packets = readPackets(golden).slice(0, 8);
  const [one, other] = [new Decoder({ tables }), new Decoder({ tables })];
  const first = packets.map((packet) => one.decodeFrame(packet).samples);
  one.decodeFrame(null);
  one.reset();
  assert.equal(one.lastFrame, null);
  packets.forEach((packet, i) => {
    assert.deepEqual(other.decodeFrame(packet).samples, first[i]);
    assert.deepEqual(one.decodeFrame(packet).samples, first[i]);
  });
});

test("frames are counted and reported by type", () => {
  const decoder = new Decoder({ tables });
  const [packet] = readPackets(golden);
  const { errors } = decoder.decodeFrames([packet, null, new Uint8Array(5), Uint8Array.of(0x81, 0x20), new Uint8Array()]);
  assert.deepEqual(decoder.stats, {
    frames: 5, speech: 1, sid: 1, no_data: 1, bad: 2, redundant: 0, malformed: 1,
  });
  assert.deepEqual(errors.map(({ frameNumber, frameLength }) => [frameNumber, frameLength]), [[2, 5]]);
  assert.equal(decoder.lastFrame.type, "no_data");
  assert.equal(decoder.mode.bitrate, 6400);
});

test("a malformed packet raises and leaves the decoder as it was", () => {
  const [first, second] = readPackets(golden);
  const [one, other] = [new Decoder({ tables }), new Decoder({ tables })];
  one.decodeFrame(first);
  other.decodeFrame(first);
  for (const bad of [new Uint8Array(5), Uint8Array.of(0, 1)]) {
    assert.throws(() => one.decodeFrame(bad), FormatError);
  }
  assert.throws(() => one.decodeFrame(null, { redundancy: new Uint8Array(2) }), FormatError);
  assert.throws(() => one.decodeFrame("packet"), ArgumentTypeError);
  assert.throws(() => one.decodeFrames(second), ArgumentTypeError);
  assert.deepEqual(one.decodeFrame(second).samples, other.decodeFrame(second).samples);
});

test("any view of bytes is a packet", () => {
  const [packet] = readPackets(golden);
  const expected = new Decoder({ tables }).decodeFrame(packet).samples;
  const copy = Uint8Array.from(packet);
  for (const same of [copy.buffer, new DataView(copy.buffer), Buffer.from(copy)]) {
    assert.deepEqual(new Decoder({ tables }).decodeFrame(same).samples, expected);
  }
});

test("errors have a common base, and truncation is an error of format", async () => {
  const error = await decode(golden.subarray(0, 100)).catch((reason) => reason);
  assert.ok(error instanceof TruncatedStream && error instanceof FormatError);
  assert.ok(error instanceof CelpvqError && error instanceof Error);
  assert.equal(error.name, "TruncatedStream");
});

test("a stream of other tables is refused", async () => {
  await assert.rejects(decode(golden, { tables: { ...tables, hash: "0".repeat(64) } }), TablesError);
  await assert.rejects(tablesByHash("0123456789abcdef"), TablesError);
  await assert.rejects(tablesByHash("../../secret"), TablesError);
  assert.throws(() => new Decoder({ tables: {} }), ArgumentTypeError);
});

test("damaged tables are refused", async () => {
  assert.equal((await loadTables(tablesFile)).hash, tables.hash);
  await assert.rejects(loadTables(tablesFile.subarray(0, 1000)), TablesError);
  await assert.rejects(loadTables(new Uint8Array(100)), TablesError);
  for (let at = 100; at < tablesFile.length; at += 40_001) {
    const changed = Uint8Array.from(tablesFile);
    changed[at] ^= 0x55;
    const outcome = await loadTables(changed).catch((reason) => reason);
    assert.ok(outcome instanceof TablesError || outcome.hash === tables.hash, `byte ${at}`);
  }
});

test("packets have the lengths of their modes", () => {
  assert.deepEqual(MODES.map(({ frameBytes }) => frameBytes), [12, 14, 16, 18, 20]);
});
