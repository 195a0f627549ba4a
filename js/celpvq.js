/**
 * celpvq: a decoder of the speech codec celpvq, in one file without dependencies.
 *
 *     import { decode, Decoder } from "celpvq";
 *     const { channelData, sampleRate } = await decode(bytes); // the bytes of a .cvq file
 *
 *     const decoder = new Decoder(); // a stream, packet by packet
 *     await decoder.ready;
 *     const { channelData } = decoder.decodeFrame(packet); // or null for a lost packet
 *
 * It follows the project's specification (docs/spec), in its order and with its names: also the order
 * of all sums is that of the specification, so the samples are those of the Python decoder to the bit.
 */

// ---- Errors ----

/** Any error of celpvq. */
export class CelpvqError extends Error {
  constructor(message, options) {
    super(message, options);
    this.name = new.target.name;
  }
}
export class ArgumentError extends CelpvqError {}
export class ArgumentTypeError extends CelpvqError {}
export class FormatError extends CelpvqError {} // data are foreign, corrupt, or of a newer version
export class TruncatedStream extends FormatError {} // a stream ends too early
export class TablesError extends CelpvqError {} // missing, damaged, or the wrong ones

// ---- Modes and packets ----

export const SAMPLE_RATE = 8000; // Hz
export const FRAME_LEN = 160; // samples
export const DELAY = 40; // samples that the decoded stream is late
const ORDER = 10; // of the predictor
const N_SUB = 4; // subframes of a frame
const SUB_LEN = 40; // samples of a subframe
const MIN_LAG = 20;
const MAX_LAG = 143;
const SID_BYTES = 2;

/** The bits of the fields lsf, lag, gain and fcb, which are S, L, G and F in the order of a packet:
    L0.5-4 is bits 5 and 4 of the lag of subframe 0. */
export const MODES = Object.freeze([
  mode(4800, [1, 7, 6, 6], [8, 5, 5, 5], [4, 4, 4, 4], [10, 9, 9, 9], `
  S0.0 L0.5-4 L1.4 L0.6 L1.3 L0.7 L0.3 L2.4-3 L3.4-3 S1.6-0 L1.2 L0.2 G3.0 G0.0 G2.2 L2.2 G1.0
  G1.2 G3.2 G0.2 G2.0 L1.1 F2.0 F1.0 F0.0 S2.5-0 L3.2 F3.0 L0.1 L2.1 G1.3 G1.1 L0.0 G3.1 G0.1
  F1.8-1 F2.8-1 G2.1 L1.0 G2.3 F0.9-1 G3.3 F3.8-1 G0.3 L3.1 S3.5-0 L2.0 L3.0`),
  mode(5600, [1, 7, 6, 6], [8, 8, 8, 8], [4, 4, 4, 4], [11, 11, 11, 11], `
  S0.0 L1.5 L3.5 L0.5 L2.5 L1.7 L0.6 L3.6 L1.6 L3.7 L2.4 L1.4 L2.6 L0.7 L2.7 L3.4 L0.4 G3.2
  S1.6-0 L1.3 L0.3 L3.3 G1.2 G2.2 G0.2-1 L2.3 F0.0 G2.1 G1.1 F3.0 F1.0 G3.1 L1.2 L3.2 G2.0 L2.2
  F2.0 G1.0 S2.5-0 G3.3 L0.2 G2.3 F0.10-1 L1.1 F3.10-1 G3.0 G0.0 F1.10-1 F2.10-1 L2.1 G1.3 L0.1
  G0.3 L3.1 S3.5-0 L2.0 L0.0 L3.0 L1.0`),
  mode(6400, [1, 8, 7, 6], [8, 5, 8, 5], [4, 4, 4, 4], [16, 16, 16, 16], `
  S0.0 L2.5 L0.4 L2.4 L0.5 L2.6 L0.6 L3.4-3 L1.4 L2.7 L2.3 L0.7 L0.3 L1.3 G2.0 S1.7-0 G3.0 G1.1
  L0.2 L2.2 G3.2 G0.0 G1.2 G0.1 L3.2 G2.1 G3.1 L1.2 G2.2 G0.2 F2.1 G1.0 S2.6-0 F1.1 L0.1 L2.1
  F3.0 F3.1 F1.0 F2.0 F0.1 G2.3 G1.3 L0.0 L3.1 G0.3 F1.15-9 L2.0 F0.0 F2.15-9 L1.1 F3.8-2 F2.8-2
  F1.8-2 F0.15-9 F3.15-9 G3.3 L3.0 L1.0 F0.8-2 S3.5-0`),
  mode(7200, [1, 8, 7, 6], [8, 8, 8, 8], [5, 4, 5, 4], [18, 18, 18, 18], `
  S0.0 L0.5 L1.5-4 L2.5 L3.5 L3.7 L1.6 L1.7 L2.4 L0.6 L2.6 L3.6 L0.4 L3.4 L0.7 L2.7 L0.3 S1.7-0
  L3.3 L1.3 G1.3 G3.3 G0.2 L2.3 G2.2 G1.2 G3.0 G1.0 G2.0 L1.2 L0.2 G0.3 F3.1 S2.6-0 G3.2 L2.2
  L3.2 G0.4 G2.3 F2.1 F1.1 G0.0 G2.4 L1.1 F1.0 F2.0 F3.0 F0.1-0 L3.1 G3.1 L0.1 F3.17-10 L2.1
  F2.17-10 F0.17-10 F1.17-10 F2.9-2 G1.1 F3.9-2 F0.9-2 F1.9-2 L1.0 G2.1 S3.5-0 G0.1 L2.0 L3.0
  L0.0`),
  mode(8000, [1, 9, 7, 7], [8, 8, 8, 8], [5, 5, 5, 5], [21, 21, 21, 21], `
  S0.0 L3.5 L0.5 L1.5 L2.5 L3.6 L2.4 L3.7 L1.4 L0.4 L3.4 L0.6 L1.6 L2.7 L1.7 L0.7 L2.6 L0.3
  S1.8-0 L1.3 L3.3 G0.4 L2.3 G3.1 G2.1 G1.4 G3.2 L3.2 L2.2 L1.2 G0.1 L0.2 G2.4 G1.3 G1.1 G3.4
  G0.3 G3.3 G0.2 G2.3 F3.1 F1.1 G2.2 F2.1 F0.1 S2.6-0 L1.1 F0.0 L2.1 G1.2 F1.0 L0.1 F3.0 L3.1
  F0.20-11 F2.20-11 F2.0 F3.20-11 F1.20-11 G1.0 G3.0 G0.0 F3.10-2 G2.0 L1.0 F0.10-2 L2.0 L3.0
  F1.10-2 F2.10-2 L0.0 S3.6-0`),
]);

/** Return a mode; `order` lists runs of bits, each the field, its entry, and its bits. */
function mode(bitrate, lsf, lag, gain, fcb, order) {
  const places = []; // of each bit of a packet
  const fields = { S: "lsf", L: "lag", G: "gain", F: "fcb" };
  for (const [, letter, entry, high, low] of order.matchAll(/(\w)(\d)\.(\d+)(?:-(\d+))?/g)) {
    for (let place = Number(high); place >= Number(low ?? high); place--) {
      places.push({ field: fields[letter], entry: Number(entry), place });
    }
  }
  const bits = { lsf, lag, gain, fcb };
  return Object.freeze({ bitrate, bits, places, frameBytes: places.length / 8 });
}

const modeOfLength = (length) => MODES.find((m) => m.frameBytes === length);
const modeOfRate = (bitrate) => MODES.find((m) => m.bitrate === bitrate);

/** Return the indices {lsf, lag, gain, fcb}, 4 of each, of a speech packet. */
function unpack({ places }, packet) {
  const indices = { lsf: [0, 0, 0, 0], lag: [0, 0, 0, 0], gain: [0, 0, 0, 0], fcb: [0, 0, 0, 0] };
  for (let i = 0; i < places.length; i++) {
    const { field, entry, place } = places[i];
    indices[field][entry] |= ((packet[i >> 3] >> (7 - (i & 7))) & 1) << place;
  }
  return indices;
}

/** Return the row of the LSF book and the level of a SID. */
function unpackSid(packet) {
  if (packet[1] & 1) throw new FormatError(`SID: expected a last bit 0, got ${hex(packet)}`);
  const value = ((packet[0] << 8) | packet[1]) >> 1;
  return { row: value >> 5, level: value & 31 };
}

/** Return the fields of a redundant frame: 10, 7, 5 and 2 bits. */
function unpackRedundancy(data) {
  if (data.length !== 3) throw new FormatError(`redundancy: expected 3 bytes, got ${data.length}`);
  const value = (data[0] << 16) | (data[1] << 8) | data[2];
  return {
    row: value >> 14,
    lag: ((value >> 7) & 127) + MIN_LAG,
    levelDb: -80 + 2 * ((value >> 2) & 31),
    pitchGain: 0.3 * (value & 3),
  };
}

const hex = (bytes) => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");

const viewOf = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const zeros = (n) => new Float64Array(n);
const subframes = (n) => Array.from({ length: N_SUB }, () => zeros(n));
const total = (values) => values.reduce((sum, x) => sum + x, 0); // in order
const clip = (x, low, high) => Math.min(Math.max(x, low), high);

/** Return bytes as a Uint8Array; throw `ArgumentTypeError` for anything else. */
function asBytes(data, name) {
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  if (!ArrayBuffer.isView(data)) {
    throw new ArgumentTypeError(`${name}: expected bytes, got ${data === null ? null : typeof data}`);
  }
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

// ---- Container ----

const HEADER_LEN = 32;
const BLOCK_PACKETS = 50;
const VARIABLE = 1;
const UNKNOWN_LENGTH = 2;

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

/** Return the CRC-32 of bytes, as in zlib. */
function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = CRC_TABLE[(crc ^ byte) & 255] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** Return the number of samples at 8000 Hz, halves rounded to even; n and the result are BigInt. */
function samples8k(n, sampleRate) {
  const from = BigInt(sampleRate);
  const whole = (n * 8000n) / from;
  const twice = 2n * ((n * 8000n) % from);
  return twice > from || (twice === from && whole % 2n) ? whole + 1n : whole;
}

const packetCount = (n, sampleRate) => (samples8k(n, sampleRate) + BigInt(DELAY + FRAME_LEN - 1)) / 160n;

/**
 * Return the header of a .cvq file. Its `tables` are 16 hexadecimal digits. Its `sampleRate` and
 * `nSamples`, a BigInt, are those of the original; nSamples is null if the end of the file states it.
 */
export function parseHeader(data) {
  const bytes = asBytes(data, "data").subarray(0, HEADER_LEN);
  const magic = [0x89, 0x43, 0x56, 0x51];
  if (!bytes.length || magic.some((byte, i) => i < bytes.length && bytes[i] !== byte)) {
    throw new FormatError(`not a celpvq stream: it begins with ${hex(bytes.subarray(0, 4))}`);
  }
  if (bytes.length < HEADER_LEN) throw new TruncatedStream(`header: got ${bytes.length} bytes only`);
  const view = viewOf(bytes);
  if (bytes[4] !== 1) throw new FormatError(`expected format version 1, got ${bytes[4]}`);
  if (view.getUint32(28, true) !== crc32(bytes.subarray(0, 28))) {
    throw new FormatError("damaged header: its CRC does not match");
  }
  const flags = bytes[5];
  if (flags & ~(VARIABLE | UNKNOWN_LENGTH)) {
    throw new FormatError(`expected flags of version 1, got 0x${hex([flags])}`);
  }
  const bitrate = view.getUint16(6, true);
  if (!modeOfRate(bitrate)) throw new FormatError(`expected a known mode, got ${bitrate} bit/s`);
  const sampleRate = view.getUint32(16, true);
  if (sampleRate < 4000 || sampleRate > 192000) {
    throw new FormatError(`expected a sample rate of 4000 to 192000 Hz, got ${sampleRate} Hz`);
  }
  const nSamples = view.getBigUint64(20, true);
  if (flags & UNKNOWN_LENGTH ? nSamples : !nSamples) {
    if (nSamples) throw new FormatError(`expected no length, got ${nSamples} samples`);
    throw new TruncatedStream("incomplete: its writer never stored the length");
  }
  return {
    bitrate, tables: hex(bytes.subarray(8, 16)), sampleRate, nSamples: nSamples || null,
    variable: Boolean(flags & VARIABLE),
  };
}

/** Reads a file. */
class Reader {
  constructor(data) {
    this.bytes = asBytes(data, "data");
    this.header = parseHeader(this.bytes);
    this.nSamples = this.header.nSamples;
    this.at = HEADER_LEN;
    this.nPackets = 0; // read so far
    this.left = Infinity;
    this.frameBytes = modeOfRate(this.header.bitrate).frameBytes;
    if (this.nSamples === null) return;
    const n = packetCount(this.nSamples, this.header.sampleRate);
    const shortest = BigInt(this.header.variable ? 1 : this.frameBytes);
    const expected = n * shortest + ((n + 49n) / 50n) * 4n;
    const got = this.bytes.length - HEADER_LEN;
    if (BigInt(got) < expected) {
      throw new TruncatedStream(`expected ${n} packets, ${expected} bytes or more, got ${got}`);
    }
    this.left = Number(n);
  }

  /** Return the next bytes; an error names them. */
  read(size, what) {
    const part = this.bytes.subarray(this.at, this.at + size);
    if (part.length < size) throw new TruncatedStream(`expected ${what}, got the end`);
    this.at += size;
    return part;
  }

  /** Read the CRC of the bytes from `start`. */
  checkCrc(start, what) {
    const expected = crc32(this.bytes.subarray(start, this.at));
    const crc = this.read(4, `the CRC of the ${what}`);
    if (viewOf(crc).getUint32(0, true) !== expected) {
      throw new FormatError(`damaged ${what}: its CRC does not match`);
    }
  }

  /** Yield the packets of each block. */
  *blocks() {
    const known = this.left < Infinity;
    while (this.left > 0) {
      const start = this.at;
      const [n] = known ? [Math.min(this.left, BLOCK_PACKETS)] : this.read(1, "a block or the trailer");
      if (n === 0) {
        this.readTrailer(start);
        break;
      }
      if (n > BLOCK_PACKETS) {
        throw new FormatError(`expected at most ${BLOCK_PACKETS} packets in a block, got ${n}`);
      }
      this.left -= n;
      const packets = Array.from({ length: n }, (_, i) => this.packet(this.nPackets + i));
      this.checkCrc(start, `block after packet ${this.nPackets}`);
      this.nPackets += n;
      yield packets;
    }
    if (this.at < this.bytes.length) throw new FormatError("expected the end, got more data");
  }

  packet(number) {
    let size = this.frameBytes;
    if (this.header.variable) {
      [size] = this.read(1, `packet ${number}`);
      if (size !== 0 && size !== SID_BYTES && !modeOfLength(size)) {
        throw new FormatError(`packet ${number}: no mode has ${size} bytes`);
      }
    }
    return this.read(size, `packet ${number}`);
  }

  readTrailer(start) {
    const n = viewOf(this.read(8, "the trailer")).getBigUint64(0, true);
    this.checkCrc(start, "trailer");
    if (!n || packetCount(n, this.header.sampleRate) !== BigInt(this.nPackets)) {
      throw new FormatError(`expected a length of ${this.nPackets} packets, got ${n} samples`);
    }
    this.nSamples = n;
  }
}

/** Return the packets of a .cvq file, one for each frame: speech, SIDs, and empty ones (NO_DATA). */
export function readPackets(data) {
  return [...new Reader(data).blocks()].flat();
}

// ---- Tables ----

/** Yield [name, bytes] of the members of a zip archive, which are stored or deflated. */
async function* unzip(bytes) {
  const view = viewOf(bytes);
  const [u16, u32] = [(at) => view.getUint16(at, true), (at) => view.getUint32(at, true)];
  let end = bytes.length - 22; // the last record
  while (u32(end) !== 0x06054b50) end--;
  let at = u32(end + 16); // of the directory
  let room = 1 << 24; // bytes
  for (let left = u16(end + 10); left > 0; left--) {
    const [method, nameLen, local] = [u16(at + 10), u16(at + 28), u32(at + 42)];
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLen));
    const start = local + 30 + u16(local + 26) + u16(local + 28);
    let data = bytes.subarray(start, start + u32(at + 20));
    room -= u32(at + 24);
    if (room < 0) throw new RangeError("unpacks to more than any set");
    if (method === 8) { // as a gzip file, whose end is the CRC and the length
      const head = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0);
      const tail = [bytes.subarray(at + 16, at + 20), bytes.subarray(at + 24, at + 28)];
      const packed = new Blob([head, data, ...tail]).stream();
      const unpacked = packed.pipeThrough(new DecompressionStream("gzip"));
      data = new Uint8Array(await new Response(unpacked).arrayBuffer());
    }
    yield [name, data];
    at += 46 + nameLen + u16(at + 30) + u16(at + 32);
  }
}

/** Return the array of an npy file: {type, shape, bytes}. */
function parseNpy(file) {
  const view = viewOf(file);
  const start = file[6] > 1 ? 12 + view.getUint32(8, true) : 10 + view.getUint16(8, true);
  const text = new TextDecoder("latin1").decode(file.subarray(0, start));
  const form = /NUMPY.+'descr': '([^']+)', 'fortran_order': False, 'shape': \(([\d, ]*)\)/s;
  const [, type, sizes] = text.match(form);
  return { type, shape: sizes.match(/\d+/g).map(Number), bytes: file.subarray(start) };
}

/** Return the number that 16 bits stand for. */
function half(bits) {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const size = exponent ? (1024 + fraction) * 2 ** (exponent - 25) : fraction * 2 ** -24;
  return bits & 0x8000 ? -size : size;
}

function valuesOf(name, { type, shape, bytes }) {
  const n = shape.reduce((product, size) => product * size, 1);
  const view = viewOf(bytes);
  const get = {
    "<f4": (i) => view.getFloat32(4 * i, true),
    "<f2": (i) => half(view.getUint16(2 * i, true)),
    "|i1": (i) => view.getInt8(i),
  }[type];
  const values = Float64Array.from({ length: n }, (_, i) => get(i));
  if (!values.every(Number.isFinite)) {
    throw new TablesError(`tables: ${name}: expected finite values`);
  }
  return values;
}

/** Return the SHA-256 in hexadecimal digits. */
async function sha256(bytes) {
  if (globalThis.crypto?.subtle) return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
  return (await import("./sha256.js")).sha256(bytes); // in pages from http
}

/**
 * Return a promise of a set of tables, to be passed as `tables`, from the bytes of its file. `fast`
 * lets the network use WebAssembly.
 */
export async function loadTables(data, { fast = true } = {}) {
  const bytes = asBytes(data, "tables");
  try {
    const arrays = new Map();
    for await (const [file, content] of unzip(bytes)) {
      const name = file.replace(/\.npy$/, "");
      if (name !== "provenance") arrays.set(name, parseNpy(content));
    }
    return await collect(arrays, fast);
  } catch (error) {
    if (error instanceof CelpvqError) throw error;
    throw new TablesError(`tables: ${error.message}`, { cause: error });
  }
}

/** Return a set of tables from its arrays. */
async function collect(arrays, fast) {
  const parts = []; // of the text that is hashed
  for (const name of [...arrays.keys()].sort()) {
    const { type, shape, bytes } = arrays.get(name);
    const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
    parts.push(`${name} ${type} ${tuple}\n`, bytes);
  }
  const hash = await sha256(new Uint8Array(await new Blob(parts).arrayBuffer()));

  const get = (name) => {
    if (!arrays.has(name)) throw new TablesError(`tables: missing array: ${name}`);
    return valuesOf(name, arrays.get(name));
  };
  const shared = { mean: get("lsf_mean"), rho: get("lsf_rho"), sid: get("lsf_silence") };
  const modes = new Map(); // by bit rate
  for (const { bitrate, bits } of MODES) {
    const name = `lsf${bits.lsf.reduce((sum, n) => sum + n)}`;
    modes.set(bitrate, {
      ...shared,
      stage1: get(`${name}_stage1`), low: get(`${name}_low`), high: get(`${name}_high`),
      lsfBits: bits.lsf,
      lagBits: bits.lag,
      books: bits.fcb.map((n) => fixedBook(n, get)),
      gains: bits.gain.map((n) => get(`gain${bitrate}_${n}`)),
      predictor: get(`predictor${bitrate}`),
    });
  }
  const network = arrays.has("enhancement_taps") ? new Network(get, fast) : null;
  return Object.freeze({ hash, modes, network });
}

/** Return the stages of a fixed codebook of n bits, and the bits of a row of the second. */
function fixedBook(n, get) {
  if (n <= 11) return { first: get(`fcb${n}_1`), second: null, bits2: 0 };
  return { first: get(`fcb${n}_1`), second: get(`fcb${n}_2`), bits2: (n - 2) >> 1 };
}

async function readBeside(path) {
  const url = new URL(path, import.meta.url);
  if (url.protocol === "file:" && globalThis.process?.versions?.node) {
    return (await import("node:fs/promises")).readFile(url);
  }
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}

const shipped = new Map(); // promises of sets

/**
 * Return a promise of the set in the folder `tables` beside this file whose hash begins with these
 * 16 hexadecimal digits; by default, of the set that new streams use.
 */
export async function tablesByHash(digest = null) {
  let name = digest;
  try {
    name ??= new TextDecoder().decode(await readBeside("tables/default")).slice(0, 16);
    if (!/^[0-9a-f]{16}$/.test(name)) throw new Error("expected 16 hexadecimal digits");
    if (!shipped.has(name)) {
      shipped.set(name, readBeside(`tables/${name}.npz`).then((data) => loadTables(data)));
    }
    const tables = await shipped.get(name);
    if (!tables.hash.startsWith(name)) throw new Error(`its hash is ${tables.hash}`);
    return tables;
  } catch (error) {
    shipped.delete(name);
    throw new TablesError(`tables: no set with hash ${name}: ${error.message}`, { cause: error });
  }
}

// ---- Line spectral frequencies ----

const MIN_GAP = 0.035; // radians

/** Return LSF of a flat spectrum. */
const flatLsf = () => Float64Array.from({ length: ORDER }, (_, i) => (i + 1) * (Math.PI / (ORDER + 1)));

/** Sort the LSF and move them apart, in place. */
function stabilize(lsf) {
  lsf.sort();
  let low = MIN_GAP;
  for (let i = 0; i < ORDER; i++) {
    lsf[i] = Math.max(lsf[i], low);
    low = lsf[i] + MIN_GAP;
  }
  let high = Math.PI - MIN_GAP;
  for (let i = ORDER - 1; i >= 0; i--) {
    lsf[i] = Math.min(lsf[i], high);
    high = lsf[i] - MIN_GAP;
  }
}

/** Return the LSF of indices after the LSF `prev`. */
function dequantizeLsf([predictor, i1, i2, i3], tables, prev) {
  const { mean, rho, stage1, low, high, lsfBits } = tables;
  const lsf = zeros(ORDER);
  const split = ORDER / 2;
  const row1 = ((predictor << lsfBits[1]) + i1) * ORDER;
  const row2 = ((predictor << lsfBits[2]) + i2) * split;
  const row3 = ((predictor << lsfBits[3]) + i3) * split;
  for (let i = 0; i < ORDER; i++) {
    lsf[i] = mean[i] + rho[predictor * ORDER + i] * (prev[i] - mean[i]);
    lsf[i] += stage1[row1 + i];
    lsf[i] += i < split ? low[row2 + i] : high[row3 + i - split];
  }
  stabilize(lsf);
  return lsf;
}

/** Return cos(x), 0 <= x <= pi, by a series. */
function cosine(x) {
  const y = x - 0.5 * Math.PI;
  const z = y * y;
  let s = 1 - z / 210;
  for (const d of [156, 110, 72, 42, 20, 6]) s = 1 - (z / d) * s;
  return -y * s;
}

/** Put half the product of 1 - 2 cos(w) z^-1 + z^-2 over every other LSF into out. */
function expandPairs(lsf, first, out) {
  out.fill(0);
  out[0] = 1;
  for (let m = 0; m < ORDER / 2; m++) {
    const b = -2 * cosine(lsf[2 * m + first]);
    for (let i = m + 1; i >= 2; i--) {
      const old = i <= m ? out[i] : out[2 * m - i]; // the polynomial is symmetric
      out[i] = old + b * out[i - 1] + out[i - 2];
    }
    out[1] = (m >= 1 ? out[1] : 0) + b * out[0];
  }
}

const sumHalf = zeros(ORDER / 2 + 1);
const differenceHalf = zeros(ORDER / 2 + 1);
const between = zeros(ORDER);

/** Put the predictor of subframe s into lpc: its LSF lie between prev and now. */
function interpolatedLpc(prev, now, s, lpc) {
  const weight = 0.25 * (s + 1);
  for (let i = 0; i < ORDER; i++) between[i] = (1 - weight) * prev[i] + weight * now[i];
  expandPairs(between, 0, sumHalf);
  expandPairs(between, 1, differenceHalf);
  for (let i = 0; i < ORDER / 2; i++) {
    const p = sumHalf[i + 1] + sumHalf[i];
    const q = differenceHalf[i + 1] - differenceHalf[i];
    lpc[i] = 0.5 * (p + q);
    lpc[ORDER - 1 - i] = 0.5 * (p - q);
  }
}

// ---- Excitation and synthesis ----

const CLAMP = 4;
const TINY = 1e-30;
const REACH = 10; // of the interpolator to each side
const MIN_SHARPENING = 0.2;
const MAX_SHARPENING = 0.8;
const MAX_CHANGE_DB = 30;
const LEAST_RMS = 1e-6;
const LOG2_10_20 = 0.16609640474436813;
const LN2 = 0.6931471805599453;

/** The taps for 1/3 and 2/3 of a sample. */
export const FINE_TAPS = [
  [-131, 242, -405, 640, -974, 1459, -2203, 3506, -6571, 27107,
    13470, -5160, 2973, -1915, 1276, -850, 552, -344, 200, -104],
  [-104, 200, -344, 552, -850, 1276, -1915, 2973, -5160, 13470,
    27107, -6571, 3506, -2203, 1459, -974, 640, -405, 242, -131],
].map((taps) => Float64Array.from(taps, (tap) => tap / 2 ** 15));

/** Put sum gains[j] x[start + j + n] into out[to + n], for n < count. */
function sumOfShifts(gains, x, start, out, to, count) {
  out.fill(0, to, to + count);
  for (let j = 0; j < gains.length; j++) {
    const [gain, from] = [gains[j], start + j];
    for (let n = 0; n < count; n++) out[to + n] += gain * x[from + n];
  }
}

/** Move the last p values of a signal to its front; set tiny ones to 0. */
function keepPast(signal, p) {
  const start = signal.length - p;
  for (let i = 0; i < p; i++) {
    const x = signal[start + i];
    signal[i] = Math.abs(x) > TINY ? x : 0;
  }
}

function clamp(x, start) {
  for (let n = start; n < x.length; n++) x[n] = clip(x[n], -CLAMP, CLAMP);
}

/** Put the newest value in front of the past. */
function push(value, past) {
  past.copyWithin(1, 0, past.length - 1);
  past[0] = value;
}

/** Return the root mean square of a subframe of x. */
function rms(x, start) {
  let acc = 0;
  for (let n = start; n < start + SUB_LEN; n++) acc += x[n] * x[n];
  return Math.max(Math.sqrt(acc / SUB_LEN), LEAST_RMS);
}

/** Return 10^(level / 20), by a series. */
function decibelToLinear(levelDb) {
  const y = clip(levelDb, -200, 200) * LOG2_10_20;
  const whole = Math.trunc(y + 64) - 64;
  const x = (y - whole - 0.5) * LN2;
  let p = 1 + x / 9;
  for (let k = 8; k >= 2; k--) p = 1 + (x / k) * p;
  p = (1 + x * p) * Math.sqrt(2);
  return p * 2 ** whole;
}

/** Return the lag [thirds of a sample] of an index of 8 or 5 bits. */
function dequantizeLag(index, bits, lag3Prev) {
  if (bits === 8) return index < 195 ? 60 + index : 3 * Math.min(85 + index - 195, MAX_LAG);
  const centre = clip(roundedLag(lag3Prev), MIN_LAG + 11, MAX_LAG - 12);
  if (index < 9) return 3 * (centre - 11 + index);
  if (index < 22) return 3 * (centre - 2) + index - 9;
  return 3 * (centre + 3 + index - 22);
}

/** Return a lag in whole samples, rounded. */
const roundedLag = (lag3) => Math.floor((lag3 + 1) / 3);

/** Put the adaptive codebook vector of a lag [thirds] after the past excitation. */
function adaptiveVector(lag3, exc) {
  const lag = Math.floor((lag3 + 2) / 3);
  const third = 3 * lag - lag3;
  if (third === 0) {
    for (let n = MAX_LAG; n < exc.length; n++) exc[n] = exc[n - lag];
    return;
  }
  const taps = FINE_TAPS[third - 1];
  for (let start = MAX_LAG; start < exc.length; start += lag - REACH) {
    const count = Math.min(lag - REACH, exc.length - start);
    sumOfShifts(taps, exc, start - lag + 1 - REACH, exc, start, count);
  }
}

/** Put the code vector of an index into code. */
function fixedVector(index, { first, second, bits2 }, code) {
  if (second === null) {
    const sign = 1 - 2 * (index & 1);
    const row = (index >> 1) * SUB_LEN;
    for (let n = 0; n < SUB_LEN; n++) code[n] = sign * first[row + n];
    return;
  }
  const sign1 = 1 - 2 * ((index >> 1) & 1);
  const sign2 = 1 - 2 * (index & 1);
  const row1 = (index >> (bits2 + 2)) * SUB_LEN;
  const row2 = ((index >> 2) & ((1 << bits2) - 1)) * SUB_LEN;
  for (let n = 0; n < SUB_LEN; n++) code[n] = sign1 * first[row1 + n] + sign2 * second[row2 + n];
}

const newSynthesis = () => ({
  exc: zeros(MAX_LAG + SUB_LEN), // past and this subframe, oldest first
  speech: zeros(ORDER + SUB_LEN), // output of 1/A(z), likewise
  code: zeros(SUB_LEN),
  gain: zeros(2), // pitch gain and codebook gain
  gainMem: zeros(4), // last corrections [dB], newest first
  lag3: 3 * MIN_LAG,
});

/** Put the excitation of subframe s of a speech packet into the end of synth.exc. */
function exciteSpeech(indices, s, tables, synth) {
  const { exc, code, gain, gainMem } = synth;
  const lag3 = dequantizeLag(indices.lag[s], tables.lagBits[s], synth.lag3);
  adaptiveVector(lag3, exc);
  fixedVector(indices.fcb[s], tables.books[s], code);
  const beta = clip(gain[0], MIN_SHARPENING, MAX_SHARPENING);
  const lag = roundedLag(lag3);
  for (let n = lag; n < SUB_LEN; n++) code[n] += beta * code[n - lag];
  const [pitchGain, correction] = tables.gains[s].subarray(2 * indices.gain[s]);
  let change = 0;
  for (let i = 0; i < 4; i++) change += tables.predictor[1 + i] * gainMem[i];
  const predicted = tables.predictor[0] + clip(change, -MAX_CHANGE_DB, MAX_CHANGE_DB);
  gain[0] = pitchGain;
  gain[1] = decibelToLinear(predicted + correction) / rms(code, 0);
  push(correction, gainMem);
  for (let n = 0; n < SUB_LEN; n++) exc[MAX_LAG + n] = gain[0] * exc[MAX_LAG + n] + gain[1] * code[n];
  clamp(exc, MAX_LAG);
  synth.lag3 = lag3;
}

/** Filter the excitation by 1/A(z) into the end of synth.speech. */
function synthesize(lpc, { exc, speech }) {
  for (let n = 0; n < SUB_LEN; n++) {
    let acc = exc[MAX_LAG + n];
    for (let i = ORDER - 1; i >= 0; i--) acc -= lpc[i] * speech[ORDER + n - 1 - i];
    speech[ORDER + n] = acc;
  }
  clamp(speech, 0);
}

/** Put a subframe of noise of rms `scale` into out; return the next seed. */
function fillNoise(seed, scale, out, start) {
  for (let n = start; n < start + SUB_LEN; n++) {
    seed = (seed * 1664525 + 1013904223) >>> 0; // the product stays below 2^53
    out[n] = scale * 1.7320508075688772 * (seed / 2147483648 - 1);
  }
  return seed;
}

// ---- Comfort noise ----

const SILENT_DB = -200;

const newNoise = () => ({
  lsf: flatLsf(), // of the last SID
  level: SILENT_DB, // smoothed
  sidLevel: SILENT_DB,
  seed: 0,
  on: false, // within a pause
});

function receiveSid({ row, level }, book, noise) {
  noise.lsf.set(book.subarray(row * ORDER, (row + 1) * ORDER));
  stabilize(noise.lsf);
  noise.sidLevel = level > 0 ? -92 + 2 * (level - 1) : SILENT_DB;
  if (!noise.on) {
    noise.on = true;
    noise.level = noise.sidLevel;
    noise.seed = (row * 32 + level) * 69069;
  }
}

function exciteNoise(noise, synth) {
  noise.level += 0.1 * (noise.sidLevel - noise.level);
  synth.gain[0] = 0;
  synth.gain[1] = decibelToLinear(noise.level);
  synth.gainMem.fill(0);
  noise.seed = fillNoise(noise.seed, synth.gain[1], synth.exc, MAX_LAG);
}

// ---- Concealment ----

const WATCHED = 32; // subframes after a loss whose output is limited
const MEMORY = 0.8; // of the limiter

const newConcealment = () => ({
  gain: zeros(N_SUB), // pitch gains of the last good subframes, newest first
  rms: zeros(N_SUB), // of their excitation
  between: null, // LSF for the next lost frame
  nextLag3: 0, // that the lost subframes approach
  steps: 0, // until it is reached; 0: the last lag stays
  age: 0, // lost frames in a row
  seed: 0,
  voicing: 0,
  level: 0, // wanted rms of the excitation
  since: WATCHED, // good subframes in a row
  power: zeros(N_SUB), // of the last subframes of output, newest first
  before: 0, // limit of the energy of a lost frame
  loudest: 0, // energy of the loudest good frame
  limiter: 1, // last gain
});

/** Remember a good subframe. */
function learn(synth, state) {
  push(synth.gain[0], state.gain);
  push(rms(synth.exc, MAX_LAG), state.rms);
  state.age = state.steps = 0;
  state.since = Math.min(state.since + 1, WATCHED);
}

/** Find how voiced the last good frame was, and its level. */
function classify(state) {
  const gain = total(state.gain.map((x) => Math.min(x, 1) / N_SUB));
  state.voicing = clip((gain - 0.2) / (0.7 - 0.2), 0, 1);
  state.level = Math.sqrt(total(state.rms.map((x) => (x * x) / N_SUB)));
}

/** Let lag3 become nextLag3 within so many subframes, if both can be one pitch. */
function approach(lag3, nextLag3, steps, state) {
  state.nextLag3 = nextLag3;
  state.steps = Math.abs(nextLag3 - lag3) <= 0.18 * lag3 ? steps : 0;
}

/** Lead the next lost frame to the packet after it. */
function lookAhead({ lsf: indices, lag }, tables, { lsf, synthesis: { lag3 }, concealment }) {
  approach(lag3, dequantizeLag(lag[0], tables.lagBits[0], lag3), N_SUB + 1, concealment);
  const found = dequantizeLsf(indices, tables, tables.mean);
  for (let i = 0; i < ORDER; i++) {
    const half = 0.5 * tables.rho[indices[0] * ORDER + i];
    const after = (found[i] + half * (lsf[i] - 2 * tables.mean[i])) / (1 - half);
    found[i] = 0.5 * (lsf[i] + after);
  }
  stabilize(found);
  concealment.between = found;
}

/** Return the LSF of a lost frame. */
function beginLost(mean, lsf, state) {
  if (state.age === 0) classify(state);
  state.age = Math.min(state.age + 1, 1 << 20);
  const found = state.between ?? lsf.map((x, i) => 0.97 * x + (1 - 0.97) * mean[i]);
  state.between = null;
  return found;
}

/** Return the LSF of a lost frame, which has a redundant frame. */
function beginRedundant({ row, lag, levelDb, pitchGain }, book, synth, state) {
  const lsf = book.slice(row * ORDER, (row + 1) * ORDER);
  if (state.between && state.since > 0) { // the book is coarse
    for (let i = 0; i < ORDER; i++) lsf[i] = 0.5 * (lsf[i] + state.between[i]);
  }
  state.between = null;
  stabilize(lsf);
  const lag3 = 3 * clip(lag, MIN_LAG, MAX_LAG);
  approach(synth.lag3, lag3, N_SUB, state);
  if (state.steps === 0) synth.lag3 = lag3;
  state.gain.fill(pitchGain);
  state.rms.fill(decibelToLinear(levelDb));
  classify(state);
  state.age = state.since = 0;
  return lsf;
}

const random = zeros(SUB_LEN);

/** Continue the past excitation by a subframe. */
function exciteLost(state, synth) {
  const { exc, gain, gainMem } = synth;
  state.since = 0;
  if (state.steps > 0) {
    synth.lag3 += Math.floor((state.nextLag3 - synth.lag3) / state.steps);
    state.steps -= 1;
    if (synth.lag3 > 3 * (MAX_LAG - REACH)) synth.lag3 = 3 * roundedLag(synth.lag3);
  }
  adaptiveVector(synth.lag3, exc);
  const { voicing } = state;
  if (state.age > 5) state.level *= 0.72;
  else if (state.age > 0) state.level *= 0.985 * voicing + 0.97 * (1 - voicing);
  const period = Math.min((state.level * Math.sqrt(voicing)) / rms(exc, MAX_LAG), 4);
  const share = state.level * Math.sqrt(1 - voicing) * 0.9;
  state.seed = fillNoise(state.seed, share, random, 0);
  for (let n = 0; n < SUB_LEN; n++) exc[MAX_LAG + n] = period * exc[MAX_LAG + n] + random[n];
  clamp(exc, MAX_LAG);
  gain[0] = voicing;
  gain[1] = share;
  push(0.9 * total(gainMem.map((x) => x / 4)) - 0.25, gainMem);
}

/** Bring the energy of x[start .. end) to `allowed` at most; return the gain. */
function attenuate(allowed, gain, x, start, end) {
  let [old, both, now, share] = [0, 0, 1e-20, 1];
  for (let n = start; n < end; n++) {
    share *= MEMORY;
    const a = share * gain * x[n];
    const b = (1 - share) * x[n];
    old += a * a;
    both += a * b;
    now += b * b;
  }
  let wanted = 1;
  if (old + 2 * both + now > allowed) {
    const root = Math.sqrt(Math.max(both * both + now * (allowed - old), 0));
    wanted = clip((root - both) / now, 0, 1);
  }
  for (let n = start; n < end; n++) {
    gain = MEMORY * gain + (1 - MEMORY) * wanted;
    x[n] *= gain;
  }
  return gain;
}

/** Return the limit of the energy of the next subframe. */
function allowedEnergy(recovering, { loudest, power }) {
  if (!recovering) return Infinity;
  const most = Math.max(1.6 * loudest, 0.01 * FRAME_LEN);
  return Math.max(most - power[0] - power[1] - power[2], 0.25 * most);
}

/** Limit the energy of a frame of output in and after a loss. */
function limitOutput(recovering, state, x) {
  const lost = state.age > 0;
  if (state.age === 1) state.before = total(state.power.map((x) => 1.05 * x));
  if (lost) state.limiter = attenuate(state.before, state.limiter, x, 0, FRAME_LEN);
  for (let s = 0; s < N_SUB; s++) {
    const [start, end] = [s * SUB_LEN, (s + 1) * SUB_LEN];
    if (!lost && (recovering || state.limiter < 1)) {
      state.limiter = attenuate(allowedEnergy(recovering, state), state.limiter, x, start, end);
    }
    let power = 0;
    for (let n = start; n < end; n++) power += x[n] * x[n];
    push(power, state.power);
    if (!lost && !recovering) state.loudest = Math.max(total(state.power), 0.999 * state.loudest);
  }
}

// ---- Enhancement: features ----

const PAST_LEN = 200; // samples of speech before a frame
const N_BANDS = 16;
const N_FEATURES = ORDER + 2 * N_BANDS + 22;
const N_LAGS = 40;
const MATCHED = 2 * SUB_LEN;
const FLOOR = 1e-9;
const EDGES_HZ = [0, 150, 300, 450, 600, 750, 950, 1150, 1350, 1600, 1850, 2100, 2400, 2700, 3050, 3450, 4000];

/** The weight of the correlation of lag N_LAGS - 1 - k in band b, at [16 k + b]. */
export const BAND_WEIGHTS = zeros(N_LAGS * N_BANDS);
for (let k = 0; k < N_LAGS; k++) {
  const lag = N_LAGS - 1 - k;
  for (let b = 0; b < N_BANDS; b++) {
    const [low, high] = [EDGES_HZ[b], EDGES_HZ[b + 1]].map((hz) => (2 * Math.PI * hz) / SAMPLE_RATE);
    const mean = lag ? (2 * (Math.sin(high * lag) - Math.sin(low * lag))) / lag / (high - low) : 1;
    const taper = 0.5 + 0.5 * Math.cos((Math.PI * lag) / N_LAGS);
    BAND_WEIGHTS[k * N_BANDS + b] = Math.round(mean * taper * 2 ** 20) / 2 ** 20;
  }
}

const newFeatures = () => ({
  speech: zeros(PAST_LEN + FRAME_LEN), // past and this frame
  speechSums: subframes(N_LAGS),
  excSums: subframes(N_LAGS),
  peak: -30,
  values: subframes(N_FEATURES),
  lag: zeros(N_SUB).fill(MIN_LAG),
});

const bits64 = new DataView(new ArrayBuffer(8));

/** Return the logarithm to base 2. */
function log2(x) {
  bits64.setFloat64(0, x);
  const high = bits64.getInt32(0);
  const exponent = (high >> 20) - 1023;
  bits64.setInt32(0, (high & 0xfffff) | 0x3ff00000);
  const mantissa = bits64.getFloat64(0);
  const z = (mantissa - 1.4142135623730951) / (mantissa + 1.4142135623730951);
  const square = z * z;
  const series = 1 + square * (1 / 3 + square * (1 / 5 + square * (1 / 7)));
  return exponent + 0.5 + (2 / LN2) * z * series;
}

/** Put the cepstrum of 1/A(z) into out[0 .. 10). */
function cepstrum(lpc, out) {
  for (let n = 0; n < ORDER; n++) {
    let acc = 0;
    for (let k = 0; k < n; k++) acc += (k + 1) * out[k] * lpc[n - k - 1];
    out[n] = -lpc[n] - acc / (n + 1);
  }
}

/** Put the sums x[n] x[n - k] over the subframe before `end` into out, for k = 39 .. 0. */
function correlate(x, end, out) {
  const start = end - SUB_LEN;
  sumOfShifts(x.subarray(start, end), x, start - N_LAGS + 1, out, 0, N_LAGS);
}

const correlations = zeros(N_LAGS);
const bandPowers = zeros(N_BANDS);

/** Put the levels of the bands into out[first ..); return their mean. */
function bands(sums, out, first) {
  for (let k = 0; k < N_LAGS; k++) {
    correlations[k] = (sums[0][k] + sums[1][k] + sums[2][k] + sums[3][k]) * (1 / FRAME_LEN);
  }
  const floor = FLOOR + 1e-5 * correlations[N_LAGS - 1];
  bandPowers.fill(0);
  for (let k = 0, at = 0; k < N_LAGS; k++) {
    for (let b = 0; b < N_BANDS; b++, at++) bandPowers[b] += correlations[k] * BAND_WEIGHTS[at];
  }
  let mean = 0;
  for (let b = 0; b < N_BANDS; b++) {
    out[first + b] = log2(Math.max(bandPowers[b], 0) + floor);
    mean += out[first + b];
  }
  return mean * (1 / N_BANDS);
}

/** Return the sum of x[i + n] x[j + n] for n < count, as eight partial sums. */
function innerProduct(x, i, j, count) {
  const p = [0, 0, 0, 0, 0, 0, 0, 0];
  for (let n = 0; n < count; n++) p[n & 7] += x[i + n] * x[j + n];
  return p[0] + p[1] + (p[2] + p[3]) + (p[4] + p[5] + (p[6] + p[7]));
}

/** Return the normalized correlation of the 80 samples before `end` with those a lag earlier. */
function match(x, end, power, lag) {
  const start = end - MATCHED;
  const xy = innerProduct(x, start, start - lag, MATCHED);
  const yy = innerProduct(x, start - lag, start - lag, MATCHED);
  return xy / Math.sqrt((power + FLOOR) * (yy + FLOOR));
}

/** Return the level of a subframe of x, and how far its largest sample lies above [log2 of power]. */
function levels(x, start) {
  let largest = 0;
  for (let n = start; n < start + SUB_LEN; n++) largest = Math.max(largest, x[n] * x[n]);
  const power = innerProduct(x, start, start, SUB_LEN) / SUB_LEN + FLOOR;
  return [log2(power), log2((largest + FLOOR) / power)];
}

/** Find the features of subframe s. */
function observe(s, type, rate, lpc, synth, conceal, state) {
  const end = PAST_LEN + (s + 1) * SUB_LEN;
  const { speech, values } = state;
  speech.set(synth.speech.subarray(ORDER), end - SUB_LEN);
  const lag = clip(roundedLag(synth.lag3), MIN_LAG, MAX_LAG);
  const out = values[s];

  cepstrum(lpc, out);
  correlate(speech, end, state.speechSums[s]);
  correlate(synth.exc, MAX_LAG + SUB_LEN, state.excSums[s]);
  const [first, second, rest] = [ORDER, ORDER + N_BANDS, ORDER + 2 * N_BANDS];
  const level = bands(state.speechSums, out, first);
  const excLevel = bands(state.excSums, out, second);
  for (let b = 0; b < N_BANDS; b++) {
    out[first + b] -= level;
    out[second + b] -= excLevel;
  }
  const [now, crest] = levels(speech, end - SUB_LEN);
  const [total, excCrest] = levels(synth.exc, MAX_LAG);
  const fixed = synth.gain[1] * (type === "speech" ? rms(synth.code, 0) : 1);
  const fixedLevel = log2(fixed * fixed + FLOOR);
  state.peak = Math.max(now, state.peak - 0.01);
  const [r1, r0] = [state.speechSums[s][N_LAGS - 2], state.speechSums[s][N_LAGS - 1]];
  const loss = type === "bad" || type === "redundant";
  const power = innerProduct(speech, end - MATCHED, end - MATCHED, MATCHED);
  out.set([
    match(speech, end, power, lag - 1),
    match(speech, end, power, lag),
    match(speech, end, power, lag + 1),
    match(speech, end, power, lag >> 1),
    level,
    now,
    fixedLevel,
    total,
    fixedLevel - total,
    Math.min(synth.gain[0], 1.3),
    log2(lag / 50),
    lag / 100,
    (rate - 6400) / 1600,
    type === "bad" ? 1 : 0,
    type === "redundant" ? 1 : 0,
    type === "sid" || type === "no_data" ? 1 : 0,
    loss ? Math.min(conceal.age / 8, 1) : 0,
    loss ? 0 : 8 / (8 + conceal.since),
    crest,
    excCrest,
    now - state.peak,
    r1 / (r0 + FLOOR),
  ], rest);
  state.lag[s] = lag;
}

// ---- Enhancement: network ----

const N_COMB = 7;
const N_FIR = 32;
const FEATURE_LIMIT = 4;
const { fround } = Math;
const GROUP = 8; // outputs that are computed together

/**
 * Return a function that computes a layer in memory, where it lies in groups of 8 outputs: their
 * biases, then for each input their 8 weights. Arguments are addresses in bytes: of the inputs and
 * their end, of the layer, of the outputs and their end.
 */
function denseInJavaScript(buffer) {
  const m = new Float32Array(buffer);
  return (x, xEnd, layer, out, outEnd) => {
    let w = layer >> 2;
    for (let to = out >> 2; to < outEnd >> 2; to += GROUP) {
      for (let j = 0; j < GROUP; j++, w++) m[to + j] = m[w];
      for (let i = x >> 2; i < xEnd >> 2; i++) {
        for (let j = 0; j < GROUP; j++, w++) m[to + j] += fround(m[i] * m[w]); // rounds the sum too
      }
    }
  };
}

/** The same in WebAssembly, by test/assemble.js. */
export const DENSE_CODE = `
  AGFzbQEAAAABCQFgBX9/f39/AAIIAQFlAW0CAAEDAgEABwUBAWQAAAqFAQGCAQIBfwN7A0AgAv0ABAAhBiAC/QAEEC
  EHIAJBIGohAiAAIQUDQCAF/QkCACEIIAYgCCAC/QAEAP3mAf3kASEGIAcgCCAC/QAEEP3mAf3kASEHIAJBIGohAiAF
  QQRqIgUgAUkNAAsgAyAG/QsEACADIAf9CwQQIANBIGoiAyAESQ0ACws=`;

/** Return this function, or null if a browser or its security policy refuses. */
function denseInWebAssembly(memory) {
  try {
    const code = Uint8Array.from(atob(DENSE_CODE), (letter) => letter.charCodeAt(0));
    return new WebAssembly.Instance(new WebAssembly.Module(code), { e: { m: memory } }).exports.d;
  } catch {
    return null;
  }
}

/** The network of a set of tables. `get` returns the values of an array. */
class Network {
  constructor(get, fast) {
    const float32 = (name) => Float32Array.from(get(`enhancement_${name}`));
    for (const name of ["mean", "scale", "lags"]) this[name] = float32(name);
    this.lagUnits = this.lags.length / (MAX_LAG - MIN_LAG + 1);
    this.layers = {};
    for (const name of ["subframe", "frame", "gates", "past", "split", "output", "taps"]) {
      const [scale, bias] = [float32(`${name}_scale`), float32(`${name}_bias`)];
      const weights = get(`enhancement_${name}`);
      const [nIn, nOut] = [weights.length / bias.length, bias.length];
      const padded = Math.ceil(nOut / GROUP) * GROUP;
      this.layers[name] = { weights, scale, bias, nIn, nOut, padded };
    }
    this.check(this.layers);
    const { subframe, frame, gates, output, taps } = this.layers;
    const weights = Object.values(this.layers).map((layer) => (layer.nIn + 1) * layer.padded);
    const bytes = 4 * total(weights) + 65536; // the rest for the arrays of a frame
    const memory = fast && globalThis.WebAssembly
      ? new WebAssembly.Memory({ initial: Math.ceil(bytes / 65536) }) : null;
    const buffer = memory?.buffer ?? new ArrayBuffer(bytes);
    let next = 0;
    const place = (n) => { // at multiples of 16 bytes
      const array = new Float32Array(buffer, next, n);
      next += 16 * Math.ceil(n / 4);
      return array;
    };
    Object.values(this.layers).forEach((layer, i) => arrangeLayer(layer, place(weights[i])));
    this.inputs = place(4 * subframe.nIn);
    [this.own, this.shared] = [place(4 * subframe.nOut), place(4 * subframe.nOut)];
    [this.frame, this.hidden] = [place(frame.nOut), place(frame.nOut)];
    [this.gates, this.past] = [place(gates.nOut), place(gates.nOut)];
    this.both = place(8 * subframe.nOut);
    this.last = place(4 * output.nOut);
    this.out = place(4 * taps.padded);
    this.dense = (memory && denseInWebAssembly(memory)) ?? denseInJavaScript(buffer);
  }

  /** Refuse layers that do not fit each other. */
  check(layers) {
    const [u, f, o] = ["subframe", "frame", "output"].map((name) => layers[name].nOut);
    const sizes = {
      subframe: [N_FEATURES + this.lagUnits, u], frame: [4 * u, f], gates: [f, 3 * f],
      past: [f, 3 * f], split: [f, 4 * u], output: [2 * u, o], taps: [o, 2 * N_COMB + N_FIR],
    };
    const fits = Object.entries(sizes).every(([name, [nIn, nOut]]) => (
      layers[name].nIn === nIn && layers[name].nOut === nOut
    ));
    if (!fits || [u, f, o].some((n) => n % GROUP) || this.mean.length !== N_FEATURES
      || this.scale.length !== N_FEATURES) {
      throw new TablesError("tables: the layers of the network do not fit");
    }
  }

  /** Put the sums of a layer for part s of x into part s of out. */
  sums(name, x, out, s = 0) {
    const { at, nIn, padded } = this.layers[name];
    const [from, to] = [x.byteOffset + 4 * nIn * s, out.byteOffset + 4 * padded * s];
    this.dense(from, from + 4 * nIn, at, to, to + 4 * padded);
  }

  /** Put the taps of a frame into comb, ahead and fir (per subframe); advance `state`. */
  predict(values, lag, state, comb, ahead, fir) {
    const { inputs, own, shared, frame, gates, past, hidden, both, last, out } = this;
    const [n, units, nInputs] = [frame.length, own.length / 4, inputs.length / 4];
    hidden.set(state);
    for (let s = 0; s < N_SUB; s++) {
      const at = s * nInputs;
      for (let i = 0; i < N_FEATURES; i++) {
        const scaled = fround(fround(fround(values[s][i]) - this.mean[i]) * this.scale[i]);
        inputs[at + i] = clip(scaled, -FEATURE_LIMIT, FEATURE_LIMIT);
      }
      for (let i = 0; i < this.lagUnits; i++) {
        inputs[at + N_FEATURES + i] = this.lags[(lag[s] - MIN_LAG) * this.lagUnits + i];
      }
      this.sums("subframe", inputs, own, s);
    }
    softsignAll(own);
    this.sums("frame", own, frame);
    softsignAll(frame);
    this.sums("gates", frame, gates);
    this.sums("past", hidden, past);
    for (let i = 0; i < n; i++) {
      const update = fround(0.5 + fround(0.5 * softsign(fround(gates[i] + past[i]))));
      const reset = fround(0.5 + fround(0.5 * softsign(fround(gates[n + i] + past[n + i]))));
      const fresh = softsign(fround(gates[2 * n + i] + fround(reset * past[2 * n + i])));
      hidden[i] = fround(fresh + fround(update * fround(hidden[i] - fresh)));
    }
    state.set(hidden);
    this.sums("split", hidden, shared);
    softsignAll(shared);
    for (let s = 0; s < N_SUB; s++) {
      both.set(own.subarray(s * units, (s + 1) * units), 2 * s * units);
      both.set(shared.subarray(s * units, (s + 1) * units), (2 * s + 1) * units);
      this.sums("output", both, last, s);
    }
    for (let i = 0; i < last.length; i++) last[i] = Math.max(last[i], 0);
    for (let s = 0; s < N_SUB; s++) {
      this.sums("taps", last, out, s);
      let at = s * this.layers.taps.padded;
      for (const [taps, limit] of [[comb[s], 1], [ahead[s], 1], [fir[s], 2]]) {
        for (let i = taps.length - 1; i >= 0; i--) taps[i] = bounded(out[at++], limit);
      }
    }
  }
}

/** Put a layer into an array as `denseInJavaScript` takes it. */
function arrangeLayer(layer, array) {
  const { weights, scale, bias, nIn, nOut } = layer;
  layer.at = array.byteOffset;
  for (let j = 0; j < nOut; j++) {
    let at = (j - (j % GROUP)) * (nIn + 1) + (j % GROUP);
    array[at] = bias[j];
    for (let i = 0; i < nIn; i++) array[at += GROUP] = weights[i * nOut + j] * scale[j];
  }
}

const softsign = (v) => fround(v / fround(1 + Math.abs(v)));
const bounded = (v, limit) => fround(v / fround(1 + fround(Math.abs(v) * fround(1 / limit))));

function softsignAll(x) {
  for (let i = 0; i < x.length; i++) x[i] = softsign(x[i]);
}

// ---- Enhancement: filters ----

const FADE_LEN = 20;

/** The weights of the new taps in a fade, multiples of 2^-20. */
export const FADE = Float64Array.from({ length: FADE_LEN }, (_, n) => (
  Math.round((0.5 - 0.5 * Math.cos((Math.PI * (n + 0.5)) / FADE_LEN)) * 2 ** 20) / 2 ** 20
));

const newEnhancement = (network) => ({
  features: newFeatures(),
  hidden: new Float32Array(network?.hidden.length ?? 0),
  comb: subframes(N_COMB), // oldest first
  ahead: subframes(N_COMB),
  fir: subframes(N_FIR),
  lastComb: zeros(N_COMB), // of the last subframe
  lastAhead: zeros(N_COMB),
  lastFir: zeros(N_FIR),
  lift: 1,
  lastLag: MIN_LAG,
  line: zeros(PAST_LEN + FRAME_LEN + MAX_LAG + N_COMB),
  combed: zeros(N_FIR - 1 + FRAME_LEN), // output of the combs
});

const newPart = zeros(SUB_LEN);
const oldPart = zeros(SUB_LEN);
const aheadPart = zeros(SUB_LEN);

/** Put the sums of both combs, a lag from sample `first` of the line, into out. */
function combs(past, ahead, line, first, lag, out, count) {
  sumOfShifts(past, line, first - lag, out, 0, count);
  sumOfShifts(ahead, line, first + lag, aheadPart, 0, count);
  for (let n = 0; n < count; n++) out[n] += aheadPart[n];
}

/** Put x plus newPart, which fades in from oldPart, into out. */
function blend(x, from, out, to) {
  for (let n = 0; n < FADE_LEN; n++) {
    out[to + n] = x[from + n] + (oldPart[n] + FADE[n] * (newPart[n] - oldPart[n]));
  }
  for (let n = FADE_LEN; n < SUB_LEN; n++) out[to + n] = x[from + n] + newPart[n];
}

/** Give a lost subframe of x at least half the energy of the plain one. */
function liftLost(lost, plain, from, state, x, at) {
  if (!lost && state.lift === 1) return;
  let [power, kept] = [1e-20, 0];
  for (let n = 0; n < SUB_LEN; n++) {
    power += x[at + n] * x[at + n];
    kept += 0.5 * plain[from + n] * plain[from + n];
  }
  const wanted = lost && power < kept ? Math.min(Math.sqrt(kept / power), 2) : 1;
  let gain = state.lift;
  for (let n = 0; n < SUB_LEN; n++) {
    gain = 0.9 * gain + (1 - 0.9) * wanted;
    x[at + n] *= gain;
  }
  state.lift = gain > 1.001 ? gain : 1;
}

/** Put the enhanced frame into out. */
function enhance(network, type, state, out) {
  const { features, line, combed } = state;
  line.set(features.speech);
  keepPast(combed, N_FIR - 1);
  network.predict(features.values, features.lag, state.hidden, state.comb, state.ahead, state.fir);
  if (type === "sid" || type === "no_data") {
    for (const taps of [...state.comb, ...state.ahead, ...state.fir]) taps.fill(0);
  }
  for (let s = 0; s < N_SUB; s++) {
    const at = s * SUB_LEN;
    const first = PAST_LEN + at - (N_COMB >> 1);
    combs(state.comb[s], state.ahead[s], line, first, features.lag[s], newPart, SUB_LEN);
    combs(state.lastComb, state.lastAhead, line, first, state.lastLag, oldPart, FADE_LEN);
    blend(line, PAST_LEN + at, combed, N_FIR - 1 + at);
    sumOfShifts(state.fir[s], combed, at, newPart, 0, SUB_LEN);
    sumOfShifts(state.lastFir, combed, at, oldPart, 0, FADE_LEN);
    blend(combed, N_FIR - 1 + at, out, at);
    liftLost(type === "bad" || type === "redundant", line, PAST_LEN + at, state, out, at);
    state.lastComb.set(state.comb[s]);
    state.lastAhead.set(state.ahead[s]);
    state.lastFir.set(state.fir[s]);
    state.lastLag = features.lag[s];
  }
}

// ---- Decoder ----

/** Return the type that a frame is decoded as. */
function effectiveType(received, noise) {
  if ((received === "bad" || received === "redundant") && noise.on) return "no_data";
  return received === "no_data" && !noise.on ? "bad" : received;
}

const NO_BYTES = new Uint8Array();

/** Decodes packets one by one, to 8000 Hz. */
export class Decoder {
  #tables = null;
  #lastType = null;
  #lpc = zeros(ORDER);
  #speech = zeros(FRAME_LEN);

  /**
   * @param {{tables?: object, enhancement?: boolean}} options - a set from `loadTables` or
   *   `tablesByHash`, by default the shipped one, which `ready` waits for; and whether the network
   *   filters the speech
   */
  constructor({ tables = null, enhancement = true } = {}) {
    this.enhancement = Boolean(enhancement);
    this.sampleRate = SAMPLE_RATE;
    this.reset();
    this.ready = tables ? Promise.resolve() : tablesByHash().then((set) => this.#begin(set));
    if (tables) this.#begin(tables);
  }

  #begin(tables) {
    if (!(tables?.modes instanceof Map)) {
      throw new ArgumentTypeError(`tables: expected a set from loadTables, got ${typeof tables}`);
    }
    this.#tables = tables;
    this.reset();
  }

  /** Start a new stream. Return a promise, as opus-decoder does. */
  reset() {
    this.state = {
      lsf: flatLsf(),
      synthesis: newSynthesis(),
      concealment: newConcealment(),
      noise: newNoise(),
      enhancement: newEnhancement(this.#tables?.network),
      lag: zeros(N_SUB),
      gain: subframes(2),
    };
    this.mode = null; // of the last speech packet
    this.#lastType = null;
    this.stats = { frames: 0, speech: 0, sid: 0, no_data: 0, bad: 0, redundant: 0, malformed: 0 };
    return this.ready ?? Promise.resolve();
  }

  /** The type of the last frame, as received, and its parameters; or null. */
  get lastFrame() {
    if (this.#lastType === null) return null;
    const { lsf, lag, gain } = this.state;
    return {
      type: this.#lastType, bitrate: this.mode?.bitrate ?? null,
      lsf: [...lsf], lag: [...lag], gain: gain.map((pair) => [...pair]),
    };
  }

  /** Release the tables. */
  free() {
    this.#tables = null;
    this.state = null;
  }

  /**
   * Decode a packet. Return 160 samples, as floats in `channelData[0]`, and as 16-bit integers in
   * `samples`. If the packet is malformed, throw `FormatError`; the decoder stays as it was.
   *
   * @param {?Uint8Array} packet - null if it is lost
   * @param {{nextPacket?: Uint8Array, redundancy?: Uint8Array}} options - for a lost packet: the
   *   packet after it, or the redundant frame
   */
  decodeFrame(packet, { nextPacket, redundancy } = {}) {
    return result(this.#decode(packet, nextPacket, redundancy));
  }

  /** Decode packets. A malformed packet is concealed, and reported in `errors`. */
  decodeFrames(packets) {
    if (!Array.isArray(packets)) {
      throw new ArgumentTypeError(`packets: expected an array of packets, got ${typeof packets}`);
    }
    const errors = [];
    const parts = packets.map((packet, i) => {
      try {
        return this.#decode(packet);
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
        errors.push({ message: error.message, frameNumber: i, frameLength: packet.length });
        this.stats.malformed += 1;
        return this.#decode(null);
      }
    });
    return result(concatenated(parts), errors);
  }

  #decode(packet, nextPacket, redundancy) {
    if (!this.#tables) throw new ArgumentError("decoder: expected its tables; wait for ready first");
    if (packet === null) {
      const after = asBytes(nextPacket ?? NO_BYTES, "nextPacket");
      const help = asBytes(redundancy ?? NO_BYTES, "redundancy");
      const fields = help.length ? unpackRedundancy(help) : null;
      this.#lookAhead(after);
      return this.#synthesize(fields ? "redundant" : "bad", fields);
    }
    const bytes = asBytes(packet, "packet");
    if (!bytes.length) return this.#synthesize("no_data", null);
    if (bytes.length === SID_BYTES) return this.#synthesize("sid", unpackSid(bytes));
    const found = modeOfLength(bytes.length);
    if (!found) {
      const lengths = [0, SID_BYTES, ...MODES.map((m) => m.frameBytes)].join(", ");
      throw new FormatError(`packet: expected ${lengths} bytes, got ${bytes.length}`);
    }
    this.mode = found;
    return this.#synthesize("speech", unpack(found, bytes));
  }

  #lookAhead(packet) {
    const found = modeOfLength(packet.length);
    if (!found || this.state.noise.on) return;
    lookAhead(unpack(found, packet), this.#tables.modes.get(found.bitrate), this.state);
  }

  /** Return the 160 samples of a frame: the block diagram of the decoder. */
  #synthesize(received, indices) {
    const { bitrate } = this.mode ?? MODES[0];
    const tables = this.#tables.modes.get(bitrate);
    const { state } = this;
    const { synthesis, concealment, noise, enhancement } = state;
    const enhanced = this.enhancement && this.#tables.network !== null;
    const type = effectiveType(received, noise);
    const [lpc, speech] = [this.#lpc, this.#speech];
    // line spectral frequencies
    let lsf;
    if (type === "speech") {
      noise.on = false;
      lsf = dequantizeLsf(indices.lsf, tables, state.lsf);
    } else if (type === "bad") {
      lsf = beginLost(tables.mean, state.lsf, concealment);
    } else if (type === "redundant") {
      lsf = beginRedundant(indices, tables.sid, synthesis, concealment);
    } else {
      if (type === "sid") receiveSid(indices, tables.sid, noise);
      lsf = noise.lsf.slice();
      concealment.age = 0;
    }
    const recovering = concealment.since < WATCHED;
    if (enhanced) keepPast(enhancement.features.speech, PAST_LEN);
    for (let s = 0; s < N_SUB; s++) {
      interpolatedLpc(state.lsf, lsf, s, lpc);
      keepPast(synthesis.exc, MAX_LAG);
      keepPast(synthesis.speech, ORDER);
      // excitation
      if (type === "speech") {
        exciteSpeech(indices, s, tables, synthesis);
        learn(synthesis, concealment);
      } else if (type === "bad" || type === "redundant") {
        exciteLost(concealment, synthesis);
      } else {
        exciteNoise(noise, synthesis);
      }
      state.lag[s] = synthesis.lag3 / 3;
      state.gain[s].set(synthesis.gain);
      // synthesis filter
      synthesize(lpc, synthesis);
      speech.set(synthesis.speech.subarray(ORDER), s * SUB_LEN);
      if (enhanced) observe(s, type, bitrate, lpc, synthesis, concealment, enhancement.features);
    }
    if (enhanced) enhance(this.#tables.network, type, enhancement, speech);
    limitOutput(recovering, concealment, speech);
    state.lsf = lsf;
    this.stats.frames += 1;
    this.stats[received] += 1;
    this.#lastType = received;
    const samples = new Int16Array(FRAME_LEN);
    for (let n = 0; n < FRAME_LEN; n++) {
      const y = clip(speech[n] * 32768, -32768, 32767);
      samples[n] = Math.floor(y + 32768.5) - 32768;
    }
    return samples;
  }
}

/** Return samples in the form of opus-decoder, and as integers. */
function result(samples, errors = []) {
  const floats = new Float32Array(samples.length);
  for (let n = 0; n < samples.length; n++) floats[n] = samples[n] / 32768;
  return {
    channelData: [floats], samplesDecoded: samples.length, sampleRate: SAMPLE_RATE, errors, samples,
  };
}

/**
 * Decode a .cvq file to 8000 Hz, aligned with the original. Yield parts of about a second, as 16-bit
 * integers.
 *
 * @param {Uint8Array} data - the file
 * @param {{tables?: object, enhancement?: boolean}} options - as for `Decoder`; by default the set
 *   of the file is loaded from the folder `tables`
 */
export async function* decodeParts(data, { tables = null, enhancement = true } = {}) {
  const reader = new Reader(data);
  const { header } = reader;
  const set = tables ?? (await tablesByHash(header.tables));
  if (!set.hash?.startsWith(header.tables)) {
    throw new TablesError(`tables: expected ${header.tables}, got ${set.hash?.slice(0, 16)}`);
  }
  const decoder = new Decoder({ tables: set, enhancement });
  const decodeAll = (packets) => concatenated(packets.map((one) => decoder.decodeFrame(one).samples));
  let at = -DELAY; // of the next sample, from the beginning of the original
  let held = []; // the last packet waits for the length, which the end of the file may state
  for (const block of reader.blocks()) {
    const packets = [...held, ...block];
    held = packets.splice(-1);
    const samples = decodeAll(packets);
    yield samples.subarray(Math.max(-at, 0));
    at += samples.length;
  }
  const samples = decodeAll(held);
  const n = Number(samples8k(reader.nSamples, header.sampleRate));
  yield samples.subarray(Math.max(-at, 0), n - at);
}

/** Decode a whole file as `decodeParts` does; return a promise of a result like `decodeFrame`'s. */
export async function decode(data, options) {
  const parts = [];
  for await (const part of decodeParts(data, options)) parts.push(part);
  return result(concatenated(parts));
}

function concatenated(parts) {
  const samples = new Int16Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    samples.set(part, at);
    at += part.length;
  }
  return samples;
}
