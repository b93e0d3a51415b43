// A Quest 3 in a browser without one, made by iwer; frames come at 72 Hz. A person's hand holds the right controller.
(() => {
  const device = new IWER.XRDevice(IWER.metaQuest3);
  device.installRuntime({ forceInstall: true });
  device.position.set(0, 1.6, 0);
  const RATE_HZ = window.emulatedRateHz || 72, TREMBLE_M = 1e-5;
  let due = 0, frames = 0;
  const hands = { right: { at: [0.2, 1.2, -0.3], turn: [0, 0, 0, 1] }, left: { at: [-0.2, 1.2, -0.3], turn: [0, 0, 0, 1] } };
  window.requestAnimationFrame = (callback) => {
    const now = performance.now();
    due = Math.max(due + 1000 / RATE_HZ, now);
    return setTimeout(() => { frames += 1; hold(); callback(performance.now()); }, due - now);
  };
  window.cancelAnimationFrame = clearTimeout;
  // The palm goes where the hand is told to be; it is beside the origin of the emulated controller.
  function hold() {
    for (const [side, { at, turn }] of Object.entries(hands)) {
      const controller = device.controllers[side];
      const [x, y, z] = turned(turn, [...IWER.metaQuest3.controllerConfig.layout[side].gripOffsetMatrix].slice(12, 15));
      controller.quaternion.set(...turn);
      controller.position.set(at[0] - x + (window.still ? 0 : TREMBLE_M * (frames % 2)), at[1] - y, at[2] - z);
    }
  }
  function turned([x, y, z, w], [a, b, c]) {
    const u = 2 * (y * c - z * b), v = 2 * (z * a - x * c), t = 2 * (x * b - y * a);
    return [a + w * u + y * t - z * v, b + w * v + z * u - x * t, c + w * t + x * v - y * u];
  }
  // iwer calls every pose guessed
  Object.defineProperty(XRPose.prototype, "emulatedPosition", { get: () => Boolean(window.guessed) });
  window.buzzes = [];
  for (const side of ["right", "left"]) {
    const motor = device.controllers[side].inputSource.gamepad.hapticActuators[0];
    motor.pulse = (strength, ms) => { window.buzzes.push([side, strength, ms]); return Promise.resolve(true); };
  }
  window.quest = {
    device,
    hand(side, at, turn) { hands[side] = { at, turn }; },
    press(side, button, value) { device.controllers[side].updateButtonValue(button, value); },
    frames: () => frames,
    block(ms) { const end = performance.now() + ms; while (performance.now() < end); },
  };
})();
