/** The parts of the players that need no browser; tests/web tests the others in Chromium. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  Clip, columns, interpolator, positionAfterKey, resample, StreamBuffer, timeText,
} from "../player.js";

const sine = (hz, rate, n) => Float32Array.from({ length: n }, (_, i) => Math.sin((2 * Math.PI * hz * i) / rate));

/** Return 10 log10 of the power of `expected` over that of the difference, but not at the ends. */
function ratioDb(samples, expected) {
  let [power, error] = [0, 0];
  for (let n = 2000; n < expected.length - 2000; n++) {
    power += expected[n] ** 2;
    error += (samples[n] - expected[n]) ** 2;
  }
  return 10 * Math.log10(power / error);
}

test("resampled tones are the same tones", () => {
  for (const rate of [44100, 48000]) {
    for (const [hz, least] of [[200, 80], [1000, 80], [3000, 70], [3400, 50]]) {
      const samples = resample(sine(hz, 8000, 8000), 8000, rate);
      assert.equal(samples.length, rate);
      const db = ratioDb(samples, sine(hz, rate, rate));
      assert.ok(db > least, `${hz} Hz at ${rate} Hz: ${db} dB`);
    }
  }
});

test("parts of a resampled clip join without a seam", () => {
  const clip = sine(440, 8000, 3000);
  const whole = resample(clip, 8000, 44100);
  for (const [start, end] of [[0, 1], [0, 5000], [5000, 9001], [9001, whole.length]]) {
    assert.deepEqual(resample(clip, 8000, 44100, start, end), whole.slice(start, end));
  }
  assert.deepEqual(resample(clip, 8000, 8000, 10, 20), clip.slice(10, 20));
});

const newBuffer = (options) => new StreamBuffer({
  from: 8000, to: 48000, delay: 0.06, limit: 0.5, interpolator: interpolator(), ...options,
});

/** Write packets of 20 ms of a signal, and read 20 ms after each; return what was read. */
function stream(buffer, signal) {
  const out = new Float32Array(signal.length * 6);
  for (let n = 0; n < signal.length; n += 160) {
    buffer.write(signal.subarray(n, n + 160));
    buffer.read(out.subarray(6 * n, 6 * n + 960));
  }
  return out;
}

test("a stream waits for its delay, then is complete and smooth", () => {
  const buffer = newBuffer();
  const out = stream(buffer, sine(500, 8000, 16000));
  const begin = out.findIndex((x) => x !== 0);
  assert.ok(Math.abs(begin / 48000 - 0.042) < 0.002, `begins at sample ${begin}`);
  const steps = out.slice(begin + 500).map((x, n, all) => (n ? Math.abs(x - all[n - 1]) : 0));
  assert.ok(Math.max(...steps) < 1.02 * 2 * Math.sin((Math.PI * 500) / 48000), "a jump");
  assert.deepEqual([buffer.underruns, buffer.dropped], [0, 0]);
  assert.ok(Math.abs(buffer.played + buffer.level - 2) < 0.01);
});

test("an empty buffer counts once, fades, and waits for the delay again", () => {
  const buffer = newBuffer();
  buffer.write(sine(500, 8000, 800));
  const out = new Float32Array(9600);
  buffer.read(out);
  assert.equal(buffer.underruns, 1);
  assert.ok(Math.abs(out.at(-1)) < 1e-6);
  buffer.write(sine(500, 8000, 160));
  buffer.read(out);
  assert.equal(buffer.playing, false);
  buffer.write(sine(500, 8000, 480));
  assert.equal(buffer.playing, true);
  assert.equal(buffer.underruns, 1);
});

test("a full buffer drops its oldest samples", () => {
  const buffer = newBuffer();
  buffer.write(sine(500, 8000, 8000));
  assert.ok(buffer.dropped > 0.4 && buffer.level <= 0.5);
  assert.ok(Math.abs(buffer.dropped + buffer.level - 1) < 1e-9);
  buffer.clear();
  assert.equal(buffer.level, 0);
});

test("clocks that differ by 0.2 % neither empty nor fill the buffer", () => {
  for (const share of [0.998, 1.002]) {
    const buffer = newBuffer({ to: 48000 * share });
    stream(buffer, sine(500, 8000, 8000 * 60));
    assert.deepEqual([buffer.underruns, buffer.dropped], [0, 0]);
    assert.ok(buffer.level > 0.01 && buffer.level < 0.2, `${buffer.level}`);
  }
});

test("a clip grows, and keeps the peaks of 20 ms", () => {
  const clip = new Clip();
  clip.append(Int16Array.of(16384, -32768));
  clip.append(new Float32Array(160).fill(-0.25));
  assert.deepEqual([...clip.samples.slice(0, 3)], [0.5, -1, -0.25]);
  assert.deepEqual(clip.peaks, [1, 0.25]);
  assert.equal(clip.duration, 162 / 8000);
  clip.total = 8000;
  assert.equal(clip.duration, 1);
  clip.end();
  assert.equal(clip.duration, 162 / 8000);
});

test("each column of the waveform is the greatest peak of its part", () => {
  assert.deepEqual([...columns([1, 2, 3, 4], 4, 2)], [2, 4]);
  assert.deepEqual([...columns([1, 2], 2, 4)], [1, 1, 2, 2]);
  assert.deepEqual([...columns([1], 4, 4)], [1, 0, 0, 0]); // the others are not decoded yet
  assert.deepEqual([...columns([], 0, 2)], [0, 0]);
});

test("keys move the position within the clip", () => {
  const moved = (key) => positionAfterKey(key, 3, 40);
  assert.deepEqual(["ArrowRight", "ArrowUp", "ArrowLeft", "ArrowDown"].map(moved), [4, 4, 2, 2]);
  assert.deepEqual(["PageUp", "PageDown", "Home", "End"].map(moved), [8, 0, 0, 40]);
  assert.equal(moved("x"), null);
  assert.equal(positionAfterKey("ArrowRight", 1, 5), 1.25);
  assert.equal(positionAfterKey("ArrowRight", 4.9, 5), 5);
  assert.deepEqual([0, 59.99, 61, 3600].map(timeText), ["0:00", "0:59", "1:01", "60:00"]);
});
