/** Packets to samples: two decoders, with enhancement and without, on the same packets. */

import { Decoder } from "./celpvq.js";

const REDUNDANCY_FLAG = 1;
const REDUNDANCY_BYTES = 3;

/** Return {packet, redundancy} of a payload; both are null if the channel has lost it. */
function unpack(payload) {
  if (!payload.length) return { packet: null, redundancy: null };
  if (!(payload[0] & REDUNDANCY_FLAG)) return { packet: payload.subarray(1), redundancy: null };
  const end = payload.length - REDUNDANCY_BYTES;
  return { packet: payload.subarray(1, end), redundancy: payload.subarray(end) };
}

/**
 * Decodes the packets of a call. With `help` it waits for the packet after a frame, which helps to
 * conceal the frame if it is lost: that costs a delay of 20 ms.
 */
export class Receiver {
  #waiting = null;

  constructor(tables) {
    this.decoders = {
      enhanced: new Decoder({ tables }),
      plain: new Decoder({ tables, enhancement: false }),
    };
    this.help = false;
  }

  /** Take the payload of a frame; return the decoded frames {number, lost, enhanced, plain}. */
  receive(number, payload) {
    const arrived = { number, ...unpack(payload) };
    const frames = [];
    if (this.#waiting) frames.push(this.#decode(this.#waiting, arrived));
    this.#waiting = null;
    if (this.help) this.#waiting = arrived;
    else frames.push(this.#decode(arrived, null));
    return frames;
  }

  #decode({ number, packet }, next) {
    const options = { nextPacket: next?.packet ?? null, redundancy: next?.redundancy ?? null };
    const [enhanced, plain] = [this.decoders.enhanced, this.decoders.plain].map(
      (decoder) => decoder.decodeFrame(packet, options).channelData[0]);
    return { number, lost: packet === null, enhanced, plain };
  }
}
