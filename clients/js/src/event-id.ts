/**
 * event-id.ts - names for events, so that a repeat of a request counts nothing twice.
 */

let counter = 0;

/** 128 bits that nobody else will make; unguessable where the platform has randomness for that. */
export function createEventId(): string {
  const source = globalThis.crypto;
  if (typeof source?.randomUUID === 'function') return source.randomUUID();
  const words = new Uint32Array(4);
  if (typeof source?.getRandomValues === 'function') {
    source.getRandomValues(words);
  } else {
    // Node 18 without its global, and pages that did not come over TLS on old browsers
    words.forEach((_, i) => (words[i] = Math.random() * 0x1_0000_0000));
  }
  counter = (counter + 1) % 0x1_0000;
  const hex = Array.from(words, (word) => word.toString(16).padStart(8, '0')).join('');
  return `${hex}-${Date.now().toString(16)}-${counter.toString(16)}`;
}
