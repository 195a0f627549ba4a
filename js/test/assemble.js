/**
 * The machine code (WebAssembly) of a layer of the network, assembled: what DENSE_CODE of celpvq.js
 * holds. It does the same as `denseInJavaScript` there, on four numbers at a time.
 *
 *     node test/assemble.js    print it in base64
 */

/** Return the bytes of the module: it takes a memory "m" of "e", and exports the function "d". */
export function assemble() {
  const [X, X_END, LAYER, OUT, OUT_END, I, LOW, HIGH_4, V] = [0, 1, 2, 3, 4, 5, 6, 7, 8]; // locals
  const get = (local) => [0x20, local];
  const set = (local) => [0x21, local];
  const tee = (local) => [0x22, local];
  const plus = (n) => [0x41, n, 0x6a]; // i32.const n, i32.add
  const load = (offset) => [0xfd, 0x00, 4, offset]; // four numbers
  const store = (offset) => [0xfd, 0x0b, 4, offset];
  const splat = [0xfd, 0x09, 2, 0]; // load a number into all four places
  const [multiply, add] = [[0xfd, 0xe6, 1], [0xfd, 0xe4, 1]];
  const accumulate = (acc, offset) => [
    ...get(acc), ...get(V), ...get(LAYER), ...load(offset), ...multiply, ...add, ...set(acc),
  ];
  const advance = [...get(LAYER), ...plus(32), ...set(LAYER)];
  const loop = (body, counter, step, end) => [
    0x03, 0x40, ...body, ...get(counter), ...plus(step), ...tee(counter), ...get(end),
    0x49, 0x0d, 0, 0x0b, // again if counter < end
  ];
  const inputs = loop([
    ...get(I), ...splat, ...set(V), ...accumulate(LOW, 0), ...accumulate(HIGH_4, 16), ...advance,
  ], I, 4, X_END);
  const code = loop([
    ...get(LAYER), ...load(0), ...set(LOW), ...get(LAYER), ...load(16), ...set(HIGH_4), ...advance,
    ...get(X), ...set(I), ...inputs,
    ...get(OUT), ...get(LOW), ...store(0), ...get(OUT), ...get(HIGH_4), ...store(16),
  ], OUT, 32, OUT_END);
  const [i32, v128] = [0x7f, 0x7b];
  const body = [2, 1, i32, 3, v128, ...code, 0x0b];
  const size = [(body.length & 127) | 128, body.length >> 7]; // of two digits
  const section = (id, content) => [id, content.length, ...content];
  const module = [
    0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    ...section(1, [1, 0x60, 5, i32, i32, i32, i32, i32, 0]), // the type of the function
    ...section(2, [1, 1, 0x65, 1, 0x6d, 2, 0, 1]), // memory "m" of "e"
    ...section(3, [1, 0]),
    ...section(7, [1, 1, 0x64, 0, 0]), // the function "d"
    10, ((body.length + 3) & 127) | 128, (body.length + 3) >> 7, 1, ...size, ...body,
  ];
  return Uint8Array.from(module);
}

if (process.argv[1]?.endsWith("assemble.js")) {
  console.log(Buffer.from(assemble()).toString("base64"));
}
