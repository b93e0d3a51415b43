// The connection to the robot's side: samples go out; state, pictures and haptic pulses come in.
const AGAIN_MS = 500, SILENT_MS = 1500, REFUSED = 1008;
const MOST_BUFFERED = 16384; // bytes: what waits longer in the browser is no news any more
const ACKNOWLEDGED = 8; // each so many samples the robot's side acknowledges one
const RECENT = 5; // ways whose shortest is told to the robot's side: a page that stutters is no slow link

export class Link extends EventTarget {
  constructor() {
    super();
    this.id = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
    this.state = null;
    this.refusal = "";
    this.wayMs = null; // there and back
    this.recentMs = [];
    this.sequence = 0;
    this.sentMs = new Map();
    this.heardMs = 0;
    setInterval(() => this.watch(), 250);
    this.connect();
  }

  get open() { return this.socket.readyState === WebSocket.OPEN; }

  connect() {
    this.refusal = "";
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this.socket = new WebSocket(`${scheme}://${location.host}/live?page=${this.id}`);
    this.socket.binaryType = "arraybuffer";
    this.socket.onmessage = ({ data }) => { this.heardMs = performance.now(); typeof data === "string" ? this.hear(JSON.parse(data)) : this.picture(data); };
    this.socket.onclose = (event) => {
      this.refusal = event.code === REFUSED ? event.reason : "";
      this.sentMs.clear(); this.recentMs = []; this.wayMs = null;
      this.tell("lost", this.refusal || "connection lost, trying again …");
      if (!this.refusal) setTimeout(() => this.connect(), AGAIN_MS);
    };
  }

  hear(message) {
    if (message.state) { this.state = message.state; this.tell("state", message.state); }
    if (message.haptic) this.tell("haptic", message.haptic);
    if (message.ack !== undefined && this.sentMs.has(message.ack)) {
      this.wayMs = performance.now() - this.sentMs.get(message.ack);
      this.sentMs.delete(message.ack);
      this.recentMs = [...this.recentMs, this.wayMs].slice(-RECENT);
    }
  }

  picture(data) {
    const camera = new Uint8Array(data, 0, 1)[0];
    this.tell("picture", { camera, file: new Blob([new Uint8Array(data, 1)], { type: "image/jpeg" }) });
  }

  // How long there and back takes: samples on a link that is always slow would look fresh. Before the first answer: how
  // long that has not come.
  get roundTripS() {
    if (this.recentMs.length) return Math.min(...this.recentMs) / 1000;
    const [first] = this.sentMs.values();
    return first === undefined ? 0 : (performance.now() - first) / 1000;
  }

  // A sample; returns false where it could not be sent. It counts all the same: the gap shows.
  sample(fields) {
    this.sequence += 1;
    if (!this.open || this.socket.bufferedAmount > MOST_BUFFERED) return false;
    if (this.sequence % ACKNOWLEDGED === 0) {
      if (this.sentMs.size > 16) this.sentMs.clear();
      this.sentMs.set(this.sequence, performance.now());
    }
    this.socket.send(JSON.stringify({ v: 1, kind: "sample", sequence: this.sequence, round_trip_s: this.roundTripS, ...fields }));
    return true;
  }

  notice(kind, detail) {
    if (this.open) this.socket.send(JSON.stringify({ v: 1, kind, detail: detail.slice(0, 200) }));
  }

  watch() {
    const silentMs = performance.now() - this.heardMs;
    if (this.open && this.heardMs && silentMs > SILENT_MS) this.tell("lost", `nothing was heard for ${(silentMs / 1000).toFixed(0)} s`);
  }

  tell(kind, detail) { this.dispatchEvent(new CustomEvent(kind, { detail })); }
}
