/** The page of `celpvq report`: scores, and clips that play after each codec. */

import {
  DELAY, Decoder, FRAME_LEN, SAMPLE_RATE, loadTables, parseHeader, readPackets,
} from "./celpvq.js";
import { legend, rateChart } from "./charts.js";
import {
  drawSeconds, drawSpectrogram, drawTracks, drawWaveform, peakLevel, runs, spectrum,
} from "./pictures.js";
import { element, sortableTable } from "./sortable.js";
import { SwitchingPlayer } from "./switching.js";

const data = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const FRAMES_AT_ONCE = 200; // decoded before the page may react again
const SKIP = SAMPLE_RATE / 2; // of the arrow keys [samples]

const player = new SwitchingPlayer(SAMPLE_RATE, showTransport);
const decoded = new Map(); // by number of the clip: a promise of its versions
let tables = null; // a promise
let clipNumber = -1;
let codec = "original"; // that plays
let nextPicture = 0; // that `follow` has asked for
let versions = []; // of the clip: {codec, kbps, samples, floats, peak, spectrum, frames, starts}

// ---- Decoding ----

const bytesOf = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
const breathe = () => new Promise((resolve) => { setTimeout(resolve); });

/** Return the versions of a clip, decoded. */
function decodeClip(number) {
  if (!decoded.has(number)) decoded.set(number, decodeVersions(data.clips[number], number));
  return decoded.get(number);
}

async function decodeVersions({ versions: stored, samples }, number) {
  const start = performance.now();
  const made = [];
  for (const [i, version] of stored.entries()) {
    if (number === clipNumber) say(`Decoding version ${i + 1} of ${stored.length} …`);
    await breathe();
    const bytes = bytesOf(data.sounds[version.sound]);
    const sound = version.form === "cvq"
      ? await decodeStream(bytes, version, samples) : await decodeFlac(bytes, samples);
    made.push({ ...version, ...sound });
  }
  made.seconds = (performance.now() - start) / 1000;
  return made;
}

/** Decode a .cvq file of which packets are lost; a lost one is concealed with the packet after it. */
async function decodeStream(bytes, { lost, enhancement }, length) {
  tables ??= loadTables(bytesOf(data.tables));
  const set = await tables;
  if (!set.hash.startsWith(parseHeader(bytes).tables)) {
    throw new Error("the stream was made with other tables");
  }
  const packets = readPackets(bytes);
  for (const number of lost) packets[number] = null;
  const decoder = new Decoder({ tables: set, enhancement });
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

// ---- The clip ----

/** Show a clip, and decode it first. */
async function showClip(number) {
  if (number < 0 || number >= data.clips.length) return;
  clipNumber = number;
  $("clip").value = String(number);
  $("previous").disabled = number === 0;
  $("next").disabled = number === data.clips.length - 1;
  player.pause();
  $("listen").setAttribute("aria-busy", "true");
  say("Decoding …");
  try {
    const made = await decodeClip(number);
    if (number !== clipNumber) return; // another one was chosen meanwhile
    versions = made;
  } catch (error) {
    if (number === clipNumber) say(`This browser cannot decode the clip: ${error.message}`, true);
    return;
  } finally {
    if (number === clipNumber) $("listen").removeAttribute("aria-busy");
  }
  player.load(versions.map(({ floats }) => floats), levelsOf());
  showVersions();
  select(Math.max(versions.findIndex((v) => v.codec === codec), 0));
  const { seconds } = versions;
  say(`Ready: ${versions.length} versions, decoded in ${seconds.toFixed(1)} s.`);
}

/** Return the gain of each version: 1, or such that all have the level of the original. */
function levelsOf() {
  if (!$("matched").checked) return versions.map(() => 1);
  const powers = versions.map(({ floats }) => meanSquare(floats));
  const gains = powers.map((power) => (power > 0 ? Math.sqrt(powers[0] / power) : 1));
  const loudest = Math.max(1, ...versions.map((version, i) => gains[i] * version.peak));
  return gains.map((gain) => gain / loudest); // nothing clips
}

/** Make a button for each version. */
function showVersions() {
  $("versions").replaceChildren(...versions.map((version, i) => {
    const key = i < 9 ? [element("kbd", { "aria-hidden": "true" }, String(i + 1)), " "] : [];
    const button = element("button", { type: "button", "aria-pressed": "false" }, ...key, version.codec);
    if (i < 9) button.setAttribute("aria-keyshortcuts", String(i + 1));
    button.addEventListener("click", () => select(i));
    return button;
  }));
}

/** Let a version be heard and seen. */
function select(i) {
  if (!versions[i]) return;
  player.select(i, levelsOf());
  codec = versions[i].codec;
  [...$("versions").children].forEach((button, k) => {
    button.setAttribute("aria-pressed", String(k === i));
  });
  describeVersion(versions[i]);
  draw();
  showClipScores();
}

function describeVersion(version) {
  const { codec: name, kbps, frames } = version;
  const rate = kbps === null ? "" : `, ${kbps.toFixed(2)} kbit/s`;
  const db = 10 * Math.log10(meanSquare(version.floats) + 1e-12);
  $("waveform-label").textContent = `Waveform of ${name}${rate}, mean level ${db.toFixed(1)} dB`;
  $("reference-label").textContent = "Spectrogram of the original, 0 to 4 kHz";
  $("spectrogram-label").textContent = `Spectrogram of ${name}, 0 to 4 kHz`;
  $("stream").hidden = $("packets").hidden = versions.every((other) => !other.frames);
  $("stream").classList.toggle("empty", !frames); // it keeps its place: a switch moves nothing
  $("tracks-label").textContent = `Lag, rate and frame types of ${name}`;
  $("packets").textContent = frames ? describeFrames(frames) : `${name} is no stream of celpvq.`;
}

const meanSquare = (floats) => floats.reduce((sum, x) => sum + x * x, 0) / floats.length;

/** Return the frames of a stream as text. */
function describeFrames(frames) {
  const types = frames.map(({ type }) => type);
  const count = (...wanted) => types.filter((type) => wanted.includes(type)).length;
  const bits = frames.reduce((sum, frame) => sum + frame.bits, 0);
  const kbps = (bits * SAMPLE_RATE) / FRAME_LEN / frames.length / 1000;
  const lags = frames.flatMap(({ type, lag }) => (type === "speech" ? lag : [])).sort((a, b) => a - b);
  const lag = lags.length ? ` Median lag ${lags[lags.length >> 1].toFixed(1)} samples.` : "";
  const seconds = (frame) => ((frame * FRAME_LEN) / SAMPLE_RATE).toFixed(2);
  const gaps = runs(types).filter(({ type }) => type === "bad");
  const where = gaps.map(({ from, to }) => `${seconds(from)} to ${seconds(to)} s`).join(", ");
  return `${frames.length} packets: ${count("speech")} with speech, ${count("sid", "no_data")} in`
    + ` pauses, ${count("bad")} lost. ${kbps.toFixed(2)} kbit/s arrive.${lag}`
    + (gaps.length ? ` Lost: ${where}.` : "");
}

/** Draw the pictures of the version, in the present size and colours. */
function draw() {
  const version = versions[player.chosen];
  if (!version) return;
  const { length } = player;
  const peak = peakLevel(versions[0].spectrum);
  const loudest = Math.max(0.01, ...versions.map((other) => other.peak));
  drawWaveform($("waveform"), version.floats, loudest);
  drawSpectrogram($("reference"), versions[0].spectrum, peak, length);
  drawSpectrogram($("spectrogram"), version.spectrum, peak, length);
  drawSeconds($("seconds"), length / SAMPLE_RATE);
  if (version.frames) drawTracks($("tracks"), version.frames, version.starts, length);
  showPosition();
}

/** Show the scores of the clip by version. */
function showClipScores() {
  if (!data.heads.length) return;
  const { name } = data.clips[clipNumber];
  const none = data.heads.map(() => ({ text: "-", value: null }));
  const rows = versions.slice(1).map(({ codec: own, kbps }) => [
    { text: own },
    { text: kbps === null ? "-" : kbps.toFixed(2), value: kbps },
    ...(data.scores[own]?.[name] ?? none),
  ]);
  const head = [{ title: "codec" }, { title: "kbit/s" }, ...data.heads];
  const table = sortableTable({ caption: `Scores of ${name}`, head, rows });
  for (const row of table.querySelectorAll("tbody tr")) {
    if (row.cells[0].textContent === codec) row.setAttribute("aria-current", "true");
  }
  $("clip-scores").replaceChildren(table);
}

// ---- Transport ----

function say(text, isError = false) {
  $("status").textContent = text;
  $("status").classList.toggle("error", isError);
}

function showTransport() {
  $("play").textContent = player.playing ? "Pause" : "Play";
  $("position").max = String(player.length);
  follow();
}

/** Show the position now, and while the player plays in each picture of the screen. */
function follow() {
  showPosition();
  cancelAnimationFrame(nextPicture);
  if (player.playing) nextPicture = requestAnimationFrame(follow);
}

function showPosition() {
  const [now, end] = [player.position / SAMPLE_RATE, player.length / SAMPLE_RATE];
  const text = `${now.toFixed(1)} of ${end.toFixed(1)} s`;
  $("position").value = String(player.position);
  if ($("time").textContent !== text) {
    $("time").textContent = text;
    $("position").setAttribute("aria-valuetext", text);
  }
  const x = player.length ? (player.position / player.length) * $("pictures").clientWidth : 0;
  $("cursor").style.transform = `translateX(${Math.min(x, $("pictures").clientWidth - 2)}px)`;
}

function toggle() {
  if (!versions.length || $("listen").hasAttribute("aria-busy")) return;
  if (player.playing) player.pause();
  else player.play();
}

/** Do what a key of the player stands for; return whether it is one. */
function press(key) {
  if (/^[1-9]$/.test(key)) select(Number(key) - 1);
  else if (key === " ") toggle();
  else if (key === "ArrowLeft") player.seek(player.position - SKIP);
  else if (key === "ArrowRight") player.seek(player.position + SKIP);
  else if (key === "Home") player.seek(0);
  else if (key === "p") showClip(clipNumber - 1);
  else if (key === "n") showClip(clipNumber + 1);
  else return false;
  return true;
}

/** Return whether an element has a use of its own for a key. */
function uses(target, key) {
  if (target.closest("input:not([type=checkbox]), select, textarea")) return true;
  if (target.closest(".scroll") === target) return key.startsWith("Arrow") || key === "Home";
  if (key !== " ") return false;
  const isChosen = target.closest("#versions") && target.getAttribute("aria-pressed") === "true";
  return Boolean(target.closest("button, input, summary, a")) && !isChosen;
}

document.addEventListener("keydown", (event) => {
  const { target, key } = event;
  if (event.ctrlKey || event.altKey || event.metaKey || uses(target, key)) return;
  if (!$("keys").checked && !target.closest("#versions")) return;
  if (press(key)) event.preventDefault();
});

// ---- The page ----

function option(text, value) {
  return element("option", { value: String(value) }, text);
}

function showScores() {
  $("scores").hidden = !data.means.length;
  $("means").append(...data.means.map(sortableTable));
  const charts = data.charts.filter(({ series }) => series.length);
  $("rates").hidden = !charts.length;
  if (!charts.length) return;
  $("legend").append(...legend(charts[0].series));
  $("charts").append(...charts.map(rateChart));
}

/** Show one score of all clips and codecs. */
function showClipTable() {
  const column = Number($("score").value);
  const codecs = Object.keys(data.scores);
  const none = { text: "-", value: null };
  const { title, better } = data.heads[column];
  const rows = data.clips.map(({ name, samples }, number) => {
    const open = element("button", { class: "open", type: "button" }, name);
    open.addEventListener("click", () => {
      showClip(number);
      $("listen").scrollIntoView();
      $("play").focus({ preventScroll: true });
    });
    const seconds = samples / SAMPLE_RATE;
    const cells = codecs.map((one) => data.scores[one][name]?.[column] ?? none);
    return [open, { text: seconds.toFixed(1), value: seconds }, ...cells];
  });
  const head = [{ title: "clip" }, { title: "seconds" }, ...codecs.map((one) => ({ title: one, better }))];
  $("clip-table").replaceChildren(sortableTable({ caption: `${title} of the clips on this page`, head, rows }));
}

function showNotes() {
  const lines = [...data.notes, ...data.failures.map((line) => `No score: ${line}`)];
  $("notes").hidden = !lines.length;
  $("note-list").append(...lines.map((line) => element("li", {}, line)));
}

function start() {
  $("title").textContent = data.title;
  const scored = data.scored ? `${data.scored} clips scored, ` : "";
  $("about").textContent = `${scored}${data.clips.length} clips to hear. This file decodes its speech by itself.`;
  $("made").textContent = `Made by celpvq ${data.version}.`;
  showScores();
  showNotes();
  $("clip").append(...data.clips.map(({ name }, i) => option(name, i)));
  $("clips").hidden = !data.heads.length;
  if (data.heads.length) {
    $("score").append(...data.heads.map(({ title }, i) => option(title, i)));
    showClipTable();
  }
  $("score").addEventListener("change", showClipTable);
  $("clip").addEventListener("change", () => showClip(Number($("clip").value)));
  $("previous").addEventListener("click", () => showClip(clipNumber - 1));
  $("next").addEventListener("click", () => showClip(clipNumber + 1));
  $("play").addEventListener("click", toggle);
  $("position").addEventListener("input", () => player.seek(Number($("position").value)));
  $("loop").addEventListener("change", () => { player.loop = $("loop").checked; });
  $("matched").addEventListener("change", () => player.select(player.chosen, levelsOf()));
  $("pictures").addEventListener("pointerdown", (event) => {
    const box = $("pictures").getBoundingClientRect();
    player.seek(((event.clientX - box.left) / box.width) * player.length);
  });
  new ResizeObserver(draw).observe($("pictures"));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  showClip(0);
}

/** For scripts that check the page: its player, and the decoded versions of a clip. */
globalThis.celpvqReport = { player, decodeClip };

start();
