// wire.mjs - a connection for requests that no polite client sends.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** A connection that sends bytes as they are, and remembers all it was told. */
export class Wire {
  static async open(port) {
    const wire = new Wire();
    wire.socket = net.connect({ host: '127.0.0.1', port, allowHalfOpen: true });
    wire.text = '';
    wire.ended = false;
    wire.waiting = [];
    const wake = () => wire.waiting.splice(0).forEach((each) => each());
    wire.socket.on('data', (piece) => { wire.text += piece.toString('latin1'); wake(); });
    for (const name of ['end', 'error', 'close']) {
      wire.socket.on(name, () => { wire.ended = true; wake(); });
    }
    await new Promise((done, failed) => {
      wire.socket.once('connect', done);
      wire.socket.once('error', failed);
    });
    wire.socket.setNoDelay(true);
    return wire;
  }

  send(...lines) {
    return new Promise((done) => this.socket.write(lines.join('\r\n'), () => done()));
  }

  async until(ready, words, timeoutMs = 20_000) {
    const end = Date.now() + timeoutMs;
    while (!ready()) {
      if (this.ended) break;
      const left = end - Date.now();
      assert.ok(left > 0, `${words}: only got ${JSON.stringify(this.text)}`);
      const timer = delay(left, undefined, { ref: false });
      await Promise.race([new Promise((done) => this.waiting.push(done)), timer]);
    }
    return ready();
  }

  /** Whole answers that have come: [{status, head, body}]. */
  answers() {
    const found = [];
    let rest = this.text;
    for (;;) {
      const end = rest.indexOf('\r\n\r\n');
      if (end < 0) return found;
      const head = rest.slice(0, end);
      const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
      const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? NaN);
      if (rest.length < end + 4 + length) return found;
      if (status !== 100) found.push({ status, head, body: rest.slice(end + 4, end + 4 + length) });
      rest = rest.slice(end + 4 + length);
    }
  }

  async answer(count = 1) {
    await this.until(() => this.answers().length >= count, `${count} answers`);
    const found = this.answers();
    assert.ok(found.length >= count, `closed after ${JSON.stringify(this.text)}`);
    return found[count - 1];
  }

  async closed() {
    await this.until(() => this.ended, 'the end of the connection');
  }

  close() {
    this.socket.destroy();
  }
}
