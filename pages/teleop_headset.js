// The session in the headset: one sample a frame to the robot's side, panels for the eyes, pulses for the hand.
import { Panels } from "/static/teleop_panels.js";
import { STRIP, Strip, framed } from "/static/teleop_strip.js";

const RATE_HZ = 72;
const BUTTONS = { 0: "trigger", 1: "grip", 3: "stick", 4: "lower", 5: "upper" }; // of the mapping xr-standard, with A/X and B/Y
const LAYOUTS = { "immersive-vr": { ahead: 1.4, up: 0.0, width: 1.2 }, "immersive-ar": { ahead: 1.4, up: 0.55, width: 0.8 } };
const GAP_M = 0.04;

export class Headset {
  constructor(link) {
    this.link = link;
    this.session = null;
    this.lost = "";
    this.bitmaps = new Map(); // the newest picture of each camera that is not on its panel yet
    this.shapes = new Map(); // of each camera: height over width
    link.addEventListener("haptic", ({ detail }) => this.buzz(detail.strength, 1000 * detail.duration_s));
    link.addEventListener("state", () => { this.lost = ""; });
    link.addEventListener("lost", ({ detail }) => { if (!this.lost) this.buzz(1.0, 300); this.lost = detail; });
    document.addEventListener("visibilitychange", () => { if (document.hidden) this.notice("hidden", "the page is hidden"); });
    addEventListener("pagehide", () => this.notice("closed", "the page was closed"));
  }

  async enter(mode) {
    const session = await navigator.xr.requestSession(mode, { requiredFeatures: ["local-floor"] });
    this.mode = mode;
    this.session = session;
    session.addEventListener("end", () => { this.notice("closed", "the session in the headset ended"); this.session = null; });
    session.addEventListener("visibilitychange", () => {
      if (session.visibilityState !== "visible") this.notice("hidden", `the headset is ${session.visibilityState}`);
    });
    session.addEventListener("inputsourceschange", ({ removed }) => {
      if (removed.some((source) => source.handedness === "right")) this.notice("removed", "the right controller is gone");
    });
    await this.prepare(session);
    session.requestAnimationFrame((time, frame) => this.frame(time, frame));
    return session;
  }

  async prepare(session) {
    const rates = session.supportedFrameRates;
    if (rates && [...rates].includes(RATE_HZ) && session.updateTargetFrameRate) await session.updateTargetFrameRate(RATE_HZ);
    this.gl = document.createElement("canvas").getContext("webgl2", { xrCompatible: true, alpha: true, antialias: false });
    if (!this.gl) throw new Error("this browser draws no WebGL 2");
    await session.updateRenderState({ baseLayer: new XRWebGLLayer(session, this.gl) });
    this.space = await session.requestReferenceSpace("local-floor");
    this.space.addEventListener("reset", () => { this.notice("reset", "the view was recentred"); this.hung = false; });
    this.panels = new Panels(this.gl);
    this.strip = new Strip();
    this.hung = false;
    this.shapes.clear();
  }

  picture(camera, bitmap) {
    const waiting = this.bitmaps.get(camera);
    if (waiting) waiting.close();
    this.bitmaps.set(camera, bitmap);
  }

  frame(time, frame) {
    const session = frame.session;
    if (session !== this.session) return;
    session.requestAnimationFrame((later, next) => this.frame(later, next));
    const head = frame.getViewerPose(this.space);
    this.link.sample({
      stamp_s: time / 1000, frame: "room", visible: session.visibilityState === "visible",
      right: this.hand(frame, "right"), left: this.hand(frame, "left"), head: head ? rows(head.transform.matrix) : null,
    });
    this.draw(head);
  }

  hand(frame, side) {
    const source = [...this.session.inputSources].find((one) => one.handedness === side && one.gamepad && one.gripSpace && !one.hand);
    if (!source) return null;
    // where the palm is, with the axes of the pointer: both belong to the same rigid controller
    const grip = frame.getPose(source.gripSpace, this.space), ray = frame.getPose(source.targetRaySpace, this.space);
    const { buttons, axes } = source.gamepad;
    return {
      pose: grip && ray ? rows(ray.transform.matrix, grip.transform.position) : null,
      emulated: Boolean((grip && grip.emulatedPosition) || (ray && ray.emulatedPosition)),
      trigger: within(buttons[0] ? buttons[0].value : 0, 0), grip: within(buttons[1] ? buttons[1].value : 0, 0),
      stick: [within(axes[2] || 0, -1), within(-axes[3] || 0, -1)],
      pressed: Object.keys(BUTTONS).filter((index) => buttons[index] && buttons[index].pressed).map((index) => BUTTONS[index]),
    };
  }

  draw(head) {
    const gl = this.gl, layer = this.session.renderState.baseLayer;
    if (!head) return;
    if (!this.hung) this.hang(head.transform);
    this.dropFilm();
    for (const [camera, bitmap] of this.bitmaps) this.show(camera, bitmap);
    this.bitmaps.clear();
    if (this.strip.draw(this.link.state, this.lost, this.link.wayMs)) this.panels.paint("strip", this.strip.canvas);
    gl.bindFramebuffer(gl.FRAMEBUFFER, layer.framebuffer);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA);
    if (this.mode === "immersive-vr") gl.clearColor(0.05, 0.06, 0.08, 1.0); else gl.clearColor(0.0, 0.0, 0.0, 0.0);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    for (const view of head.views) {
      const { x, y, width, height } = layer.getViewport(view);
      gl.viewport(x, y, width, height);
      this.panels.draw(view);
    }
  }

  show(camera, bitmap) {
    const shape = bitmap.height / bitmap.width;
    if (this.shapes.get(camera) !== shape) { this.shapes.set(camera, shape); this.arrange(); }
    this.panels.paint(`camera ${camera}`, camera === this.film ? framed(bitmap) : bitmap);
    bitmap.close();
  }

  // The pictures behind those of the cameras are of the film.
  get film() { return this.link.state ? this.link.state.cameras.length : -1; }

  // The film of the demonstration hangs beside the cameras for as long as it is under review.
  dropFilm() {
    const { film, link: { state } } = this;
    if (!state || (state.recording && state.recording.stage === "reviewing")) return;
    const waiting = this.bitmaps.get(film);
    if (waiting) waiting.close();
    this.bitmaps.delete(film);
    if (!this.shapes.delete(film)) return;
    this.panels.remove(`camera ${film}`);
    this.arrange();
  }

  // The panels in front of the person, level, whichever way the head is tilted.
  hang({ position, matrix }) {
    this.panels.hang(position, Math.atan2(matrix[8], matrix[10]), LAYOUTS[this.mode].ahead);
    this.hung = true;
    this.arrange();
  }

  arrange() {
    const { up, width } = LAYOUTS[this.mode], cameras = [...this.shapes];
    cameras.forEach(([camera, shape], at) => {
      const right = (at - (cameras.length - 1) / 2) * (width + GAP_M);
      this.panels.place(`camera ${camera}`, { right, up, width, height: width * shape });
    });
    const tallest = Math.max(0.75, ...this.shapes.values()) * width, height = (width * STRIP.height) / STRIP.width;
    this.panels.place("strip", { right: 0, up: up - (tallest + height) / 2 - GAP_M, width, height });
  }

  buzz(strength, ms) {
    const sources = this.session ? [...this.session.inputSources] : [];
    const hand = sources.find((source) => source.handedness === "right" && source.gamepad);
    const motor = hand && hand.gamepad.hapticActuators && hand.gamepad.hapticActuators[0];
    if (motor && motor.pulse) motor.pulse(strength, ms);
  }

  notice(kind, detail) { if (this.session) this.link.notice(kind, detail); }
}

function within(value, least) { return Math.min(1, Math.max(least, value)); }

// Row by row, what WebXR gives column by column; `position` in place of the matrix's own.
function rows(matrix, position) {
  const made = [];
  for (let row = 0; row < 4; row += 1) for (let column = 0; column < 4; column += 1) made.push(matrix[4 * column + row]);
  if (position) [made[3], made[7], made[11]] = [position.x, position.y, position.z];
  return made;
}
