// What the page says, in its window and on the panel in the headset: the same words from the same state.
const HAND = {
  "release first": "Release the right grip",
  ready: "Ready: squeeze the right grip to drive",
  engaged: "You drive",
  holding: "Held",
};

// [what the person reads first, what they read next]
export function headline(state, lost) {
  if (lost) return ["No connection to the robot", lost];
  if (!state || !state.hand) return ["Connecting …", ""];
  const { hand, robot, problem } = state;
  if (problem) return ["No hand", problem];
  if (hand.state === "engaged") return [HAND.engaged, limited(hand.limits)];
  const said = robot.said && !robot.armed ? robot.said : hand.reason;
  return [HAND[hand.state] || hand.state, said];
}

function limited(limits) {
  const told = { velocity: "as fast as it may", lead: "the arm is behind you", slip: "your hand is too far ahead" };
  return limits.map((name) => told[name] || name).join(", ");
}

export function counter(recording) {
  return recording ? `${recording.have} / ${recording.goal}` : "";
}

const STAGES = {
  waiting: "not recording", preparing: "getting ready", recording: "recording", reviewing: "keep it?", recovering: "left unfinished",
};

export function stage(recording) {
  if (!recording) return "no recorder";
  const took = ["recording", "reviewing"].includes(recording.stage) ? ` ${recording.duration_s.toFixed(1)} s` : "";
  return (STAGES[recording.stage] || recording.stage) + took;
}

// What can be asked of the recorder now: [word, its name, the controller's button and key of this page].
export function asks(recording) {
  if (!recording) return [];
  const keep = (verdict) => (recording.stage === "recovering" ? `Keep as ${verdict}` : verdict[0].toUpperCase() + verdict.slice(1));
  const names = {
    start: ["Start", "A"], stop: ["Stop", "A"], prepare: ["New start", "X"], success: [keep("success"), "A"],
    failure: [keep("failure"), "B"], discard: ["Discard", "X"],
  };
  return recording.answers.filter((word) => names[word]).map((word) => [word, ...names[word]]);
}

export function latency(state, wayMs) {
  const parts = wayMs === null ? [] : [`link ${wayMs.toFixed(0)} ms`];
  for (const camera of (state && state.cameras) || []) {
    parts.push(camera.age_s === null ? `${camera.name}: no picture` : `${camera.name} ${(1000 * camera.age_s).toFixed(0)} ms`);
  }
  return parts.join(" · ");
}
