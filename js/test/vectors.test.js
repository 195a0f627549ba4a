/** The decoder gives the samples of the project's vectors, to the bit. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { check, lastValues, outcome, samplesHash } from "../check.js";
import {
  BAND_WEIGHTS, decode, decodeParts, FADE, FINE_TAPS, loadTables, tablesByHash,
} from "../celpvq.js";
import { sha256 } from "../sha256.js";

const vectors = new URL("../../data/vectors/", import.meta.url);
const read = async (name) => JSON.parse(await readFile(new URL(name, vectors), "utf8"));
const tables = await tablesByHash();

for (const [name, expected] of Object.entries(await read("vectors.json"))) {
  test(`golden stream ${name}`, async () => {
    const bytes = await readFile(new URL(name, vectors));
    for (const [enhancement, key] of [[true, "sha256"], [false, "sha256_without_enhancement"]]) {
      const { samples, samplesDecoded, channelData, sampleRate } = await decode(bytes, { enhancement });
      assert.equal(samplesDecoded, expected.samples);
      assert.equal(sampleRate, 8000);
      assert.equal(samplesHash(samples), expected[key]);
      assert.deepEqual(channelData[0], Float32Array.from(samples, (x) => x / 32768));
    }
  });
}

test("the parts of a file are the whole", async () => {
  const bytes = await readFile(new URL("6400.cvq", vectors));
  const parts = [];
  for await (const part of decodeParts(bytes, { tables })) parts.push(...part);
  assert.deepEqual(Int16Array.from(parts), (await decode(bytes, { tables })).samples);
});

for (const stream of await read("frames.json")) {
  test(`frames: ${stream.name}`, () => {
    assert.deepEqual(check([stream], tables, true).differ, []);
    assert.deepEqual(check([stream], tables, false).differ, []);
  });
}

test("other samples are found", async () => {
  const [stream] = await read("frames.json");
  const other = { ...stream, frames: [...stream.frames.slice(1), "lost"] };
  assert.deepEqual(check([stream, other], tables, true).differ, [stream.name]);
});

test("the network gives the same samples without WebAssembly", async () => {
  const bytes = await readFile(new URL(`../tables/${tables.hash.slice(0, 16)}.npz`, import.meta.url));
  const slow = await loadTables(bytes, { fast: false });
  assert.notEqual(slow.network.dense.name, tables.network.dense.name);
  assert.deepEqual(check((await read("frames.json")).slice(0, 1), slow, true).differ, []);
});

for (const expected of await read("values.json")) {
  test(`values: ${expected.name}`, () => {
    assert.deepEqual(lastValues(expected.name, expected.frames, tables), expected);
  });
}

const damaged = await read("damaged.json");
for (const [name, digits] of Object.entries(damaged.files)) {
  test(`damaged files: ${name}`, async () => {
    const cases = damaged.cases.filter(({ file }) => file === name);
    assert.ok(cases.length > 50);
    for (const one of cases) assert.equal(await outcome(digits, one), one.error, JSON.stringify(one));
  });
}

test("computed constants are those of the specification", async () => {
  const constants = await read("constants.json");
  assert.deepEqual(FINE_TAPS.map((taps) => [...taps]), constants.fine_taps);
  assert.deepEqual([...FADE], constants.fade);
  assert.deepEqual([...BAND_WEIGHTS], constants.band_weights.flat());
});

test("the hash is SHA-256", () => {
  for (const n of [0, 1, 55, 56, 63, 64, 65, 1000]) {
    const bytes = Uint8Array.from({ length: n }, (_, i) => i * i);
    assert.equal(sha256(bytes), createHash("sha256").update(bytes).digest("hex"));
  }
});
