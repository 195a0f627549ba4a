/** Pictures of sound on canvases: waveform, spectrogram, and the tracks of a celpvq stream. */

import { runs } from "./frames.js";

const WINDOW_LEN = 240; // 30 ms
const HOP = 40; // 5 ms
const FFT_LEN = 512;
const MAX_COLUMNS = 4000; // of a spectrogram
const RANGE_DB = 60;
const RATE_TOP = 10000; // bit/s, of the picture
const LAG_TOP = 150; // samples, of the picture
const MAGMA = [[0, 0, 4], [81, 18, 124], [183, 55, 121], [252, 137, 97], [252, 253, 191]];

const WINDOW = Float64Array.from({ length: WINDOW_LEN }, (_, n) => (
  0.5 - 0.5 * Math.cos((2 * Math.PI * n) / (WINDOW_LEN - 1))
));
const ROOTS = Array.from({ length: FFT_LEN / 2 }, (_, k) => (
  [Math.cos((2 * Math.PI * k) / FFT_LEN), -Math.sin((2 * Math.PI * k) / FFT_LEN)]
));
const REVERSED = Uint16Array.from({ length: FFT_LEN }, (_, n) => {
  let reversed = 0;
  for (let bit = 1; bit < FFT_LEN; bit *= 2) reversed = 2 * reversed + (n & bit ? 1 : 0);
  return reversed;
});

/** Transform FFT_LEN complex numbers in place; they are in bit-reversed order before. */
function fft(re, im) {
  for (let size = 2; size <= FFT_LEN; size *= 2) {
    const step = FFT_LEN / size;
    for (let start = 0; start < FFT_LEN; start += size) {
      for (let k = 0; k < size / 2; k++) {
        const [c, s] = ROOTS[k * step];
        const [i, j] = [start + k, start + k + size / 2];
        const [x, y] = [re[j] * c - im[j] * s, re[j] * s + im[j] * c];
        [re[j], im[j]] = [re[i] - x, im[i] - y];
        [re[i], im[i]] = [re[i] + x, im[i] + y];
      }
    }
  }
}

/** Return the short-time spectrum of samples: {hop, columns}, each column from 0 Hz up [dB]. */
export function spectrum(samples) {
  const hop = HOP * Math.ceil(samples.length / HOP / MAX_COLUMNS);
  const columns = [];
  const [re, im] = [new Float64Array(FFT_LEN), new Float64Array(FFT_LEN)];
  for (let start = 0; start + WINDOW_LEN <= samples.length; start += hop) {
    re.fill(0);
    im.fill(0);
    for (let n = 0; n < WINDOW_LEN; n++) re[REVERSED[n]] = samples[start + n] * WINDOW[n];
    fft(re, im);
    columns.push(Float32Array.from({ length: FFT_LEN / 2 + 1 }, (_, k) => (
      10 * Math.log10(re[k] ** 2 + im[k] ** 2 + 1e-10)
    )));
  }
  return { hop, columns };
}

/** Return the largest level of a spectrum [dB]. */
export function peakLevel({ columns }) {
  return columns.reduce((peak, column) => column.reduce((a, b) => Math.max(a, b), peak), -100);
}

/** Red, green, blue and opacity of 256 levels, from dark to bright. */
const PALETTE = Array.from({ length: 256 }, (_, level) => {
  const at = (level / 255) * (MAGMA.length - 1);
  const i = Math.min(Math.floor(at), MAGMA.length - 2);
  return [...MAGMA[i].map((low, c) => low + (at - i) * (MAGMA[i + 1][c] - low)), 255];
});

const images = new WeakMap(); // of spectra

/** Return a spectrum as a picture of one pixel per value: the 60 dB below `peak`. */
function imageOf({ columns }, peak) {
  const [width, height] = [columns.length, columns[0].length];
  const image = new ImageData(width, height);
  columns.forEach((column, x) => column.forEach((level, k) => {
    const shade = Math.round(255 * (1 + (level - peak) / RANGE_DB));
    const at = 4 * ((height - 1 - k) * width + x);
    image.data.set(PALETTE[Math.min(Math.max(shade, 0), 255)], at);
  }));
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

/** Return the drawing context of a canvas, its size in CSS pixels, and the colours of the page. */
function prepare(canvas) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.max(Math.round(width * ratio), 1);
  canvas.height = Math.max(Math.round(height * ratio), 1);
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  pen.font = "12px system-ui, sans-serif";
  const style = getComputedStyle(canvas);
  const colour = (name) => style.getPropertyValue(`--${name}`).trim();
  return { pen, width, height, colour };
}

/** Draw the extremes of the samples behind each pixel, from -`top` to `top`. */
export function drawWaveform(canvas, samples, top = 1) {
  const { pen, width, height, colour } = prepare(canvas);
  pen.strokeStyle = colour("line");
  pen.strokeRect(0.5, 0.5, width - 1, height - 1);
  pen.fillStyle = colour("accent");
  const y = (value) => (height / 2) * (1 - value / top);
  for (let x = 0; x < width; x++) {
    const start = Math.floor((x * samples.length) / width);
    const end = Math.max(Math.floor(((x + 1) * samples.length) / width), start + 1);
    let [low, high] = [samples[start], samples[start]];
    for (let n = start; n < end; n++) {
      low = Math.min(low, samples[n]);
      high = Math.max(high, samples[n]);
    }
    pen.fillRect(x, y(high), 1, Math.max(y(low) - y(high), 1));
  }
}

/** Draw a spectrum: the 60 dB below `peak`; `length` is that of the recording [samples]. */
export function drawSpectrogram(canvas, spectrum, peak, length) {
  const { pen, width, height } = prepare(canvas);
  const { hop, columns } = spectrum;
  pen.fillStyle = `rgb(${MAGMA[0]})`;
  pen.fillRect(0, 0, width, height);
  if (!columns.length) return;
  if (!images.has(spectrum)) images.set(spectrum, imageOf(spectrum, peak));
  const left = (WINDOW_LEN - hop) / 2 / length; // a column stands at the middle of its window
  const span = (columns.length * hop) / length;
  pen.drawImage(images.get(spectrum), left * width, 0, span * width, height);
}

/**
 * Draw lag, rate and type of each frame. `frames` have {type, bits, lag, gain}, with four lags and
 * gains of the adaptive codebook, and begin at the samples `starts`. A lag of little gain is faint.
 * Each type has a line of its own, so that colours are not needed to tell them apart.
 */
export function drawTracks(canvas, frames, starts, length) {
  const sheet = prepare(canvas);
  sheet.x = (sample) => (sample / length) * sheet.width;
  const [first, second] = [0.44 * sheet.height, 0.7 * sheet.height];
  drawLags(sheet, frames, starts, { top: 0, bottom: first - 4 });
  drawRates(sheet, frames, starts, { top: first, bottom: second - 4 });
  drawTypes(sheet, frames, starts, { top: second, bottom: sheet.height });
}

function drawLags({ pen, width, x, colour }, frames, starts, lane) {
  const y = laneScale(lane, LAG_TOP);
  const labels = drawLane({ pen, width, colour }, lane, y, "lag [samples]", [50, 100]);
  pen.fillStyle = colour("accent");
  frames.forEach(({ type, lag, gain }, f) => lag.forEach((value, s) => {
    if (type !== "speech") return;
    pen.globalAlpha = Math.min(Math.max(gain[s], 0.15), 1);
    pen.fillRect(x(starts[f] + 40 * s), y(value) - 1, Math.max(x(40) - 0.5, 1.5), 2.5);
  }));
  pen.globalAlpha = 1;
  labels();
}

function drawRates({ pen, width, x, colour }, frames, starts, lane) {
  const y = laneScale(lane, RATE_TOP);
  const labels = drawLane({ pen, width, colour }, lane, y, "rate [kbit/s]", [4000, 8000]);
  pen.strokeStyle = colour("ink");
  pen.lineWidth = 1.5;
  pen.beginPath();
  frames.forEach(({ bits }, f) => {
    pen.lineTo(x(starts[f]), y(bits * 50));
    pen.lineTo(x(starts[f] + 160), y(bits * 50));
  });
  pen.stroke();
  labels();
}

function drawTypes({ pen, x, colour }, frames, starts, { top, bottom }) {
  const rows = [["speech", ["speech"]], ["pause", ["sid", "no_data"]], ["lost", ["bad"]]];
  const step = (bottom - top) / rows.length;
  rows.forEach(([name, types], row) => {
    const middle = top + (row + 0.5) * step;
    pen.fillStyle = colour(name === "lost" ? "bad" : "ink");
    for (const { type, from, to } of runs(frames.map((frame) => frame.type))) {
      if (!types.includes(type)) continue;
      const thick = type === "no_data" ? 2 : step / 2;
      const [left, right] = [x(starts[from]), x(starts[to - 1] + 160)];
      pen.fillRect(left, middle - thick / 2, Math.max(right - left, 1), thick);
    }
    drawLabel({ pen, colour }, name, 4, middle + 4);
  });
}

const laneScale = ({ top, bottom }, most) => (value) => bottom - ((bottom - top) * value) / most;

/** Draw the frame of a track and its marks; return a function that writes their labels on top. */
function drawLane({ pen, width, colour }, { top, bottom }, y, name, marks) {
  pen.strokeStyle = pen.fillStyle = colour("line");
  pen.lineWidth = 1;
  pen.strokeRect(0.5, Math.round(top) + 0.5, width - 1, Math.round(bottom - top) - 1);
  for (const mark of marks) pen.fillRect(0, Math.round(y(mark)), width, 1);
  return () => {
    for (const mark of marks) {
      const text = String(mark >= 1000 ? mark / 1000 : mark);
      drawLabel({ pen, colour }, text, width - pen.measureText(text).width - 4, y(mark) + 4);
    }
    drawLabel({ pen, colour }, name, 4, top + 14);
  };
}

/** Write a text on a patch of paper. */
function drawLabel({ pen, colour }, text, left, baseline) {
  pen.fillStyle = colour("paper");
  pen.fillRect(left - 2, baseline - 11, pen.measureText(text).width + 4, 14);
  pen.fillStyle = colour("quiet");
  pen.fillText(text, left, baseline);
}

/** Draw the seconds below the pictures. */
export function drawSeconds(canvas, seconds) {
  const { pen, width, height, colour } = prepare(canvas);
  pen.fillStyle = colour("quiet");
  const most = Math.max(width / 60, 1);
  const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60, 120, 300, 600];
  const step = steps.find((one) => seconds / one <= most) ?? 3600;
  for (let i = 0; i * step <= seconds; i++) {
    const at = ((i * step) / seconds) * width;
    pen.fillRect(Math.min(at, width - 1), 0, 1, 5);
    const text = `${Number((i * step).toFixed(1))} s`;
    const room = pen.measureText(text).width;
    pen.fillText(text, Math.min(Math.max(at - room / 2, 0), width - room), height - 2);
  }
}
